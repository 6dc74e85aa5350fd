//! Typed identifiers: a UUID behind a prefix that tells its kind in logs, URLs and support mails.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The text is not an identifier of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id that begins with `{prefix}_`")]
pub struct ParseIdError {
    /// Prefix that was expected, without the underscore.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

// Alphabetical and append-only, so that changes merge cleanly.
macro_rules! typed_ids { ($($(#[$doc:meta])* $name:ident = $prefix:literal),* $(,)?) => {$(
    $(#[$doc])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "store", derive(sea_orm::DeriveValueType))]
    pub struct $name(Uuid);

    // Asked for by primary keys; ids are never numbers.
    #[cfg(feature = "store")]
    impl sea_orm::TryFromU64 for $name {
        fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
            Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
        }
    }

    impl $name {
        /// What the text form begins with, before the underscore.
        pub const PREFIX: &'static str = $prefix;
        /// The all-zero id: stands for "none" where a database key may not be null.
        pub const NIL: Self = Self(Uuid::nil());

        /// Wraps a UUID that is known to be of this kind.
        pub const fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }

        /// The UUID inside.
        pub const fn uuid(self) -> Uuid { self.0 }

        /// A new, time-sortable id.
        #[cfg(feature = "store")]
        pub fn generate() -> Self { Self(Uuid::now_v7()) }
    }

    impl fmt::Display for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, concat!($prefix, "_{}"), self.0.simple())
        }
    }

    impl FromStr for $name {
        type Err = ParseIdError;
        fn from_str(text: &str) -> Result<Self, Self::Err> {
            text.strip_prefix(concat!($prefix, "_"))
                .and_then(|rest| Uuid::try_parse(rest).ok())
                .map(Self)
                .ok_or_else(|| ParseIdError { prefix: $prefix, text: text.to_owned() })
        }
    }

    impl Serialize for $name {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
    }

    impl<'de> Deserialize<'de> for $name {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        }
    }
)*}}

typed_ids! {
    /// A person who signs in.
    AccountId = "acc",
    /// A named product surface of an organization.
    ApiId = "api",
    /// What a consumer registers.
    ApplicationId = "app",
    /// One entry of the audit log.
    AuditId = "aud",
    /// An OAuth client of an application.
    ClientId = "cli",
    /// An identity that a provider mapped to a subscription.
    IdentityId = "idn",
    /// A credential of an application.
    KeyId = "key",
    /// A mail waiting to be sent.
    MailId = "mail",
    /// A provider.
    OrganizationId = "org",
    /// Price and limits.
    PlanId = "plan",
    /// One immutable uploaded spec of a version.
    RevisionId = "rev",
    /// A signed-in browser.
    SessionId = "ses",
    /// An application on a plan.
    SubscriptionId = "sub",
    /// A line of an api.
    VersionId = "ver",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_tells_kinds_apart() {
        let id = ApiId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<KeyId>().is_err(), "an api id is not a key id");
        assert!("api_nonsense".parse::<ApiId>().is_err());
    }
}
