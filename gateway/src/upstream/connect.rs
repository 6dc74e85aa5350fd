//! Connecting: name → permitted addresses → TCP → TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use domain::upstream::address::AddressPolicy;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Authority;
use crate::transport::Transport;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name has no address.
    #[error("the name can't be resolved")]
    Resolve(#[source] io::Error),
    /// Every address is one that may not be connected to.
    #[error("no address is permitted")]
    Forbidden,
    /// Nobody accepts.
    #[error("the connection was refused")]
    Connect(#[source] io::Error),
    /// TLS failed: most often the certificate.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// It speaks no HTTP/2, and nothing else is wanted.
    #[error("HTTP/2 was not agreed to")]
    NoHttp2,
    /// HTTP/2 could not begin.
    #[error("HTTP/2 could not begin")]
    Http2(#[source] h2::Error),
    /// It took too long.
    #[error("it took longer than {0:?}")]
    Timeout(Duration),
}

/// What is offered to an upstream by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Http1,
    Http2,
    /// Both; the upstream chooses.
    Both,
}

/// Makes connections; one for each worker.
#[derive(Clone)]
pub(crate) struct Connector {
    addresses: AddressPolicy,
    /// TLS that offers HTTP/1.1, HTTP/2, or both.
    http1: TlsConnector,
    http2: TlsConnector,
    both: TlsConnector,
}

impl Connector {
    /// Trusts the roots that browsers trust.
    pub(crate) fn new(addresses: AddressPolicy) -> io::Result<Self> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self::trusting(roots, addresses)
    }

    fn trusting(roots: RootCertStore, addresses: AddressPolicy) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            TlsConnector::from(Arc::new(config))
        };
        Ok(Self {
            addresses,
            http1: offering(&[b"http/1.1"]),
            http2: offering(&[b"h2"]),
            both: offering(&[b"h2", b"http/1.1"]),
        })
    }

    /// Connects.
    pub(crate) async fn connect(&self, authority: &Authority, offer: Offer) -> Result<Transport, ConnectError> {
        let stream = self.tcp(authority).await?;
        if !authority.is_tls {
            return Ok(Transport::Plain(stream));
        }
        let name = ServerName::try_from(authority.host.clone()).map_err(|e| ConnectError::Tls(io::Error::other(e)))?;
        let tls = match offer {
            Offer::Http1 => &self.http1,
            Offer::Http2 => &self.http2,
            Offer::Both => &self.both,
        };
        let stream = tls.connect(name, stream).await.map_err(ConnectError::Tls)?;
        Ok(Transport::Tls(Box::new(stream.into())))
    }

    /// The first permitted address that accepts. The policy judges the address that is connected to, after the name was
    /// resolved: a name can't be made to point elsewhere in between.
    async fn tcp(&self, authority: &Authority) -> Result<TcpStream, ConnectError> {
        let addresses: Vec<SocketAddr> = match authority.host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, authority.port)],
            Err(_) => {
                let found = tokio::net::lookup_host((authority.host.as_str(), authority.port)).await;
                found.map_err(ConnectError::Resolve)?.collect()
            }
        };
        if addresses.is_empty() {
            return Err(ConnectError::Resolve(io::ErrorKind::NotFound.into()));
        }
        let policy = AddressPolicy {
            allow_private: self.addresses.allow_private || authority.allow_private,
        };
        let mut last = ConnectError::Forbidden;
        for address in addresses.into_iter().filter(|address| policy.permits(address.ip())) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without this small requests wait for acknowledgements.
                    stream.set_nodelay(true).map_err(ConnectError::Connect)?;
                    return Ok(stream);
                }
                Err(error) => last = ConnectError::Connect(error),
            }
        }
        Err(last)
    }
}
