//! The listener that speaks TLS: which certificate is shown, who is let in, and what changes without a restart.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::clock::Clock;
use gateway::{
    CertificateFiles, ClientAuthentication, Gateway, GatewayOptions, SnapshotHandle, StartError, TlsOptions,
};
use http::Request;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use time::Duration as Span;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    caller::{Caller, get},
    upstream::{Upstream, seen},
    upstream_http2::read,
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

/// An authority, and a folder for what it signs.
pub struct Authority {
    pub issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = std::env::temp_dir().join(format!("turnpike-tls-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub fn sign(&self, names: &[&str], days: i64) -> (String, KeyPair) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = Clock::System.now() - Span::days(30);
        params.not_after = Clock::System.now() + Span::days(days);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key)
    }

    /// A certificate and its key in two files.
    pub fn files(&self, file: &str, names: &[&str]) -> CertificateFiles {
        let (pem, key) = self.sign(names, 30);
        let files = CertificateFiles {
            chain: self.folder.join(format!("{file}.pem")),
            key: self.folder.join(format!("{file}-key.pem")),
        };
        fs::write(&files.chain, pem).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    /// A caller's TLS that trusts this authority and shows a certificate of another.
    pub fn caller(&self, own: Option<(String, KeyPair)>, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        self.caller_of(rustls::ALL_VERSIONS, own, protocols)
    }

    fn caller_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<(String, KeyPair)>,
        protocols: &[&[u8]],
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some((pem, key)) => {
                use rustls::pki_types::pem::PemObject as _;
                let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

fn world(url: &str, certificates: Vec<CertificateFiles>, clients: ClientAuthentication) -> (World, SocketAddr) {
    let world = World::start_with(|options| {
        options.limits.header_timeout = Duration::from_millis(300);
        options.tls = Some(TlsOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            certificates,
            clients,
        });
    });
    assert!(world.snapshot.apply(Setup::new(Some(url)).config()).is_taken);
    let address = world.gateway.tls_addr().unwrap();
    (world, address)
}

pub async fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    timeout(SOON, TlsConnector::from(Arc::clone(config)).connect(name, stream))
        .await
        .unwrap()
}

/// Sends one request of HTTP/1.1 and reads all of the answer, and what TLS says after it.
async fn exchange(stream: &mut TlsStream<TcpStream>) -> String {
    let mut text = String::new();
    let sent = stream.write_all(get(PETS, "Connection: close\r\n").as_bytes()).await;
    if sent.is_ok() {
        let _ = timeout(SOON, stream.read_to_string(&mut text)).await.unwrap();
    }
    text
}

#[tokio::test]
async fn the_version_of_http_is_agreed_on() {
    let upstream = Upstream::mirror().await;
    let authority = Authority::new("agreed");
    let files = authority.files("server", &["api.test"]);
    let (_world, address) = world(&upstream.url(), vec![files], ClientAuthentication::Off);
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let config = authority.caller_of(versions, None, &[b"http/1.1"]);
        let mut stream = connect(address, &config, "api.test").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let answer = exchange(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let mirror: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(seen(&mirror, "x-forwarded-proto"), ["https"]);
    }
    let config = authority.caller(None, &[b"h2", b"http/1.1"]);
    let stream = connect(address, &config, "api.test").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut requests: h2::client::SendRequest<Bytes> = requests.ready().await.unwrap();
    let request = Request::get(format!("https://api.test{PETS}"))
        .header("x-api-key", KEY)
        .body(())
        .unwrap();
    let (response, _) = requests.send_request(request, true).unwrap();
    let response = timeout(SOON, response).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    let (body, _) = read(&mut response.into_body()).await;
    let mirror: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(seen(&mirror, "x-forwarded-proto"), ["https"]);
    assert_eq!(seen(&mirror, "x-forwarded-host"), ["api.test"]);
}

#[tokio::test]
async fn the_name_that_is_asked_for_chooses_the_certificate() {
    let authority = Authority::new("names");
    let certificates = vec![
        authority.files("default", &["default.test"]),
        authority.files("one", &["One.test", "www.one.test"]),
        authority.files("wild", &["*.wild.test"]),
    ];
    let (_world, address) = world("http://127.0.0.1:9", certificates, ClientAuthentication::Off);
    let config = authority.caller(None, &[]);
    for name in ["default.test", "one.test", "WWW.one.test", "a.wild.test"] {
        connect(address, &config, name)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for name in ["other.test", "a.b.wild.test", "wild.test"] {
        let error = connect(address, &config, name).await.unwrap_err().to_string();
        assert!(
            error.contains("not valid for name"),
            "{name} is shown the default: {error}"
        );
    }
}

#[tokio::test]
async fn callers_show_certificates_of_their_own() {
    let upstream = Upstream::mirror().await;
    let (authority, stranger) = (Authority::new("mtls"), Authority::new("stranger"));
    let files = authority.files("server", &["api.test"]);
    let right = || Some(authority.sign(&["billing.internal"], 1));
    for is_required in [true, false] {
        let clients = if is_required {
            ClientAuthentication::Required(authority.ca())
        } else {
            ClientAuthentication::Optional(authority.ca())
        };
        let (world, address) = world(&upstream.url(), vec![files.clone()], clients);
        let without = is_required.then_some("no_certificate");
        for (own, refused) in [
            (right(), None),
            (None, without),
            (
                Some(stranger.sign(&["billing.internal"], 1)),
                Some("certificate_unknown_authority"),
            ),
            (
                Some(authority.sign(&["billing.internal"], -1)),
                Some("certificate_expired"),
            ),
        ] {
            let before = world.gateway.counters().read().handshake_failures;
            let config = authority.caller(own, &[b"http/1.1"]);
            // With TLS 1.3 the caller learns of it after its side of the handshake.
            let answer = match connect(address, &config, "api.test").await {
                Ok(mut stream) => exchange(&mut stream).await,
                Err(_) => String::new(),
            };
            assert_eq!(
                answer.starts_with("HTTP/1.1 200"),
                refused.is_none(),
                "required: {is_required}; {answer}"
            );
            let counted = || -> Vec<_> {
                let after = world.gateway.counters().read().handshake_failures;
                let counted = after
                    .into_iter()
                    .zip(&before)
                    .filter(|(after, before)| after != *before);
                counted.map(|((reason, _), _)| reason).collect()
            };
            let all_are_counted = async {
                while refused.is_some() && counted().is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            timeout(SOON, all_are_counted).await.unwrap();
            assert_eq!(counted(), Vec::from_iter(refused), "required: {is_required}");
        }
    }
}

#[tokio::test]
async fn sessions_are_taken_up_again() {
    let upstream = Upstream::mirror().await;
    let authority = Authority::new("sessions");
    let files = authority.files("server", &["api.test"]);
    let (_world, address) = world(&upstream.url(), vec![files], ClientAuthentication::Off);
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let config = authority.caller_of(versions, None, &[b"http/1.1"]);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = connect(address, &config, "api.test").await.unwrap();
            assert!(exchange(&mut stream).await.starts_with("HTTP/1.1 200"));
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        }
    }
}

/// The certificate that new callers are shown.
async fn shown(authority: &Authority, address: SocketAddr) -> Vec<u8> {
    let stream = connect(address, &authority.caller(None, &[]), "api.test")
        .await
        .unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn der(path: &Path) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_file(path).unwrap().to_vec()
}

#[tokio::test]
async fn certificates_change_without_a_restart() {
    let authority = Authority::new("reload");
    let files = authority.files("server", &["api.test"]);
    let before = der(&files.chain);
    let (_world, address) = world("http://127.0.0.1:9", vec![files.clone()], ClientAuthentication::Off);
    assert_eq!(shown(&authority, address).await, before);
    fs::write(
        &files.chain,
        "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert_eq!(
        shown(&authority, address).await,
        before,
        "a broken file changes nothing"
    );
    // Another number of names, so that its length differs whatever the clock of the file system.
    authority.files("server", &["api.test", "other.test"]);
    let after = der(&files.chain);
    timeout(SOON, async {
        while shown(&authority, address).await != after {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it is seen");
}

#[tokio::test]
async fn a_handshake_does_not_wait_for_ever() {
    let authority = Authority::new("handshake");
    let files = authority.files("server", &["api.test"]);
    let (_world, address) = world("http://127.0.0.1:9", vec![files], ClientAuthentication::Off);
    let mut silent = Caller::connect(address).await;
    assert!(timeout(SOON, silent.is_closed()).await.unwrap());
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(SOON, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "TLS is not left out");
}

#[test]
fn a_file_that_can_not_be_used_is_named() {
    let authority = Authority::new("unusable");
    let (one, other) = (
        authority.files("one", &["a.test"]),
        authority.files("other", &["a.test"]),
    );
    let start = |certificates, clients| {
        let mut options = GatewayOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        options.tls = Some(TlsOptions {
            listen: options.listen,
            certificates,
            clients,
        });
        let (sink, _usage) = gateway::UsageSink::channel(1);
        match Gateway::start(options, SnapshotHandle::new("http://portal.test"), sink) {
            Err(StartError::Tls(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let missing = CertificateFiles {
        chain: authority.folder.join("nothing.pem"),
        ..one.clone()
    };
    assert!(start(vec![one.clone(), missing], ClientAuthentication::Off).contains("nothing.pem"));
    let mixed = CertificateFiles {
        chain: one.chain.clone(),
        key: other.key,
    };
    assert!(start(vec![mixed], ClientAuthentication::Off).contains("one.pem"));
    let swapped = CertificateFiles {
        chain: one.key.clone(),
        key: one.chain.clone(),
    };
    assert!(start(vec![swapped], ClientAuthentication::Off).contains("no certificate"));
    let clients = ClientAuthentication::Required(one.key.clone());
    assert!(start(vec![one], clients).contains("one-key.pem"));
    assert!(start(vec![], ClientAuthentication::Off).contains("needs a certificate"));
}
