//! What differs between two schemas, before it is known on which side of the API they are.

use std::borrow::Cow;

use crate::diff::change::Side;
use crate::diff::lifecycle::Date;

/// One difference.
#[derive(Clone, Debug)]
pub(in crate::diff) struct Fact {
    pub(in crate::diff) kind: Kind,
    /// The document that its place is in.
    pub(in crate::diff) side: Side,
    /// Keys from the schema to the place.
    pub(in crate::diff) tail: Vec<Box<str>>,
    /// The property it is about, if it isn't about the schema itself.
    pub(in crate::diff) child: Option<Box<str>>,
    /// What is said of the thing, for example `changed its type from string to integer`.
    pub(in crate::diff) predicate: Box<str>,
}

/// The kind of a difference, as far as the choice of a rule depends on it.
#[derive(Clone, Debug)]
pub(in crate::diff) enum Kind {
    /// Type or format changed.
    Type(TypeChange),
    /// A choice between plain types got others.
    Types { has_added: bool, has_removed: bool },
    /// The rule is the place's name and this: `max-length-decreased`.
    Plain(Cow<'static, str>),
    /// The default value; the rule is as for `Plain`.
    Default(&'static str),
    /// The enumeration is new.
    BecameEnum,
    /// A value is new in the enumeration, or gone from it.
    EnumValue { is_added: bool },
    /// A property is new.
    PropertyAdded(Property),
    /// A property is gone.
    PropertyRemoved(Property),
    /// A property became required.
    BecameRequired(Property),
    /// A property became optional.
    BecameOptional(Property),
    /// Deprecation or stability changed; the rule is as for `Plain`.
    Lifecycle(&'static str),
    /// It was deprecated and goes on a date.
    Deprecated(Date),
    /// `readOnly` or `writeOnly` was switched.
    Mutability { keyword: &'static str, is_on: bool },
}

/// Whether a change of type or format breaks, for each side and way of writing values.
///
/// Loosely typed are media types and parameters where a number and its text look the same.
#[derive(Clone, Copy, Debug)]
pub(in crate::diff) struct TypeChange {
    pub(in crate::diff) breaks_request: bool,
    pub(in crate::diff) breaks_loose_request: bool,
    pub(in crate::diff) breaks_response: bool,
    pub(in crate::diff) breaks_loose_response: bool,
}

/// What is known of a property.
#[derive(Clone, Copy, Debug)]
pub(in crate::diff) struct Property {
    pub(in crate::diff) is_required: bool,
    pub(in crate::diff) has_default: bool,
    pub(in crate::diff) is_read_only: bool,
    pub(in crate::diff) is_write_only: bool,
}

impl Fact {
    /// A difference that is there in the new document.
    pub(super) fn new(kind: Kind, keyword: &str, predicate: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            side: Side::New,
            tail: vec![keyword.into()],
            child: None,
            predicate: predicate.into(),
        }
    }

    /// A difference whose rule is the place's name and a word.
    pub(super) fn plain(rule: impl Into<Cow<'static, str>>, keyword: &str, predicate: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Plain(rule.into()), keyword, predicate)
    }

    /// The same, with its place in the old document.
    #[must_use]
    pub(super) fn gone(mut self) -> Self {
        self.side = Side::Old;
        self
    }

    /// The same, with its place one step further down.
    #[must_use]
    pub(super) fn below(mut self, key: impl Into<Box<str>>) -> Self {
        self.tail.push(key.into());
        self
    }

    /// The same, about a property.
    #[must_use]
    pub(super) fn of(mut self, property: &str) -> Self {
        self.child = Some(property.into());
        self
    }
}
