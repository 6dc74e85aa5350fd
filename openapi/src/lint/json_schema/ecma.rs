//! Whether a text is a regular expression of ECMAScript (2024, annex B, without flags). Some that are can't be matched in
//! linear time, so asking the engine that matches would give another answer.

/// Whether `new RegExp(text)` succeeds.
pub(in crate::lint) fn is_pattern(text: &str) -> bool {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
        has_names: text.contains("(?<") && text.replace("(?<=", "").replace("(?<!", "").contains("(?<"),
    };
    reader.alternatives().is_some() && reader.at == reader.text.len()
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    has_names: bool,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, expected: &str) -> bool {
        let is_here = expected
            .chars()
            .enumerate()
            .all(|(offset, character)| self.text.get(self.at + offset) == Some(&character));
        if is_here {
            self.at += expected.chars().count();
        }
        is_here
    }

    fn alternatives(&mut self) -> Option<()> {
        const MOST_DEPTH: usize = 200;
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return None;
        }
        let mut may_repeat = false;
        while let Some(character) = self.peek() {
            match character {
                ')' => break,
                '|' | '^' | '$' => {
                    self.at += 1;
                    may_repeat = false;
                }
                '*' | '+' | '?' => {
                    if !may_repeat {
                        return None;
                    }
                    self.at += 1;
                    self.take("?");
                    may_repeat = false;
                }
                '{' => {
                    if let Some(length) = self.braces()? {
                        if !may_repeat {
                            return None;
                        }
                        self.at += length;
                        self.take("?");
                        may_repeat = false;
                    } else {
                        self.at += 1;
                        may_repeat = true;
                    }
                }
                '(' => may_repeat = self.group()?,
                '[' => {
                    self.class()?;
                    may_repeat = true;
                }
                '\\' => may_repeat = self.escape()?,
                _ => {
                    self.at += 1;
                    may_repeat = true;
                }
            }
        }
        self.depth -= 1;
        Some(())
    }

    /// The length of `{n}`, `{n,}` or `{n,m}`, if that is what stands here; `None` outside if its numbers are out of order.
    #[expect(
        clippy::option_option,
        reason = "no quantifier, and a wrong one, are different answers"
    )]
    fn braces(&self) -> Option<Option<usize>> {
        let inner: String = self.text[self.at + 1..]
            .iter()
            .take_while(|character| **character != '}')
            .collect();
        let end = self.at + 1 + inner.chars().count();
        let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if self.text.get(end) != Some(&'}') || least.is_empty() || !are_digits(least) || !are_digits(most) {
            return Some(None);
        }
        let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
        if !most.is_empty() && number(most) < number(least) {
            return None;
        }
        Some(Some(end + 1 - self.at))
    }

    /// A group; whether it may be repeated.
    fn group(&mut self) -> Option<bool> {
        self.at += 1;
        let mut may_repeat = true;
        if self.take("?<=") || self.take("?<!") {
            may_repeat = false;
        } else if self.take("?<") {
            let from = self.at;
            while self.peek()? != '>' {
                let character = self.peek()?;
                if !(character.is_alphanumeric() || matches!(character, '_' | '$')) {
                    return None;
                }
                self.at += 1;
            }
            if from == self.at || self.text[from].is_ascii_digit() {
                return None;
            }
            self.at += 1;
        } else if !(self.take("?:") || self.take("?=") || self.take("?!")) && self.peek() == Some('?') {
            return None;
        }
        self.alternatives()?;
        self.take(")").then_some(may_repeat)
    }

    /// An escape outside a class; whether it may be repeated.
    fn escape(&mut self) -> Option<bool> {
        let character = *self.text.get(self.at + 1)?;
        self.at += 2;
        if character == 'k' && self.has_names {
            if !self.take("<") {
                return None;
            }
            while self.peek()? != '>' {
                self.at += 1;
            }
            self.at += 1;
        }
        Some(!matches!(character, 'b' | 'B'))
    }

    fn class(&mut self) -> Option<()> {
        self.at += 1;
        self.take("^");
        loop {
            if self.take("]") {
                return Some(());
            }
            let first = self.class_atom()?;
            let is_range = self.peek() == Some('-') && !matches!(self.text.get(self.at + 1), Some(']') | None);
            if is_range {
                self.at += 1;
                let last = self.class_atom()?;
                if let (Some(first), Some(last)) = (first, last)
                    && first > last
                {
                    return None;
                }
            }
        }
    }

    /// One atom of a class: its code, or none if it is a set.
    #[expect(
        clippy::option_option,
        reason = "the end of the text, and a set, are different answers"
    )]
    fn class_atom(&mut self) -> Option<Option<u32>> {
        let character = self.peek()?;
        self.at += 1;
        if character != '\\' {
            return Some(Some(character.into()));
        }
        let escaped = self.peek()?;
        self.at += 1;
        let digits = |reader: &mut Self, count: usize| {
            let text: String = reader.text.iter().skip(reader.at).take(count).collect();
            let is_hex = text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| {
                reader.at += count;
                u32::from_str_radix(&text, 16).unwrap_or_default()
            })
        };
        Some(match escaped {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | '0'..='7' => None,
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            'f' => Some(12),
            'b' => Some(8),
            'x' => Some(digits(self, 2).unwrap_or_else(|| 'x'.into())),
            'u' => Some(digits(self, 4).unwrap_or_else(|| 'u'.into())),
            other => Some(other.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_pattern;

    #[test]
    fn patterns_are_those_of_ecmascript() {
        for text in [
            "",
            "^a+$",
            "(?=x)y",
            "(?<!x)y",
            r"(a)\1",
            "a{,2}",
            "{id}",
            "x{2,3}?",
            "[]",
            "[^]",
            r"[\d-x]",
            "(?<year>[0-9]+)",
            "(?=a)*",
            "]",
            "}",
            r"\c",
        ] {
            assert!(is_pattern(text), "{text}");
        }
        for text in [
            "*", "a**", "(", ")", "[a", "[z-a]", "x{3,2}", "(?i)a", "(?P<n>a)", "a|*", r"\", "(?<=a)*", "^*", "{1}",
        ] {
            assert!(!is_pattern(text), "{text}");
        }
    }
}
