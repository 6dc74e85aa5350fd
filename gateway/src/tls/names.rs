//! Which certificate a caller is shown: the one that has the name it asks for (RFC 6066 §3).

use std::{collections::HashMap, fmt, sync::Arc};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// Certificates by name.
pub(super) struct ByName {
    /// Names in lower case; those with a wildcard without their first label: `.example.com`.
    names: HashMap<String, Arc<CertifiedKey>>,
    /// For callers that ask for no name, or for one that nobody has.
    default: Arc<CertifiedKey>,
}

impl ByName {
    /// The first certificate is the default, and goes before others with the same name; `None` without any.
    pub(super) fn new(keys: Vec<Arc<CertifiedKey>>) -> Option<Self> {
        let default = Arc::clone(keys.first()?);
        let mut names = HashMap::new();
        for key in keys {
            for name in key
                .cert
                .first()
                .map(|certificate| dns_names(certificate))
                .unwrap_or_default()
            {
                let name = name.strip_prefix('*').map_or(name.clone(), str::to_owned);
                names.entry(name).or_insert_with(|| Arc::clone(&key));
            }
        }
        Some(Self { names, default })
    }

    fn find(&self, name: &str) -> &Arc<CertifiedKey> {
        let name = name.to_ascii_lowercase();
        let exact = self.names.get(&name);
        // A wildcard stands for one whole label (RFC 9525 §6.3).
        let wildcard = || self.names.get(&name[name.find('.')?..]);
        exact.or_else(wildcard).unwrap_or(&self.default)
    }
}

/// The names that a certificate is for, in lower case.
fn dns_names(certificate: &[u8]) -> Vec<String> {
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let names = alternatives.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let found = hello.server_name().map_or(&self.default, |name| self.find(name));
        Some(Arc::clone(found))
    }
}

impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.keys()).finish()
    }
}
