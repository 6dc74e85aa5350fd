//! Tokens that only their issuer can judge (RFC 7662): what to ask, how to read the answer, and a cache of answers.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use ring::digest::{SHA256, digest};

use super::claims::{ClaimError, ClaimRules, Claims};
use crate::fast_hash::IdMap;

/// Longest answer read, in bytes.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Why a token is refused, or not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IntrospectionError {
    /// The issuer says so: unknown, expired, or withdrawn.
    #[error("the token is not active")]
    Inactive,
    /// The answer is none as RFC 7662 §2.2 describes it: nothing follows from it, so the token is not accepted.
    #[error("the issuer's answer can't be read")]
    Malformed,
    /// It is active, but not for this.
    #[error(transparent)]
    Claims(#[from] ClaimError),
}

/// What the issuer said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// The token is good, and says this.
    Active(Arc<Claims>),
    /// It is not.
    Inactive,
}

/// The form to send (RFC 7662 §2.1).
pub(crate) fn request_body(token: &str) -> String {
    format!("token={}&token_type_hint=access_token", encoded(token))
}

/// Percent-encoded as far as forms ask for it, also in the name and password of HTTP Basic (RFC 6749 §2.3.1).
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            // Writing to a String can't fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// Reads the body of a successful answer.
pub(crate) fn read(body: &[u8]) -> Result<Answer, IntrospectionError> {
    if body.len() > MAX_ANSWER_BYTES {
        return Err(IntrospectionError::Malformed);
    }
    let claims = Claims::parse(body).ok_or(IntrospectionError::Malformed)?;
    match claims.all().get("active").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(Answer::Active(Arc::new(claims))),
        Some(false) => Ok(Answer::Inactive),
        None => Err(IntrospectionError::Malformed),
    }
}

impl Answer {
    /// Judges what was said at a moment, in seconds since 1970. Also for answers from the cache: time goes on.
    pub(crate) fn judge(&self, rules: &ClaimRules, now_s: i64) -> Result<Arc<Claims>, IntrospectionError> {
        let Self::Active(claims) = self else {
            return Err(IntrospectionError::Inactive);
        };
        claims.check(rules, now_s)?;
        Ok(Arc::clone(claims))
    }
}

/// A token as the cache knows it: its SHA-256. Tokens themselves are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a token.
    pub(crate) fn of(token: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token).as_ref());
        Self(bytes)
    }
}

/// Answers for some seconds (RFC 7662 §4: a longer time means more tokens that were withdrawn and still serve).
///
/// Good and bad tokens have room of their own, so that a flood of invented ones displaces none that is in use.
#[derive(Debug)]
pub(crate) struct IntrospectionCache {
    active: Generations<Arc<Claims>>,
    inactive: Generations<()>,
    /// Seconds that an answer is kept.
    active_s: u32,
    inactive_s: u32,
}

impl IntrospectionCache {
    /// Room for `capacity` good tokens and as many bad ones; seconds that answers are kept, where 0 keeps none.
    pub(crate) fn new(capacity: usize, active_s: u32, inactive_s: u32) -> Self {
        Self {
            active: Generations::new(capacity),
            inactive: Generations::new(capacity),
            active_s,
            inactive_s,
        }
    }

    /// The answer for a token, if it is known at this moment.
    pub(crate) fn get(&mut self, token: Fingerprint, now_s: i64) -> Option<Answer> {
        if let Some(claims) = self.active.get(token, now_s) {
            return Some(Answer::Active(claims));
        }
        self.inactive.get(token, now_s).map(|()| Answer::Inactive)
    }

    /// Keeps an answer, not longer than the token lasts, instead of an earlier one.
    pub(crate) fn put(&mut self, token: Fingerprint, answer: &Answer, now_s: i64) {
        self.active.remove(token);
        self.inactive.remove(token);
        match answer {
            Answer::Active(claims) => {
                let kept = now_s.saturating_add(self.active_s.into());
                let until = claims.moment("exp").ok().flatten().map_or(kept, |end| end.min(kept));
                self.active.put(token, Arc::clone(claims), until, now_s);
            }
            Answer::Inactive => {
                let until = now_s.saturating_add(self.inactive_s.into());
                self.inactive.put(token, (), until, now_s);
            }
        }
    }
}

/// A map of bounded size: once half of the room is full, the other half, not used for longer, is dropped. What is read
/// moves to the young half.
#[derive(Debug)]
struct Generations<T> {
    half: usize,
    young: IdMap<Fingerprint, Entry<T>>,
    old: IdMap<Fingerprint, Entry<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    value: T,
    until_s: i64,
}

impl<T: Clone> Generations<T> {
    fn new(capacity: usize) -> Self {
        Self {
            half: (capacity / 2).max(1),
            young: HashMap::default(),
            old: HashMap::default(),
        }
    }

    fn get(&mut self, token: Fingerprint, now_s: i64) -> Option<T> {
        if let Some(entry) = self.young.get(&token) {
            return (now_s < entry.until_s).then(|| entry.value.clone());
        }
        let entry = self.old.remove(&token).filter(|entry| now_s < entry.until_s)?;
        let value = entry.value.clone();
        self.insert(token, entry);
        Some(value)
    }

    fn put(&mut self, token: Fingerprint, value: T, until_s: i64, now_s: i64) {
        if now_s < until_s {
            self.insert(token, Entry { value, until_s });
        }
    }

    fn remove(&mut self, token: Fingerprint) {
        self.young.remove(&token);
        self.old.remove(&token);
    }

    fn insert(&mut self, token: Fingerprint, entry: Entry<T>) {
        if self.young.len() >= self.half && !self.young.contains_key(&token) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000;

    fn token(number: usize) -> Fingerprint {
        Fingerprint::of(number.to_string().as_bytes())
    }

    fn active(text: &str) -> Answer {
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn answers_say_active_or_not_or_nothing() {
        let rules = ClaimRules {
            audiences: vec!["weather".to_owned()],
            ..ClaimRules::default()
        };
        for (body, expected) in [
            (r#"{"active":true,"aud":"weather","sub":"Z5O3"}"#, Ok(())),
            (
                r#"{"active":true,"aud":"other"}"#,
                Err(IntrospectionError::Claims(ClaimError::Audience)),
            ),
            (
                r#"{"active":true,"aud":"weather","exp":999}"#,
                Err(IntrospectionError::Claims(ClaimError::Expired)),
            ),
            (r#"{"active":false,"aud":"weather"}"#, Err(IntrospectionError::Inactive)),
            (r#"{"active":"true"}"#, Err(IntrospectionError::Malformed)),
            (r#"{"active":1}"#, Err(IntrospectionError::Malformed)),
            (r#"{"active":null}"#, Err(IntrospectionError::Malformed)),
            ("{}", Err(IntrospectionError::Malformed)),
            ("true", Err(IntrospectionError::Malformed)),
            ("", Err(IntrospectionError::Malformed)),
        ] {
            let judged = read(body.as_bytes()).and_then(|answer| answer.judge(&rules, NOW));
            assert_eq!(judged.map(|_| ()), expected, "{body}");
        }
        assert_eq!(
            read(&vec![b' '; MAX_ANSWER_BYTES + 1]),
            Err(IntrospectionError::Malformed)
        );
    }

    #[test]
    fn tokens_are_encoded() {
        assert_eq!(
            request_body("mF_9.B5f-4.1JqM"),
            "token=mF_9.B5f-4.1JqM&token_type_hint=access_token"
        );
        assert_eq!(
            request_body("a+b/c=&é "),
            "token=a%2Bb%2Fc%3D%26%C3%A9%20&token_type_hint=access_token"
        );
    }

    #[test]
    fn answers_are_kept_for_their_time_but_not_beyond_the_token() {
        let mut cache = IntrospectionCache::new(10, 60, 5);
        cache.put(token(1), &active(r#"{"active":true}"#), NOW);
        cache.put(token(2), &active(r#"{"active":true,"exp":1010}"#), NOW);
        cache.put(token(3), &active(r#"{"active":false}"#), NOW);
        cache.put(token(4), &active(r#"{"active":true,"exp":1000}"#), NOW);
        for (number, until_s) in [(1, 1060), (2, 1010), (3, 1005)] {
            assert!(cache.get(token(number), until_s - 1).is_some(), "{number}");
            assert!(cache.get(token(number), until_s).is_none(), "{number}");
        }
        assert_eq!(cache.get(token(3), NOW), Some(Answer::Inactive));
        assert_eq!(cache.get(token(4), NOW), None);
        assert_eq!(cache.get(token(5), NOW), None);
        let mut none = IntrospectionCache::new(10, 0, 0);
        none.put(token(1), &active(r#"{"active":true}"#), NOW);
        assert_eq!(none.get(token(1), NOW), None);
    }

    #[test]
    fn the_last_answer_counts() {
        let mut cache = IntrospectionCache::new(10, 60, 60);
        cache.put(token(1), &active(r#"{"active":true}"#), NOW);
        cache.put(token(1), &Answer::Inactive, NOW);
        assert_eq!(cache.get(token(1), NOW), Some(Answer::Inactive));
        cache.put(token(1), &active(r#"{"active":true}"#), NOW);
        assert!(matches!(cache.get(token(1), NOW), Some(Answer::Active(_))));
    }

    #[test]
    fn a_flood_of_bad_tokens_displaces_no_good_one() {
        let mut cache = IntrospectionCache::new(4, 60, 60);
        cache.put(token(0), &active(r#"{"active":true}"#), NOW);
        for number in 1..1000 {
            cache.put(token(number), &Answer::Inactive, NOW);
        }
        assert!(matches!(cache.get(token(0), NOW), Some(Answer::Active(_))));
        assert_eq!(cache.get(token(999), NOW), Some(Answer::Inactive));
        assert_eq!(cache.get(token(1), NOW), None);
    }

    #[test]
    fn what_is_used_stays() {
        let mut cache = IntrospectionCache::new(8, 60, 60);
        for number in 0..100 {
            cache.put(token(number), &active(r#"{"active":true}"#), NOW);
            assert!(cache.get(token(0), NOW).is_some(), "{number}");
        }
    }

    proptest! {
        #[test]
        fn the_cache_is_bounded(uses in proptest::collection::vec((0_usize..50, any::<bool>(), 0_i64..30), 0..300), capacity in 0_usize..20) {
            let mut cache = IntrospectionCache::new(capacity, 10, 10);
            let mut now = NOW;
            for (number, is_put, step) in uses {
                now += step;
                if is_put {
                    cache.put(token(number), &active(r#"{"active":true}"#), now);
                } else {
                    let _ = cache.get(token(number), now);
                }
                prop_assert!(cache.active.young.len() + cache.active.old.len() <= capacity.max(2));
            }
        }
    }
}
