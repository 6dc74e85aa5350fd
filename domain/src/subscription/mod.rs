//! Subscriptions: an application on a plan.

#[cfg(feature = "store")]
mod mail;
#[cfg(feature = "store")]
mod quota;
#[cfg(feature = "store")]
pub mod service;

use serde::{Deserialize, Serialize};

#[cfg(feature = "store")]
pub(crate) use quota::quota_uses;

use crate::{
    clock::Timestamp,
    error::DomainError,
    id::{ApplicationId, PlanId, SubscriptionId},
};

/// An application on a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Identifies the subscription.
    pub id: SubscriptionId,
    /// Who subscribed.
    pub application_id: ApplicationId,
    /// To what.
    pub plan_id: PlanId,
    /// Where it stands.
    pub state: SubscriptionState,
    /// When it was asked for, the last time.
    pub created_at: Timestamp,
    /// When it ended, for canceled ones.
    pub canceled_at: Option<Timestamp>,
    /// Scopes that the provider granted: what tokens of the application's clients can be good for.
    pub scopes: Vec<String>,
}

/// Where a subscription stands: `pending → active → canceled`. Trials and payment add states between these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Waits for the provider's approval.
    Pending,
    /// Its keys are accepted.
    Active,
    /// The provider stopped it; can be resumed.
    Suspended,
    /// Over, until the application subscribes again.
    Canceled,
}

impl SubscriptionState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the word in the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Suspended, Self::Canceled]
            .into_iter()
            .find(|s| s.as_str() == text)
    }

    /// The provider says yes.
    pub fn approve(self) -> Result<Self, DomainError> {
        match self {
            Self::Pending => Ok(Self::Active),
            Self::Active | Self::Suspended | Self::Canceled => Err(self.refuses("approved")),
        }
    }

    /// The provider stops it for now.
    pub fn suspend(self) -> Result<Self, DomainError> {
        match self {
            Self::Active => Ok(Self::Suspended),
            Self::Pending | Self::Suspended | Self::Canceled => Err(self.refuses("suspended")),
        }
    }

    /// The provider lets it go on.
    pub fn resume(self) -> Result<Self, DomainError> {
        match self {
            Self::Suspended => Ok(Self::Active),
            Self::Pending | Self::Active | Self::Canceled => Err(self.refuses("resumed")),
        }
    }

    /// Either side ends it; the provider's refusal of a pending one is the same.
    pub fn cancel(self) -> Result<Self, DomainError> {
        match self {
            Self::Pending | Self::Active | Self::Suspended => Ok(Self::Canceled),
            Self::Canceled => Err(self.refuses("canceled")),
        }
    }

    fn refuses(self, verb: &str) -> DomainError {
        DomainError::Conflict(format!("This subscription is {} and cannot be {verb}.", self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::SubscriptionState::*;

    #[test]
    fn transitions_are_as_drawn() {
        for (from, approve, suspend, resume, cancel) in [
            (Pending, Some(Active), None, None, Some(Canceled)),
            (Active, None, Some(Suspended), None, Some(Canceled)),
            (Suspended, None, None, Some(Active), Some(Canceled)),
            (Canceled, None, None, None, None),
        ] {
            assert_eq!(from.approve().ok(), approve, "approve {from:?}");
            assert_eq!(from.suspend().ok(), suspend, "suspend {from:?}");
            assert_eq!(from.resume().ok(), resume, "resume {from:?}");
            assert_eq!(from.cancel().ok(), cancel, "cancel {from:?}");
        }
    }
}
