//! Tokens → tree (`langdef.md`, Syntax). Recursive, but only as deep as [`MAX_DEPTH`].

use super::{
    Mistake,
    function::Function,
    input::{Field, MapField},
    lexer::{Fault, Token, tokens},
    pattern,
    syntax::{Each, Kind, Node, Operator},
};

/// Brackets inside each other.
const MAX_DEPTH: u32 = 32;
/// Levels of the tree: a chain such as `a + b + c` is one level for each operator.
const MAX_HEIGHT: u32 = 64;
/// Compiled patterns take memory for as long as the expression lives.
const MAX_PATTERNS: u32 = 16;
/// `langdef.md`: RESERVED.
const RESERVED: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "true",
    "false",
];

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        patterns: 0,
        variables: Vec::new(),
    };
    let root = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(root),
        _ => parser.fail(Mistake::Expected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<(u32, Token)>,
    next: usize,
    depth: u32,
    patterns: u32,
    /// Variables of the macros around, from the outside in.
    variables: Vec<String>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> u32 {
        self.tokens.get(self.next).map_or(0, |(at, _)| *at)
    }

    fn fail<T>(&self, mistake: Mistake) -> Result<T, Fault> {
        Err((self.at(), mistake))
    }

    fn has(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Fault> {
        if self.has(sign) {
            Ok(())
        } else {
            self.fail(Mistake::Expected(sign))
        }
    }

    fn node(at: u32, kind: Kind) -> Result<Node, Fault> {
        let height = kind.height();
        if height > MAX_HEIGHT {
            return Err((at, Mistake::TooDeep));
        }
        Ok(Node { at, height, kind })
    }

    fn expression(&mut self) -> Result<Node, Fault> {
        if self.depth == MAX_DEPTH {
            return self.fail(Mistake::TooDeep);
        }
        self.depth += 1;
        let at = self.at();
        let condition = self.any(false)?;
        let node = if self.has("?") {
            let then = self.any(false)?;
            self.expect(":")?;
            let otherwise = self.expression()?;
            Self::node(at, Kind::Choice(Box::new([condition, then, otherwise])))?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    /// `a || b || c`, where each part is `a && b && c`.
    fn any(&mut self, is_and: bool) -> Result<Node, Fault> {
        let at = self.at();
        let mut parts = Vec::new();
        loop {
            parts.push(if is_and { self.relation()? } else { self.any(true)? });
            if !self.has(if is_and { "&&" } else { "||" }) {
                break;
            }
        }
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                parts.extend(last);
                Self::node(at, if is_and { Kind::And(parts) } else { Kind::Or(parts) })
            }
        }
    }

    fn relation(&mut self) -> Result<Node, Fault> {
        use Operator::{Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual};
        let signs = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, In];
        self.chain(&signs, |parser| {
            parser.chain(&[Operator::Add, Operator::Subtract], |parser| {
                parser.chain(
                    &[Operator::Multiply, Operator::Divide, Operator::Remainder],
                    Self::unary,
                )
            })
        })
    }

    /// Operators of one rank, from the left.
    fn chain(
        &mut self,
        operators: &[Operator],
        part: impl Fn(&mut Self) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        let mut left = part(self)?;
        loop {
            let at = self.at();
            let found = match self.peek() {
                Token::Sign(sign) => operators.iter().find(|one| one.symbol() == *sign),
                Token::Name(name) if name == "in" => operators.iter().find(|one| **one == Operator::In),
                _ => None,
            };
            let Some(operator) = found else { return Ok(left) };
            self.next += 1;
            let right = part(self)?;
            left = Self::node(at, Kind::Binary(*operator, Box::new([left, right])))?;
        }
    }

    fn unary(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        if self.has("!") {
            let is_even = self.repeated("!");
            let inner = self.member()?;
            // Two of them still ask for a truth value.
            let inner = Self::node(at, Kind::Not(Box::new(inner)))?;
            return if is_even {
                Self::node(at, Kind::Not(Box::new(inner)))
            } else {
                Ok(inner)
            };
        }
        if self.has("-") {
            let is_even = self.repeated("-");
            if let (Token::Int(value), false) = (self.peek(), is_even) {
                // The least integer has no positive counterpart.
                let value = 0_i64.checked_sub_unsigned(*value);
                let Some(value) = value else {
                    return self.fail(Mistake::Number);
                };
                self.next += 1;
                let literal = Self::node(at, Kind::Int(value))?;
                return self.postfix(literal);
            }
            let inner = self.member()?;
            let inner = Self::node(at, Kind::Negate(Box::new(inner)))?;
            return if is_even {
                Self::node(at, Kind::Negate(Box::new(inner)))
            } else {
                Ok(inner)
            };
        }
        self.member()
    }

    /// Reads the same sign again and again; whether there are then, with the first, an even number.
    fn repeated(&mut self, sign: &str) -> bool {
        let mut is_even = false;
        while self.has(sign) {
            is_even = !is_even;
        }
        is_even
    }

    fn member(&mut self) -> Result<Node, Fault> {
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn postfix(&mut self, mut node: Node) -> Result<Node, Fault> {
        loop {
            let at = self.at();
            if self.has(".") {
                let name_at = self.at();
                let name = self.name()?;
                node = if self.has("(") {
                    self.method(name_at, name, node)?
                } else {
                    let of = Box::new(node);
                    Self::node(
                        at,
                        Kind::Select {
                            of,
                            name,
                            is_test: false,
                        },
                    )?
                };
            } else if self.has("[") {
                let by = self.expression()?;
                self.expect("]")?;
                node = Self::node(at, Kind::Index(Box::new([node, by])))?;
            } else if matches!(self.peek(), Token::Sign("{")) {
                return self.fail(Mistake::Unsupported("messages"));
            } else {
                return Ok(node);
            }
        }
    }

    /// A name after a dot: reserved words are allowed there.
    fn name(&mut self) -> Result<String, Fault> {
        let Token::Name(name) = self.peek() else {
            return self.fail(Mistake::Expected("a name"));
        };
        let name = name.clone();
        self.next += 1;
        Ok(name)
    }

    fn primary(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Token::Int(value) => match i64::try_from(value) {
                Ok(value) => Kind::Int(value),
                Err(_) => return self.fail(Mistake::Number),
            },
            Token::Double(value) => Kind::Double(value),
            Token::Text(text) => Kind::Text(text),
            Token::Name(name) => {
                self.next += 1;
                return self.named(at, name);
            }
            Token::Sign("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.next += 1;
                let items = self.items("]")?;
                return Self::node(at, Kind::List(items));
            }
            Token::Sign("{") => {
                self.next += 1;
                return self.map(at);
            }
            _ => return self.fail(Mistake::Expected("a value")),
        };
        self.next += 1;
        Self::node(at, kind)
    }

    /// Parts with commas between them, one after the last is allowed, up to a bracket.
    fn items(&mut self, end: &'static str) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        while !self.has(end) {
            items.push(self.expression()?);
            if !self.has(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn map(&mut self, at: u32) -> Result<Node, Fault> {
        let mut entries = Vec::new();
        while !self.has("}") {
            let key = self.expression()?;
            self.expect(":")?;
            entries.push([key, self.expression()?]);
            if !self.has(",") {
                self.expect("}")?;
                break;
            }
        }
        Self::node(at, Kind::Map(entries))
    }

    fn named(&mut self, at: u32, name: String) -> Result<Node, Fault> {
        if let Some(slot) = self.variables.iter().rposition(|variable| *variable == name) {
            return Self::node(at, Kind::Variable(slot));
        }
        match name.as_str() {
            "true" | "false" => return Self::node(at, Kind::Bool(name == "true")),
            "null" => return Self::node(at, Kind::Null),
            "now" => return Self::node(at, Kind::Field(Field::Now)),
            _ if RESERVED.contains(&name.as_str()) => return Err((at, Mistake::Reserved(name))),
            _ => {}
        }
        if self.has("(") {
            return self.function(at, name);
        }
        for of in ["request", "consumer", "plan"] {
            if name == of {
                return self.input(at, of);
            }
        }
        Err((at, Mistake::UnknownName(name)))
    }

    /// `request.method` and the like: known here already, so that a slip is a mistake and not an empty value.
    fn input(&mut self, at: u32, of: &'static str) -> Result<Node, Fault> {
        self.expect(".")?;
        let name_at = self.at();
        let name = self.name()?;
        let is = |found: (&str, &str)| found == (of, name.as_str());
        let field = Field::ALL
            .iter()
            .find(|field| is(field.name()))
            .map(|field| Kind::Field(*field));
        let map = || {
            MapField::ALL
                .iter()
                .find(|map| is(map.name()))
                .map(|map| Kind::Input(*map))
        };
        match field.or_else(map) {
            Some(kind) => Self::node(at, kind),
            None => Err((name_at, Mistake::UnknownField { of, name })),
        }
    }

    fn function(&mut self, at: u32, name: String) -> Result<Node, Fault> {
        let arguments_at = self.at();
        let mut arguments = self.items(")")?;
        if name == "has" {
            return match (arguments.pop().map(|node| node.kind), arguments.is_empty()) {
                (Some(Kind::Select { of, name, .. }), true) => Self::node(
                    at,
                    Kind::Select {
                        of,
                        name,
                        is_test: true,
                    },
                ),
                (Some(Kind::Field(field)), true) if field != Field::Now => Self::node(at, Kind::HasField(field)),
                _ => Err((arguments_at, Mistake::Expected("one field"))),
            };
        }
        match Function::named(&name, arguments.len(), false) {
            Some(function) => Self::node(at, Kind::Call(function, arguments)),
            None => {
                let arguments = arguments.len();
                Err((at, Mistake::UnknownFunction { name, arguments }))
            }
        }
    }

    fn method(&mut self, at: u32, name: String, receiver: Node) -> Result<Node, Fault> {
        if let Some(each) = Each::named(&name) {
            let variable_at = self.at();
            let variable = self.name()?;
            if RESERVED.contains(&variable.as_str()) {
                return Err((variable_at, Mistake::Reserved(variable)));
            }
            self.expect(",")?;
            self.variables.push(variable);
            let body = self.expression();
            self.variables.pop();
            let body = body?;
            self.expect(")")?;
            return Self::node(at, Kind::Each(each, Box::new([receiver, body])));
        }
        let arguments_at = self.at();
        let mut arguments = self.items(")")?;
        if name == "matches" && arguments.len() == 1 {
            return match arguments.pop().map(|node| node.kind) {
                Some(Kind::Text(pattern)) => {
                    self.patterns += 1;
                    if self.patterns > MAX_PATTERNS {
                        return Err((at, Mistake::TooManyPatterns));
                    }
                    let pattern = pattern::compile(&pattern).map_err(|mistake| (arguments_at, mistake))?;
                    Self::node(at, Kind::Matches(Box::new(receiver), pattern))
                }
                _ => Err((arguments_at, Mistake::PatternNotLiteral)),
            };
        }
        arguments.insert(0, receiver);
        match Function::named(&name, arguments.len(), true) {
            Some(function) => Self::node(at, Kind::Call(function, arguments)),
            None => {
                let arguments = arguments.len();
                Err((at, Mistake::UnknownFunction { name, arguments }))
            }
        }
    }
}
