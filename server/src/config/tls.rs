//! Arguments for TLS on the gateway's listener.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use domain::upstream::transport::is_certificate_name;
use gateway::{CertificateFiles, ClientAuthentication, TlsOptions, UpstreamCertificate};

use super::serve::listener;

/// Where the gateway speaks TLS, and with which certificates.
#[derive(Args, Clone, Debug, Default)]
pub struct GatewayTlsArgs {
    /// Where the gateway listens for TLS, beside `--gateway`
    #[arg(
        long,
        value_name = "ADDR",
        env = "TURNPIKE_GATEWAY_TLS",
        value_parser = listener,
        requires = "tls_certificate"
    )]
    pub gateway_tls: Option<SocketAddr>,
    /// A certificate with its chain, and its key, both in PEM; may be given several times, callers get the one whose name
    /// they ask for, or else the first
    #[arg(
        long,
        value_name = "CERT.pem,KEY.pem",
        env = "TURNPIKE_TLS_CERTIFICATE",
        value_delimiter = ';',
        value_parser = certificate,
        requires = "gateway_tls"
    )]
    pub tls_certificate: Vec<CertificateFiles>,
    /// Authorities in PEM whose certificates callers may show
    #[arg(long, value_name = "FILE", env = "TURNPIKE_TLS_CLIENT_CA", requires = "gateway_tls")]
    pub tls_client_ca: Option<PathBuf>,
    /// Whether callers must show a certificate
    #[arg(
        long,
        value_enum,
        env = "TURNPIKE_TLS_CLIENT_CERTIFICATES",
        default_value_t,
        requires = "tls_client_ca"
    )]
    pub tls_client_certificates: ClientCertificates,
    /// A certificate that upstreams may name as `tls.client_certificate`, with its key, both in PEM; may be given several
    /// times; NAME@ORGANIZATION keeps it to upstreams of one organization
    #[arg(
        long,
        value_name = "NAME[@ORGANIZATION]=CERT.pem,KEY.pem",
        env = "TURNPIKE_UPSTREAM_CLIENT_CERTIFICATE",
        value_delimiter = ';',
        value_parser = upstream_certificate
    )]
    pub upstream_client_certificate: Vec<UpstreamCertificate>,
}

/// Whether callers must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ClientCertificates {
    /// They may
    #[default]
    Optional,
    /// They must
    Required,
}

impl GatewayTlsArgs {
    /// What the gateway is started with.
    pub fn options(&self) -> Option<TlsOptions> {
        let listen = self.gateway_tls?;
        let clients = match (self.tls_client_ca.clone(), self.tls_client_certificates) {
            (None, _) => ClientAuthentication::Off,
            (Some(authorities), ClientCertificates::Optional) => ClientAuthentication::Optional(authorities),
            (Some(authorities), ClientCertificates::Required) => ClientAuthentication::Required(authorities),
        };
        Some(TlsOptions {
            listen,
            certificates: self.tls_certificate.clone(),
            clients,
        })
    }
}

/// A name, perhaps an organization, and two files.
fn upstream_certificate(text: &str) -> Result<UpstreamCertificate, String> {
    const FORM: &str = "write it as name=certificate.pem,key.pem or name@organization=certificate.pem,key.pem";
    let (whose, files) = text.split_once('=').ok_or(FORM)?;
    let (name, organization) = match whose.split_once('@') {
        Some((name, organization)) => (name, Some(organization)),
        None => (whose, None),
    };
    if !is_certificate_name(name) {
        return Err(format!("{FORM}; a name has small letters, digits and hyphens"));
    }
    if organization.is_some_and(|slug| slug.parse::<domain::slug::Slug>().is_err()) {
        return Err(format!("{FORM}; an organization is given by its short name"));
    }
    Ok(UpstreamCertificate {
        name: name.into(),
        organization: organization.map(Into::into),
        files: certificate(files).map_err(|_| FORM)?,
    })
}

/// Two files with a comma between them.
fn certificate(text: &str) -> Result<CertificateFiles, String> {
    match text.split_once(',') {
        Some((chain, key)) if !chain.is_empty() && !key.is_empty() && !key.contains(',') => Ok(CertificateFiles {
            chain: chain.into(),
            key: key.into(),
        }),
        _ => Err("write it as certificate.pem,key.pem".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_certificates_have_names() {
        let read = upstream_certificate("partner@acme=c.pem,k.pem").unwrap();
        assert_eq!(
            (read.name.as_str(), read.organization.as_deref()),
            ("partner", Some("acme"))
        );
        assert_eq!((read.files.chain, read.files.key), ("c.pem".into(), "k.pem".into()));
        assert_eq!(upstream_certificate("partner=c.pem,k.pem").unwrap().organization, None);
        for wrong in [
            "c.pem,k.pem",
            "partner=c.pem",
            "Partner=c.pem,k.pem",
            "=c.pem,k.pem",
            "a@=c.pem,k.pem",
            "a@B!=c,k",
        ] {
            assert!(upstream_certificate(wrong).is_err(), "{wrong}");
        }
    }
}
