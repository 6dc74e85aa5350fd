//! Who sends a request to the portal: reads the session cookie and keeps out requests that other sites cause.

pub mod cross_origin;
mod peer;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use app::{
    cx::{AppState, Caller},
    render::cookie,
    session::cookie_name,
};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use domain::actor::Actor;

use crate::web::RequestId;

/// Characters of `User-Agent` that are kept.
const USER_AGENT_MAX: usize = 200;
/// Longest session token that is looked up; ours have 43 characters.
const TOKEN_MAX: usize = 128;

/// What the layer needs to know.
#[derive(Clone)]
pub struct Identify {
    /// Sessions are looked up there.
    pub app: AppState,
    /// Proxies whose word about the visitor's address counts.
    pub trusted_proxies: Arc<[IpAddr]>,
}

/// The layer that finds out who is asking and puts a [`Caller`] into the request's extensions.
///
/// A database that does not answer makes everybody anonymous for that request, which can do less, never more.
pub async fn identify(State(identify): State<Identify>, mut request: Request, next: Next) -> Response {
    let Identify { app, trusted_proxies } = identify;
    let headers = request.headers();
    let token = session_token(headers, app.settings.secure_cookies).map(ToOwned::to_owned);
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|text| text.chars().take(USER_AGENT_MAX).collect())
        .unwrap_or_default();
    let ip = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| peer::visitor(address.ip(), headers, &trusted_proxies).to_string())
        .unwrap_or_default();
    let signed_in = match token {
        Some(token) => app
            .services
            .accounts
            .authenticate(&token)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(error = ?error, "a session could not be looked up");
                None
            }),
        None => None,
    };
    let (session, actor) = match signed_in {
        Some((session, account)) => (Some(session), Actor::Account(account)),
        None => (None, Actor::Anonymous),
    };
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    request.extensions_mut().insert(Caller {
        actor,
        session,
        ip,
        user_agent,
        request_id,
    });
    next.run(request).await
}

/// The session token of a request, if it has the form of one.
fn session_token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookie(headers, cookie_name(secure)).filter(|token| !token.is_empty() && token.len() <= TOKEN_MAX)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_cookie_of_this_scheme_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("session=plain; __Host-session=secure"),
        );
        assert_eq!(session_token(&headers, true), Some("secure"));
        assert_eq!(session_token(&headers, false), Some("plain"));
        for text in ["session=", "other=1", &format!("session={}", "x".repeat(129))] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(text).unwrap());
            assert_eq!(session_token(&headers, false), None, "{text}");
        }
    }
}
