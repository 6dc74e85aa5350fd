//! `introspection`: opaque tokens that another server vouches for.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{MASK, Policy, endpoint, problems::Problems, units::TimeSpan};
use crate::error::FieldError;

/// Longest name or secret, in characters.
const MAX_TEXT: usize = 500;

/// Asks an OAuth 2.0 authorization server whether a token is active (RFC 7662).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// The server's introspection endpoint, over https.
    pub endpoint: Url,
    /// Name that the gateway authenticates with (HTTP Basic, RFC 6749 §2.3.1).
    pub client_id: String,
    /// The secret that belongs to it. It is never shown again.
    pub client_secret: ClientSecret,
    /// How long to wait for the server's answer, 10 ms to 30 s; by default 2 s. Then the call is answered with 503.
    #[serde(default = "default_timeout")]
    pub timeout: TimeSpan,
    /// How long an answer is believed, 0 to 1 hour and never beyond the token's `exp`; by default 30 s. A token that is revoked
    /// may pass for as long.
    #[serde(default = "default_cache")]
    pub cache: TimeSpan,
    /// Member of the answer that names the consumer; by default `client_id`.
    #[serde(default = "client_id")]
    pub consumer_claim: String,
}

/// A secret that stands in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret")
    }
}

fn default_timeout() -> TimeSpan {
    TimeSpan::seconds(2)
}

fn default_cache() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn client_id() -> String {
    "client_id".to_owned()
}

impl Policy for Introspection {
    const SUMMARY: &'static str = "Asks an OAuth server whether a token is active.";
    const EXAMPLE: &'static str = "\
endpoint: https://login.example.com/oauth2/introspect
client_id: turnpike
client_secret: change-me
timeout: 2s
cache: 30s
consumer_claim: client_id
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if let Some(message) = endpoint::trusted(&self.endpoint) {
            problems.add("endpoint", message);
        }
        for (field, text) in [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose()),
            ("consumer_claim", &self.consumer_claim),
        ] {
            if text.is_empty() {
                problems.add(field, "This is empty.");
            } else if text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
                problems.add(field, "Use at most 500 characters on one line.");
            }
        }
        if self.client_secret.expose() == MASK {
            problems.add("client_secret", "There is no saved secret; enter it.");
        }
        problems.time("timeout", self.timeout, TimeSpan::millis(10)..=TimeSpan::seconds(30));
        problems.time("cache", self.cache, TimeSpan::default()..=TimeSpan::seconds(3_600));
        problems.found()
    }

    fn mask(&mut self) {
        MASK.clone_into(&mut self.client_secret.0);
    }

    fn each_secret<E>(&mut self, mut change: impl FnMut(&'static str, &mut String) -> Result<(), E>) -> Result<(), E> {
        change("client_secret", &mut self.client_secret.0)
    }

    /// Only for the same server and name: whoever may change the endpoint must not be able to have the secret sent to
    /// another.
    fn unmask(&mut self, saved: &Self) {
        if self.client_secret.expose() == MASK && self.endpoint == saved.endpoint && self.client_id == saved.client_id {
            self.client_secret = saved.client_secret.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(endpoint: &str, secret: &str) -> Introspection {
        serde_json::from_value(serde_json::json!({
            "endpoint": endpoint, "client_id": "turnpike", "client_secret": secret,
        }))
        .unwrap()
    }

    #[test]
    fn the_secret_stays_with_its_server() {
        let saved = policy("https://a.example/", "secret");
        assert!(!format!("{saved:?}").contains("secret\""));
        let mut shown = saved.clone();
        shown.mask();
        assert_eq!(shown.client_secret.expose(), MASK);
        assert_eq!(shown.validate()[0].field, "client_secret");
        shown.unmask(&saved);
        assert_eq!(shown, saved);

        let mut moved = policy("https://b.example/", MASK);
        moved.unmask(&saved);
        assert_eq!(moved.validate()[0].field, "client_secret");
    }

    #[test]
    fn times_have_ranges() {
        let mut wrong = policy("http://a.example/", "");
        wrong.timeout = TimeSpan::default();
        wrong.cache = TimeSpan::seconds(3_601);
        let fields: Vec<_> = wrong.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["endpoint", "client_secret", "timeout", "cache"]);
    }
}
