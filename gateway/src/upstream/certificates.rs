//! Certificates that the gateway shows to upstreams (mTLS). Their files are named by who runs the gateway, so that no key is in
//! the database; upstreams name them.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{SignatureScheme, client::ResolvesClientCert, crypto::ring, sign::CertifiedKey};

use crate::tls::{CertificateFiles, TlsError, Watched, certified_key, watch};

/// A certificate that upstreams can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamCertificate {
    /// What upstreams call it: `tls.client_certificate`.
    pub name: String,
    /// Slug of the organization whose upstreams may name it; those of all where there is none.
    pub organization: Option<String>,
    /// Where it is.
    pub files: CertificateFiles,
}

/// The certificates of a gateway. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct UpstreamCertificates(Arc<[Named]>);

#[derive(Debug)]
struct Named {
    certificate: UpstreamCertificate,
    current: Arc<Shown>,
}

/// What is shown in the next handshake.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl UpstreamCertificates {
    /// Reads the files. Of several with one name the first counts.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub fn read(certificates: Vec<UpstreamCertificate>) -> Result<Self, TlsError> {
        let provider = ring::default_provider();
        let read = certificates.into_iter().map(|certificate| {
            let key = certified_key(&certificate.files, &provider)?;
            Ok(Named {
                certificate,
                current: Arc::new(Shown(ArcSwap::from(key))),
            })
        });
        Ok(Self(read.collect::<Result<Vec<_>, TlsError>>()?.into()))
    }

    /// Looks at the files again and again, for as long as it is polled. What was changed holds for new connections.
    pub async fn watch(self) {
        if !self.0.is_empty() {
            watch(Arc::new(self)).await;
        }
    }

    /// Whether upstreams of an organization can name a certificate.
    ///
    /// # Errors
    /// A sentence that goes on from the version.
    pub(crate) fn check(&self, name: &str, organization: &str) -> Result<(), String> {
        let named = self.named(name);
        let named = named.ok_or_else(|| format!("this gateway has no client certificate `{name}`"))?;
        let whose = named.certificate.organization.as_deref();
        if whose.is_none_or(|whose| whose == organization) {
            Ok(())
        } else {
            Err(format!("the client certificate `{name}` is for another organization"))
        }
    }

    /// What shows a certificate to upstreams.
    pub(super) fn resolver(&self, name: &str) -> Option<Arc<dyn ResolvesClientCert>> {
        let shown = Arc::clone(&self.named(name)?.current);
        Some(shown)
    }

    fn named(&self, name: &str) -> Option<&Named> {
        self.0.iter().find(|named| named.certificate.name == name)
    }
}

impl Watched for UpstreamCertificates {
    const WHAT: &'static str = "certificates for upstreams";

    fn paths(&self) -> Vec<PathBuf> {
        let files = self.0.iter().map(|named| &named.certificate.files);
        files
            .flat_map(|files| [files.chain.clone(), files.key.clone()])
            .collect()
    }

    fn read_again(&self) -> Result<(), TlsError> {
        let provider = ring::default_provider();
        let mut failed = Ok(());
        for named in &*self.0 {
            match certified_key(&named.certificate.files, &provider) {
                Ok(key) => named.current.0.store(key),
                Err(error) => failed = Err(error),
            }
        }
        failed
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
