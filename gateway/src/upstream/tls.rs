//! TLS to targets that are trusted in another way than servers of the open internet.

use std::sync::Arc;

use domain::upstream::transport::{Tls, certificates};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::certificates::UpstreamCertificates;

/// What is offered to an upstream by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Http1,
    Http2,
    /// Both; the upstream chooses.
    Both,
}

/// TLS, once for each offer. All trust the same and share their sessions.
#[derive(Clone, Debug)]
pub(crate) struct Offers {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    both: Arc<ClientConfig>,
}

impl Offers {
    fn new(config: &ClientConfig) -> Self {
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        };
        Self {
            http1: offering(&[b"http/1.1"]),
            http2: offering(&[b"h2"]),
            both: offering(&[b"h2", b"http/1.1"]),
        }
    }

    /// TLS that offers this.
    pub(crate) fn of(&self, offer: Offer) -> &Arc<ClientConfig> {
        match offer {
            Offer::Http1 => &self.http1,
            Offer::Http2 => &self.http2,
            Offer::Both => &self.both,
        }
    }
}

/// TLS as the settings say; without settings as with every server of the open internet.
///
/// # Errors
/// A sentence about what is wrong with the settings.
pub(super) fn client(tls: &Tls, certificates: &UpstreamCertificates) -> Result<Offers, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = |error: Error| format!("its TLS settings can't be used: {error}");
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = if tls.verify {
        builder.with_root_certificates(roots(tls.ca.as_deref())?)
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    let config = match &tls.client_certificate {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let resolver = certificates.resolver(name);
            let resolver = resolver.ok_or_else(|| format!("this gateway has no client certificate `{name}`"))?;
            let mut config = builder.with_client_cert_resolver(resolver);
            // A session that is taken up again would be that of the certificate before.
            config.resumption = Resumption::disabled();
            config
        }
    };
    Ok(Offers::new(&config))
}

/// Those that browsers trust, or the given ones alone.
fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let Some(pem) = ca else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let found = certificates(pem).map_err(|error| format!("its `tls.ca` can't be used: {error}"))?;
    for der in found {
        let added = roots.add(CertificateDer::from(der));
        added.map_err(|error| format!("a certificate of its `tls.ca` can't be used: {error}"))?;
    }
    Ok(roots)
}

/// Takes any certificate, because the upstream says so. Signatures of the handshake are still checked.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::{ClientConnection, ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

    use super::*;

    /// An authority of its own, in PEM, and a server with a certificate for `a.internal` by it.
    fn server(alpn: &[u8]) -> (String, Arc<ServerConfig>) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["a.internal".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![alpn.to_vec()];
        (issuer.pem(), Arc::new(config))
    }

    /// Shakes hands in memory.
    fn shake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::clone(client), name)?;
        let mut server = ServerConnection::new(Arc::clone(server))?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut bytes = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                client.read_tls(&mut rest).unwrap();
                client.process_new_packets()?;
            }
        }
        Ok(client.alpn_protocol().map(<[u8]>::to_vec))
    }

    #[test]
    fn certificates_are_trusted_as_the_upstream_says() {
        let (ca, server) = server(b"http/1.1");
        let (other, _) = self::server(b"http/1.1");
        let tls = |ca: Option<&String>, verify| Tls {
            ca: ca.cloned(),
            verify,
            ..Tls::default()
        };
        for (case, tls, name, is_trusted) in [
            ("its own authority", tls(Some(&ca), true), "a.internal", true),
            (
                "another among them",
                tls(Some(&format!("{other}{ca}")), true),
                "a.internal",
                true,
            ),
            ("another authority", tls(Some(&other), true), "a.internal", false),
            ("browsers' authorities", tls(None, true), "a.internal", false),
            ("another name", tls(Some(&ca), true), "b.internal", false),
            ("not looked at", tls(None, false), "b.internal", true),
        ] {
            let client = client(&tls, &UpstreamCertificates::default()).unwrap();
            let shaken = shake(client.of(Offer::Http1), &server, name);
            assert_eq!(shaken.is_ok(), is_trusted, "{case}: {shaken:?}");
        }
    }

    #[test]
    fn the_protocol_is_agreed_on() {
        for (offer, alpn, agreed) in [
            (Offer::Both, &b"http/1.1"[..], true),
            (Offer::Both, b"h2", true),
            (Offer::Http1, b"http/1.1", true),
            (Offer::Http2, b"h2", true),
            (Offer::Http2, b"http/1.1", false),
            (Offer::Http1, b"h2", false),
        ] {
            let (ca, server) = server(alpn);
            let tls = Tls {
                ca: Some(ca),
                ..Tls::default()
            };
            let shaken = shake(
                client(&tls, &UpstreamCertificates::default()).unwrap().of(offer),
                &server,
                "a.internal",
            );
            assert_eq!(
                shaken.ok().flatten().is_some_and(|found| found == alpn),
                agreed,
                "{offer:?}"
            );
        }
    }
}
