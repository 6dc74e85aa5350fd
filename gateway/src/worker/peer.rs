//! Where a connection comes from.

use std::net::{IpAddr, SocketAddr};

use http::HeaderValue;

use crate::tls::ClientCertificate;

/// Where a connection comes from.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    ip: IpAddr,
    address: HeaderValue,
    is_tls: bool,
    certificate: Option<ClientCertificate>,
}

impl Peer {
    /// A connection from this address; `None` if no header could name it.
    pub(super) fn at(address: SocketAddr, is_tls: bool) -> Option<Self> {
        let ip = address.ip().to_canonical();
        Some(Self {
            ip,
            address: HeaderValue::try_from(ip.to_string()).ok()?,
            is_tls,
            certificate: None,
        })
    }

    /// The same with the certificate that its handshake showed.
    pub(super) fn with_certificate(self, certificate: Option<ClientCertificate>) -> Self {
        Self { certificate, ..self }
    }

    /// The address that the connection comes from.
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The address, as `X-Forwarded-For` has it.
    pub(crate) fn address(&self) -> &HeaderValue {
        &self.address
    }

    /// Whether nobody between the caller and the gateway can read what is said.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The certificate that the connection was begun with, if it was one of an authority that is trusted here.
    pub(crate) fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }
}
