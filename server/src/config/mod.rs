//! Everything the process reads from its surroundings: arguments and environment, read once, before anything starts.
//!
//! No other module reads the environment. Every flag has a variable of the same name (`--gateway-url`,
//! `TURNPIKE_GATEWAY_URL`); a flag wins over its variable.

mod arguments;
mod folder_lock;
mod memory;
mod operations;
mod purge;
mod secret;
mod secret_key;
mod serve;
mod smtp;
mod spec;
mod store;
mod tls;

pub use arguments::{
    AccountCommand, ApplyArgs, Arguments, Command, CreateAccountArgs, DemoArgs, GatewayCommand, RehearseArgs,
};
pub use folder_lock::FolderLock;
pub use memory::GatewayMemoryArgs;
pub use operations::{
    AccessLogArgs, AccessLogCalls, DrainArgs, OPERATIONS_DEFAULT, OperationsArgs, OperationsListener,
};
pub use purge::{PurgeArgs, VersionAddress};
pub use secret::Secret;
pub use secret_key::{MissingKey, SecretKeyArgs};
pub(crate) use serve::local_url;
pub use serve::{LogFormat, NetworkArgs, Role, ServeArgs};
pub use smtp::{SmtpProtection, SmtpServer};
pub use spec::{
    BreakLevel, BundleArgs, DiffArgs, DocumentFormat, InspectArgs, LintArgs, OverlayArgs, ReportFormat, ResultFormat,
    SearchArgs, SpecCommand,
};
pub(crate) use store::prepare_folder;
pub use store::{Store, StoreArgs};
pub use tls::{ClientCertificates, GatewayTlsArgs};

/// The filter of log lines: `TURNPIKE_LOG`, for example `debug` or `gateway=debug,info`.
pub fn log_filter() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
    std::env::var("TURNPIKE_LOG").ok()
}
