//! Which answers are compressed, and how.

use domain::policy::compression::{Coding, Compression};
use http::{HeaderValue, StatusCode};

use super::transform::forget_body;
use crate::{
    coding::choose,
    grpc::Dialect,
    message::{AnswerHead, BodyLength, Fields, Known, has_token, vary_by},
};

/// The policy `compression`, compiled.
#[derive(Debug)]
pub(crate) struct CompressionRule {
    codings: Box<[Coding]>,
    min_bytes: u64,
    types: Box<[TypePattern]>,
}

/// Content types, in lower case.
#[derive(Debug)]
enum TypePattern {
    One(Box<[u8]>),
    /// `text/*`, as `text/`.
    All(Box<[u8]>),
    /// `application/*+json`, as `application/` and `+json`.
    Suffix(Box<[u8]>, Box<[u8]>),
}

/// What a request says about the coding of its answer.
#[derive(Debug)]
pub(crate) struct CodingWish {
    coding: Option<Coding>,
    is_head: bool,
    /// `If-None-Match`, where it names a weak entity tag.
    weak_tags: Option<Box<[u8]>>,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coded {
    /// It has nothing to do with compression.
    Never,
    /// It goes out as it is, for this caller.
    Plain,
    As(Coding),
}

impl CompressionRule {
    pub(super) fn compile(compression: &Compression) -> Self {
        Self {
            codings: compression.algorithms.as_slice().into(),
            min_bytes: compression.min_bytes.as_bytes(),
            types: compression
                .content_types
                .iter()
                .map(|text| TypePattern::of(text))
                .collect(),
        }
    }

    /// What a caller wants; to be asked before its request is changed.
    pub(crate) fn wish(&self, request: &Fields, is_head: bool) -> CodingWish {
        // Also a caller may say that nothing is to be changed on the way (RFC 9111 §5.2.1.6).
        let coding = choose(request, &self.codings).filter(|_| !forbids_transform(request));
        let tags = request.get(Known::IfNoneMatch);
        let weak_tags = tags.filter(|tags| coding.is_some() && tags.windows(3).any(|part| part == b"W/\""));
        CodingWish {
            coding,
            is_head,
            weak_tags: weak_tags.map(Into::into),
        }
    }

    /// What becomes of an answer.
    pub(crate) fn judge(&self, wish: &CodingWish, answer: &AnswerHead, body: BodyLength) -> Coded {
        let fields = &answer.fields;
        let is_untouchable = matches!(
            answer.status,
            StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
        );
        let length = match body {
            // Of what is not sent only the field tells the length.
            _ if wish.is_head => fields.get(Known::ContentLength).and_then(number),
            BodyLength::Exact(length) => Some(length),
            BodyLength::Open => None,
        };
        if is_untouchable
            || answer.status.is_informational()
            || length == Some(0)
            || fields.contains(Known::ContentEncoding)
            || fields.all_named(b"content-range").next().is_some()
            || forbids_transform(fields)
            || Dialect::of(fields).is_some()
            || !self.has_type(fields)
        {
            return Coded::Never;
        }
        match wish.coding {
            Some(coding) if length.is_none_or(|length| length >= self.min_bytes) => Coded::As(coding),
            _ => Coded::Plain,
        }
    }

    fn has_type(&self, fields: &Fields) -> bool {
        let Some(media_type) = fields.get(Known::ContentType) else {
            return false;
        };
        let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default();
        let essence = essence.trim_ascii().to_ascii_lowercase();
        // Events are read as they come, and have to be sent as they come.
        essence != b"text/event-stream" && self.types.iter().any(|pattern| pattern.fits(&essence))
    }
}

impl TypePattern {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        match text.split_once('*') {
            None => Self::One(text.into_bytes().into()),
            Some((before, "")) => Self::All(before.as_bytes().into()),
            Some((before, after)) => Self::Suffix(before.as_bytes().into(), after.as_bytes().into()),
        }
    }

    fn fits(&self, essence: &[u8]) -> bool {
        match self {
            Self::One(text) => **text == *essence,
            Self::All(before) => essence.starts_with(before),
            Self::Suffix(before, after) => essence
                .strip_prefix(&**before)
                .is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after)),
        }
    }
}

impl Coded {
    /// Makes the head say it.
    pub(crate) fn say(self, answer: &mut AnswerHead) {
        if self == Self::Never {
            return;
        }
        let fields = &mut answer.fields;
        vary(fields);
        let Self::As(coding) = self else { return };
        let tag = fields.get(Known::Etag).map(weakened);
        forget_body(fields);
        if let Some(tag) = tag {
            fields.append_parts(Known::Etag, &[&tag]);
        }
        let name = match coding {
            Coding::Br => "br",
            Coding::Gzip => "gzip",
        };
        fields.append(Known::ContentEncoding, &HeaderValue::from_static(name));
    }
}

impl CodingWish {
    /// An answer that what the caller has is still right names the tag that the caller has: that of a compressed answer is
    /// weak (RFC 9110 §15.4.5).
    pub(crate) fn confirm(&self, answer: &mut AnswerHead) {
        let (Some(tags), StatusCode::NOT_MODIFIED) = (&self.weak_tags, answer.status) else {
            return;
        };
        let Some(tag) = answer.fields.get(Known::Etag).map(weakened) else {
            return;
        };
        if tags.windows(tag.len()).any(|part| part == tag) {
            answer.fields.remove(Known::Etag);
            answer.fields.append_parts(Known::Etag, &[&tag]);
            vary(&mut answer.fields);
        }
    }
}

/// A weak entity tag for a representation that means the same but has other bytes (RFC 9110 §8.8.3.3).
fn weakened(tag: &[u8]) -> Vec<u8> {
    if tag.starts_with(b"W/") {
        tag.to_vec()
    } else {
        [b"W/", tag].concat()
    }
}

fn vary(fields: &mut Fields) {
    vary_by(fields, b"Accept-Encoding");
}

fn forbids_transform(fields: &Fields) -> bool {
    let mut directives = fields.all(Known::CacheControl);
    directives.any(|value| has_token(value, b"no-transform"))
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.append_raw(name.as_bytes(), value.as_bytes());
        }
        fields
    }

    fn rule() -> CompressionRule {
        CompressionRule::compile(&serde_json::from_str("{}").unwrap())
    }

    #[test]
    fn only_what_gains_from_it_is_compressed() {
        let json = ("content-type", "application/json");
        let rule = rule();
        let wish = rule.wish(&fields(&[("accept-encoding", "gzip")]), false);
        let long = BodyLength::Exact(5_000);
        for (status, lines, body, expected) in [
            (200, &[json][..], long, Coded::As(Coding::Gzip)),
            (200, &[json], BodyLength::Open, Coded::As(Coding::Gzip)),
            (
                404,
                &[("content-type", "application/problem+json; a=b")],
                long,
                Coded::As(Coding::Gzip),
            ),
            (200, &[("content-type", "TEXT/html")], long, Coded::As(Coding::Gzip)),
            (200, &[json], BodyLength::Exact(1_023), Coded::Plain),
            (200, &[json], BodyLength::NONE, Coded::Never),
            (206, &[json], long, Coded::Never),
            (200, &[json, ("content-range", "bytes 0-9/10")], long, Coded::Never),
            (304, &[json], long, Coded::Never),
            (200, &[json, ("content-encoding", "br")], long, Coded::Never),
            (
                200,
                &[json, ("cache-control", "max-age=1, No-Transform")],
                long,
                Coded::Never,
            ),
            (
                200,
                &[("content-type", "text/event-stream")],
                BodyLength::Open,
                Coded::Never,
            ),
            (200, &[("content-type", "image/png")], long, Coded::Never),
            (200, &[("content-type", "application/grpc+json")], long, Coded::Never),
            (200, &[], long, Coded::Never),
        ] {
            let answer = AnswerHead {
                status: StatusCode::from_u16(status).unwrap(),
                fields: fields(lines),
                ..AnswerHead::default()
            };
            assert_eq!(
                rule.judge(&wish, &answer, body),
                expected,
                "{status} {lines:?} {body:?}"
            );
        }
        let answer = AnswerHead {
            fields: fields(&[json]),
            ..AnswerHead::default()
        };
        for asks in [
            &[][..],
            &[("accept-encoding", "deflate")],
            &[("accept-encoding", "gzip"), ("cache-control", "no-transform")],
        ] {
            let wish = rule.wish(&fields(asks), false);
            assert_eq!(rule.judge(&wish, &answer, long), Coded::Plain, "{asks:?}");
        }
    }

    #[test]
    fn the_head_says_what_became_of_the_body() {
        let mut answer = AnswerHead {
            fields: fields(&[
                ("etag", "\"a\""),
                ("vary", "Origin"),
                ("content-length", "9"),
                ("accept-ranges", "bytes"),
                ("content-digest", "x"),
            ]),
            ..AnswerHead::default()
        };
        Coded::As(Coding::Br).say(&mut answer);
        let mut text = Vec::new();
        answer.fields.write_to(&mut text);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "vary: Origin, Accept-Encoding\r\netag: W/\"a\"\r\ncontent-encoding: br\r\n"
        );
        let mut said = AnswerHead {
            fields: fields(&[("vary", "a, ACCEPT-encoding"), ("etag", "W/\"a\"")]),
            ..AnswerHead::default()
        };
        Coded::As(Coding::Gzip).say(&mut said);
        assert_eq!(said.fields.all(Known::Vary).count(), 1);
        assert_eq!(said.fields.get(Known::Etag), Some(&b"W/\"a\""[..]));
    }

    #[test]
    fn what_is_confirmed_is_what_the_caller_has() {
        for (asked, answered) in [
            ("W/\"a\"", "W/\"a\""),
            ("\"b\", W/\"a\"", "W/\"a\""),
            ("\"a\"", "\"a\""),
            ("W/\"b\"", "\"a\""),
        ] {
            let wish = rule().wish(&fields(&[("accept-encoding", "br"), ("if-none-match", asked)]), false);
            let mut answer = AnswerHead {
                status: StatusCode::NOT_MODIFIED,
                fields: fields(&[("etag", "\"a\"")]),
                ..AnswerHead::default()
            };
            wish.confirm(&mut answer);
            assert_eq!(answer.fields.get(Known::Etag), Some(answered.as_bytes()), "{asked}");
        }
    }
}
