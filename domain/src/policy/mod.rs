//! Policies: what the gateway does to calls beside routing, keys and plans.
//!
//! A policy is data. It has a name, a body, and a level that it is attached to: organization, api, version or operation.
//! For each name the narrower level wins as a whole; nothing is merged inside a body. A narrower level switches an
//! inherited policy off with the word `off`.
//!
//! # A new policy
//!
//! One file here with its type: [`Policy`] implemented, `serde(deny_unknown_fields)`, names as in the manifest, defaults
//! said in the doc comments. One line in the list of [`PolicySet`] below. One file `docs/policies/NAME.md`, whose
//! example is [`Policy::EXAMPLE`] below `policies:`. Its name in [`ENFORCED`], and a row with a link in
//! `docs/policies.md`, as soon as gateways act on it.

pub mod access;
pub mod cache;
pub mod composition;
pub mod compression;
pub mod concurrency;
pub mod cors;
#[cfg(feature = "store")]
pub(crate) mod document;
mod endpoint;
pub mod expression;
mod fit;
pub mod headers;
pub mod introspection;
pub mod ip;
pub mod jwt;
pub mod limits;
#[cfg(feature = "store")]
pub(crate) mod load;
pub mod mock;
mod names;
pub mod paths;
mod problems;
pub mod rate_limits;
#[cfg(feature = "store")]
mod reseal;
pub mod scope;
pub mod scopes;
#[cfg(feature = "store")]
pub(crate) mod secrets;
#[cfg(feature = "store")]
pub mod service;
mod setting;
pub mod signatures;
pub mod transform;
pub mod units;
pub mod validation;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

pub use fit::Misfits;
pub use scope::{OperationKey, PolicyScope};
pub use setting::Setting;

use crate::error::FieldError;

/// Policies that this version's gateway acts on; only these can be saved, so that nobody believes that another took
/// effect.
pub const ENFORCED: &[PolicyName] = &[
    PolicyName::Access,
    PolicyName::Jwt,
    PolicyName::Introspection,
    PolicyName::Scopes,
    PolicyName::Expression,
    PolicyName::Ip,
    PolicyName::Cors,
    PolicyName::RateLimits,
    PolicyName::Concurrency,
    PolicyName::Limits,
    PolicyName::Signatures,
    PolicyName::Validation,
    PolicyName::Mock,
    PolicyName::Headers,
    PolicyName::Transform,
    PolicyName::Composition,
    PolicyName::Compression,
    PolicyName::Cache,
];

/// Longest body of one policy, in bytes of JSON: the most that the lists of any of them come to, with some escapes.
pub const MAX_BODY: usize = 524_288;

/// A kind of policy.
pub trait Policy: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned {
    /// What it does; one sentence for the console.
    const SUMMARY: &'static str;
    /// A body that shows its fields, in YAML; what an editor begins with.
    const EXAMPLE: &'static str;

    /// What the types cannot say: ranges, forms and contradictions. Fields are named from the body: `origins[0]`.
    fn validate(&self) -> Vec<FieldError>;

    /// What does not fit an operation with this path template, such as a parameter that it does not have.
    fn misfits(&self, _operation_path: &str) -> Vec<FieldError> {
        Vec::new()
    }

    /// Replaces secrets by [`MASK`], for people's eyes.
    fn mask(&mut self) {}

    /// Takes secrets that stand as [`MASK`] from the body that was saved before.
    fn unmask(&mut self, _saved: &Self) {}

    /// Hands over every secret with the name of its field, to seal it before it is stored or to open it after.
    ///
    /// # Errors
    /// The first of `change`.
    fn each_secret<E>(&mut self, _change: impl FnMut(&'static str, &mut String) -> Result<(), E>) -> Result<(), E> {
        Ok(())
    }
}

/// What stands in place of a secret.
pub const MASK: &str = "(not shown)";

/// Where a policy is attached, from broad to narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyLevel {
    /// All apis of an organization.
    Organization,
    /// All versions of an api.
    Api,
    /// All operations of a version.
    Version,
    /// One operation of a version.
    Operation,
}

impl PolicyLevel {
    /// From broad to narrow.
    pub const ALL: [Self; 4] = [Self::Organization, Self::Api, Self::Version, Self::Operation];

    /// The word in the database and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Api => "api",
            Self::Version => "version",
            Self::Operation => "operation",
        }
    }
}

/// Writes [`PolicySet`], [`PolicyName`] and what goes through every policy.
macro_rules! policies { ($($variant:ident $field:ident $text:literal $type:ty;)+) => {
    /// Name of a policy.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum PolicyName {
        $(#[doc = concat!("`", $text, "`: [`", stringify!($type), "`].")] $variant,)+
    }

    impl PolicyName {
        /// Every policy, in the order in which people read them.
        pub const ALL: &'static [Self] = &[$(Self::$variant),+];

        /// The word in the manifest and the database.
        pub const fn as_str(self) -> &'static str {
            match self { $(Self::$variant => $text,)+ }
        }

        /// What it does; one sentence.
        pub const fn summary(self) -> &'static str {
            match self { $(Self::$variant => <$type as Policy>::SUMMARY,)+ }
        }

        /// A body that shows its fields, in YAML.
        pub const fn example(self) -> &'static str {
            match self { $(Self::$variant => <$type as Policy>::EXAMPLE,)+ }
        }
    }

    /// What one level says of each policy, or what all levels together come to. `None` says nothing.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct PolicySet {
        $(
            #[doc = concat!("See [`", stringify!($type), "`].")]
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
            pub $field: Option<Setting<$type>>,
        )+
    }

    impl PolicySet {
        $(
            #[doc = concat!("The policy `", $text, "`, unless it is off.")]
            pub fn $field(&self) -> Option<&$type> {
                self.$field.as_ref().and_then(Setting::body)
            }
        )+

        /// What levels come to, given from broad to narrow: for each name the last that says something. What is off in the
        /// end is left out.
        #[must_use]
        pub fn effective<'a>(levels: impl IntoIterator<Item = &'a Self>) -> Self {
            let mut all = Self::default();
            for level in levels {
                $(if level.$field.is_some() { all.$field.clone_from(&level.$field); })+
            }
            $(if all.$field() .is_none() { all.$field = None; })+
            all
        }

        /// What is wrong with the bodies; fields are named from the manifest: `policies.cors.origins[0]`.
        pub fn validate(&self) -> Vec<FieldError> {
            let mut errors = Vec::new();
            $(if let Some(policy) = self.$field() {
                errors.extend(policy.validate().into_iter().map(|error| located($text, error)));
                errors.extend(too_long($text, policy));
            })+
            errors
        }

        /// What does not fit an operation with this path template; fields are named as by [`Self::validate`].
        pub fn misfits(&self, operation_path: &str) -> Vec<FieldError> {
            let mut errors = Vec::new();
            $(if let Some(policy) = self.$field() {
                errors.extend(policy.misfits(operation_path).into_iter().map(|error| located($text, error)));
            })+
            errors
        }

        /// Reads what is said of one policy with any reader, so that its errors can name a line.
        ///
        /// # Errors
        /// The reader's.
        pub fn read_from<'de, D: Deserializer<'de>>(name: PolicyName, reader: D) -> Result<Self, D::Error> {
            let mut set = Self::default();
            match name { $(PolicyName::$variant => set.$field = said(reader)?,)+ }
            Ok(set)
        }

        /// Names of what it says something of.
        pub fn names(&self) -> impl Iterator<Item = PolicyName> + use<> {
            [$(self.$field.is_some().then_some(PolicyName::$variant)),+].into_iter().flatten()
        }

        /// Whether `name` is switched off here.
        pub fn is_off(&self, name: PolicyName) -> bool {
            match name { $(PolicyName::$variant => self.$field == Some(Setting::Off),)+ }
        }

        /// What is said of `name` alone.
        #[must_use]
        pub fn only(&self, name: PolicyName) -> Self {
            let mut alone = Self::default();
            alone.replace(name, self);
            alone
        }

        /// Takes what `other` says of `name`, be it nothing.
        pub fn replace(&mut self, name: PolicyName, other: &Self) {
            match name { $(PolicyName::$variant => self.$field.clone_from(&other.$field),)+ }
        }

        /// Replaces secrets by [`MASK`].
        #[must_use]
        pub fn masked(mut self) -> Self {
            $(if let Some(Setting::On(policy)) = &mut self.$field { policy.mask(); })+
            self
        }

        /// Hands over every secret with the name of its policy and field: see [`Policy::each_secret`].
        ///
        /// # Errors
        /// The first of `change`.
        pub fn each_secret<E>(
            &mut self,
            mut change: impl FnMut(PolicyName, &'static str, &mut String) -> Result<(), E>,
        ) -> Result<(), E> {
            $(if let Some(Setting::On(policy)) = &mut self.$field {
                policy.each_secret(|field, secret| change(PolicyName::$variant, field, secret))?;
            })+
            Ok(())
        }

        /// Takes secrets that stand as [`MASK`] from what was saved before.
        #[must_use]
        pub fn unmasked(mut self, saved: &Self) -> Self {
            $(if let (Some(Setting::On(policy)), Some(saved)) = (&mut self.$field, saved.$field()) {
                policy.unmask(saved);
            })+
            self
        }
    }
}; }

policies! {
    Access access "access" access::AccessPolicy;
    Jwt jwt "jwt" jwt::Jwt;
    Introspection introspection "introspection" introspection::Introspection;
    Scopes scopes "scopes" scopes::Scopes;
    Expression expression "expression" expression::Expression;
    Ip ip "ip" ip::Ip;
    Cors cors "cors" cors::Cors;
    RateLimits rate_limits "rate_limits" rate_limits::RateLimits;
    Concurrency concurrency "concurrency" concurrency::Concurrency;
    Limits limits "limits" limits::Limits;
    Signatures signatures "signatures" signatures::Signatures;
    Validation validation "validation" validation::Validation;
    Mock mock "mock" mock::Mock;
    Headers headers "headers" headers::Headers;
    Transform transform "transform" transform::Transform;
    Composition composition "composition" composition::Composition;
    Compression compression "compression" compression::Compression;
    Cache cache "cache" cache::Cache;
}

impl PolicyName {
    /// Reads the word in the manifest and the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text)
    }

    /// Whether gateways act on it.
    pub fn is_enforced(self) -> bool {
        ENFORCED.contains(&self)
    }

    /// Whether it can name parameters of the path of the operation that it is in force for.
    pub const fn may_need_path(self) -> bool {
        matches!(self, Self::Transform | Self::Composition)
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PolicySet {
    /// Reads what is said of one policy: its body, or the word `off`. Ranges are judged by [`Self::validate`].
    ///
    /// # Errors
    /// The first field that cannot be read, named from the manifest.
    pub fn read(name: PolicyName, said: serde_json::Value) -> Result<Self, FieldError> {
        let mut object = serde_json::Map::new();
        object.insert(name.as_str().to_owned(), said);
        serde_path_to_error::deserialize(serde_json::Value::Object(object)).map_err(|error| {
            let path = match error.path().to_string() {
                path if path == "." => name.as_str().to_owned(),
                path => path,
            };
            FieldError::new(format!("policies.{path}"), error.into_inner().to_string())
        })
    }

    /// What is said of one policy, as [`Self::read`] takes it.
    pub fn said(&self, name: PolicyName) -> Option<serde_json::Value> {
        let mut alone = Self::default();
        alone.replace(name, self);
        serde_json::to_value(alone)
            .ok()?
            .get_mut(name.as_str())
            .map(serde_json::Value::take)
    }

    /// Whether a policy in it goes by the version's document.
    pub fn needs_document(&self) -> bool {
        self.validation().is_some() || self.mock().is_some()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }
}

/// A field of a set: said or not there. `cors:` with nothing behind it is a mistake and no wish.
fn said<'de, D: Deserializer<'de>, T: Policy>(deserializer: D) -> Result<Option<Setting<T>>, D::Error> {
    Setting::deserialize(deserializer).map(Some)
}

/// What is wrong with the length of a body.
fn too_long(name: &str, policy: &impl Serialize) -> Option<FieldError> {
    let is_too_long = serde_json::to_vec(policy).is_ok_and(|body| body.len() > MAX_BODY);
    is_too_long.then(|| FieldError::new(format!("policies.{name}"), "Use at most 512 KiB."))
}

/// The error as the manifest would name it.
fn located(policy: &str, error: FieldError) -> FieldError {
    let dot = if error.field.is_empty() || error.field.starts_with('[') {
        ""
    } else {
        "."
    };
    FieldError::new(format!("policies.{policy}{dot}{}", error.field), error.message)
}

#[cfg(test)]
mod tests;
