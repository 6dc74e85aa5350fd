//! Client certificates that speak for applications.

use std::{net::SocketAddr, sync::Arc};

use gateway::{ClientAuthentication, TlsOptions};
use ring::digest::{SHA256, digest};
use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::{
    tls::{Authority, connect},
    world::KEY,
};

fn thumbprint(pem: &str) -> [u8; 32] {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    digest(&SHA256, &der).as_ref().try_into().unwrap()
}

async fn status(address: SocketAddr, config: &Arc<ClientConfig>, fields: &str) -> (u16, String) {
    let mut stream = connect(address, config, "api.test").await.unwrap();
    let request = plain(&format!("{fields}Connection: close\r\n"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    (text[9..12].parse().unwrap(), text)
}

#[tokio::test]
async fn a_certificate_is_a_credential() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let authority = Authority::new("identity");
    let (mapped, unmapped) = (authority.sign(&["billing"], 1), authority.sign(&["reports"], 1));
    let certificate = thumbprint(&mapped.0);
    let mut policies = accepting(&[&signer]);
    policies["access"]["accept"] = json!(["mtls", "key", "jwt"]);
    let mut setup = setup(&upstream, policies);
    setup.map(Identity::Certificate {
        thumbprint: certificate,
    });
    let world = World::start_with(|options| {
        options.tls = Some(TlsOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            certificates: vec![authority.files("server", &["api.test"])],
            clients: ClientAuthentication::Optional(authority.ca()),
        });
    });
    world.snapshot.apply(setup.config());
    let address = world.gateway.tls_addr().unwrap();
    let other = thumbprint(&unmapped.0);
    let caller = |own| authority.caller(own, &[b"http/1.1"]);
    let (mapped, unmapped, none) = (caller(Some(mapped)), caller(Some(unmapped)), caller(None));
    let key = format!("X-Api-Key: {KEY}\r\n");
    let bound = |to: &[u8]| {
        let token = signer.token(claims(json!({ "cnf": { "x5t#S256": URL_SAFE_NO_PAD.encode(to) } })));
        format!("Authorization: Bearer {token}\r\n")
    };
    for (name, config, fields, expected, says) in [
        ("mapped", &mapped, String::new(), 200, ""),
        ("unmapped", &unmapped, String::new(), 403, "unknown-consumer"),
        ("none", &none, String::new(), 401, "missing-credential"),
        ("a key goes before it", &unmapped, key.clone(), 200, ""),
        (
            "a wrong key too",
            &mapped,
            "X-Api-Key: nobody\r\n".to_owned(),
            401,
            "unknown-key",
        ),
        ("a token bound to it", &mapped, bound(&certificate), 200, ""),
        ("a token bound to another", &mapped, bound(&other), 401, "invalid-token"),
        (
            "a bound token without one",
            &none,
            bound(&certificate),
            401,
            "invalid-token",
        ),
        (
            "a token bound to nothing",
            &mapped,
            bound(b"short"),
            401,
            "invalid-token",
        ),
    ] {
        let (found, text) = status(address, config, &fields).await;
        assert_eq!(found, expected, "{name}: {text}");
        assert!(text.contains(says), "{name}: {text}");
    }
    let (_, text) = status(address, &unmapped, "").await;
    let [high, low] = [&other[..16], &other[16..]].map(|half| u128::from_be_bytes(half.try_into().unwrap()));
    assert!(
        text.contains(&format!("{high:032x}{low:032x}")),
        "the provider can map it: {text}"
    );

    // Another organization has not mapped it; where only certificates are accepted there is no challenge.
    setup.revision = 2;
    setup.version.policies = serde_json::from_value(json!({ "access": { "accept": ["mtls"] } })).unwrap();
    setup.identities[1].organization = Some("globex".into());
    world.snapshot.apply(setup.config());
    assert_eq!(status(address, &mapped, "").await.0, 403);
    let (found, text) = status(address, &none, "").await;
    assert!(
        found == 403 && text.contains("missing-credential") && !text.contains("www-authenticate"),
        "{text}"
    );
}
