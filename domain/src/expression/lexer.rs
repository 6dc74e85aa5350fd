//! Text → tokens (`langdef.md`, Syntax).

use super::Mistake;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// Without sign: up to 2^63, which is in range only after a minus.
    Int(u64),
    Double(f64),
    Text(String),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

pub(super) type Fault = (u32, Mistake);

/// All tokens, each with its place in bytes; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(u32, Token)>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip();
        let at = lexer.at as u32;
        let token = lexer.next()?;
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault<T>(&self, mistake: Mistake) -> Result<T, Fault> {
        Err((self.at as u32, mistake))
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0C']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn next(&mut self) -> Result<Token, Fault> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            return self.number();
        }
        let quote = |text: &str| text.starts_with(['\'', '"']);
        if quote(rest) {
            return self.quoted(false);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            if matches!(first, 'r' | 'R') && quote(&rest[1..]) {
                self.at += 1;
                return self.quoted(true);
            }
            if matches!(first, 'b' | 'B')
                && (quote(&rest[1..]) || (rest[1..].starts_with(['r', 'R']) && quote(&rest[2..])))
            {
                return self.fault(Mistake::Unsupported("bytes"));
            }
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            self.at += length;
            return Ok(Token::Name(rest[..length].to_owned()));
        }
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
        let Some(sign) = sign else {
            return self.fault(Mistake::Character(first));
        };
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let token;
        let mut length;
        if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let count = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            length = 2 + count;
            token = u64::from_str_radix(&hex[..count], 16).ok().map(Token::Int);
        } else {
            length = digits(rest);
            let mut is_double = false;
            let fraction = rest[length..].strip_prefix('.').map_or(0, digits);
            if fraction > 0 {
                (length, is_double) = (length + 1 + fraction, true);
            }
            if let Some(exponent) = rest[length..].strip_prefix(['e', 'E']) {
                let sign = usize::from(exponent.starts_with(['+', '-']));
                let count = digits(&exponent[sign..]);
                // Without digits the number is refused by what follows it.
                if count > 0 {
                    (length, is_double) = (length + 1 + sign + count, true);
                }
            }
            let number = &rest[..length];
            token = if is_double {
                number
                    .parse()
                    .ok()
                    .filter(|double: &f64| double.is_finite())
                    .map(Token::Double)
            } else {
                number.parse().ok().map(Token::Int)
            };
        }
        if rest[length..].starts_with(['u', 'U']) {
            return self.fault(Mistake::Unsupported("unsigned integers"));
        }
        let is_cut = rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let Some(token) = token.filter(|_| !is_cut) else {
            return self.fault(Mistake::Number);
        };
        self.at += length;
        Ok(token)
    }

    fn quoted(&mut self, is_raw: bool) -> Result<Token, Fault> {
        let start = self.at;
        let rest = self.rest();
        let delimiter = ["'''", "\"\"\"", "'", "\""]
            .into_iter()
            .find(|one| rest.starts_with(one))
            .unwrap_or("'");
        let mut out = String::new();
        self.at += delimiter.len();
        loop {
            let rest = self.rest();
            if rest.starts_with(delimiter) {
                self.at += delimiter.len();
                return Ok(Token::Text(out));
            }
            let Some(character) = rest
                .chars()
                .next()
                .filter(|c| delimiter.len() == 3 || !matches!(c, '\n' | '\r'))
            else {
                return Err((start as u32, Mistake::OpenText));
            };
            if character == '\\' && !is_raw {
                let (character, length) = escape(&rest[1..]).ok_or((self.at as u32, Mistake::Escape))?;
                out.push(character);
                self.at += 1 + length;
            } else {
                out.push(character);
                self.at += character.len_utf8();
            }
        }
    }
}

/// The character that an escape stands for, and its length after the backslash.
fn escape(text: &str) -> Option<(char, usize)> {
    let coded = |from: usize, length: usize, radix: u32| {
        let digits = text.get(from..from + length)?;
        // A sign would be read too.
        let code = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
        let character = char::from_u32(u32::from_str_radix(code, radix).ok()?)?;
        Some((character, from + length))
    };
    let character = match text.bytes().next()? {
        b'x' | b'X' => return coded(1, 2, 16),
        b'u' => return coded(1, 4, 16),
        b'U' => return coded(1, 8, 16),
        b'0'..=b'3' => return coded(0, 3, 8),
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0C',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0B',
        plain @ (b'\\' | b'\'' | b'"' | b'`' | b'?') => char::from(plain),
        _ => return None,
    };
    Some((character, 1))
}
