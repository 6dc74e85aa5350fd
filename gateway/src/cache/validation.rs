//! Conditional requests: those of callers, answered from what is kept, and our own, by which it is kept on
//! (RFC 9110 §13, RFC 9111 §4.3).

use http::StatusCode;

use super::{
    date,
    list::members,
    range::{Part, resolve},
    stored::Stored,
};
use crate::message::{Fields, Known, KnownSet};

/// What a caller wants only if, or only a part of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    /// Values of `If-None-Match`.
    none_match: Vec<Vec<u8>>,
    modified_since: Option<i64>,
    range: Option<Vec<u8>>,
    if_range: Option<Vec<u8>>,
}

/// Fields of a caller that don't go to the upstream when we ask whether what we keep still holds.
const REPLACED: KnownSet = KnownSet::of(&[Known::IfNoneMatch, Known::IfModifiedSince, Known::Range]);

/// Fields of a 304 that describe the body that it does not have, and the validator that it was asked by (RFC 9111 §3.2).
const NOT_UPDATED: [&[u8]; 5] = [
    b"content-encoding",
    b"content-length",
    b"content-md5",
    b"content-range",
    b"etag",
];

impl Conditions {
    /// Reads what a caller wants.
    pub(crate) fn of(request: &Fields) -> Self {
        Self {
            none_match: request.all(Known::IfNoneMatch).map(<[u8]>::to_vec).collect(),
            modified_since: request.get(Known::IfModifiedSince).and_then(date::parse),
            range: request.get(Known::Range).map(<[u8]>::to_vec),
            if_range: request.all_named(b"if-range").next().map(<[u8]>::to_vec),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.none_match.is_empty() && self.modified_since.is_none() && self.range.is_none()
    }

    /// Whether the caller has what is kept already (RFC 9110 §13.1.2, §13.1.3).
    pub(crate) fn is_not_modified(&self, kept: &Stored) -> bool {
        if !kept.status.is_success() {
            return false;
        }
        if !self.none_match.is_empty() {
            let etag = kept.fields.get(Known::Etag).map(opaque);
            let mut tags = self.none_match.iter().flat_map(|value| members(value));
            return tags.any(|tag| tag == b"*" || Some(opaque(tag)) == etag);
        }
        let changed = kept.fields.get(Known::LastModified).or(kept.fields.get(Known::Date));
        let (Some(since_s), Some(changed_s)) = (self.modified_since, changed.and_then(date::parse)) else {
            return false;
        };
        changed_s <= since_s
    }

    /// Which part of what is kept the caller gets.
    pub(crate) fn part(&self, kept: &Stored) -> Part {
        match &self.range {
            Some(range) if kept.status == StatusCode::OK && self.is_range_meant(kept) => {
                resolve(range, kept.body.len())
            }
            _ => Part::Whole,
        }
    }

    /// Whether `If-Range` means what is kept; without it, any does (RFC 9110 §13.1.5).
    fn is_range_meant(&self, kept: &Stored) -> bool {
        let Some(validator) = &self.if_range else { return true };
        let is_same = |name| kept.fields.get(name) == Some(validator.as_slice());
        if validator.starts_with(b"W/") {
            return false;
        }
        is_same(if validator.starts_with(b"\"") {
            Known::Etag
        } else {
            Known::LastModified
        })
    }
}

/// An entity tag without its mark of weakness: for caches the weak comparison holds (RFC 9110 §8.8.3.2).
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Makes a caller's request one that asks whether what is kept still holds. Ranges are taken from the whole.
pub(crate) fn ask(request: &mut Fields, kept: &Stored) {
    request.remove_all(REPLACED);
    request.remove_named(b"if-range");
    if let Some(etag) = kept.fields.get(Known::Etag) {
        request.append_parts(Known::IfNoneMatch, &[etag]);
    }
    if let Some(changed) = kept.fields.get(Known::LastModified) {
        request.append_parts(Known::IfModifiedSince, &[changed]);
    }
}

/// Whether the answer to a HEAD describes what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Same,
    Different,
    /// They name no validator that both have.
    Unknown,
}

/// Compares validators and lengths of what is kept and of an answer to a HEAD (RFC 9111 §4.3.5).
pub(super) fn agreement(kept: &Fields, answer: &Fields) -> Agreement {
    let mut agreement = Agreement::Unknown;
    for name in [Known::Etag, Known::LastModified, Known::ContentLength] {
        match (kept.get(name), answer.get(name)) {
            (Some(kept), Some(new)) if kept != new => return Agreement::Different,
            // The length alone says little.
            (Some(_), Some(_)) if name != Known::ContentLength => agreement = Agreement::Same,
            // One of them had it, the other has not.
            (None, Some(_)) if name != Known::ContentLength => return Agreement::Different,
            _ => {}
        }
    }
    agreement
}

/// The fields of a kept answer after a 304 (RFC 9111 §3.2).
pub(crate) fn updated(kept: &Fields, newer: &Fields) -> Fields {
    let mut fields = kept.clone();
    let is_taken = |name: &[u8]| !NOT_UPDATED.iter().any(|not| name.eq_ignore_ascii_case(not));
    for (name, _) in newer.iter().filter(|(name, _)| is_taken(name)) {
        fields.remove_named(name);
    }
    for (name, value) in newer.iter().filter(|(name, _)| is_taken(name)) {
        fields.append_raw(name, value);
    }
    fields
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Version;

    use super::*;
    use crate::cache::stored::Freshness;

    fn section(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        fields
    }

    fn kept(lines: &[(&str, &str)]) -> Stored {
        Stored {
            status: StatusCode::OK,
            version: Version::HTTP_11,
            fields: section(lines),
            body: Bytes::from_static(b"0123456789"),
            selecting: Box::default(),
            freshness: Freshness {
                initial_age_s: 0,
                response_s: 0,
                lifetime_s: 60,
                must_validate: false,
                is_strict: false,
                stale_while_revalidate_s: 0,
                stale_if_error_s: 0,
            },
        }
    }

    const EARLY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATE: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn a_caller_that_has_it_gets_no_copy() {
        let kept = kept(&[("etag", "\"a,b\""), ("last-modified", LATE)]);
        for (lines, expected) in [
            (&[("if-none-match", "\"x\", W/\"a,b\"")][..], true),
            (&[("if-none-match", "\"x\""), ("if-none-match", "\"a,b\"")], true),
            (&[("if-none-match", "*")], true),
            (&[("if-none-match", "\"a\"")], false),
            (&[("if-none-match", "\"x\""), ("if-modified-since", LATE)], false),
            (&[("if-modified-since", LATE)], true),
            (&[("if-modified-since", EARLY)], false),
            (&[("if-modified-since", "yesterday")], false),
            (&[], false),
        ] {
            assert_eq!(
                Conditions::of(&section(lines)).is_not_modified(&kept),
                expected,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn parts_are_given_of_what_is_meant() {
        let kept = kept(&[("etag", "\"a\""), ("last-modified", LATE)]);
        let part =
            |if_range: &str| Conditions::of(&section(&[("range", "bytes=2-3"), ("if-range", if_range)])).part(&kept);
        assert_eq!(part("\"a\""), Part::Bytes(2..4));
        assert_eq!(part(LATE), Part::Bytes(2..4));
        for other in ["\"b\"", "W/\"a\"", EARLY, ""] {
            assert_eq!(part(other), Part::Whole, "{other}");
        }
        assert_eq!(
            Conditions::of(&section(&[("range", "bytes=2-3")])).part(&kept),
            Part::Bytes(2..4)
        );
    }

    #[test]
    fn we_ask_by_our_validators() {
        let mut request = section(&[
            ("if-none-match", "\"x\""),
            ("range", "bytes=0-1"),
            ("if-range", "\"x\""),
            ("accept", "*/*"),
        ]);
        ask(&mut request, &kept(&[("etag", "\"a\""), ("last-modified", LATE)]));
        let expected = section(&[
            ("accept", "*/*"),
            ("if-none-match", "\"a\""),
            ("if-modified-since", LATE),
        ]);
        assert_eq!(format!("{request:?}"), format!("{expected:?}"));
    }

    #[test]
    fn a_head_describes_what_is_kept_or_not() {
        let kept = section(&[("etag", "\"a\""), ("content-length", "10")]);
        for (lines, expected) in [
            (&[("etag", "\"a\"")][..], Agreement::Same),
            (&[("etag", "\"a\""), ("content-length", "10")], Agreement::Same),
            (&[("etag", "\"a\""), ("content-length", "11")], Agreement::Different),
            (&[("etag", "\"b\""), ("content-length", "10")], Agreement::Different),
            (&[("last-modified", LATE)], Agreement::Different),
            (&[("content-length", "10")], Agreement::Unknown),
            (&[("content-length", "0")], Agreement::Different),
            (&[], Agreement::Unknown),
        ] {
            assert_eq!(agreement(&kept, &section(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn newer_fields_take_the_place_of_older_ones() {
        let kept = section(&[
            ("etag", "\"a\""),
            ("x-a", "1"),
            ("x-b", "1"),
            ("x-b", "2"),
            ("content-length", "10"),
        ]);
        let newer = section(&[
            ("etag", "\"b\""),
            ("x-b", "3"),
            ("x-b", "4"),
            ("content-length", "0"),
            ("x-c", "5"),
        ]);
        let expected = section(&[
            ("etag", "\"a\""),
            ("x-a", "1"),
            ("content-length", "10"),
            ("x-b", "3"),
            ("x-b", "4"),
            ("x-c", "5"),
        ]);
        assert_eq!(format!("{:?}", updated(&kept, &newer)), format!("{expected:?}"));
    }
}
