//! Requests and answers by the document.

use std::io::Read as _;

use domain::{
    plan::{Period, Quota},
    policy::PolicySet,
};
use flate2::read::GzDecoder;
use http::Response;

use super::{ADD, JSON, PETS, ask, chunked, described, errors, findings, gzip, logged, pets, post};
use crate::{
    caller::{call, get},
    upstream::{Upstream, full, seen},
    world::World,
};

fn block() -> serde_json::Value {
    serde_json::json!({ "validation": { "request": "block" } })
}

#[tokio::test]
async fn a_request_that_does_not_fit_is_refused_with_its_mistakes() {
    let upstream = Upstream::mirror().await;
    let (world, lines) = pets(Some(&upstream.url()), block());
    let reply = ask(
        &world,
        post(ADD, JSON, br#"{"name": "Rex", "age": -1, "colour": "red"}"#),
    )
    .await;
    assert_eq!(reply.status, 400, "{reply:?}");
    let problem = reply.problem("invalid-request");
    let pointers: Vec<_> = errors(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    assert!(
        pointers.contains(&"/age".to_owned()) && pointers.contains(&"/colour".to_owned()),
        "{problem}"
    );
    assert!(!reply.text().contains("red"), "no value comes back");

    for (request, status, slug) in [
        (
            get(&format!("{ADD}?limit=101"), "").into_bytes(),
            400,
            "invalid-request",
        ),
        (get(ADD, "X-Trace: x\r\n").into_bytes(), 400, "invalid-request"),
        (get(&format!("{ADD}/seven"), "").into_bytes(), 400, "invalid-request"),
        (post(ADD, JSON, b""), 400, "invalid-request"),
        (post(ADD, JSON, b"{\"name\": "), 400, "invalid-request"),
        (
            post(ADD, JSON, br#"{"name": "a", "name": "b"}"#),
            400,
            "invalid-request",
        ),
        (
            post(ADD, "Content-Type: text/plain\r\n", b"Rex"),
            415,
            "media-type-not-accepted",
        ),
        (post(ADD, "", br#"{"name": "Rex"}"#), 415, "media-type-not-accepted"),
        (
            post(ADD, "Content-Type: application/grpc\r\n", b"Rex"),
            415,
            "media-type-not-accepted",
        ),
        (chunked(ADD, JSON, &[b"{\"na", b"me\": 7}"], ""), 400, "invalid-request"),
        (
            post(ADD, "Content-Type: application/x-www-form-urlencoded\r\n", b"age=7"),
            400,
            "invalid-request",
        ),
    ] {
        let reply = ask(&world, &request).await;
        let request = String::from_utf8_lossy(&request).into_owned();
        assert_eq!(reply.status, status, "{request} {}", reply.text());
        if request.contains("grpc") {
            continue;
        }
        reply.problem(slug);
    }
    assert_eq!(upstream.calls(), 0);
    assert_eq!(findings(&world), [("validation", "request", 12)]);
    let logged = logged(world, lines).await;
    let mistakes = logged[0]["request_mistakes"].as_array().unwrap();
    assert!(
        mistakes
            .iter()
            .any(|mistake| mistake.as_str().unwrap().contains("/age")),
        "{mistakes:?}"
    );
}

#[tokio::test]
async fn a_request_that_fits_goes_on_as_it_came() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), block());
    let rex = br#"{"name": "Rex"}"#;
    let boundary = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nRex\r\n--b\r\nContent-Disposition: \
                    form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--b--\r\n";
    for (request, body) in [
        (get(&format!("{ADD}?limit=100"), "").into_bytes(), ""),
        (get(&format!("{ADD}/7"), "").into_bytes(), ""),
        (post(ADD, JSON, rex), r#"{"name": "Rex"}"#),
        (chunked(ADD, JSON, &[&rex[..5], &rex[5..]], ""), r#"{"name": "Rex"}"#),
        (
            post(
                ADD,
                "Content-Type: application/x-www-form-urlencoded\r\n",
                b"name=Rex&age=7",
            ),
            "name=Rex&age=7",
        ),
        (
            post(
                ADD,
                "Content-Type: multipart/form-data; boundary=b\r\n",
                boundary.as_bytes(),
            ),
            boundary,
        ),
    ] {
        let reply = ask(&world, &request).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["body"], body);
    }
    // Trailers come through, and the length that was found out.
    let request = chunked(ADD, JSON, &[rex], "X-Checksum: 7\r\n");
    let mirror = ask(&world, request).await.json();
    assert_eq!(mirror["trailers"], serde_json::json!([["x-checksum", "7"]]), "{mirror}");
    let mirror = ask(&world, chunked(ADD, JSON, &[rex], "")).await.json();
    assert_eq!(seen(&mirror, "content-length"), ["15"]);
    // Compressed bodies are judged as they were, and go on as they are.
    let fields = format!("{JSON}Content-Encoding: gzip\r\n");
    let reply = ask(&world, post(ADD, &fields, &gzip(rex))).await;
    assert_eq!(
        (reply.status, seen(&reply.json(), "content-encoding")),
        (200, vec!["gzip".to_owned()])
    );
    let reply = ask(&world, post(ADD, &fields, &gzip(b"{}"))).await;
    assert_eq!(reply.status, 400);
    assert!(findings(&world) == [("validation", "request", 1)]);
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), block());
    let part = |headers: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"name\"{headers}\r\n\r\n{}\r\n--b--\r\n",
            "x".repeat(21)
        )
    };
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\n";
    let octets = "\r\nContent-Type: application/octet-stream";
    for (fields, body, status) in [
        (
            "Content-Type: application/x-www-form-urlencoded; charset=utf-16\r\n",
            "name=Rex".to_owned(),
            415,
        ),
        (
            "Content-Type: multipart/form-data; boundary=x; boundary=b\r\n",
            part(""),
            415,
        ),
        (
            "Content-Type: application/json; charset=utf-8; charset=utf-16\r\n",
            "{\"name\": \"Rex\"}".to_owned(),
            415,
        ),
        (multipart, part(octets), 400),
        (multipart, part(&format!("; filename=\"\"{octets}")), 400),
        // Both types are listed; which one the upstream takes nobody knows.
        (
            &format!("{JSON}Content-Type: application/x-www-form-urlencoded\r\n"),
            "{\"name\": \"Rex\"}".to_owned(),
            400,
        ),
        (&format!("{JSON}{JSON}"), "{\"name\": \"Rex\"}".to_owned(), 400),
    ] {
        let reply = ask(&world, post(ADD, fields, body.as_bytes())).await;
        assert_eq!(reply.status, status, "{fields}{body}: {}", reply.text());
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn limits_look_at_what_was_compressed() {
    let upstream = Upstream::mirror().await;
    let fields = format!("{JSON}Content-Encoding: gzip\r\n");
    let limits = serde_json::json!({ "json": { "depth": 3 } });
    let deep = br#"{"name": "Rex", "parents": [{"name": "Tom", "parents": []}]}"#;
    for mode in ["block", "report"] {
        let policies = serde_json::json!({ "limits": limits, "validation": { "request": mode, "body_bytes": "1KiB" } });
        let (world, _) = pets(Some(&upstream.url()), policies);
        let send = async |body: &[u8]| ask(&world, post(ADD, &fields, body)).await;
        let reply = send(&gzip(br#"{"name": "Rex"}"#)).await;
        assert_eq!(reply.status, 200, "{mode}: {}", reply.text());
        let reply = send(&gzip(deep)).await;
        assert_eq!(reply.status, 400, "{mode}: {}", reply.text());
        reply.problem("body-shape");
        // What can't be looked at does not pass.
        for body in [gzip(&[b' '; 5_000]), b"{}".to_vec()] {
            assert_eq!(send(&body).await.status, 400, "{mode}");
        }
        let plain = ask(&world, post(ADD, JSON, deep)).await;
        plain.problem("body-shape");
    }
    // Nothing is held here.
    let policies = serde_json::json!({ "limits": limits, "validation": { "request": "off", "response": "report" } });
    let (world, _) = pets(Some(&upstream.url()), policies);
    let reply = ask(&world, post(ADD, &fields, &gzip(b"{}"))).await;
    reply.problem("body-shape");
}

#[tokio::test]
async fn a_report_changes_nothing() {
    let upstream = Upstream::mirror().await;
    let policy = serde_json::json!({ "validation": { "request": "report", "body_bytes": "1KiB" } });
    let (world, lines) = pets(Some(&upstream.url()), policy);
    let large = vec![b' '; 5_000];
    for (request, body) in [
        (post(ADD, JSON, b"{}"), "{}".to_owned()),
        (post(ADD, JSON, &large), " ".repeat(5_000)),
        (
            chunked(ADD, JSON, &[&large[..1_000], &large[1_000..]], ""),
            " ".repeat(5_000),
        ),
        (
            post(ADD, &format!("{JSON}Content-Encoding: br\r\n"), b"?"),
            "?".to_owned(),
        ),
    ] {
        let reply = ask(&world, request).await;
        assert_eq!((reply.status, reply.json()["body"].clone()), (200, body.into()));
    }
    assert_eq!(
        findings(&world),
        [("validation", "request", 1)],
        "the others were not judged"
    );
    let logged = logged(world, lines).await;
    assert_eq!(
        logged[0]["request_mistakes"],
        serde_json::json!(["body /name: is missing"])
    );
    assert_eq!(logged[1]["request_mistakes"], serde_json::json!([]));
}

#[tokio::test]
async fn answers_are_judged_and_never_changed() {
    let upstream = Upstream::start(|request| async move {
        let path = request.uri().path().to_owned();
        let answer = Response::builder().header("content-type", "application/json");
        match path.rsplit('/').next().unwrap() {
            "1" => answer.body(full(r#"{"name": "Rex"}"#)),
            "2" => answer.body(full(r#"{"name": 7}"#)),
            "3" => answer.header("content-encoding", "gzip").body(full(gzip(b"{}"))),
            "4" => answer.header("content-encoding", "br").body(full("{}")),
            "5" => answer.body(full(format!("{{}}{}", " ".repeat(2_000)))),
            "6" => answer.status(404).body(full("{}")),
            "7" => Response::builder()
                .header("content-type", "text/event-stream")
                .body(full("data: 1\n\n")),
            "8" => answer.status(304).body(full("")),
            _ => answer.body(full("[]")),
        }
        .unwrap()
    })
    .await;
    let policy = serde_json::json!({ "validation": { "request": "off", "response": "report", "body_bytes": "1KiB" } });
    let (world, lines) = pets(Some(&upstream.url()), policy);
    let expected = [
        ("1", 200, None),
        ("2", 200, Some("/name")),
        ("3", 200, Some("/name")),
        ("4", 200, None),
        ("5", 200, None),
        ("6", 404, Some("status")),
        ("8", 304, None),
    ];
    for (id, status, _) in expected {
        let reply = call(world.address(), get(&format!("{ADD}/{id}"), "")).await;
        assert_eq!(reply.status, status, "{id}");
        if id == "2" {
            assert_eq!(reply.text(), r#"{"name": 7}"#);
        }
    }
    let reply = call(world.address(), get(&format!("{ADD}/7"), "")).await;
    assert_eq!(reply.text(), "data: 1\n\n");
    assert_eq!(findings(&world), [("validation", "answer", 3)]);
    let logged = logged(world, lines).await;
    for (id, _, mistake) in expected {
        let line = logged
            .iter()
            .find(|line| line["path"] == format!("{ADD}/{id}"))
            .unwrap();
        let mistakes = line["answer_mistakes"].as_array().unwrap();
        match mistake {
            Some(mistake) => assert!(mistakes[0].as_str().unwrap().contains(mistake), "{id} {mistakes:?}"),
            None => assert!(mistakes.is_empty(), "{id} {mistakes:?}"),
        }
    }
}

#[tokio::test]
async fn a_refused_call_costs_nothing() {
    let upstream = Upstream::mirror().await;
    let policy = serde_json::json!({
        "validation": {}, "rate_limits": [{ "requests": 1, "per": "1h", "by": "key" }],
    });
    let mut setup = described(Some(&upstream.url()), PETS.as_bytes(), policy);
    setup.quota = Some(Quota {
        requests: 1,
        per: Period::Month,
    });
    let world = World::start(&setup);
    for _ in 0..3 {
        assert_eq!(ask(&world, post(ADD, JSON, b"{}")).await.status, 400);
    }
    assert_eq!(ask(&world, post(ADD, JSON, br#"{"name": "Rex"}"#)).await.status, 200);
    assert_eq!(ask(&world, post(ADD, JSON, br#"{"name": "Rex"}"#)).await.status, 429);
    let counted = world.stop().await;
    assert_eq!(counted.iter().map(|(_, sums)| sums.units).sum::<u64>(), 1);
}

#[tokio::test]
async fn a_version_without_its_document_is_closed() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|_| {});
    let mut setup = described(Some(&upstream.url()), PETS.as_bytes(), block());
    setup.version.document = None;
    let applied = world.snapshot.apply(setup.config());
    assert!(
        applied.warnings[0].reason.contains("document, which is missing"),
        "{applied:?}"
    );
    assert_eq!(call(world.address(), get(ADD, "")).await.status, 404);
    // Only one operation goes by it, and the document does not describe it.
    setup = described(Some(&upstream.url()), PETS.as_bytes(), serde_json::json!({}));
    setup.revision = 2;
    setup.version.operations[0].slug = "another".into();
    setup.version.operations[0].policies = Some(Box::new(serde_json::from_value::<PolicySet>(block()).unwrap()));
    let applied = world.snapshot.apply(setup.config());
    assert!(
        applied.warnings[0].reason.contains("its calls are refused"),
        "{applied:?}"
    );
    call(world.address(), get(ADD, ""))
        .await
        .problem("description-unusable");
    assert_eq!(call(world.address(), get(&format!("{ADD}/x"), "")).await.status, 200);
}

#[tokio::test]
async fn the_document_of_github_judges_calls_of_github() {
    let packed = include_bytes!("../../../../openapi/tests/specs/real/github-api-16.6.0-3.0.json.gz");
    let mut document = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut document).unwrap();
    let upstream = Upstream::mirror().await;
    let policy = serde_json::json!({ "validation": { "response": "report" } });
    let mut setup = described(Some(&upstream.url()), &document, policy);
    let world = World::start(&setup);
    let issues = "/acme/petstore/v1/repos/octo/cat/issues";
    let reply = ask(
        &world,
        post(issues, JSON, br#"{"title": "Found", "labels": ["bug", {"name": "x"}]}"#),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = ask(&world, post(issues, JSON, br#"{"body": "no title", "labels": [7]}"#)).await;
    let problem = reply.problem("invalid-request");
    assert!(
        errors(&problem).iter().any(|(pointer, _)| pointer == "/title"),
        "{problem}"
    );
    let reply = call(world.address(), get(&format!("{issues}?state=odd"), "")).await;
    assert_eq!(reply.status, 400);
    // What was compiled serves the next configuration too.
    setup.revision = 2;
    assert!(world.snapshot.apply(setup.config()).is_taken);
    assert_eq!(
        call(world.address(), get(&format!("{issues}?state=open"), ""))
            .await
            .status,
        200
    );
}
