//! Why an upstream brought no answer, and what the caller is told then.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;

use super::forward::NotAnswered;
use crate::{
    decision::Refusal,
    http1::AnswerError,
    problem::Reason,
    relay::SourceError,
    upstream::{ConnectError, Outcome},
};

/// Why an attempt failed.
pub(super) enum Failed {
    /// Nothing was sent: another target may be tried.
    Connect(ConnectError),
    /// Something may have been sent, and the target failed.
    Target(Outcome, Box<Refusal>),
    /// It is not the target's fault, or nobody waits any more.
    Final(NotAnswered),
}

/// Why a call was tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstFailure {
    /// What the caller would have been told.
    Reason(Reason),
    /// The upstream answered with this status.
    Status(StatusCode),
}

impl FirstFailure {
    /// `upstream-unreachable` as in the problem's type, or `status-503`.
    pub(crate) fn word(self) -> Cow<'static, str> {
        match self {
            Self::Reason(reason) => reason.slug().into(),
            Self::Status(status) => format!("status-{}", status.as_u16()).into(),
        }
    }
}

/// Why one connection brought no answer.
pub(super) enum NoAnswer {
    Answer(AnswerError),
    Body(SourceError),
    BodyShape(Option<String>),
    BodyTooLarge,
    TooManyInformational,
    TimeUp {
        waits_for_caller: bool,
    },
    /// The caller does not want to wait any longer.
    MustBeOver,
    CallerGone,
}

impl NoAnswer {
    /// Whose fault it is, and what the caller is told. `response_timeout` is how long the answer was waited for.
    pub(super) fn explain(self, response_timeout: Duration) -> Failed {
        let outcome = match &self {
            Self::TimeUp {
                waits_for_caller: false,
            } => Some(Outcome::TimedOut),
            Self::Answer(AnswerError::Unsendable) => None,
            Self::Answer(_) | Self::TooManyInformational => Some(Outcome::Broken),
            _ => None,
        };
        let refusal = match self {
            Self::CallerGone => return Failed::Final(NotAnswered::CallerGone),
            Self::BodyTooLarge => Refusal::new(Reason::BodyTooLarge),
            Self::BodyShape(detail) => Refusal::new(Reason::BodyShape).detail(detail.unwrap_or_default()),
            Self::Body(error) => {
                tracing::debug!(%error, "a caller's body can't be read");
                Refusal::new(Reason::Malformed).detail("The body of the request broke off or is not well-formed.")
            }
            Self::TimeUp { waits_for_caller: true } => {
                Refusal::new(Reason::HeadersTooSlow).detail("The body of the request did not go on in time.")
            }
            Self::MustBeOver => out_of_callers_time(),
            Self::TimeUp { .. } => timed_out(response_timeout),
            Self::TooManyInformational => broken("The API's server sent too many informational answers."),
            Self::Answer(AnswerError::Bad(error)) => {
                tracing::debug!(%error, "an upstream's answer can't be read");
                broken(format!(
                    "The API's server sent an answer that can't be passed on: {error}."
                ))
            }
            Self::Answer(AnswerError::Unsendable) => {
                Refusal::new(Reason::Malformed).detail("The URL of the request has characters that HTTP/2 can't carry.")
            }
            Self::Answer(AnswerError::Stream(error)) => {
                tracing::debug!(%error, "an upstream gave a stream up, or broke the rules of HTTP/2");
                broken("").proxy_error("http_protocol_error")
            }
            Self::Answer(error) => {
                tracing::debug!(%error, "an upstream connection failed");
                broken("")
            }
        };
        match outcome {
            Some(outcome) => Failed::Target(outcome, Box::new(refusal)),
            None => Failed::Final(refusal.into()),
        }
    }
}

/// What the caller is told when there is no connection. It was waited for `waited` at most: less than the upstream's `limit`
/// when the caller doesn't want to wait for longer.
pub(super) fn not_connected(error: &ConnectError, waited: Duration, limit: Duration) -> Refusal {
    let was_callers_time = waited < limit && matches!(error, ConnectError::Timeout(time) if *time == waited);
    if was_callers_time {
        out_of_callers_time()
    } else {
        unreachable(error)
    }
}

/// Value of the `error` parameter of `Proxy-Status` (RFC 9209 §2.3) goes along with each refusal.
fn unreachable(error: &ConnectError) -> Refusal {
    let (reason, kind) = match error {
        ConnectError::Resolve(_) => (Reason::UpstreamUnreachable, "dns_error"),
        ConnectError::Forbidden => (Reason::UpstreamForbidden, "destination_ip_prohibited"),
        ConnectError::Full => (Reason::ConnectionsFull, "connection_limit_reached"),
        ConnectError::Connect(_) => (Reason::UpstreamUnreachable, "connection_refused"),
        ConnectError::Tls(_) => (Reason::UpstreamUnreachable, "tls_protocol_error"),
        ConnectError::NoHttp2 | ConnectError::Http2(_) => (Reason::UpstreamBroken, "http_protocol_error"),
        ConnectError::Timeout(_) => (Reason::ConnectTimeout, "connection_timeout"),
    };
    Refusal::new(reason).proxy_error(kind)
}

/// The time is up that the caller gave the call.
fn out_of_callers_time() -> Refusal {
    let detail = "The API's server did not begin to answer within the time that the caller gave it.";
    Refusal::new(Reason::UpstreamTimeout)
        .detail(detail)
        .proxy_error("http_response_timeout")
}

pub(super) fn broken(detail: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Reason::UpstreamBroken)
        .detail(detail)
        .proxy_error("connection_terminated")
}

fn timed_out(limit: Duration) -> Refusal {
    let detail = format!(
        "The API's server did not begin to answer within {} ms.",
        limit.as_millis()
    );
    Refusal::new(Reason::UpstreamTimeout)
        .detail(detail)
        .proxy_error("http_response_timeout")
}
