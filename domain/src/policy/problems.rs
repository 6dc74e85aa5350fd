//! Collecting what is wrong with a policy.

use std::{fmt::Display, ops::RangeInclusive};

use super::units::{ByteSize, TimeSpan};
use crate::{error::FieldError, plan::grouped};

/// Mistakes of one policy, in the order of its fields.
#[derive(Default)]
pub(super) struct Problems(Vec<FieldError>);

impl Problems {
    /// Notes a mistake at a field, named from the policy's body.
    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// Notes a number outside of its range.
    pub(super) fn number(&mut self, field: &str, number: u64, range: RangeInclusive<u64>) {
        if !range.contains(&number) {
            let (first, last) = (grouped(*range.start()), grouped(*range.end()));
            self.add(field, format!("Use a number between {first} and {last}."));
        }
    }

    /// Notes a size outside of its range.
    pub(super) fn size(&mut self, field: &str, size: ByteSize, range: RangeInclusive<ByteSize>) {
        self.within(field, size, range, "size");
    }

    /// Notes a time outside of its range.
    pub(super) fn time(&mut self, field: &str, time: TimeSpan, range: RangeInclusive<TimeSpan>) {
        self.within(field, time, range, "time");
    }

    fn within<T: PartialOrd + Display>(&mut self, field: &str, value: T, range: RangeInclusive<T>, noun: &str) {
        if !range.contains(&value) {
            self.add(
                field,
                format!("Use a {noun} between {} and {}.", range.start(), range.end()),
            );
        }
    }

    /// Notes a list with too few or too many entries.
    pub(super) fn entries(&mut self, field: &str, count: usize, range: RangeInclusive<usize>) {
        if count < *range.start() {
            self.add(field, "Name at least one.");
        } else if count > *range.end() {
            self.add(field, format!("Use at most {} entries.", grouped(*range.end() as u64)));
        }
    }

    /// Judges each entry of a list; `judge` says what is wrong.
    pub(super) fn each<'a, T: 'a>(
        &mut self,
        field: &str,
        list: impl IntoIterator<Item = &'a T>,
        mut judge: impl FnMut(&'a T) -> Option<String>,
    ) {
        for (index, entry) in list.into_iter().enumerate() {
            if let Some(message) = judge(entry) {
                self.add(format!("{field}[{index}]"), message);
            }
        }
    }

    /// Notes entries that stand in a list twice.
    pub(super) fn once<'a, T: PartialEq + 'a>(&mut self, field: &str, list: &'a [T]) {
        for (index, entry) in list.iter().enumerate() {
            if list[..index].contains(entry) {
                self.add(format!("{field}[{index}]"), "This is named twice.");
            }
        }
    }

    /// All of them.
    pub(super) fn found(self) -> Vec<FieldError> {
        self.0
    }
}
