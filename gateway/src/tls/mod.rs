//! TLS towards callers: certificates by name from files that may change, and whom a caller's own certificate belongs to.

mod certificate;
mod failure;
mod files;
mod names;
mod watch;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::ServerConfig;

pub(crate) use certificate::ClientCertificate;
pub(crate) use failure::HandshakeFailure;
pub use files::TlsError;
pub(crate) use files::certified_key;
use files::load;
pub(crate) use watch::{Watched, watch};

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
}

impl Watched for Tls {
    const WHAT: &'static str = "certificates of the gateway";

    fn paths(&self) -> Vec<PathBuf> {
        let files = self.options.certificates.iter();
        let files = files.flat_map(|files| [&files.chain, &files.key]);
        files.chain(self.options.clients.authorities()).cloned().collect()
    }

    fn read_again(&self) -> Result<(), TlsError> {
        self.current.store(load(&self.options)?);
        Ok(())
    }
}
