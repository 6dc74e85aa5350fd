//! The gateway's own authorization server: access tokens for OAuth clients by the client credentials grant (RFC 6749 §4.4),
//! its metadata (RFC 8414) and the key that its tokens are signed with (RFC 7517).
//!
//! Its pages are there where no version has the path, and go before those of versions on the gateway's own host and on every
//! host that is no version's own.

mod answer;
mod issuer;
mod request;
mod throttle;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::subscription::SubscriptionState;
use http::Method;

pub(crate) use answer::OwnAnswer;
use answer::{TokenError, given};
pub(crate) use issuer::TokenIssuer;
pub use issuer::{TokenKeyError, TokenOptions, TokenSeed};
use request::TokenRequest;
use throttle::Throttle;

use crate::{
    limit::Moment,
    message::{Fields, RequestHead},
    snapshot::Snapshot,
};

/// Bytes of a request's body.
pub(crate) const MAX_BODY: usize = 8 * 1_024;
/// From the head of a request to the end of its body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where tokens are asked for.
const TOKEN_PATH: &str = "/oauth2/token";
/// Where the public key is.
const KEYS_PATH: &str = "/oauth2/jwks.json";
/// Where the metadata is (RFC 8414 §3).
const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// One of the gateway's own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Token,
    Keys,
    Metadata,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Whole(Vec<u8>),
    TooLarge,
}

/// Gives tokens; one for all workers.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    issuer: TokenIssuer,
    throttle: Throttle,
    counts: [AtomicU64; OUTCOMES.len()],
}

/// What became of requests for a token.
const OUTCOMES: [&str; 6] = [
    "issued",
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unsupported_grant_type",
    "throttled",
];

impl Page {
    /// The page at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            TOKEN_PATH => Some(Self::Token),
            KEYS_PATH => Some(Self::Keys),
            METADATA_PATH => Some(Self::Metadata),
            _ => None,
        }
    }

    /// Whether the body of a request is looked at.
    pub(crate) fn reads_body(self, method: &Method) -> bool {
        self == Self::Token && *method == Method::POST
    }
}

impl TokenEndpoint {
    pub(crate) fn new(issuer: TokenIssuer) -> Self {
        Self {
            issuer,
            throttle: Throttle::default(),
            counts: Default::default(),
        }
    }

    /// Whether a host is the gateway's own: that of the URL that its tokens name.
    pub(crate) fn is_at(&self, host: &[u8]) -> bool {
        self.issuer
            .host()
            .is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(host))
    }

    /// Answers a request for one of the pages.
    pub(crate) fn answer(
        &self,
        page: Page,
        snapshot: &Snapshot,
        request: &RequestHead,
        body: Body,
        peer: IpAddr,
        now: &Moment,
    ) -> OwnAnswer {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        match page {
            Page::Keys if is_read => OwnAnswer::document(self.issuer.key_set()),
            Page::Metadata if is_read => OwnAnswer::document(self.issuer.metadata()),
            Page::Keys | Page::Metadata => OwnAnswer::other_method("GET, HEAD"),
            Page::Token if request.method != Method::POST => OwnAnswer::other_method("POST"),
            Page::Token => {
                let given = self.throttle.request(peer, now.unix_ns).and_then(|()| {
                    let given = self.give(snapshot, &request.fields, body, now);
                    if matches!(given, Err(TokenError::InvalidClient(_))) {
                        self.throttle.failed(peer, now.unix_ns);
                    }
                    given
                });
                self.count(given.as_ref().map_or_else(TokenError::outcome, |_| "issued"));
                given.unwrap_or_else(TokenError::into_answer)
            }
        }
    }

    /// Gives a token, if the client may have one.
    fn give(&self, snapshot: &Snapshot, fields: &Fields, body: Body, now: &Moment) -> Result<OwnAnswer, TokenError> {
        let Body::Whole(body) = body else {
            return Err(TokenError::TooLarge);
        };
        let request = TokenRequest::read(fields, &body)?;
        let client = snapshot.identities.client(&request.client_id);
        let is_known = request.is_by(client.map(|client| &client.secret));
        let application =
            client
                .filter(|_| is_known)
                .map(|client| client.application_id)
                .ok_or(TokenError::InvalidClient(
                    "The client is not known, or its secret is another.",
                ))?;
        self.throttle.client(&request.client_id, now.unix_ns)?;
        request.check_grant()?;
        let mut granted: Vec<&str> = snapshot
            .subscriptions(application)
            .iter()
            .filter(|subscription| subscription.state == SubscriptionState::Active)
            .flat_map(|subscription| subscription.scopes().iter().map(AsRef::as_ref))
            .collect();
        granted.sort_unstable();
        granted.dedup();
        if let Some(requested) = &request.scopes {
            granted.retain(|scope| requested.iter().any(|wanted| wanted == scope));
            if granted.is_empty() {
                return Err(TokenError::InvalidScope(
                    "No provider granted the application a scope that was asked for.",
                ));
            }
        }
        let scope = granted.join(" ");
        let token = self
            .issuer
            .issue(&request.client_id, &scope, now.timestamp())
            .ok_or(TokenError::Failed)?;
        Ok(given(&token, self.issuer.life(), &scope))
    }

    fn count(&self, outcome: &str) {
        if let Some(at) = OUTCOMES.iter().position(|known| *known == outcome) {
            self.counts[at].fetch_add(1, Relaxed);
        }
    }
}

/// What the gateway's token endpoint did; a handle that stays readable after a shutdown.
#[derive(Clone, Debug)]
pub struct TokenCounters(pub(crate) Arc<TokenEndpoint>);

impl TokenCounters {
    /// Requests by what became of them, since the start: `issued`, an error code of RFC 6749 §5.2, or `throttled`.
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.counts.iter().map(|count| count.load(Relaxed));
        OUTCOMES.into_iter().zip(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::routing::GATEWAY_PAGES;

    use super::*;

    #[test]
    fn what_is_no_base_path_is_a_page() {
        let pages = GATEWAY_PAGES.map(Page::at);
        assert_eq!(pages, [Some(Page::Token), Some(Page::Keys), Some(Page::Metadata)]);
    }
}
