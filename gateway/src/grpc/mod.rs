//! gRPC as the gateway has to know it: whose calls it are, how long they may take, and how a refusal is told
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>). Everything else is HTTP/2 with trailers.

mod base64_pieces;
mod web;

use std::{fmt::Write as _, time::Duration};

use http::{HeaderName, HeaderValue, StatusCode};

use crate::{
    message::{AnswerHead, Fields, Known},
    problem::Reason,
};

pub(crate) use web::WebCaller;

const TIMEOUT: &[u8] = b"grpc-timeout";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// `UNAVAILABLE`: the server can't be asked now.
const UNAVAILABLE: &str = "14";
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// Digits of a time-out at most.
const MAX_DIGITS: usize = 8;

/// How a caller speaks gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Over HTTP/2.
    Grpc,
    /// gRPC-Web: trailers are the last part of the body, so that browsers can read them.
    Web {
        /// Whether bodies are in base64.
        is_text: bool,
    },
}

impl Dialect {
    /// That of a request or an answer, by its media type; `None` if it is no gRPC.
    pub(crate) fn of(fields: &Fields) -> Option<Self> {
        Self::of_type(fields.get(Known::ContentType)?).map(|(dialect, _)| dialect)
    }

    /// The dialect of a media type, and what follows: `+proto`.
    fn of_type(value: &[u8]) -> Option<(Self, &[u8])> {
        const TYPES: [(&[u8], Dialect); 3] = [
            (b"application/grpc-web-text", Dialect::Web { is_text: true }),
            (b"application/grpc-web", Dialect::Web { is_text: false }),
            (b"application/grpc", Dialect::Grpc),
        ];
        TYPES.into_iter().find_map(|(name, dialect)| {
            let (found, rest) = value.split_at_checked(name.len())?;
            let is_whole = matches!(rest.first(), None | Some(b'+' | b';' | b' '));
            (is_whole && found.eq_ignore_ascii_case(name)).then_some((dialect, rest))
        })
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Grpc => "application/grpc",
            Self::Web { is_text: false } => "application/grpc-web+proto",
            Self::Web { is_text: true } => "application/grpc-web-text+proto",
        }
    }
}

/// How long the caller wants to wait, if it says so.
pub(crate) fn time_limit(fields: &Fields) -> Option<Duration> {
    let (_, value) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(TIMEOUT))?;
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(amount * 3_600),
        b'M' => Duration::from_secs(amount * 60),
        b'S' => Duration::from_secs(amount),
        b'm' => Duration::from_millis(amount),
        b'u' => Duration::from_micros(amount),
        b'n' => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// Makes a refusal one that gRPC callers understand: an answer of trailers only. What it says in fields stays; its body is
/// not sent.
pub(crate) fn refuse(answer: &mut AnswerHead, dialect: Dialect, reason: Reason, message: &str) {
    let status = match reason {
        // Nothing was sent, so that a call may be made again whatever it does; and it was not the caller's time that was up.
        Reason::ConnectTimeout => UNAVAILABLE,
        _ => status_of(answer.status),
    };
    answer.status = StatusCode::OK;
    let fields = &mut answer.fields;
    fields.remove(Known::ContentLength);
    fields.set(Known::ContentType, &HeaderValue::from_static(dialect.media_type()));
    fields.set_named(&STATUS, &HeaderValue::from_static(status));
    if let Ok(message) = HeaderValue::try_from(encoded(message)) {
        fields.set_named(&MESSAGE, &message);
    }
}

/// The status of gRPC for one of HTTP. Where its own table (doc/http-grpc-status-mapping.md) only knows `UNAVAILABLE` or
/// `UNKNOWN`, the one that says what happened.
fn status_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        // INVALID_ARGUMENT
        400 | 411 | 415 | 422 => "3",
        // DEADLINE_EXCEEDED
        408 | 504 => "4",
        // PERMISSION_DENIED
        403 => "7",
        // RESOURCE_EXHAUSTED
        413 | 414 | 429 | 431 => "8",
        // UNIMPLEMENTED
        404 | 405 | 410 | 501 => "12",
        // INTERNAL
        500 => "13",
        502 | 503 => UNAVAILABLE,
        // UNAUTHENTICATED
        401 => "16",
        // UNKNOWN
        _ => "2",
    }
}

/// Percent-encodes a message: all but visible ASCII and the space.
fn encoded(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for byte in message.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, value: &str) -> Fields {
        let mut fields = Fields::default();
        fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        fields
    }

    #[test]
    fn dialects_are_told_apart() {
        for (value, dialect) in [
            ("application/grpc", Some(Dialect::Grpc)),
            ("application/grpc+proto", Some(Dialect::Grpc)),
            ("Application/GRPC; charset=x", Some(Dialect::Grpc)),
            ("application/grpc-web", Some(Dialect::Web { is_text: false })),
            ("application/grpc-web+json", Some(Dialect::Web { is_text: false })),
            ("application/grpc-web-text+proto", Some(Dialect::Web { is_text: true })),
            ("application/grpc-web-texts", None),
            ("application/grpcish", None),
            ("application/json", None),
        ] {
            assert_eq!(Dialect::of(&fields("content-type", value)), dialect, "{value}");
        }
    }

    #[test]
    fn time_outs_have_a_unit() {
        for (value, limit) in [
            ("1H", Some(Duration::from_hours(1))),
            ("2M", Some(Duration::from_mins(2))),
            ("3S", Some(Duration::from_secs(3))),
            ("99999999m", Some(Duration::from_millis(99_999_999))),
            ("5u", Some(Duration::from_micros(5))),
            ("6n", Some(Duration::from_nanos(6))),
            ("0S", Some(Duration::ZERO)),
            ("999999999S", None),
            ("S", None),
            ("1", None),
            ("-1S", None),
            ("1s", None),
        ] {
            assert_eq!(time_limit(&fields("grpc-timeout", value)), limit, "{value}");
        }
    }

    #[test]
    fn messages_are_one_line_of_ascii() {
        assert_eq!(encoded("100% of “it”\r\n"), "100%25 of %E2%80%9Cit%E2%80%9D%0D%0A");
    }
}
