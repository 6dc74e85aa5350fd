//! What `Cache-Control` says, in requests and in answers (RFC 9111 §5.2), and in the fields that are meant for caches
//! like this one (RFC 9213).

use super::{
    list::members,
    structured::{Member, dictionary},
};
use crate::message::{Fields, Known};

/// Fields for a class of caches that this one belongs to, the most specific first (RFC 9213 §2.1). The first that is a
/// dictionary takes the place of `Cache-Control` and `Expires`.
const TARGETED: [&[u8]; 2] = [b"turnpike-cache-control", b"cdn-cache-control"];

/// Longer times mean this one (RFC 9111 §1.2.2).
const MAX_SECONDS: i64 = 1 << 31;

/// What an answer says. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AnswerDirectives {
    pub(super) max_age: Option<i64>,
    pub(super) s_maxage: Option<i64>,
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) is_private: bool,
    pub(super) is_public: bool,
    pub(super) must_revalidate: bool,
    pub(super) proxy_revalidate: bool,
    pub(super) must_understand: bool,
    /// RFC 5861 §3.
    pub(super) stale_while_revalidate: Option<i64>,
    /// RFC 5861 §4.
    pub(super) stale_if_error: Option<i64>,
    /// Fields that `no-cache` and `private` name; they are not kept (RFC 9111 §5.2.2.4, §5.2.2.7).
    pub(super) omitted: Vec<Vec<u8>>,
    /// Whether a targeted field says it: then `Expires` means nothing.
    pub(super) is_targeted: bool,
}

/// What a request says. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestDirectives {
    pub(super) max_age: Option<i64>,
    pub(super) min_fresh: Option<i64>,
    /// `Some(i64::MAX)` without a number.
    pub(super) max_stale: Option<i64>,
    pub(super) no_cache: bool,
    pub(super) no_store: bool,
    pub(super) only_if_cached: bool,
    pub(super) stale_if_error: Option<i64>,
}

impl AnswerDirectives {
    /// Reads what an answer says to us.
    pub(super) fn of(fields: &Fields) -> Self {
        for name in TARGETED {
            let values: Vec<&[u8]> = fields.all_named(name).collect();
            if !values.is_empty()
                && let Some(said) = Self::targeted(&values.join(&b", "[..]))
            {
                return said;
            }
        }
        let mut said = Self::default();
        for value in fields.all(Known::CacheControl) {
            for member in members(value) {
                let (name, argument) = directive(member);
                said.take(&name, argument.as_deref());
            }
        }
        said
    }

    fn take(&mut self, name: &[u8], argument: Option<&[u8]>) {
        match name {
            b"max-age" => shorten(&mut self.max_age, freshness(argument)),
            b"s-maxage" => shorten(&mut self.s_maxage, freshness(argument)),
            b"no-store" => self.no_store = true,
            b"no-cache" => match argument {
                Some(names) => self.omit(names),
                None => self.no_cache = true,
            },
            b"private" => match argument {
                Some(names) => self.omit(names),
                None => self.is_private = true,
            },
            b"public" => self.is_public = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"stale-while-revalidate" => self.stale_while_revalidate = argument.and_then(seconds),
            b"stale-if-error" => self.stale_if_error = argument.and_then(seconds),
            _ => {}
        }
    }

    fn omit(&mut self, names: &[u8]) {
        self.omitted.extend(members(names).map(<[u8]>::to_ascii_lowercase));
    }

    /// Reads a targeted field; `None` when it says nothing: it is empty, no dictionary, or a member has a type that the
    /// directive does not have.
    fn targeted(value: &[u8]) -> Option<Self> {
        let members = dictionary(value).filter(|members| !members.is_empty())?;
        let mut said = Self {
            is_targeted: true,
            ..Self::default()
        };
        for (name, member) in members {
            let seconds = match member {
                Member::Integer(seconds) => Some(seconds.clamp(0, MAX_SECONDS)),
                _ => None,
            };
            match name {
                b"max-age" => said.max_age = Some(seconds?),
                b"s-maxage" => said.s_maxage = Some(seconds?),
                b"stale-while-revalidate" => said.stale_while_revalidate = Some(seconds?),
                b"stale-if-error" => said.stale_if_error = Some(seconds?),
                // As text these two may name fields; without them the whole answer is meant, which is safe.
                b"no-cache" => said.no_cache = member != Member::Boolean(false),
                b"private" => said.is_private = member != Member::Boolean(false),
                b"no-store" => said.no_store = flag(member)?,
                b"public" => said.is_public = flag(member)?,
                b"must-revalidate" => said.must_revalidate = flag(member)?,
                b"proxy-revalidate" => said.proxy_revalidate = flag(member)?,
                b"must-understand" => said.must_understand = flag(member)?,
                _ => {}
            }
        }
        Some(said)
    }

    /// Whether a shared cache may give the answer to a request with a credential to others (RFC 9111 §3.5).
    pub(super) fn is_shareable(&self) -> bool {
        self.is_public || self.s_maxage.is_some() || self.must_revalidate
    }
}

fn flag(member: Member) -> Option<bool> {
    match member {
        Member::Boolean(value) => Some(value),
        _ => None,
    }
}

impl RequestDirectives {
    /// Reads what a request says. `Pragma: no-cache` counts where there is no `Cache-Control` (RFC 9111 §5.4).
    pub(crate) fn of(fields: &Fields) -> Self {
        let mut said = Self::default();
        for value in fields.all(Known::CacheControl) {
            for member in members(value) {
                let (name, argument) = directive(member);
                let time = argument.as_deref().and_then(seconds);
                match &*name {
                    b"max-age" => said.max_age = time,
                    b"min-fresh" => said.min_fresh = time,
                    b"max-stale" => {
                        said.max_stale = if argument.is_none() { Some(i64::MAX) } else { time };
                    }
                    b"stale-if-error" => said.stale_if_error = time,
                    b"no-cache" => said.no_cache = true,
                    b"no-store" => said.no_store = true,
                    b"only-if-cached" => said.only_if_cached = true,
                    _ => {}
                }
            }
        }
        if !fields.contains(Known::CacheControl) {
            let mut pragmas = fields.all_named(b"pragma").flat_map(members);
            said.no_cache = pragmas.any(|pragma| pragma.eq_ignore_ascii_case(b"no-cache"));
        }
        said
    }
}

/// Name in lower case, and argument without its quotes.
fn directive(member: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let Some(at) = memchr::memchr(b'=', member) else {
        return (member.to_ascii_lowercase(), None);
    };
    (member[..at].to_ascii_lowercase(), Some(unquoted(&member[at + 1..])))
}

fn unquoted(text: &[u8]) -> Vec<u8> {
    let Some(inner) = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) else {
        return text.to_vec();
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut is_escaped = false;
    for byte in inner {
        if *byte == b'\\' && !is_escaped {
            is_escaped = true;
        } else {
            plain.push(*byte);
            is_escaped = false;
        }
    }
    plain
}

/// Seconds; digits alone.
fn seconds(text: &[u8]) -> Option<i64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        text.iter().fold(0, |value, digit| {
            (value * 10 + i64::from(digit - b'0')).min(MAX_SECONDS)
        })
    })
}

/// A lifetime; one that can't be read is over (RFC 9111 §4.2.1).
fn freshness(argument: Option<&[u8]>) -> i64 {
    argument.and_then(seconds).unwrap_or(0)
}

/// Of two that contradict each other the shorter one counts.
fn shorten(known: &mut Option<i64>, said: i64) {
    *known = Some(known.map_or(said, |known| known.min(said)));
}

/// The value of `Age`: the first where there are several, and none where it can't be read (RFC 9111 §5.1).
pub(super) fn age(fields: &Fields) -> i64 {
    let first = fields.all(Known::Age).flat_map(members).next();
    first.and_then(seconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        fields
    }

    fn answer(value: &str) -> AnswerDirectives {
        AnswerDirectives::of(&section(&[("cache-control", value)]))
    }

    #[test]
    fn directives_are_read_as_they_are_written() {
        let said = answer("Public, MAX-AGE=003600 ,s-maxage=\"60\", stale-if-error=5, x=\"max-age=1, no-store\"");
        assert_eq!(
            said,
            AnswerDirectives {
                is_public: true,
                max_age: Some(3_600),
                s_maxage: Some(60),
                stale_if_error: Some(5),
                ..AnswerDirectives::default()
            }
        );
        assert_eq!(answer("max-age=99999999999999999999").max_age, Some(MAX_SECONDS));
        assert_eq!(
            answer("no-cache=\"Set-Cookie, x\"").omitted,
            [b"set-cookie".to_vec(), b"x".to_vec()]
        );
        assert!(answer("no-cache").no_cache && !answer("no-cache=\"x\"").no_cache);
    }

    #[test]
    fn what_can_not_be_read_is_not_fresh() {
        for value in [
            "max-age='3600'",
            "max-age=-1",
            "max-age=1.5",
            "max-age=a1",
            "max-age=1a",
            "max-age=",
            "max-age",
        ] {
            assert_eq!(answer(value).max_age, Some(0), "{value}");
        }
        assert_eq!(answer("max-age=100, max-age=1").max_age, Some(1));
        assert_eq!(answer("max-age =100").max_age, None);
        assert_eq!(answer("stale-while-revalidate=x").stale_while_revalidate, None);
    }

    #[test]
    fn targeted_fields_go_first() {
        let read =
            |cdn: &str| AnswerDirectives::of(&section(&[("cache-control", "max-age=1"), ("cdn-cache-control", cdn)]));
        assert_eq!(read("max-age=100").max_age, Some(100));
        assert!(read("no-store").no_store && read("private").is_private && read("no-cache").no_cache);
        assert_eq!(read("foo").max_age, None);
        // No dictionaries.
        for cdn in [
            "",
            "max-age=100, &&&",
            "max-age=\"100\"",
            "MaX-aGe=100",
            "max-age =100",
            "no-store=1",
        ] {
            assert_eq!(read(cdn), answer("max-age=1"), "{cdn}");
        }
        let both = section(&[
            ("cdn-cache-control", "max-age=1"),
            ("turnpike-cache-control", "max-age=2"),
        ]);
        assert_eq!(AnswerDirectives::of(&both).max_age, Some(2));
    }

    #[test]
    fn requests_say_what_they_accept() {
        let read = |lines: &[(&str, &str)]| RequestDirectives::of(&section(lines));
        let said = read(&[
            ("cache-control", "max-age=0, max-stale, min-fresh=7, no-store"),
            ("pragma", "no-cache"),
        ]);
        assert_eq!(
            (said.max_age, said.max_stale, said.min_fresh),
            (Some(0), Some(i64::MAX), Some(7))
        );
        assert!(said.no_store && !said.no_cache);
        assert!(read(&[("pragma", "x, No-Cache")]).no_cache);
        assert!(read(&[("cache-control", "only-if-cached")]).only_if_cached);
    }

    #[test]
    fn the_first_age_counts() {
        for (values, expected) in [
            (&["7200, 0"][..], 7_200),
            (&["0, 7200"], 0),
            (&["0", "7200"], 0),
            (&["7200", "0"], 7_200),
            (&["abc"], 0),
            (&["-7200"], 0),
            (&["7200.0"], 0),
            (&["2147483649"], MAX_SECONDS),
            (&[], 0),
        ] {
            let lines: Vec<_> = values.iter().map(|value| ("age", *value)).collect();
            assert_eq!(age(&section(&lines)), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~]{0,60}", noise in "(max-age|no-cache|private)=[\\\\\", a0-9]{0,12}") {
            for value in [&text, &noise] {
                let fields = section(&[("cache-control", value), ("cdn-cache-control", value), ("age", value)]);
                let said = AnswerDirectives::of(&fields);
                prop_assert!(said.max_age.is_none_or(|time| (0..=MAX_SECONDS).contains(&time)));
                let _ = (RequestDirectives::of(&fields), age(&fields));
            }
        }
    }
}
