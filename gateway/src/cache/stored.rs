//! An answer that is kept, and what may still be done with it.

use bytes::Bytes;
use http::{StatusCode, Version};

use super::{
    directives::{AnswerDirectives, RequestDirectives, age},
    key::{Selecting, is_selected, tells_apart},
};
use crate::message::{Fields, Known};

/// An answer that is kept. It never changes; one that was validated takes its place.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) status: StatusCode,
    /// Protocol that it came by.
    pub(crate) version: Version,
    /// Without those for one connection, and without `Age`.
    pub(crate) fields: Fields,
    /// Shared by all who get it.
    pub(crate) body: Bytes,
    pub(super) selecting: Box<[Selecting]>,
    pub(crate) freshness: Freshness,
}

/// How long an answer may be used. All in seconds; moments are since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// Age when it came (RFC 9111 §4.2.3).
    pub(super) initial_age_s: i64,
    /// When it came.
    pub(super) response_s: i64,
    pub(super) lifetime_s: i64,
    /// Whether it is never used without asking.
    pub(super) must_validate: bool,
    /// Whether it may never be used stale, whatever a caller accepts.
    pub(super) is_strict: bool,
    pub(super) stale_while_revalidate_s: i64,
    pub(super) stale_if_error_s: i64,
}

/// Whether a kept answer may be used for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Yes.
    Yes,
    /// Yes, while it is validated.
    WhileRevalidating,
    /// Only after it was validated.
    AfterValidation,
}

/// When a request was sent and its answer came, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) request_s: i64,
    pub(crate) response_s: i64,
}

impl Exchange {
    /// Age of an answer when it came (RFC 9111 §4.2.3); `date_s` is its `Date`.
    pub(super) fn initial_age_s(self, fields: &Fields, date_s: Option<i64>) -> i64 {
        let delay_s = (self.response_s - self.request_s).max(0);
        let apparent_s = date_s.map_or(0, |date_s| (self.response_s - date_s).max(0));
        apparent_s.max(age(fields) + delay_s)
    }
}

impl Freshness {
    /// Age at a moment.
    pub(crate) fn age_s(&self, now_s: i64) -> i64 {
        self.initial_age_s + (now_s - self.response_s).max(0)
    }

    /// For how long it is fresh; how long it is stale when negative.
    pub(crate) fn ttl_s(&self, now_s: i64) -> i64 {
        self.lifetime_s - self.age_s(now_s)
    }

    /// Whether it may be used for a request (RFC 9111 §4).
    pub(crate) fn reuse(&self, now_s: i64, request: &RequestDirectives) -> Reuse {
        let ttl_s = self.ttl_s(now_s);
        let is_old = request.max_age.is_some_and(|max_s| self.age_s(now_s) > max_s);
        let is_too_close = request.min_fresh.is_some_and(|min_s| ttl_s < min_s);
        if self.must_validate || request.no_cache || is_old || is_too_close {
            return Reuse::AfterValidation;
        }
        let is_accepted = !self.is_strict && request.max_stale.is_some_and(|max_s| -ttl_s <= max_s);
        if ttl_s > 0 || is_accepted {
            Reuse::Yes
        } else if self.stale_while_revalidate_s > 0 && -ttl_s <= self.stale_while_revalidate_s {
            Reuse::WhileRevalidating
        } else {
            Reuse::AfterValidation
        }
    }

    /// Whether it may be used because the upstream failed (RFC 5861 §4).
    pub(crate) fn may_stand_in(&self, now_s: i64, request: &RequestDirectives) -> bool {
        let asked_s = request.stale_if_error.filter(|_| !self.is_strict).unwrap_or(0);
        let allowed_s = self.stale_if_error_s.max(asked_s);
        let stale_s = -self.ttl_s(now_s);
        !self.must_validate && allowed_s > 0 && stale_s <= allowed_s
    }

    /// What an answer and the policy say about its time. `defaults` are the policy's times of use while it is validated and
    /// after errors.
    pub(super) fn new(
        said: &AnswerDirectives,
        lifetime_s: i64,
        initial_age_s: i64,
        exchange: Exchange,
        defaults: (Option<i64>, Option<i64>),
    ) -> Self {
        let is_forbidden = said.must_revalidate || said.proxy_revalidate || said.no_cache;
        // `s-maxage` forbids it too (RFC 9111 §5.2.2.10), unless the answer itself names a time.
        let is_strict = is_forbidden || said.s_maxage.is_some();
        let time = |said: Option<i64>, default: Option<i64>| match said {
            _ if is_forbidden => 0,
            Some(time) => time,
            // What is never fresh is not made so by a default.
            None if is_strict || lifetime_s == 0 => 0,
            None => default.unwrap_or(0),
        };
        Self {
            initial_age_s,
            response_s: exchange.response_s,
            lifetime_s,
            must_validate: said.no_cache,
            is_strict,
            stale_while_revalidate_s: time(said.stale_while_revalidate, defaults.0),
            stale_if_error_s: time(said.stale_if_error, defaults.1),
        }
    }
}

impl Stored {
    /// Whether a request selects it (RFC 9111 §4.1). It does not when it was kept without regard to one of the fields in
    /// `key_headers`: the policy was another then.
    pub(super) fn is_selected(&self, request: &Fields, key_headers: &[Box<[u8]>]) -> bool {
        is_selected(&self.selecting, request) && key_headers.iter().all(|name| tells_apart(&self.selecting, name))
    }

    /// Whether it can be validated.
    pub(crate) fn has_validator(&self) -> bool {
        self.fields.contains(Known::Etag) || self.fields.contains(Known::LastModified)
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let selecting: usize = self.selecting.iter().map(Selecting::bytes).sum();
        size_of::<Self>() + self.fields.bytes() + self.body.len() + selecting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Exchange = Exchange {
        request_s: 1_000,
        response_s: 1_002,
    };

    fn freshness(value: &str, lifetime_s: i64) -> Freshness {
        let mut fields = Fields::default();
        fields.append(Known::CacheControl, &value.parse().unwrap());
        let said = AnswerDirectives::of(&fields);
        Freshness::new(&said, lifetime_s, 0, BEGAN, (Some(10), Some(20)))
    }

    fn request(value: &str) -> RequestDirectives {
        let mut fields = Fields::default();
        fields.append(Known::CacheControl, &value.parse().unwrap());
        RequestDirectives::of(&fields)
    }

    #[test]
    fn ages_are_counted_from_the_older_clock() {
        let mut fields = Fields::default();
        assert_eq!(BEGAN.initial_age_s(&fields, None), 2, "it may have waited for us");
        assert_eq!(BEGAN.initial_age_s(&fields, Some(900)), 102);
        assert_eq!(BEGAN.initial_age_s(&fields, Some(2_000)), 2, "a clock that is ahead");
        fields.append(Known::Age, &"300".parse().unwrap());
        assert_eq!(BEGAN.initial_age_s(&fields, Some(900)), 302);
    }

    #[test]
    fn a_time_ends_when_it_says() {
        let kept = freshness("max-age=60", 60);
        let none = RequestDirectives::default();
        assert_eq!(kept.reuse(1_061, &none), Reuse::Yes);
        assert_eq!(kept.reuse(1_062, &none), Reuse::WhileRevalidating);
        assert_eq!(kept.reuse(1_072, &none), Reuse::WhileRevalidating);
        assert_eq!(kept.reuse(1_073, &none), Reuse::AfterValidation);
        assert!(kept.may_stand_in(1_082, &none) && !kept.may_stand_in(1_083, &none));
        assert_eq!(kept.ttl_s(1_082), -20);
    }

    #[test]
    fn callers_may_ask_for_more_or_less() {
        let kept = freshness("max-age=60", 60);
        for (asked, expected) in [
            ("no-cache", Reuse::AfterValidation),
            ("max-age=7", Reuse::AfterValidation),
            ("max-age=8", Reuse::Yes),
            ("min-fresh=53", Reuse::AfterValidation),
            ("min-fresh=52", Reuse::Yes),
        ] {
            assert_eq!(kept.reuse(1_010, &request(asked)), expected, "{asked}");
        }
        assert_eq!(kept.reuse(1_100, &request("max-stale=38")), Reuse::Yes);
        assert_eq!(kept.reuse(1_100, &request("max-stale=37")), Reuse::AfterValidation);
        assert_eq!(kept.reuse(9_000, &request("max-stale")), Reuse::Yes);
        assert!(kept.may_stand_in(1_100, &request("stale-if-error=38")));
    }

    #[test]
    fn some_answers_are_never_used_stale() {
        for value in [
            "must-revalidate",
            "proxy-revalidate",
            "no-cache",
            "s-maxage=60",
            "must-revalidate, stale-if-error=60",
        ] {
            let kept = freshness(value, 60);
            assert_eq!(
                kept.reuse(1_063, &request("max-stale")),
                Reuse::AfterValidation,
                "{value}"
            );
            assert!(!kept.may_stand_in(1_063, &request("stale-if-error=100")), "{value}");
        }
        let named = freshness("s-maxage=60, stale-while-revalidate=5", 60);
        assert_eq!(
            named.reuse(1_063, &RequestDirectives::default()),
            Reuse::WhileRevalidating
        );
        let never_fresh = freshness("max-age=0", 0);
        assert_eq!(
            never_fresh.reuse(1_002, &RequestDirectives::default()),
            Reuse::AfterValidation
        );
        assert!(
            !never_fresh.may_stand_in(1_002, &RequestDirectives::default()),
            "defaults are not for it"
        );
        assert_eq!(
            freshness("no-cache", 60).reuse(1_003, &request("x")),
            Reuse::AfterValidation
        );
    }
}
