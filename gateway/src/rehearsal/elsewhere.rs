//! Refusals that a rehearsal can't make, because what they rest on is not in the access log.

use super::{Judgement, Outcome, RecordedRequest};
use crate::problem::Reason;

/// How much of what says a reason is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replayed {
    /// All of it, or the call came as far as to its upstream.
    Whole,
    /// As far as the log goes.
    Partly,
    /// Nothing, but what goes before it.
    Not,
    /// Nothing at all: the call came to none of the phases that are.
    NotReached,
}

/// What was refused elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// Before everything that is replayed.
    Before(&'static str),
    /// Beside or behind it: what is replayed may still say no.
    Behind(&'static str),
}

impl Elsewhere {
    /// Whether a call was refused by what is not replayed. `as_it_is` is what the configuration as it is says to it, where that
    /// was asked: what it refuses for the same reason is replayed.
    pub(super) fn of(request: &RecordedRequest, as_it_is: Option<&Judgement>) -> Option<Self> {
        let reason = request.reason?;
        let slug = reason.slug();
        match replayed(reason) {
            Replayed::Whole => None,
            Replayed::NotReached if request.address.is_none() => Some(Self::Before(slug)),
            Replayed::Not | Replayed::NotReached => Some(Self::Behind(slug)),
            Replayed::Partly => {
                let is_explained = as_it_is
                    .is_some_and(|judged| matches!(judged.outcome, Outcome::Refused { reason, .. } if reason == slug));
                (!is_explained).then_some(Self::Behind(slug))
            }
        }
    }

    /// The outcome of such a call.
    pub(super) fn outcome(self) -> Outcome {
        let (Self::Before(reason) | Self::Behind(reason)) = self;
        Outcome::RefusedElsewhere { reason }
    }
}

fn replayed(reason: Reason) -> Replayed {
    match reason {
        Reason::NotReady | Reason::Malformed | Reason::HeadersTooSlow => Replayed::NotReached,
        // Their bounds are of header fields, queries, bodies and times; of what tokens and documents say.
        Reason::HeadersTooLarge
        | Reason::NoRoomForBody
        | Reason::BodyShape
        | Reason::TooManyConcurrent
        | Reason::BreakerOpen
        | Reason::ConnectionsFull
        | Reason::InvalidRequest
        | Reason::MediaType
        | Reason::Suspicious
        | Reason::NotJudged
        | Reason::NoMock
        | Reason::NotAcceptable => Replayed::Not,
        // url_bytes by the path, body_bytes by what came, expressions without header fields, scopes as if all were there.
        Reason::TargetTooLong | Reason::BodyTooLarge | Reason::NotPermitted | Reason::InsufficientScope => {
            Replayed::Partly
        }
        Reason::AmbiguousPath
        | Reason::UnknownVersion
        | Reason::UnknownOperation
        | Reason::MethodNotAllowed
        | Reason::Retired
        | Reason::AddressForbidden
        | Reason::MissingKey
        | Reason::UnknownKey
        | Reason::ConflictingKeys
        | Reason::MissingCredential
        | Reason::InvalidToken
        | Reason::TokenNotChecked
        | Reason::TooManyTokens
        | Reason::UnknownConsumer
        | Reason::NotSubscribed
        | Reason::SubscriptionPending
        | Reason::SubscriptionSuspended
        | Reason::RateLimited
        | Reason::CallsLimited
        | Reason::QuotaExceeded
        | Reason::NoUpstream
        // They were tried, and took from limits as any other.
        | Reason::UpstreamForbidden
        | Reason::UpstreamUnreachable
        | Reason::UpstreamBroken
        | Reason::PartFailed
        | Reason::PartTooLate
        | Reason::PartNotFound
        | Reason::NotKept
        | Reason::ConnectTimeout
        | Reason::UpstreamTimeout => Replayed::Whole,
    }
}
