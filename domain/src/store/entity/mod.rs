//! Tables as sea-orm sees them, one file each, with the way from a row to the domain's type and back.

pub(crate) mod account;
pub(crate) mod account_token;
pub(crate) mod api;
pub(crate) mod api_key;
pub(crate) mod application;
pub(crate) mod audit_entry;
pub(crate) mod config_change;
pub(crate) mod config_state;
pub(crate) mod gateway_node;
pub(crate) mod membership;
pub(crate) mod organization;
pub(crate) mod outbox_mail;
pub(crate) mod plan;
pub(crate) mod plan_api;
pub(crate) mod quota_usage;
pub(crate) mod revision;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod spec_document;
pub(crate) mod subscription;
pub(crate) mod usage_batch;
pub(crate) mod usage_record;
pub(crate) mod version;
