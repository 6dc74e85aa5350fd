//! Connecting: name → permitted addresses → TCP → TLS.

use std::{io, sync::Arc, time::Duration};

use domain::upstream::{address::AddressPolicy, transport::Tls};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{
    Authority, UpstreamCertificates,
    resolve::resolve,
    tick::Tick,
    tls::{self, Offer, Offers},
};
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
    /// There are as many connections as there may be.
    #[error("there are as many connections as there may be")]
    Full,
    /// It took too long.
    #[error("it took longer than {0:?}")]
    Timeout(Duration),
}

/// Makes connections; one for each worker.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    addresses: AddressPolicy,
    /// For upstreams that have no TLS of their own.
    tls: Offers,
}

impl Connector {
    /// Trusts the roots that browsers trust, where an upstream says nothing else.
    pub(crate) fn new(addresses: AddressPolicy) -> io::Result<Self> {
        let tls = tls::client(&Tls::default(), &UpstreamCertificates::default()).map_err(io::Error::other)?;
        Ok(Self { addresses, tls })
    }

    /// Connects.
    pub(crate) async fn connect(&self, authority: &Arc<Authority>, offer: Offer) -> Result<Transport, ConnectError> {
        let stream = self.tcp(authority).await?;
        if !authority.is_tls {
            return Ok(Transport::Plain(stream));
        }
        let name = ServerName::try_from(authority.tls_name().to_owned())
            .map_err(|error| ConnectError::Tls(io::Error::other(error)))?;
        let config = authority.connecting.tls.as_ref().unwrap_or(&self.tls).of(offer);
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
        let stream = connecting.await.map_err(ConnectError::Tls)?;
        Ok(Transport::Tls(Box::new(stream.into())))
    }

    /// The first permitted address that accepts. The policy judges the address that is connected to, after the name was
    /// resolved: a name can't be made to point elsewhere in between.
    async fn tcp(&self, authority: &Arc<Authority>) -> Result<TcpStream, ConnectError> {
        let addresses = resolve(authority, Tick::now()).await.map_err(ConnectError::Resolve)?;
        let policy = authority.policy(self.addresses);
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
