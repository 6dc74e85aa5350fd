//! Arguments for TLS on the gateway's listener.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use gateway::{CertificateFiles, ClientAuthentication, TlsOptions};

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
