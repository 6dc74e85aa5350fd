//! Reads what is inside a filter (RFC 9535 §2.3.5, functions §2.4).

use super::SyntaxError;
use super::parse::Parser;
use super::pattern::Pattern;
use super::syntax::{Comparison, Expression, Operand, PatternSource, Query, Segment, Selector, is_singular};

/// What a word or a query in a filter turned out to be, before it is known what it is used for.
enum Term {
    /// It has a value; a singular query may also be tested for being there.
    Operand(Operand),
    /// A query that may find many nodes.
    Nodes(Query),
    /// It is true or false.
    Logical(Expression),
}

impl Parser<'_> {
    /// A whole filter expression: `||` binds less than `&&`.
    pub(super) fn expression(&mut self) -> Result<Expression, SyntaxError> {
        self.enter()?;
        let mut any = vec![self.all()?];
        while self.operator("||") {
            any.push(self.all()?);
        }
        self.leave();
        Ok(match any.len() {
            1 => any.swap_remove(0),
            _ => Expression::Or(any),
        })
    }

    fn all(&mut self) -> Result<Expression, SyntaxError> {
        let mut all = vec![self.basic()?];
        while self.operator("&&") {
            all.push(self.basic()?);
        }
        Ok(match all.len() {
            1 => all.swap_remove(0),
            _ => Expression::And(all),
        })
    }

    /// Takes the operator and the space around it; without the operator, nothing.
    fn operator(&mut self, operator: &str) -> bool {
        let before = self.at;
        self.space();
        let is_there = self.take(operator);
        if is_there {
            self.space();
        } else {
            self.at = before;
        }
        is_there
    }

    fn basic(&mut self) -> Result<Expression, SyntaxError> {
        if self.take("!") {
            self.space();
            let negated = if self.peek() == Some('(') {
                self.parenthesis()?
            } else {
                let term = self.term()?;
                self.test(term)?
            };
            return Ok(Expression::Not(Box::new(negated)));
        }
        if self.peek() == Some('(') {
            return self.parenthesis();
        }
        let term = self.term()?;
        let before = self.at;
        self.space();
        let Some(comparison) = self.comparison() else {
            self.at = before;
            return self.test(term);
        };
        self.space();
        let left = self.operand(term)?;
        let right = self.term()?;
        let right = self.operand(right)?;
        Ok(Expression::Compare(left, comparison, right))
    }

    fn parenthesis(&mut self) -> Result<Expression, SyntaxError> {
        self.at += 1;
        self.space();
        let inner = self.expression()?;
        self.space();
        if !self.take(")") {
            return Err(self.unexpected("`)`"));
        }
        Ok(inner)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let is_strict = self.is_spectral();
        if (is_strict && self.take("===")) || self.take("==") {
            Some(Comparison::Equal)
        } else if (is_strict && self.take("!==")) || self.take("!=") {
            Some(Comparison::Unequal)
        } else if self.take("<=") {
            Some(Comparison::LessOrEqual)
        } else if self.take(">=") {
            Some(Comparison::GreaterOrEqual)
        } else if self.take("<") {
            Some(Comparison::Less)
        } else if self.take(">") {
            Some(Comparison::Greater)
        } else {
            None
        }
    }

    fn term(&mut self) -> Result<Term, SyntaxError> {
        if let Some(literal) = self.literal()? {
            return Ok(Term::Operand(Operand::Literal(literal)));
        }
        match self.peek() {
            Some('@' | '$') => self.query(),
            Some('a'..='z') => self.function(),
            _ => Err(self.unexpected("a query, a value or a function")),
        }
    }

    fn query(&mut self) -> Result<Term, SyntaxError> {
        let is_absolute = self.peek() == Some('$');
        self.at += 1;
        if self.is_spectral() && !is_absolute && self.take("property") {
            return self.matches(Operand::Key);
        }
        let mut segments = self.segments()?;
        if self.is_spectral()
            && is_singular(&segments)
            && let Some(Segment::Child(last)) = segments.last()
            && matches!(last.as_slice(), [Selector::Name(name)] if name == "length")
        {
            segments.pop();
            return Ok(Term::Operand(Operand::LengthMember(Query { is_absolute, segments })));
        }
        let query = Query { is_absolute, segments };
        if is_singular(&query.segments) {
            self.matches(Operand::Query(query))
        } else {
            Ok(Term::Nodes(query))
        }
    }

    /// `.match(/pattern/i)` behind an operand, in Spectral's dialect.
    fn matches(&mut self, text: Operand) -> Result<Term, SyntaxError> {
        if !(self.is_spectral() && self.take(".match(")) {
            return Ok(Term::Operand(text));
        }
        self.space();
        let from = self.at;
        if !self.take("/") {
            return Err(self.unexpected("a pattern between slashes"));
        }
        let mut source = String::new();
        loop {
            match self.peek() {
                None => return Err(self.fail("the pattern doesn't end")),
                Some('/') => break,
                Some('\\') if self.rest().starts_with("\\/") => {
                    source.push('/');
                    self.at += 2;
                }
                Some('\\') => {
                    source.push('\\');
                    self.at += 1;
                    source.extend(self.peek());
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                Some(other) => {
                    source.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
        self.at += 1;
        let ignores_case = self.take_while(|c| matches!(c, 'i' | 'u' | 'g')).contains('i');
        self.space();
        if !self.take(")") {
            return Err(self.unexpected("`)`"));
        }
        let Some(pattern) = Pattern::new(&source, false, ignores_case) else {
            self.at = from;
            return Err(self.fail("the pattern can't be compiled: look-around and back-references are not supported"));
        };
        let pattern = PatternSource::Compiled(pattern);
        Ok(Term::Logical(Expression::Matches {
            text,
            pattern,
            is_whole: false,
        }))
    }

    fn function(&mut self) -> Result<Term, SyntaxError> {
        let from = self.at;
        let name = self.take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let known = ["length", "count", "value", "match", "search"];
        if !known.contains(&name) || !self.take("(") {
            self.at = from;
            return Err(self.fail("expected a query, a value, or a function: length, count, value, match or search"));
        }
        self.enter()?;
        let first = self.argument()?;
        let term = match name {
            "length" => Term::Operand(Operand::Length(Box::new(self.operand(first)?))),
            "count" => Term::Operand(Operand::Count(self.nodes(first)?)),
            "value" => Term::Operand(Operand::ValueOf(self.nodes(first)?)),
            _ => {
                if !self.take(",") {
                    return Err(self.unexpected("`,` and a pattern"));
                }
                let text = self.operand(first)?;
                let second = self.argument()?;
                let second = self.operand(second)?;
                let is_whole = name == "match";
                let pattern = match second {
                    Operand::Literal(value) => value
                        .as_str()
                        .and_then(|text| Pattern::new(text, is_whole, false))
                        .map_or(PatternSource::Nothing, PatternSource::Compiled),
                    operand => PatternSource::Operand(operand),
                };
                Term::Logical(Expression::Matches {
                    text,
                    pattern,
                    is_whole,
                })
            }
        };
        if !self.take(")") {
            return Err(self.unexpected("`)`"));
        }
        self.leave();
        Ok(term)
    }

    fn argument(&mut self) -> Result<Term, SyntaxError> {
        self.space();
        let term = self.term()?;
        self.space();
        Ok(term)
    }

    /// A term that is compared or passed on needs one value.
    fn operand(&self, term: Term) -> Result<Operand, SyntaxError> {
        match term {
            Term::Operand(operand) => Ok(operand),
            Term::Nodes(_) => Err(self.fail("a query that may find several nodes has no value to compare")),
            Term::Logical(_) => Err(self.fail("match and search are true or false; they are not compared")),
        }
    }

    fn nodes(&self, term: Term) -> Result<Query, SyntaxError> {
        match term {
            Term::Nodes(query) | Term::Operand(Operand::Query(query)) => Ok(query),
            _ => Err(self.fail("this function needs a query")),
        }
    }

    /// A term that stands alone must be true or false, or a query, which is true if it finds something.
    fn test(&self, term: Term) -> Result<Expression, SyntaxError> {
        match term {
            Term::Logical(expression) => Ok(expression),
            Term::Nodes(query) | Term::Operand(Operand::Query(query)) => Ok(Expression::Exists(query)),
            Term::Operand(Operand::LengthMember(mut query)) => {
                let length = Selector::Name("length".to_owned());
                query.segments.push(Segment::Child(vec![length]));
                Ok(Expression::Exists(query))
            }
            Term::Operand(_) => Err(self.fail("a value alone is neither true nor false; compare it with something")),
        }
    }
}
