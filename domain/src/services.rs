//! The façade: one value that every door (pages, command line, manifest, tasks) is handed.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use crate::{
    account::{
        password::{PasswordCost, Passwords},
        service::Accounts,
    },
    application::service::Applications,
    audit::AuditLog,
    catalog::{
        documents::{DEFAULT_BUDGET, Documents},
        query::CatalogReads,
        service::Catalog,
    },
    client::service::Clients,
    clock::Clock,
    identity::service::Identities,
    installation_key::InstallationKey,
    key::service::Keys,
    notify::outbox::Outbox,
    organization::service::Organizations,
    plan::service::Plans,
    policy::{ENFORCED, service::Policies},
    store::{Database, OpenError, OpenOptions, gateway_config::GatewayConfigReads},
    subscription::service::Subscriptions,
    upstream::address::AddressPolicy,
    usage::{ledger::Ledger, query::UsageReads},
};

/// What the use cases share.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub db: Database,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Notified after every commit that a gateway must know.
    pub config_changed: Arc<Notify>,
    /// Notified after every commit that put a mail into the outbox.
    pub mail_queued: Arc<Notify>,
    /// Which addresses an upstream may have.
    pub addresses: AddressPolicy,
    /// What links in mails begin with, without a slash at the end: `https://portal.example`.
    pub portal_url: Arc<str>,
    /// Where callers reach the gateway: `https://api.example`. Known once it listens.
    pub gateway_url: Arc<OnceLock<Box<str>>>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Seals secrets that are stored; without it, nothing that holds one can be saved.
    pub installation_key: Option<Arc<InstallationKey>>,
}

impl Context {
    /// A context over `db` as a server has it: the machine's clock, passwords at full cost.
    ///
    /// `portal_url` is what links in mails begin with; a slash at its end is dropped.
    pub fn new(db: Database, portal_url: &str, addresses: AddressPolicy) -> Self {
        Self {
            db,
            clock: Clock::System,
            config_changed: Arc::new(Notify::new()),
            mail_queued: Arc::new(Notify::new()),
            addresses,
            portal_url: portal_url.trim_end_matches('/').into(),
            gateway_url: Arc::default(),
            passwords: Passwords::new(PasswordCost::Owasp),
            installation_key: None,
        }
    }
}

/// Every use case and every read, by noun. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// What they share: the database to close, the signals to wait for.
    pub context: Context,
    /// Sign-up, sign-in, sessions, verification.
    pub accounts: Accounts,
    /// Providers and their members.
    pub organizations: Organizations,
    /// Apis, versions, revisions: changes.
    pub catalog: Catalog,
    /// Apis, versions, revisions: what the portal and the console show.
    pub catalog_reads: CatalogReads,
    /// Parsed documents, cached within a memory bound.
    pub documents: Documents,
    /// Plans.
    pub plans: Plans,
    /// Policies.
    pub policies: Policies,
    /// Applications of consumers.
    pub applications: Applications,
    /// Subscriptions, approvals.
    pub subscriptions: Subscriptions,
    /// Keys.
    pub keys: Keys,
    /// OAuth clients.
    pub clients: Clients,
    /// Identities that providers map to subscriptions.
    pub identities: Identities,
    /// Writing usage.
    pub ledger: Ledger,
    /// Reading usage.
    pub usage: UsageReads,
    /// Mails waiting to be sent.
    pub outbox: Outbox,
    /// The audit log.
    pub audit: AuditLog,
    /// What gateways are told.
    pub gateway_config: GatewayConfigReads,
}

impl Services {
    /// Opens the database (see [`Database::open`]) and puts the use cases together.
    pub async fn open(
        url: &str,
        portal_url: &str,
        addresses: AddressPolicy,
        installation_key: Option<Arc<InstallationKey>>,
    ) -> Result<Self, OpenError> {
        let db = Database::open(url, OpenOptions::default()).await?;
        Ok(Self::new(Context {
            installation_key,
            ..Context::new(db, portal_url, addresses)
        }))
    }

    /// As [`Self::open`], over a PostgreSQL database that is away; see [`Database::open_later`].
    ///
    /// # Errors
    /// Not a URL of PostgreSQL.
    pub fn open_later(
        url: &str,
        portal_url: &str,
        addresses: AddressPolicy,
        installation_key: Option<Arc<InstallationKey>>,
    ) -> Result<Self, OpenError> {
        let db = Database::open_later(url, OpenOptions::default())?;
        Ok(Self::new(Context {
            installation_key,
            ..Context::new(db, portal_url, addresses)
        }))
    }

    /// Puts the use cases together.
    pub fn new(cx: Context) -> Self {
        let documents = Documents::new(cx.clone(), DEFAULT_BUDGET);
        Self {
            context: cx.clone(),
            accounts: Accounts { cx: cx.clone() },
            organizations: Organizations { cx: cx.clone() },
            catalog: Catalog {
                cx: cx.clone(),
                documents: documents.clone(),
            },
            catalog_reads: CatalogReads {
                cx: cx.clone(),
                documents: documents.clone(),
            },
            documents,
            plans: Plans { cx: cx.clone() },
            policies: Policies::new(cx.clone(), ENFORCED),
            applications: Applications { cx: cx.clone() },
            subscriptions: Subscriptions { cx: cx.clone() },
            keys: Keys { cx: cx.clone() },
            clients: Clients { cx: cx.clone() },
            identities: Identities { cx: cx.clone() },
            ledger: Ledger { cx: cx.clone() },
            usage: UsageReads { cx: cx.clone() },
            outbox: Outbox { cx: cx.clone() },
            audit: AuditLog { cx: cx.clone() },
            gateway_config: GatewayConfigReads::new(cx),
        }
    }
}
