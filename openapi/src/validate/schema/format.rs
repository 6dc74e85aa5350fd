//! `format`: the common ones are checked, all others are notes for people. JSON Schema leaves the choice to the validator
//! (2020-12 Validation §7.2.1), OpenAPI too; a text that isn't what its format says is a mistake nobody wants through.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Number, Value};

/// A format that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Date,
    Uuid,
    Email,
    Ipv4,
    Ipv6,
    Uri,
    Int32,
    Int64,
}

impl Format {
    const ALL: [(Self, &'static str, &'static str); 9] = [
        (
            Self::DateTime,
            "date-time",
            "a date and time such as 2026-01-15T09:30:00Z",
        ),
        (Self::Date, "date", "a date such as 2026-01-15"),
        (Self::Uuid, "uuid", "a UUID"),
        (Self::Email, "email", "an e-mail address"),
        (Self::Ipv4, "ipv4", "an IPv4 address"),
        (Self::Ipv6, "ipv6", "an IPv6 address"),
        (Self::Uri, "uri", "a URI with a scheme"),
        (Self::Int32, "int32", "an integer of 32 bits"),
        (Self::Int64, "int64", "an integer of 64 bits"),
    ];

    /// The format of this name, if it is checked.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|(_, known, _)| *known == name);
        known.map(|(format, _, _)| format)
    }

    /// What a value must be, in words.
    pub(super) fn words(self) -> &'static str {
        let known = Self::ALL.into_iter().find(|(format, _, _)| *format == self);
        known.map_or("", |(_, _, words)| words)
    }

    /// Whether the value has the format; values of a type that it isn't meant for do.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Int32, Value::Number(number)) => is_within(number, i64::from(i32::MIN), i64::from(i32::MAX)),
            (Self::Int64, Value::Number(number)) => is_within(number, i64::MIN, i64::MAX),
            (Self::Int32 | Self::Int64, _) => true,
            (_, Value::String(text)) => self.accepts_text(text),
            _ => true,
        }
    }

    fn accepts_text(self, text: &str) -> bool {
        match self {
            Self::DateTime => is_date_time(text.as_bytes()),
            Self::Date => is_date(text.as_bytes()),
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Email => is_email(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Uri => is_uri(text),
            Self::Int32 | Self::Int64 => true,
        }
    }
}

/// Whether it is in the range; a number with a fraction is left to `type`.
fn is_within(number: &Number, least: i64, most: i64) -> bool {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => (least..=most).contains(&integer),
        (None, Some(float)) => !number.is_u64() && float >= least as f64 && float <= most as f64,
        _ => false,
    }
}

fn digits(text: &[u8], range: std::ops::Range<usize>) -> Option<u32> {
    let digits = text.get(range)?;
    digits.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// `full-date` of RFC 3339 §5.6, with a day that the month has.
fn is_date(text: &[u8]) -> bool {
    let (Some(year), Some(month), Some(day)) = (digits(text, 0..4), digits(text, 5..7), digits(text, 8..10)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    text.len() == 10 && text[4] == b'-' && text[7] == b'-' && (1..=days).contains(&day)
}

/// `date-time` of RFC 3339 §5.6. A leap second is only at the end of a day in UTC.
fn is_date_time(text: &[u8]) -> bool {
    if text.len() < 20 || !is_date(&text[..10]) || !matches!(text[10], b'T' | b't') {
        return false;
    }
    let time = &text[11..];
    let (Some(hour), Some(minute), Some(second)) = (digits(time, 0..2), digits(time, 3..5), digits(time, 6..8)) else {
        return false;
    };
    if time[2] != b':' || time[5] != b':' || hour > 23 || minute > 59 || second > 60 {
        return false;
    }
    let mut zone = &time[8..];
    if let Some(fraction) = zone.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return false;
        }
        zone = &fraction[length..];
    }
    let (sign, hours, minutes) = match zone {
        [b'Z' | b'z'] => (1, 0, 0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (Some(hours), Some(minutes)) = (digits(zone, 1..3), digits(zone, 4..6)) else {
                return false;
            };
            (if *sign == b'+' { 1 } else { -1 }, hours, minutes)
        }
        _ => return false,
    };
    if hours > 23 || minutes > 59 {
        return false;
    }
    let of_day = |hours: u32, minutes: u32| (hours * 60 + minutes) as i32;
    let in_utc = (of_day(hour, minute) - sign * of_day(hours, minutes)).rem_euclid(24 * 60);
    second < 60 || in_utc == 24 * 60 - 1
}

/// RFC 9562 §4, of any version.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `Mailbox` of RFC 5321 §4.1.2, with a quoted local part or an address literal.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_quoted = local.len() >= 2
        && local.starts_with('"')
        && local.ends_with('"')
        && local[1..local.len() - 1]
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"');
    let are_atoms = || {
        local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_domain = match domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => match literal.strip_prefix("IPv6:") {
            Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        },
        None => domain.len() <= 253 && domain.split('.').all(is_label),
    };
    text.len() <= 320 && (is_quoted || are_atoms()) && is_domain
}

/// `URI` of RFC 3986 §3.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || rest.matches('#').count() > 1 {
        return false;
    }
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_authority(authority) && are_characters(rest, b"/?#:@")
}

fn is_authority(authority: &str) -> bool {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(literal, port)| {
            let is_address = literal.parse::<Ipv6Addr>().is_ok() || literal.starts_with(['v', 'V']);
            is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        }),
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            are_characters(name, b"") && is_port(port)
        }
    };
    are_characters(user, b":") && is_host
}

/// Unreserved characters, sub-delimiters, escapes and those given.
fn are_characters(text: &str, more: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => is_hex(at + 1) && is_hex(at + 2),
        byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) || more.contains(byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn formats_accept_what_their_standards_do() {
        for (format, value, expected) in [
            ("date-time", json!("2026-01-15T09:30:00Z"), true),
            ("date-time", json!("2026-01-15T09:30:00.123+02:00"), true),
            ("date-time", json!("2026-01-15 09:30:00Z"), false),
            ("date-time", json!("2026-01-15T09:30:00"), false),
            ("date-time", json!("1998-12-31T23:58:60Z"), false),
            ("date", json!("2024-02-29"), true),
            ("date", json!("2026-02-29"), false),
            ("uuid", json!("6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c"), true),
            ("uuid", json!("6f1c2e4a9b7d4c3e8a5f0d1e2f3a4b5c"), false),
            ("email", json!("user@example.com"), true),
            ("email", json!("user"), false),
            ("email", json!("a b@example.com"), false),
            ("ipv4", json!("192.0.2.256"), false),
            ("ipv6", json!("2001:db8::1"), true),
            ("uri", json!("https://example.com/a?b=c#d"), true),
            ("uri", json!("/relative"), false),
            ("uri", json!("https://exa mple.com"), false),
            ("uri", json!("urn:isbn:0451450523"), true),
            ("int32", json!(2_147_483_648_i64), false),
            ("int32", json!(-2_147_483_648_i64), true),
            ("int64", json!(u64::MAX), false),
            ("int64", json!("text"), true),
            ("date", json!(5), true),
        ] as [(&str, Value, bool); 23]
        {
            let known = Format::named(format).unwrap();
            assert_eq!(known.accepts(&value), expected, "{format} {value}");
        }
        assert_eq!(Format::named("hostname"), None);
    }
}
