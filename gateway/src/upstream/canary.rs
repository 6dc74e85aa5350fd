//! A part of the calls goes to other targets.

use domain::upstream::canary::{HeaderMatch, Percent};
use http::HeaderName;

use super::{
    caller::{Caller, Trait, mix},
    group::Group,
};

/// Other targets and who goes there.
#[derive(Debug)]
pub(super) struct Canary {
    pub(super) group: Group,
    pub(super) percent: Option<Percent>,
    pub(super) header: Option<Wanted>,
    pub(super) by: Trait,
    /// Differs between upstreams, so that not always the same callers go first.
    pub(super) salt: u64,
}

/// [`HeaderMatch`], compiled.
#[derive(Debug)]
pub(super) struct Wanted {
    name: HeaderName,
    /// Any value where there is none.
    value: Option<Box<[u8]>>,
}

impl Wanted {
    /// `None` when no header can be like that.
    pub(super) fn compile(wanted: &HeaderMatch) -> Option<Self> {
        Some(Self {
            name: HeaderName::try_from(&wanted.name).ok()?,
            value: wanted.value.as_ref().map(|value| value.as_bytes().into()),
        })
    }

    fn is_in(&self, caller: &Caller<'_>) -> bool {
        let mut sent = caller.fields.all_named(self.name.as_str().as_bytes());
        sent.any(|sent| self.value.as_ref().is_none_or(|value| sent == &**value))
    }
}

impl Canary {
    /// Whether a call goes there.
    pub(super) fn takes(&self, caller: &Caller<'_>) -> bool {
        self.header.as_ref().is_some_and(|header| header.is_in(caller))
            || self
                .percent
                .is_some_and(|percent| percent.includes(mix(self.by.of(caller) ^ self.salt)))
    }
}
