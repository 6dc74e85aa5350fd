//! The rules of Turnpike: who may do what, which states a thing can be in, what a plan allows, what counts.
//!
//! # Vocabulary
//!
//! | term | meaning |
//! |---|---|
//! | account | a person who signs in |
//! | organization | a provider: owns apis and plans; its members have a role |
//! | api | a named product surface of an organization |
//! | version | a line of an api (`v1`): has a lifecycle state, spec revisions and an upstream |
//! | revision | one immutable uploaded spec of a version |
//! | operation | method and path template of a revision |
//! | plan | price and limits; covers one or more apis of one organization |
//! | application | what a consumer registers; owns subscriptions and keys |
//! | subscription | an application on a plan |
//! | key | a credential of an application |
//! | client | an OAuth client of an application: asks the gateway for access tokens |
//! | identity | whom another vouches for, mapped to a subscription by its provider |
//! | upstream | the pool of targets a version is proxied to |
//! | policy | what the gateway does to calls beside routing, keys and plans; attached to organization, api, version or operation |
//! | snapshot | the gateway's immutable picture of all configuration |
//! | usage record | one row of the ledger |
//!
//! # Two faces
//!
//! Without features this crate is types and pure rules: no database, no I/O, and it builds for wasm32. The gateway
//! uses this face. With the feature `store` every noun folder gains its use cases (`service`) and reads (`query`) over
//! SQLite or PostgreSQL; [`services::Services`] is the façade that the user interface, the command line and the
//! background tasks are handed.
//!
//! # Invariants
//!
//! - Every use case takes an [`actor::Actor`] and checks it next to the query. Someone else's thing is
//!   [`error::DomainError::NotFound`]; too small a role is [`error::DomainError::Forbidden`].
//! - One use case is one transaction: the change, its audit entry, its outbox mails and the new configuration revision.
//! - A rule is written here once; doors (pages, command line, manifest) only translate.

pub mod actor;
pub mod audit;
pub mod authz;
pub mod clock;
pub mod error;
pub mod id;
pub mod page;
pub mod slug;

pub mod account;
pub mod application;
pub mod catalog;
pub mod client;
pub mod deprecation;
pub mod expression;
pub mod gateway_config;
pub mod identity;
#[cfg(feature = "store")]
pub mod installation_key;
pub mod key;
pub mod notify;
pub mod organization;
pub mod plan;
pub mod policy;
pub mod subscription;
pub mod upstream;
pub mod usage;

#[cfg(feature = "fixture")]
pub mod fixture;
#[cfg(feature = "store")]
pub mod services;
#[cfg(feature = "store")]
pub mod store;
