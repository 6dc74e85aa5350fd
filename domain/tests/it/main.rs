//! Tests of use cases over both database engines.

mod accounts;
mod applications;
mod keys;
mod organizations;
mod outbox;
mod store;
mod strangers;
mod subscriptions;

use domain::error::DomainError;

/// The fields that an error complains about.
fn fields(error: &DomainError) -> Vec<&str> {
    match error {
        DomainError::Invalid(fields) => fields.iter().map(|field| field.field.as_str()).collect(),
        other => panic!("expected wrong fields, got {other:?}"),
    }
}
