//! Which target a call goes to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap as _};

use super::text::{is_field_name, stored_as_text};

/// How calls are spread over the targets of an upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Balance {
    /// One after the other, each as often as its weight says.
    #[default]
    RoundRobin,
    /// Of two random targets the one with fewer calls on their way for its weight.
    LeastRequests,
    /// Calls with the same value go to the same target, as long as it is healthy; when targets come or go, only the
    /// calls of those targets move.
    Hash(HashBy),
}

/// What a call is recognised by: `key`, `ip` or `header NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashBy {
    /// The consumer's key; the caller's address where there is none.
    #[default]
    Key,
    /// The caller's address.
    Ip,
    /// The first field of this name; the caller's address where there is none.
    Header(String),
}

impl FromStr for HashBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(char::is_whitespace) {
            None if text == "key" => Ok(Self::Key),
            None if text == "ip" => Ok(Self::Ip),
            Some(("header", name)) if is_field_name(name.trim()) => Ok(Self::Header(name.trim().to_owned())),
            _ => Err(format!(
                "`{text}` is nothing to go by; write `key`, `ip` or `header NAME`"
            )),
        }
    }
}

impl fmt::Display for HashBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("key"),
            Self::Ip => f.write_str("ip"),
            Self::Header(name) => write!(f, "header {name}"),
        }
    }
}

stored_as_text!(HashBy);

impl Serialize for Balance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::RoundRobin => serializer.serialize_str("round_robin"),
            Self::LeastRequests => serializer.serialize_str("least_requests"),
            Self::Hash(by) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("hash", by)?;
                map.end()
            }
        }
    }
}

/// Written by hand because YAML has enums with values only as tags.
impl<'de> Deserialize<'de> for Balance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Balance;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`round_robin`, `least_requests` or `{ hash: key }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Balance, E> {
                match text {
                    "round_robin" => Ok(Balance::RoundRobin),
                    "least_requests" => Ok(Balance::LeastRequests),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Balance, A::Error> {
                #[derive(Deserialize)]
                #[serde(rename_all = "snake_case")]
                enum Field {
                    Hash,
                }
                let Some(Field::Hash) = map.next_key()? else {
                    return Err(de::Error::missing_field("hash"));
                };
                let by = map.next_value()?;
                match map.next_key()? {
                    Some(Field::Hash) => Err(de::Error::duplicate_field("hash")),
                    None => Ok(Balance::Hash(by)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
