//! Types: what can be known to fail is refused when it is written, not when a request comes.

use super::{
    Mistake,
    function::Function,
    input::{Field, MapField},
    lexer::Fault,
    moment,
    syntax::{Each, Kind, Node, Operator},
};

/// What is known of a value ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Nothing: a claim, an item of a mixed list.
    Any,
    Null,
    Bool,
    Int,
    Double,
    Text,
    Timestamp,
    Duration,
    List(Box<Type>),
    /// From whatever to this.
    Map(Box<Type>),
}

impl Type {
    fn name(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::Text => "string",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }

    /// Whether values of the two can be equal.
    fn may_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::Null, _) | (_, Self::Any | Self::Null) => true,
            (Self::List(one), Self::List(other)) | (Self::Map(one), Self::Map(other)) => one.may_equal(other),
            _ => self == other || (self.is_number() && other.is_number()),
        }
    }
}

/// Checks a whole expression: it must be a condition.
pub(super) fn check(root: &Node) -> Result<(), Fault> {
    let found = Checker { variables: Vec::new() }.type_of(root)?;
    expect(root, &found, &Type::Bool)
}

struct Checker {
    variables: Vec<Type>,
}

fn expect(node: &Node, found: &Type, expected: &Type) -> Result<(), Fault> {
    if *found == Type::Any || found == expected {
        return Ok(());
    }
    Err(mismatch(node, expected.name(), found))
}

fn mismatch(node: &Node, expected: &'static str, found: &Type) -> Fault {
    let found = found.name();
    (node.at, Mistake::Type { expected, found })
}

impl Checker {
    fn type_of(&mut self, node: &Node) -> Result<Type, Fault> {
        Ok(match &node.kind {
            Kind::Null => Type::Null,
            Kind::Bool(_) | Kind::HasField(_) => Type::Bool,
            Kind::Int(_) | Kind::Field(Field::Size) => Type::Int,
            Kind::Double(_) => Type::Double,
            Kind::Field(Field::Now) => Type::Timestamp,
            Kind::Field(Field::Scopes) => Type::List(Box::new(Type::Text)),
            Kind::Text(_) | Kind::Field(_) => Type::Text,
            Kind::Input(MapField::Claims) => Type::Map(Box::new(Type::Any)),
            Kind::Input(MapField::QueryAll) => Type::Map(Box::new(Type::List(Box::new(Type::Text)))),
            Kind::Input(_) => Type::Map(Box::new(Type::Text)),
            Kind::Variable(slot) => self.variables.get(*slot).cloned().unwrap_or(Type::Any),
            Kind::Select { of, is_test, .. } => match self.type_of(of)? {
                _ if *is_test => Type::Bool,
                Type::Map(value) => *value,
                Type::Any => Type::Any,
                other => return Err(mismatch(of, "map", &other)),
            },
            Kind::Index(parts) => self.index(&parts[0], &parts[1])?,
            Kind::List(items) => Type::List(Box::new(self.common(items)?)),
            Kind::Map(entries) => {
                let mut values = None;
                for [key, value] in entries {
                    match self.type_of(key)? {
                        Type::Any | Type::Text | Type::Int | Type::Bool => {}
                        other => return Err(mismatch(key, "string, int or bool", &other)),
                    }
                    values = Some(join(values, self.type_of(value)?));
                }
                Type::Map(Box::new(values.unwrap_or(Type::Any)))
            }
            Kind::Not(inner) => self.expected(inner, &Type::Bool)?,
            Kind::Negate(inner) => match self.type_of(inner)? {
                found @ (Type::Any | Type::Int | Type::Double | Type::Duration) => found,
                other => return Err(mismatch(inner, "int, double or duration", &other)),
            },
            Kind::And(parts) | Kind::Or(parts) => {
                for part in parts {
                    self.expected(part, &Type::Bool)?;
                }
                Type::Bool
            }
            Kind::Choice(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.expected(condition, &Type::Bool)?;
                let then = self.type_of(then)?;
                join(Some(then), self.type_of(otherwise)?)
            }
            Kind::Binary(operator, parts) => self.binary(node, *operator, &parts[0], &parts[1])?,
            Kind::Call(function, arguments) => self.call(*function, arguments)?,
            Kind::Matches(text, _) => {
                self.expected(text, &Type::Text)?;
                Type::Bool
            }
            Kind::Each(each, parts) => self.each(*each, &parts[0], &parts[1])?,
        })
    }

    fn expected(&mut self, node: &Node, expected: &Type) -> Result<Type, Fault> {
        let found = self.type_of(node)?;
        expect(node, &found, expected)?;
        Ok(expected.clone())
    }

    fn common(&mut self, nodes: &[Node]) -> Result<Type, Fault> {
        let mut common = None;
        for node in nodes {
            common = Some(join(common, self.type_of(node)?));
        }
        Ok(common.unwrap_or(Type::Any))
    }

    fn index(&mut self, of: &Node, by: &Node) -> Result<Type, Fault> {
        let (of_type, by_type) = (self.type_of(of)?, self.type_of(by)?);
        match (of_type, &by_type) {
            (Type::List(item), Type::Int | Type::Any) => Ok(*item),
            (Type::Map(value), Type::Text | Type::Int | Type::Bool | Type::Any) => Ok(*value),
            (Type::Any, _) => Ok(Type::Any),
            (Type::List(_), found) => Err(mismatch(by, "int", found)),
            (Type::Map(_), found) => Err(mismatch(by, "string, int or bool", found)),
            (found, _) => Err(mismatch(of, "list or map", &found)),
        }
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &Node, right: &Node) -> Result<Type, Fault> {
        use Type::{Any, Bool, Double, Duration, Int, List, Map, Text, Timestamp};
        let (left, right) = (self.type_of(left)?, self.type_of(right)?);
        let result = match operator {
            Operator::Equal | Operator::NotEqual => left.may_equal(&right).then_some(Bool),
            Operator::In => match &right {
                List(item) => left.may_equal(item).then_some(Bool),
                Map(_) => matches!(left, Any | Text | Int | Bool).then_some(Bool),
                Any => Some(Bool),
                _ => None,
            },
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let is_ordered = |kind: &Type| matches!(kind, Any | Bool | Int | Double | Text | Timestamp | Duration);
                (is_ordered(&left) && is_ordered(&right) && left.may_equal(&right)).then_some(Bool)
            }
            Operator::Add => match (&left, &right) {
                (Any, Any | Int | Double | Text | Duration | Timestamp | List(_))
                | (Int | Double | Text | Duration | Timestamp | List(_), Any) => Some(Any),
                (Timestamp, Duration) | (Duration, Timestamp) => Some(Timestamp),
                (List(one), List(other)) => Some(List(Box::new(join(Some((**one).clone()), (**other).clone())))),
                (Int | Double | Text | Duration, _) if left == right => Some(left.clone()),
                _ => None,
            },
            Operator::Subtract => match (&left, &right) {
                (Any, Any | Int | Double | Duration | Timestamp) | (Int | Double | Duration | Timestamp, Any) => {
                    Some(Any)
                }
                (Timestamp, Timestamp) => Some(Duration),
                (Timestamp, Duration) => Some(Timestamp),
                (Int | Double | Duration, _) if left == right => Some(left.clone()),
                _ => None,
            },
            Operator::Multiply | Operator::Divide => match (&left, &right) {
                (Any, Any | Int | Double) | (Int | Double, Any) => Some(Any),
                (Int | Double, _) if left == right => Some(left.clone()),
                _ => None,
            },
            Operator::Remainder => (matches!(left, Any | Int) && matches!(right, Any | Int)).then_some(Int),
        };
        let mistake = || Mistake::Operands {
            operator: operator.symbol(),
            left: left.name(),
            right: right.name(),
        };
        result.ok_or_else(|| (node.at, mistake()))
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Result<Type, Fault> {
        for (index, argument) in arguments.iter().enumerate() {
            let found = self.type_of(argument)?;
            if index > 0 {
                expect(argument, &found, &Type::Text)?;
            } else if !function.takes(&found) {
                return Err(mismatch(argument, function.wants(), &found));
            }
            if let Kind::Text(text) = &argument.kind {
                let wrong = match function {
                    Function::Timestamp => moment::timestamp(text).is_none().then_some("timestamp"),
                    Function::Duration => moment::duration(text).is_none().then_some("duration"),
                    Function::Moment(_) => moment::offset(text).is_none().then_some("offset from UTC"),
                    _ => None,
                };
                if let Some(what) = wrong {
                    return Err((argument.at, Mistake::Moment(what)));
                }
            }
        }
        Ok(function.gives())
    }

    fn each(&mut self, each: Each, over: &Node, body: &Node) -> Result<Type, Fault> {
        let over_type = self.type_of(over)?;
        let item = match &over_type {
            Type::List(item) => (**item).clone(),
            Type::Map(_) | Type::Any => Type::Any,
            other => return Err(mismatch(over, "list or map", other)),
        };
        self.variables.push(item.clone());
        let body_type = self.type_of(body);
        self.variables.pop();
        let body_type = body_type?;
        if each == Each::Map {
            return Ok(Type::List(Box::new(body_type)));
        }
        expect(body, &body_type, &Type::Bool)?;
        Ok(if each == Each::Filter {
            Type::List(Box::new(item))
        } else {
            Type::Bool
        })
    }
}

fn join(one: Option<Type>, other: Type) -> Type {
    match one {
        None => other,
        Some(one) if one == other => one,
        Some(_) => Type::Any,
    }
}
