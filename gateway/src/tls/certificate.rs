//! A caller's certificate, after it was verified.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// Whom a connection belongs to, by the certificate that it was begun with. An authority that the operator trusts has
/// signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// Distinguished name of its subject, as in `CN=billing, O=Acme`.
    pub(crate) subject: String,
    /// Its alternative names of the kinds DNS, URI and mail, in order.
    pub(crate) names: Vec<String>,
    /// SHA-256 of all of it.
    pub(crate) thumbprint: [u8; 32],
}

impl ClientCertificate {
    /// Reads a certificate in DER; `None` if it is none.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(der).ok()?;
        let alternatives = parsed.subject_alternative_name().ok()?;
        let names = alternatives.iter().flat_map(|found| &found.value.general_names);
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest(&SHA256, der).as_ref());
        Some(Self {
            subject: parsed.subject().to_string(),
            names: names
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
                        Some((*name).to_owned())
                    }
                    _ => None,
                })
                .collect(),
            thumbprint,
        })
    }

    /// The thumbprint in lower-case hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        let mut digits = String::with_capacity(64);
        for byte in self.thumbprint {
            // Writing to a String can't fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    #[test]
    fn a_certificate_says_whose_it_is() {
        let mut params = CertificateParams::new(vec!["billing.internal".into()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "billing");
        params.distinguished_name.push(DnType::OrganizationName, "Acme");
        let uri = "spiffe://acme/billing".try_into().unwrap();
        params.subject_alt_names.push(SanType::URI(uri));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = ClientCertificate::read(certificate.der()).unwrap();
        assert_eq!(read.subject, "CN=billing, O=Acme");
        assert_eq!(read.names, ["billing.internal", "spiffe://acme/billing"]);
        let fingerprint = read.fingerprint();
        assert!(fingerprint.len() == 64 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(ClientCertificate::read(b"none"), None);
    }
}
