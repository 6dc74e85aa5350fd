//! Dictionaries of Structured Fields (RFC 8941 §3.2), as far as a cache needs them: whether the text is one, and which
//! members are integers or flags.

/// What a member of a dictionary says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Integer(i64),
    Boolean(bool),
    /// A decimal, text, token, bytes or inner list.
    Other,
}

/// Reads a dictionary; of a key that stands twice the last member counts. `None` when the text is no dictionary: then
/// the whole field says nothing (RFC 8941 §4.2).
pub(super) fn dictionary(text: &[u8]) -> Option<Vec<(&[u8], Member)>> {
    let mut reader = Reader { text };
    let mut members: Vec<(&[u8], Member)> = Vec::new();
    reader.skip(b" ");
    while !reader.text.is_empty() {
        let key = reader.key()?;
        let member = if reader.take(b'=') {
            reader.member()?
        } else {
            Member::Boolean(true)
        };
        reader.parameters()?;
        members.retain(|(known, _)| *known != key);
        members.push((key, member));
        reader.skip(b" \t");
        if reader.text.is_empty() {
            break;
        }
        if !reader.take(b',') {
            return None;
        }
        reader.skip(b" \t");
        if reader.text.is_empty() {
            return None;
        }
    }
    Some(members)
}

struct Reader<'a> {
    text: &'a [u8],
}

impl<'a> Reader<'a> {
    fn skip(&mut self, bytes: &[u8]) {
        while self.text.first().is_some_and(|first| bytes.contains(first)) {
            self.text = &self.text[1..];
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.text.first() == Some(&byte);
        if is_next {
            self.text = &self.text[1..];
        }
        is_next
    }

    fn while_of(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.text.iter().position(|byte| !is_part(*byte));
        let (part, rest) = self.text.split_at(length.unwrap_or(self.text.len()));
        self.text = rest;
        part
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        let first = *self.text.first()?;
        let is_key = first.is_ascii_lowercase() || first == b'*';
        is_key.then(|| {
            self.while_of(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b'*')
            })
        })
    }

    fn member(&mut self) -> Option<Member> {
        if !self.take(b'(') {
            return self.bare();
        }
        loop {
            self.skip(b" ");
            if self.take(b')') {
                return Some(Member::Other);
            }
            self.bare()?;
            self.parameters()?;
            if !matches!(self.text.first(), Some(b' ' | b')')) {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.skip(b" ");
            self.key()?;
            if self.take(b'=') {
                self.bare()?;
            }
        }
        Some(())
    }

    fn bare(&mut self) -> Option<Member> {
        match *self.text.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b':' => {
                self.take(b':');
                self.while_of(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
                self.take(b':').then_some(Member::Other)
            }
            b'?' => {
                self.take(b'?');
                let (first, rest) = self.text.split_first()?;
                self.text = rest;
                match first {
                    b'0' => Some(Member::Boolean(false)),
                    b'1' => Some(Member::Boolean(true)),
                    _ => None,
                }
            }
            first if first.is_ascii_alphabetic() || first == b'*' => {
                self.while_of(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte));
                Some(Member::Other)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Member> {
        let is_negative = self.take(b'-');
        let digits = self.while_of(|byte| byte.is_ascii_digit());
        if self.take(b'.') {
            let fraction = self.while_of(|byte| byte.is_ascii_digit());
            let is_decimal = (1..=12).contains(&digits.len()) && (1..=3).contains(&fraction.len());
            return is_decimal.then_some(Member::Other);
        }
        if !(1..=15).contains(&digits.len()) {
            return None;
        }
        let value = digits
            .iter()
            .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        Some(Member::Integer(if is_negative { -value } else { value }))
    }

    fn string(&mut self) -> Option<Member> {
        self.take(b'"');
        loop {
            let (first, rest) = self.text.split_first()?;
            self.text = rest;
            match first {
                b'"' => return Some(Member::Other),
                b'\\' => {
                    if !self.take(b'"') && !self.take(b'\\') {
                        return None;
                    }
                }
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dictionaries_are_read() {
        let read = |text: &str| {
            dictionary(text.as_bytes()).map(|members| {
                members
                    .into_iter()
                    .map(|(key, member)| (String::from_utf8(key.to_vec()).unwrap(), member))
                    .collect::<Vec<_>>()
            })
        };
        let one = |key: &str, member| Some(vec![(key.to_owned(), member)]);
        assert_eq!(read(""), Some(vec![]));
        assert_eq!(
            read("max-age=99999999999"),
            one("max-age", Member::Integer(99_999_999_999))
        );
        assert_eq!(read("a=-7;x=1.5;y"), one("a", Member::Integer(-7)));
        assert_eq!(read("no-store"), one("no-store", Member::Boolean(true)));
        assert_eq!(read("a=?0"), one("a", Member::Boolean(false)));
        assert_eq!(read("a=1, a=2"), one("a", Member::Integer(2)));
        for text in [
            "a=\"x\\\"y, z\"",
            "a=tok/en",
            "a=:aGk=:",
            "a=(1 \"b\";c d)",
            "a=1.5",
            "a=()",
        ] {
            assert_eq!(read(text), one("a", Member::Other), "{text}");
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        for text in [
            "A=1",
            "a =1",
            "a= 1",
            "a=1,",
            "a=1 b=2",
            "a=",
            "&&&&&",
            "a=1, &&&&&",
            "a=\"x",
            "a=?2",
            "a=1.",
            "a=1.2345",
            "a=1234567890123456",
            "a=(1",
            "a=(1,2)",
            "a;B",
            "a=:!:",
            "é=1",
        ] {
            assert_eq!(dictionary(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in prop::collection::vec(prop::sample::select(b"a1=-.,;\"\\?:() *A\xff".to_vec()), 0..40)) {
            let _ = dictionary(&text);
        }
    }
}
