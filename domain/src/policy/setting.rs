//! What a level says of a policy.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use super::Policy;

/// The word that switches a policy off.
const OFF: &str = "off";

/// A policy's body, or that it is off although a broader level has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// The word `off`.
    Off,
    /// A body; it replaces whatever broader levels say.
    On(T),
}

impl<T> Setting<T> {
    /// The body, unless it is off.
    pub const fn body(&self) -> Option<&T> {
        match self {
            Self::Off => None,
            Self::On(body) => Some(body),
        }
    }
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str(OFF),
            Self::On(body) => body.serialize(serializer),
        }
    }
}

impl<'de, T: Policy> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor(PhantomData))
    }
}

struct SettingVisitor<T>(PhantomData<T>);

impl<'de, T: Policy> Visitor<'de> for SettingVisitor<T> {
    type Value = Setting<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy's fields or the word `off`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == OFF {
            Ok(Setting::Off)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    /// YAML 1.1 reads `off` as false, and so do many programs that write YAML.
    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Self::Value, E> {
        if is_on {
            Err(E::invalid_value(serde::de::Unexpected::Bool(true), &self))
        } else {
            Ok(Setting::Off)
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Setting::On)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(list)).map(Setting::On)
    }
}
