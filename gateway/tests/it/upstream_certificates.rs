//! Certificates that upstreams are shown.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use domain::{
    gateway_config::ConfigUpdate,
    upstream::{Upstream, address::AddressPolicy},
};
use gateway::{
    CertificateFiles, Gateway, GatewayOptions, RunningGateway, SnapshotHandle, UpstreamCertificate,
    UpstreamCertificates, UsageSink,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    caller::{call, get},
    world::{PORTAL, Setup},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(30);

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for a name, and its key.
    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["a.internal".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate, key)
    }
}

/// A server that answers only those who show a certificate of the authority, with the common name in it.
async fn asking(authority: &Authority) -> SocketAddr {
    let (certificate, key) = authority.sign("server");
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
                // The name stands in the certificate as it is.
                let name = ["first", "second"]
                    .into_iter()
                    .find(|name| shown.windows(name.len()).any(|window| window == name.as_bytes()))
                    .unwrap_or("nobody");
                let mut received = Vec::new();
                while !received.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let length = name.len();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}");
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

/// Files that are gone with this value.
struct Files {
    folder: PathBuf,
    files: CertificateFiles,
}

impl Files {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("turnpike-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let files = CertificateFiles {
            chain: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        Self { folder, files }
    }

    fn write(&self, (certificate, key): &(rcgen::Certificate, KeyPair)) {
        fs::write(&self.files.chain, certificate.pem()).unwrap();
        fs::write(&self.files.key, key.serialize_pem()).unwrap();
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn start(certificates: UpstreamCertificates, upstream: Upstream) -> (RunningGateway, Vec<String>) {
    let snapshot = SnapshotHandle::with_certificates(PORTAL, certificates);
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream);
    let ConfigUpdate::Full(config) = setup.config() else {
        unreachable!("a setup is a whole configuration")
    };
    let applied = snapshot.apply(ConfigUpdate::Full(config));
    let mut options = GatewayOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    options.threads = 1;
    options.addresses = AddressPolicy { allow_private: true };
    let (sink, _usage) = UsageSink::channel(100);
    let gateway = Gateway::start(options, snapshot, sink).unwrap();
    (
        gateway,
        applied.warnings.into_iter().map(|warning| warning.reason).collect(),
    )
}

fn named(files: &Files, organization: Option<&str>) -> UpstreamCertificates {
    UpstreamCertificates::read(vec![UpstreamCertificate {
        name: "partner".into(),
        organization: organization.map(Into::into),
        files: files.files.clone(),
    }])
    .unwrap()
}

fn upstream(address: SocketAddr, authority: &Authority, certificate: Option<&str>) -> Upstream {
    let mut tls = json!({ "ca": authority.0.pem(), "server_name": "a.internal" });
    if let Some(certificate) = certificate {
        tls["client_certificate"] = certificate.into();
    }
    let upstream = json!({ "targets": [{ "url": format!("https://{address}") }], "tls": tls });
    let upstream: Upstream = serde_json::from_value(upstream).unwrap();
    assert_eq!(upstream.check(), Ok(()), "it can be saved");
    upstream
}

#[tokio::test]
async fn upstreams_are_shown_the_certificate_that_they_name() {
    let authority = Authority::new();
    let address = asking(&authority).await;
    let files = Files::new("shown");
    files.write(&authority.sign("first"));
    for (case, certificates, name, status, warning) in [
        ("none", named(&files, None), None, 502, None),
        ("everybody's", named(&files, None), Some("partner"), 200, None),
        ("its own", named(&files, Some("acme")), Some("partner"), 200, None),
        (
            "another's",
            named(&files, Some("other")),
            Some("partner"),
            503,
            Some("the client certificate `partner` is for another organization; calls answer 503"),
        ),
        (
            "nobody's",
            UpstreamCertificates::default(),
            Some("partner"),
            503,
            Some("this gateway has no client certificate `partner`; calls answer 503"),
        ),
    ] {
        let (gateway, warnings) = start(certificates, upstream(address, &authority, name));
        assert_eq!(warnings, warning.into_iter().collect::<Vec<_>>(), "{case}");
        let reply = timeout(SOON, call(gateway.local_addr(), get(PETS, ""))).await.unwrap();
        assert_eq!(reply.status, status, "{case}: {reply:?}");
        if status == 200 {
            assert_eq!(reply.text(), "first", "{case}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_changes_is_shown_to_new_connections() {
    let authority = Authority::new();
    let address = asking(&authority).await;
    let files = Files::new("changing");
    files.write(&authority.sign("first"));
    let certificates = named(&files, None);
    let watching = tokio::spawn(certificates.clone().watch());
    let (gateway, _) = start(certificates, upstream(address, &authority, Some("partner")));
    let shown = async || call(gateway.local_addr(), get(PETS, "")).await.text();
    assert_eq!(shown().await, "first");
    fs::write(&files.files.key, "nothing").unwrap();
    assert_eq!(shown().await, "first", "the last good one stays");
    files.write(&authority.sign("second"));
    timeout(SOON, async { while shown().await != "second" {} })
        .await
        .unwrap();
    watching.abort();
}
