//! Colours for code: strings, numbers, keywords, properties and comments. One pass, no grammar; text that it does not
//! understand comes out plain, never changed.

/// How to read a piece of code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Not coloured.
    #[default]
    Plain,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// A command line.
    Shell,
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Java.
    Java,
    /// PHP.
    Php,
    /// C#.
    CSharp,
    /// An HTTP message.
    Http,
}

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Anything else.
    Plain,
    /// A word of the language, or an option of a command.
    Keyword,
    /// A string, quotes included.
    Text,
    /// A number.
    Number,
    /// A name before a colon.
    Property,
    /// A comment.
    Comment,
}

impl Token {
    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Keyword => "k",
            Self::Text => "s",
            Self::Number => "n",
            Self::Property => "p",
            Self::Comment => "c",
        }
    }
}

/// Longer text stays plain: colouring multiplies the markup.
const MAX_BYTES: usize = 64 * 1024;

/// Cuts the text into tokens; together they are the text.
pub fn highlight(language: Language, text: &str) -> Vec<(Token, &str)> {
    if language == Language::Plain || text.len() > MAX_BYTES {
        return vec![(Token::Plain, text)];
    }
    let mut scanner = Scanner {
        language,
        text,
        at: 0,
        plain_from: 0,
        tokens: Vec::new(),
    };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.flush();
    scanner.tokens
}

struct Scanner<'a> {
    language: Language,
    text: &'a str,
    at: usize,
    plain_from: usize,
    tokens: Vec<(Token, &'a str)>,
}

impl Scanner<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return };
        let after_word = self.text[..self.at].chars().next_back().is_some_and(is_word);
        match c {
            '"' | '\'' | '`' if self.opens_string(c, after_word) => {
                let length = string_length(rest, c);
                let is_name = matches!(self.language, Language::Json)
                    && rest[length..].trim_start_matches([' ', '\t']).starts_with(':');
                self.push(if is_name { Token::Property } else { Token::Text }, length);
            }
            '#' | '/' if self.opens_comment(rest) => {
                let length = rest.find('\n').unwrap_or(rest.len());
                self.push(Token::Comment, length);
            }
            '-' if self.language == Language::Shell && self.is_option(rest) => {
                let length = word_length(rest, |c| c == '-' || is_word(c));
                self.push(Token::Keyword, length);
            }
            c if c.is_ascii_digit() && !after_word => {
                let length = word_length(rest, |c| is_word(c) || c == '.');
                // A word that begins with digits, such as an id, or a version in a URL, is no number.
                let is_number =
                    self.language != Language::Shell && rest[..length].trim_end_matches('.').parse::<f64>().is_ok();
                if is_number {
                    self.push(Token::Number, length);
                } else {
                    self.at += length;
                }
            }
            c if is_word(c) && !after_word => {
                let length = word_length(rest, is_word);
                let word = &rest[..length];
                if keywords(self.language).contains(&word) {
                    self.push(Token::Keyword, length);
                } else if self.is_header_or_key(&rest[length..]) {
                    let length = word_length(rest, |c| is_word(c) || c == '-');
                    self.push(Token::Property, length);
                } else {
                    self.at += length;
                }
            }
            c => self.at += c.len_utf8(),
        }
    }

    fn push(&mut self, token: Token, length: usize) {
        self.flush();
        self.tokens.push((token, &self.text[self.at..self.at + length]));
        self.at += length;
        self.plain_from = self.at;
    }

    fn flush(&mut self) {
        if self.plain_from < self.at {
            self.tokens.push((Token::Plain, &self.text[self.plain_from..self.at]));
        }
        self.plain_from = self.at;
    }

    fn opens_string(&self, quote: char, after_word: bool) -> bool {
        match (self.language, quote) {
            (Language::Json | Language::Java | Language::CSharp, quote) => quote == '"',
            // Lifetimes and apostrophes are not strings.
            (Language::Rust, quote) => quote == '"' && (!after_word || self.text[..self.at].ends_with(['r', 'b'])),
            (Language::Http, _) | (Language::Python | Language::Shell | Language::Php | Language::Yaml, '`') => false,
            _ => true,
        }
    }

    fn opens_comment(&self, rest: &str) -> bool {
        let begins_word = self.text[..self.at].chars().next_back().is_none_or(char::is_whitespace);
        match self.language {
            Language::Shell | Language::Python | Language::Yaml => rest.starts_with('#') && begins_word,
            Language::Php => (rest.starts_with('#') || rest.starts_with("//")) && begins_word,
            Language::JavaScript
            | Language::TypeScript
            | Language::Go
            | Language::Rust
            | Language::Java
            | Language::CSharp => rest.starts_with("//") && begins_word,
            Language::Plain | Language::Json | Language::Http => false,
        }
    }

    fn is_option(&self, rest: &str) -> bool {
        let begins_word = self.text[..self.at].chars().next_back().is_none_or(char::is_whitespace);
        begins_word
            && rest
                .trim_start_matches('-')
                .starts_with(|c: char| c.is_ascii_alphabetic())
    }

    /// A header's name, or a key of YAML, at the beginning of a line.
    fn is_header_or_key(&self, after: &str) -> bool {
        if !matches!(self.language, Language::Http | Language::Yaml) {
            return false;
        }
        let line = self.text[..self.at].rsplit('\n').next().unwrap_or_default();
        let begins_line = line.trim_start_matches([' ', '-']).is_empty();
        begins_line && after.trim_start_matches(|c| is_word(c) || c == '-').starts_with(':')
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn word_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Length of the string literal at the beginning of `text`; to the end of the text if it is not closed.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn keywords(language: Language) -> &'static [&'static str] {
    match language {
        Language::Json | Language::Yaml => &["true", "false", "null"],
        Language::Shell => &["curl", "export"],
        Language::JavaScript | Language::TypeScript => &[
            "as",
            "async",
            "await",
            "const",
            "else",
            "export",
            "false",
            "from",
            "function",
            "if",
            "import",
            "interface",
            "let",
            "new",
            "null",
            "return",
            "throw",
            "true",
            "type",
            "undefined",
            "var",
        ],
        Language::Python => &[
            "as", "async", "await", "def", "elif", "else", "False", "for", "from", "if", "import", "in", "None",
            "print", "raise", "return", "True", "with",
        ],
        Language::Go => &[
            "defer", "else", "err", "false", "for", "func", "if", "import", "nil", "package", "range", "return",
            "true", "type", "var",
        ],
        Language::Rust => &[
            "as", "async", "await", "else", "false", "fn", "for", "if", "impl", "let", "match", "mod", "mut", "new",
            "pub", "return", "struct", "true", "use",
        ],
        Language::Java => &[
            "catch", "class", "else", "false", "final", "if", "import", "new", "null", "public", "return", "static",
            "throws", "true", "try", "var", "void",
        ],
        Language::Php => &[
            "array", "echo", "else", "false", "function", "if", "new", "null", "php", "return", "true", "use",
        ],
        Language::CSharp => &[
            "async", "await", "class", "else", "false", "if", "new", "null", "public", "return", "static", "true",
            "using", "var", "void",
        ],
        Language::Http => &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "HTTP"],
        Language::Plain => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Language; 13] = [
        Language::Plain,
        Language::Json,
        Language::Yaml,
        Language::Shell,
        Language::JavaScript,
        Language::TypeScript,
        Language::Python,
        Language::Go,
        Language::Rust,
        Language::Java,
        Language::Php,
        Language::CSharp,
        Language::Http,
    ];

    #[test]
    fn tokens_together_are_the_text() {
        for text in [
            "",
            "\"",
            "'\\",
            "\"never closed",
            "{\"a\": [1, -2.5e3, true, null], \"ü\": \"\\\"\"}",
            "curl -X POST 'https://x.example/#frag' \\\n  -H \"A: b\" # done",
            "fn f<'a>(x: &'a str) {} // ok",
            "日本 = `x` # ünï",
            "1.2.3 0x1f 12abc",
            "A-b: c\nd: 'e'",
        ] {
            for language in ALL {
                let joined: String = highlight(language, text).into_iter().map(|(_, part)| part).collect();
                assert_eq!(joined, text, "{language:?}");
            }
        }
    }

    #[test]
    fn json_tells_names_from_values() {
        let tokens = highlight(Language::Json, r#"{"a": "b", "n": 4.1, "t": true}"#);
        for (token, part) in [
            (Token::Property, "\"a\""),
            (Token::Text, "\"b\""),
            (Token::Number, "4.1"),
            (Token::Keyword, "true"),
        ] {
            assert!(tokens.contains(&(token, part)), "{part}");
        }
    }

    #[test]
    fn a_url_in_a_shell_string_holds_no_comment() {
        let tokens = highlight(Language::Shell, "curl 'https://a.example/x#y' -H 'A: b'");
        assert!(tokens.contains(&(Token::Text, "'https://a.example/x#y'")));
        assert!(tokens.contains(&(Token::Keyword, "-H")));
        assert!(tokens.iter().all(|(token, _)| *token != Token::Comment));
    }

    #[test]
    fn very_long_text_stays_plain() {
        let text = "\"x\" ".repeat(20_000);
        assert_eq!(highlight(Language::Json, &text).len(), 1);
    }
}
