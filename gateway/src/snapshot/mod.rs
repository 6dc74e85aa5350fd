//! The gateway's picture of all configuration: compiled from records, replaced whole, read with one load.

mod catalog;
mod compile;
mod handle;
mod hosts;
mod identities;
mod matcher;
mod path_parameters;
mod path_template;
mod shards;
mod subscribers;

pub use compile::Warning;
pub(crate) use compile::http_date;
pub use handle::{Applied, SnapshotHandle};

pub(crate) use catalog::{Catalog, Operation, Plan, Version};
pub(crate) use handle::Snapshot;
pub(crate) use hosts::{Hosts, host_name};
pub(crate) use matcher::Found;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use matcher::MatcherBuilder;
pub(crate) use path_parameters::path_parameters;
pub(crate) use path_template::{canonical, hex_pair};
pub(crate) use subscribers::{KeyEntry, Subscription};
