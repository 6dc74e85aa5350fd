//! TLS towards callers: certificates by name from files that may change, and whom a caller's own certificate belongs to.

mod certificate;
mod files;
mod names;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::time::{MissedTickBehavior, interval};

pub(crate) use certificate::ClientCertificate;
pub use files::TlsError;
use files::{Stamps, load};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A listener that speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// At least one; the first is shown to callers that ask for no name, or for one that no certificate has.
    pub certificates: Vec<CertificateFiles>,
    /// Whether callers show a certificate of their own.
    pub clients: ClientAuthentication,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and after it those that lead to its root.
    pub chain: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// Whether callers show a certificate of their own (mTLS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Nobody is asked for one.
    #[default]
    Off,
    /// Whoever shows one must show one that an authority in this file has signed.
    Optional(PathBuf),
    /// As [`Self::Optional`], and without one there is no connection.
    Required(PathBuf),
}

/// What the workers' TLS listeners share.
#[derive(Debug)]
pub(crate) struct Tls {
    options: TlsOptions,
    current: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub(crate) fn read(options: TlsOptions) -> Result<Self, TlsError> {
        let config = load(&options)?;
        Ok(Self {
            options,
            current: ArcSwap::from(config),
        })
    }

    /// What the next connection is begun with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Looks at the files again and again. What was changed holds for new connections; as long as something is wrong with
    /// it, what was there before stays.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = Stamps::of(&self.options);
        // Files may be written one after the other: a change is read once it has stood still for one look.
        let mut pending = None;
        loop {
            looks.tick().await;
            let tls = Arc::clone(&self);
            let Ok(stamps) = tokio::task::spawn_blocking(move || Stamps::of(&tls.options)).await else {
                return;
            };
            if stamps == seen {
                pending = None;
                continue;
            }
            if pending.as_ref() != Some(&stamps) {
                pending = Some(stamps);
                continue;
            }
            pending = None;
            seen = stamps;
            let tls = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || load(&tls.options)).await {
                Ok(Ok(config)) => {
                    self.current.store(config);
                    tracing::info!("the gateway's certificates were read again");
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the gateway's certificates can't be read again; the last good ones stay");
                }
                Err(_) => return,
            }
        }
    }
}
