//! `format` as `ajv-formats` checks it, in its full mode.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use serde_json::Value;

use super::ecma;

/// A format that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    Time,
    DateTime,
    Duration,
    Uri,
    UriReference,
    UriTemplate,
    Url,
    Email,
    Hostname,
    Ipv4,
    Ipv6,
    Regex,
    Uuid,
    JsonPointer,
    JsonPointerFragment,
    RelativeJsonPointer,
    Byte,
    Int32,
    Int64,
}

fn matches(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(DATE, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
pattern!(
    TIME,
    r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)?$"
);
pattern!(
    DURATION,
    r"^P(([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?|([0-9]+W)?)$"
);
pattern!(
    URI_TEMPLATE,
    r#"(?i)^(?:(?:[^\x00-\x20"'<>%\\^`{|}]|%[0-9a-f]{2})|\{[+#./;?&=,!@|]?(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9][0-9]{0,3}|\*)?(?:,(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9][0-9]{0,3}|\*)?)*\})*$"#
);
pattern!(
    URL,
    r"(?i)^(?:https?|ftp)://(?:\S+(?::\S*)?@)?(?:(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3])(?:\.(?:1?[0-9]{1,2}|2[0-4][0-9]|25[0-5])){2}(?:\.(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-4]))|(?:(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)(?:\.(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)*(?:\.(?:[a-z\u{00a1}-\u{ffff}]{2,})))(?::[0-9]{2,5})?(?:/\S*)?$"
);
pattern!(
    PRIVATE_URL,
    r"(?i)^(?:https?|ftp)://(?:\S+(?::\S*)?@)?(?:(?:10|127)(?:\.[0-9]{1,3}){3}|(?:169\.254|192\.168)(?:\.[0-9]{1,3}){2}|172\.(?:1[6-9]|2[0-9]|3[0-1])(?:\.[0-9]{1,3}){2})(?:[:/]|$)"
);
pattern!(
    EMAIL,
    r"(?i-u)^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"
);
pattern!(
    HOSTNAME,
    r"(?i-u)^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-0-9a-z]{0,61}[0-9a-z])?)*\.?$"
);
pattern!(
    IPV4,
    r"^(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$"
);
pattern!(
    UUID,
    r"(?i-u)^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$"
);
pattern!(JSON_POINTER, r"^(?:/(?:[^~/]|~0|~1)*)*$");
pattern!(
    POINTER_FRAGMENT,
    r"(?i-u)^#(?:/(?:[a-z0-9_\-.!$&'()*+,;:=@]|%[0-9a-f]{2}|~0|~1)*)*$"
);
pattern!(RELATIVE_POINTER, r"^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)$");
pattern!(
    BYTE,
    r"(?m)^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
);

impl Format {
    /// The format of this name, if it is checked.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "date" => Self::Date,
            "time" => Self::Time,
            "date-time" => Self::DateTime,
            "duration" => Self::Duration,
            "uri" => Self::Uri,
            "uri-reference" => Self::UriReference,
            "uri-template" => Self::UriTemplate,
            "url" => Self::Url,
            "email" => Self::Email,
            "hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "regex" => Self::Regex,
            "uuid" => Self::Uuid,
            "json-pointer" => Self::JsonPointer,
            "json-pointer-uri-fragment" => Self::JsonPointerFragment,
            "relative-json-pointer" => Self::RelativeJsonPointer,
            "byte" => Self::Byte,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            _ => return None,
        })
    }

    /// Whether it is a format of numbers.
    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::Int32 | Self::Int64)
    }

    /// Whether the value has the format; values of another type do.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.accepts_text(text),
            Value::Number(number) => {
                let Some(number) = number.as_f64() else { return true };
                let is_whole = number.fract() == 0.0;
                match self {
                    Self::Int32 => is_whole && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number),
                    Self::Int64 => is_whole,
                    _ => true,
                }
            }
            _ => true,
        }
    }

    /// Whether the text has the format.
    pub(super) fn accepts_text(self, text: &str) -> bool {
        match self {
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::DateTime => is_date_time(text),
            Self::Duration => matches(&DURATION, text) && text != "P" && !text.ends_with('T'),
            Self::Uri => is_uri(text, false),
            Self::UriReference => is_uri(text, true),
            Self::UriTemplate => matches(&URI_TEMPLATE, text),
            Self::Url => matches(&URL, text) && !matches(&PRIVATE_URL, text),
            Self::Email => matches(&EMAIL, text),
            Self::Hostname => text.trim_end_matches('.').len() <= 253 && matches(&HOSTNAME, text),
            Self::Ipv4 => matches(&IPV4, text),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Regex => !text.contains("\\Z") && ecma::is_pattern(text),
            Self::Uuid => matches(&UUID, text),
            Self::JsonPointer => matches(&JSON_POINTER, text),
            Self::JsonPointerFragment => matches(&POINTER_FRAGMENT, text),
            Self::RelativeJsonPointer => matches(&RELATIVE_POINTER, text),
            Self::Byte => matches(&BYTE, text),
            Self::Int32 | Self::Int64 => true,
        }
    }
}

fn is_date(text: &str) -> bool {
    if !matches(&DATE, text) {
        return false;
    }
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    if !matches(&TIME, text) {
        return false;
    }
    let number = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(hour), Some(minute), Some(second)) = (number(0), number(3), number(6)) else {
        return false;
    };
    (hour <= 23 && minute <= 59 && second <= 59) || (hour, minute, second) == (23, 59, 60)
}

fn is_date_time(text: &str) -> bool {
    let mut parts = text.split(|character: char| matches!(character, 't' | 'T') || character.is_whitespace());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(date), Some(time), None) => is_date(date) && is_time(time),
        _ => false,
    }
}

/// RFC 3986, with one or two slashes before the authority.
fn is_uri(text: &str, may_be_relative: bool) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (hierarchy, query) = text.split_once('?').unwrap_or((text, ""));
    if !are_characters(fragment, b"/?") || !are_characters(query, b"/?") {
        return false;
    }
    let scheme = hierarchy.split_once(':').filter(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let rest = match scheme {
        Some((_, rest)) => rest,
        None if may_be_relative => hierarchy,
        None => return false,
    };
    if !may_be_relative && rest.is_empty() {
        return false;
    }
    if !rest.contains('[') {
        return are_characters(rest, if may_be_relative { b"/\"" } else { b"/" });
    }
    let Some(authority) = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')) else {
        return false;
    };
    let Some((before, after)) = authority.split_once('[') else {
        return false;
    };
    let Some((host, after)) = after.split_once(']') else {
        return false;
    };
    let is_user = before.is_empty() || (before.ends_with('@') && are_characters(before, b""));
    let is_future = host
        .strip_prefix(['v', 'V'])
        .is_some_and(|rest| rest.contains('.') && are_characters(rest, b""));
    let (port, path) = after.find('/').map_or((after, ""), |at| after.split_at(at));
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    is_user && (host.parse::<Ipv6Addr>().is_ok() || is_future) && is_port && are_characters(path, b"/")
}

/// Whether there are only characters of a path segment, or these.
fn are_characters(text: &str, others: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let is_escape = bytes
                    .get(at + 1..at + 3)
                    .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
                if !is_escape {
                    return false;
                }
                at += 3;
            }
            byte if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(byte) || others.contains(byte) => {
                at += 1;
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_formats_of_ajv() {
        for (name, text, expected) in [
            ("date", "2024-02-29", true),
            ("date", "2023-02-29", false),
            ("date-time", "2020-01-01T00:00:00Z", true),
            ("date-time", "2020-01-01 00:00:00", true),
            ("date-time", "2020-01-01", false),
            ("time", "23:59:60Z", true),
            ("duration", "P1Y2M", true),
            ("duration", "P", false),
            ("duration", "PT", false),
            ("uri", "https://example.com/a?b#c", true),
            ("uri", "example.com", false),
            ("uri", "/a", false),
            ("uri", "https://api.example.com/{id}", false),
            ("uri", "http://[::1]:80/x", true),
            ("uri", "urn:x", true),
            ("uri-reference", "", true),
            ("uri-reference", "a b", false),
            ("uri-reference", "#/x", true),
            ("url", "http://127.0.0.1/", false),
            ("url", "https://example.com", true),
            ("email", "a@b.co", true),
            ("email", "a@b", false),
            ("hostname", "a.example", true),
            ("ipv4", "1.2.3.4", true),
            ("ipv6", "::1", true),
            ("uuid", "urn:uuid:123e4567-e89b-12d3-a456-426614174000", true),
            ("byte", "aGk=", true),
            ("byte", "a", false),
            ("regex", "(?=a)", true),
            ("regex", "(", false),
        ] {
            let format = Format::named(name).expect("a known format");
            assert_eq!(format.accepts_text(text), expected, "{name} {text:?}");
        }
    }
}
