//! What expressions can read. Nothing is looked up before an expression asks for it.

use std::borrow::Cow;

use super::value::Value;

macro_rules! fields {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $of:literal . $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As expressions write it: before the dot and after it.
            pub fn name(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($of, $name),)* }
            }
        }
    };
}

fields! {
    /// A single value.
    Field {
        /// Text: the method, as sent.
        Method = "request"."method",
        /// Text: the path as the gateway routes it, without query.
        Path = "request"."path",
        /// Text: the path template of the operation, if the request matches one.
        Operation = "request"."operation",
        /// Text: host name, in lower case, without port.
        Host = "request"."host",
        /// Integer: bytes of the body, if the request says so ahead.
        Size = "request"."size",
        /// Text: address of the caller.
        Ip = "request"."ip",
        /// Text: `HTTP/1.1` or `HTTP/2`.
        Protocol = "request"."protocol",
        /// Text: id of the application, if the caller is known.
        Application = "consumer"."application",
        /// Text: id of the key, if one was used.
        Key = "consumer"."key",
        /// Text: the visible beginning of the key, if one was used.
        KeyPrefix = "consumer"."key_prefix",
        /// Text: kind of the credential, if one was used: `key`, `basic`, `jwt`, `oauth2`, `client_credentials`, `mtls`.
        Credential = "consumer"."credential",
        /// List of text: scopes of the token, if one was used.
        Scopes = "consumer"."scopes",
        /// Text: `live` or `sandbox`, if the caller is known.
        Kind = "consumer"."kind",
        /// Text: slug of the plan, if the caller is subscribed.
        Plan = "plan"."slug",
        /// Timestamp: when the request came.
        Now = "now"."",
    }
}

fields! {
    /// Values by name.
    MapField {
        /// Text by name of the path template.
        PathParameters = "request"."path_parameters",
        /// Text by name. A parameter that was sent more than once has no single value: reading it is an error.
        Query = "request"."query",
        /// List of text by name.
        QueryAll = "request"."query_all",
        /// Text by name, whatever the case; fields that were sent more than once are joined with commas.
        Headers = "request"."headers",
        /// What the caller's token says.
        Claims = "consumer"."claims",
    }
}

/// What is found under a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    /// Nothing.
    Missing,
    /// A value.
    One(Value<'a>),
    /// Several where one was asked for.
    Several,
}

/// The request, as expressions see it.
pub trait Inputs {
    /// A single value, if there is one; of the type that the field names.
    fn field(&self, field: Field) -> Option<Value<'_>>;
    /// A value by name. For [`MapField::Headers`] the name comes in lower case.
    fn entry(&self, map: MapField, name: &str) -> Entry<'_>;
    /// All names, each once.
    fn names(&self, map: MapField) -> Vec<Cow<'_, str>>;
}
