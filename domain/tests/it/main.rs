//! Tests of use cases over both database engines.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod accounts;
mod applications;
mod cache_purge;
mod catalog_lifecycle;
mod catalog_reads;
mod catalog_samples;
mod catalog_specs;
mod clients;
mod documents;
mod gateway_config;
mod keys;
mod organizations;
mod outbox;
mod plan_service;
mod policies;
mod sessions;
mod spec_reports;
mod store;
mod strangers;
mod subscription_quotas;
mod subscriptions;
mod usage_ledger;
mod usage_reads;
mod version_routing;

use domain::error::DomainError;

/// The fields that an error complains about.
fn fields(error: &DomainError) -> Vec<&str> {
    match error {
        DomainError::Invalid(fields) => fields.iter().map(|field| field.field.as_str()).collect(),
        other => panic!("expected wrong fields, got {other:?}"),
    }
}
