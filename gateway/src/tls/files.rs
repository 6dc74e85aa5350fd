//! From files to what a connection is begun with.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    server::{NoClientAuth, ServerSessionMemoryCache, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
};

use super::{CertificateFiles, ClientAuthentication, TlsOptions, names::ByName};

/// Sessions of TLS 1.2 that can be taken up again. Those of TLS 1.3 cost no memory: their tickets are with the callers.
const SESSIONS: usize = 4_096;

/// A certificate file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no certificate to show.
    #[error("a TLS listener needs a certificate")]
    NoCertificate,
    /// It can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It has nothing of what it should have.
    #[error("{} has no {what} in PEM that can be read", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should have.
        what: &'static str,
    },
    /// What it has can't be used.
    #[error("{} can't be used: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the TLS library says.
        source: rustls::Error,
    },
    /// The authorities of client certificates can't be used.
    #[error("{} can't be used: {detail}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What the TLS library says.
        detail: String,
    },
    /// TLS itself can't be set up.
    #[error("TLS can't be set up: {0}")]
    Setup(#[source] rustls::Error),
}

/// When each file was written last, and its length; `None` for one that is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<(SystemTime, u64)>>);

impl Stamps {
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let stamp = |path: &PathBuf| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self(paths.iter().map(stamp).collect())
    }
}

impl ClientAuthentication {
    pub(super) fn authorities(&self) -> Option<&PathBuf> {
        match self {
            Self::Off => None,
            Self::Optional(path) | Self::Required(path) => Some(path),
        }
    }
}

/// Reads all files.
pub(super) fn load(options: &TlsOptions) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let keys: Vec<_> = options
        .certificates
        .iter()
        .map(|files| certified_key(files, &provider))
        .collect::<Result<_, _>>()?;
    let resolver = ByName::new(keys).ok_or(TlsError::NoCertificate)?;
    let verifier = verifier(&options.clients, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider);
    let mut config = builder
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // New ones with each reading: a session that was begun under other authorities is not taken up again.
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsError::Pem {
            path: path.to_owned(),
            what: "certificate",
        })
}

/// A certificate with its key.
///
/// # Errors
/// [`TlsError`] names the file.
pub(crate) fn certified_key(
    files: &CertificateFiles,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = certificates(&files.chain)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|_| TlsError::Pem {
        path: files.key.clone(),
        what: "private key",
    })?;
    // Says also whether the key is that of the certificate.
    let certified = CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Unusable {
        path: files.chain.clone(),
        source,
    })?;
    Ok(Arc::new(certified))
}

fn verifier(
    clients: &ClientAuthentication,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(path) = clients.authorities() else {
        return Ok(Arc::new(NoClientAuth));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|source| TlsError::Unusable {
            path: path.clone(),
            source,
        })?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = match clients {
        ClientAuthentication::Required(_) => builder,
        ClientAuthentication::Off | ClientAuthentication::Optional(_) => builder.allow_unauthenticated(),
    };
    let built = builder.build().map_err(|error| TlsError::Authorities {
        path: path.clone(),
        detail: error.to_string(),
    })?;
    Ok(built)
}
