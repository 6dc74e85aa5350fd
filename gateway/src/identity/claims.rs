//! What a token says about its bearer, and the rules that it must meet. A JSON Web Token (RFC 7519 §4) and the answer of
//! an introspection (RFC 7662 §2.2) name the same things in the same way.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Claims(Map<String, Value>);

/// What claims must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimRules {
    /// Accepted issuers, compared byte by byte; none: any, and none at all.
    pub(crate) issuers: Vec<String>,
    /// Accepted audiences: one of them must be named; none: any, and none at all.
    pub(crate) audiences: Vec<String>,
    /// How far clocks may differ, in seconds.
    pub(crate) leeway_s: u32,
    /// Whether a token without an end is refused.
    pub(crate) must_expire: bool,
    /// Oldest token accepted, in seconds since it was issued; it must then say when it was.
    pub(crate) max_age_s: Option<u32>,
    /// Further claims that must be there.
    pub(crate) required: Vec<RequiredClaim>,
}

/// A claim that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequiredClaim {
    /// Name, or a path of names with dots (`realm_access.roles`).
    pub(crate) name: String,
    /// It must be, or hold, one of these; none: whatever but null.
    pub(crate) any_of: Vec<String>,
}

/// Why claims are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClaimError {
    /// `iss`.
    #[error("the token is of another issuer")]
    Issuer,
    /// `aud`.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is missing.
    #[error("the token never expires")]
    NeverExpires,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// `iat` has not come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// [`ClaimRules::max_age_s`].
    #[error("the token is too old")]
    TooOld,
    /// Not of the type that the standard names.
    #[error("the claim {0} is malformed")]
    Malformed(&'static str),
    /// [`ClaimRules::required`].
    #[error("the claim {0} is missing or says something else")]
    Required(String),
}

impl Claims {
    /// Reads a JSON object; `None` if it is none, or says the same twice: readers differ in which of the two they take
    /// (RFC 7519 §4).
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Once>(bytes)
            .ok()
            .map(|Once(claims)| Self(claims))
    }

    /// The claim of a name, or of a path of names with dots where no claim has the whole name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.get(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.')
                .try_fold(self.0.get(first)?, |value, part| value.get(part))
        });
        found.filter(|value| !value.is_null())
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// `iss`.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// Scopes of a claim: separated by spaces (RFC 6749 §3.3), or the list that some issuers write.
    pub(crate) fn scopes(&self, claim: &str) -> impl Iterator<Item = &str> {
        self.get(claim).into_iter().flat_map(|value| {
            let (text, items) = (value.as_str(), value.as_array());
            let items = items.into_iter().flatten().filter_map(Value::as_str);
            text.unwrap_or_default().split_ascii_whitespace().chain(items)
        })
    }

    /// All claims.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A moment in whole seconds since 1970 (`NumericDate`, RFC 7519 §2), rounded down.
    pub(crate) fn moment(&self, name: &'static str) -> Result<Option<i64>, ClaimError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        // Moments that i64 can't hold are as far away as its ends.
        let seconds = value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
        seconds.map(Some).ok_or(ClaimError::Malformed(name))
    }

    /// Judges the claims at a moment, in seconds since 1970.
    pub(crate) fn check(&self, rules: &ClaimRules, now_s: i64) -> Result<(), ClaimError> {
        self.check_moments(rules, now_s)?;
        let issuer = self.0.get("iss");
        if issuer.is_some_and(|issuer| !issuer.is_string()) {
            return Err(ClaimError::Malformed("iss"));
        }
        if !rules.issuers.is_empty()
            && !self
                .issuer()
                .is_some_and(|found| rules.issuers.iter().any(|one| one == found))
        {
            return Err(ClaimError::Issuer);
        }
        self.check_audience(rules)?;
        for required in &rules.required {
            let is_met = self.get(&required.name).is_some_and(|value| required.is_met_by(value));
            if !is_met {
                return Err(ClaimError::Required(required.name.clone()));
            }
        }
        Ok(())
    }

    fn check_moments(&self, rules: &ClaimRules, now_s: i64) -> Result<(), ClaimError> {
        let leeway = i64::from(rules.leeway_s);
        match self.moment("exp")? {
            // RFC 7519 §4.1.4: on or after it the token is no longer accepted.
            Some(end) if now_s >= end.saturating_add(leeway) => return Err(ClaimError::Expired),
            None if rules.must_expire => return Err(ClaimError::NeverExpires),
            _ => {}
        }
        if self
            .moment("nbf")?
            .is_some_and(|start| now_s.saturating_add(leeway) < start)
        {
            return Err(ClaimError::NotYet);
        }
        let issued = self.moment("iat")?;
        if issued.is_some_and(|issued| now_s.saturating_add(leeway) < issued) {
            return Err(ClaimError::IssuedInFuture);
        }
        match (rules.max_age_s, issued) {
            (Some(_), None) => Err(ClaimError::TooOld),
            (Some(age), Some(issued)) if now_s >= issued.saturating_add(i64::from(age) + leeway) => {
                Err(ClaimError::TooOld)
            }
            _ => Ok(()),
        }
    }

    fn check_audience(&self, rules: &ClaimRules) -> Result<(), ClaimError> {
        let is_accepted = |found: &str| rules.audiences.iter().any(|one| one == found);
        let is_named = match self.0.get("aud") {
            None => false,
            Some(Value::String(one)) => is_accepted(one),
            Some(Value::Array(all)) => {
                let names: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
                names.ok_or(ClaimError::Malformed("aud"))?.into_iter().any(is_accepted)
            }
            Some(_) => return Err(ClaimError::Malformed("aud")),
        };
        if is_named || rules.audiences.is_empty() {
            Ok(())
        } else {
            Err(ClaimError::Audience)
        }
    }
}

/// An object that names each of its members once.
struct Once(Map<String, Value>);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Once;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Once, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is there twice"));
                    }
                }
                Ok(Once(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl RequiredClaim {
    fn is_met_by(&self, value: &Value) -> bool {
        let is_one = |value: &Value| match value {
            Value::String(text) => self.any_of.iter().any(|one| one == text),
            Value::Number(number) => self.any_of.iter().any(|one| *one == number.to_string()),
            Value::Bool(truth) => self.any_of.iter().any(|one| *one == truth.to_string()),
            _ => false,
        };
        match value {
            _ if self.any_of.is_empty() => true,
            Value::Array(items) => items.iter().any(is_one),
            // `scope` is a list in one text.
            Value::String(text) if self.name == "scope" => text
                .split_ascii_whitespace()
                .any(|scope| self.any_of.iter().any(|one| one == scope)),
            _ => is_one(value),
        }
    }
}

#[cfg(test)]
mod tests;
