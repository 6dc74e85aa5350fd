//! Hosts and base paths of versions' own, versions told apart by a header field, and paths that no document describes.

use std::time::Duration;

use domain::{
    catalog::{
        routing::{Paths, Routing, RoutingInput},
        version::VersionState,
    },
    deprecation::Deprecation,
    gateway_config::{ConfigUpdate, VersionRecord},
};

use gateway::Warning;

use crate::{
    caller::{Reply, call},
    upstream::{Upstream, seen},
    world::{KEY, NOW, Setup, World, id},
};

fn routing(host: &str, base_path: &str) -> Routing {
    matched(host, base_path, "", "")
}

fn matched(host: &str, base_path: &str, header: &str, value: &str) -> Routing {
    Routing::read(&RoutingInput {
        host: host.into(),
        base_path: base_path.into(),
        header: header.into(),
        value: value.into(),
        paths: Paths::Strict,
    })
    .unwrap()
}

/// A gateway with versions of one api, which is named after each: `v1` is at `URL/v1` of the upstream.
fn world(upstream: &Upstream, versions: &[(&str, Routing)]) -> World {
    world_with(upstream, versions, |_| {})
}

fn world_with(upstream: &Upstream, versions: &[(&str, Routing)], change: impl Fn(&mut VersionRecord)) -> World {
    let (world, warnings) = warned_world(upstream, versions, change);
    assert!(warnings.is_empty(), "{warnings:?}");
    world
}

fn warned_world(
    upstream: &Upstream,
    versions: &[(&str, Routing)],
    change: impl Fn(&mut VersionRecord),
) -> (World, Vec<Warning>) {
    let records = versions.iter().zip(1..).map(|((name, routing), number)| {
        let mut version = Setup::new(Some(&format!("{}/{name}", upstream.url()))).version;
        version.id = id("ver", number);
        version.name = (*name).into();
        version.routing = routing.clone();
        change(&mut version);
        version
    });
    let ConfigUpdate::Full(mut config) = Setup::new(None).config() else {
        unreachable!("a setup is a whole configuration")
    };
    config.catalog.versions = records.collect();
    let world = World::start_with(|_| {});
    let applied = world.snapshot.apply(ConfigUpdate::Full(config));
    (world, applied.warnings)
}

async fn ask(world: &World, host: &str, target: &str, fields: &str) -> Reply {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {KEY}\r\n{fields}\r\n");
    call(world.address(), request).await
}

/// What the upstream was asked for; the status where it was not.
async fn reached(world: &World, host: &str, target: &str) -> Result<String, u16> {
    let reply = ask(world, host, target, "").await;
    match reply.status {
        200 => Ok(reply.json()["target"].as_str().unwrap().to_owned()),
        status => Err(status),
    }
}

#[tokio::test]
async fn versions_answer_at_their_hosts_and_base_paths() {
    let upstream = Upstream::mirror().await;
    let world = world(
        &upstream,
        &[
            ("basis", routing("api.example", "")),
            ("v2", routing("api.example", "/v2")),
            ("deep", routing("api.example", "/v2/deep")),
            ("star", routing("*.star.example", "/s")),
            ("one", routing("one.star.example", "")),
            ("base", routing("", "/acme/base")),
            ("plain", Routing::default()),
        ],
    );
    for (host, target, expected) in [
        ("api.example", "/pets", Ok("/basis/pets")),
        ("api.example", "/pets/1?a=b", Ok("/basis/pets/1?a=b")),
        ("API.Example.:8080", "/pets", Ok("/basis/pets")),
        ("api.example", "/v2/pets", Ok("/v2/pets")),
        ("api.example", "/v2/pets/7", Ok("/v2/pets/7")),
        ("api.example", "/v2/deep/pets", Ok("/deep/pets")),
        ("api.example", "/v2/deeper/pets", Err(404)),
        ("api.example", "/v22/pets", Err(404)),
        ("api.example", "//pets", Err(404)),
        ("api.example", "/v2/../pets", Err(400)),
        // On a host of its own nothing else is found.
        ("api.example", "/acme/petstore/plain/pets", Err(404)),
        ("api.example", "/acme/base/pets", Err(404)),
        ("x.star.example", "/s/pets", Ok("/star/pets")),
        ("x.star.example", "/pets", Err(404)),
        ("one.star.example", "/pets", Ok("/one/pets")),
        ("one.star.example", "/s/pets", Err(404)),
        ("star.example", "/s/pets", Err(404)),
        ("a.b.star.example", "/s/pets", Err(404)),
        // Every version has its address too, on all other hosts.
        ("gateway.test", "/acme/petstore/v2/pets", Ok("/v2/pets")),
        ("gateway.test", "/acme/petstore/plain/pets", Ok("/plain/pets")),
        ("gateway.test", "/acme/base/pets", Ok("/base/pets")),
        ("127.0.0.1", "/acme/base/pets", Ok("/base/pets")),
        ("[::1]:80", "/acme/base/pets", Ok("/base/pets")),
        ("gateway.test", "/v2/pets", Err(404)),
        ("gateway.test", "/pets", Err(404)),
        (&"a".repeat(300), "/acme/base/pets", Ok("/base/pets")),
        // An absolute target goes before the field.
        ("gateway.test", "http://api.example/v2/pets", Ok("/v2/pets")),
        (
            "api.example",
            "http://gateway.test/acme/petstore/v2/pets",
            Ok("/v2/pets"),
        ),
    ] {
        let found = reached(&world, host, target).await;
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{host} {target}");
    }
    let reply = ask(&world, "gateway.test", "/v2/pets", "X-Forwarded-Host: api.example\r\n").await;
    assert_eq!(
        reply.status, 404,
        "what a caller says about its host is no reason to believe it"
    );
    reply.problem("unknown-api");
    let usage = world.stop().await;
    assert!(
        usage
            .iter()
            .any(|(key, _)| key.version_id == id("ver", 1) && key.operation == "list-pets"),
        "{usage:?}"
    );
}

#[tokio::test]
async fn a_field_tells_versions_apart() {
    let upstream = Upstream::mirror().await;
    let world = world(
        &upstream,
        &[
            ("v1", routing("api.example", "")),
            ("v2", matched("api.example", "", "Api-Version", "2026-01")),
            ("v3", matched("api.example", "", "api-version", "2027 01")),
            ("only", matched("", "/acme/only", "Api-Version", "1")),
        ],
    );
    for (fields, expected) in [
        ("", "/v1/pets"),
        ("api-version: 2026-01\r\n", "/v2/pets"),
        ("API-VERSION:   2027 01  \r\n", "/v3/pets"),
        ("Api-Version: 2026-1\r\n", "/v1/pets"),
        ("Api-Version:\r\n", "/v1/pets"),
        ("Api-Version: 2026-01\r\nApi-Version: 2027 01\r\n", "/v1/pets"),
    ] {
        let reply = ask(&world, "api.example", "/pets", fields).await;
        assert_eq!(reply.json()["target"], expected, "{fields}");
        assert_eq!(reply.header("vary"), "api-version", "{fields}");
    }
    let reply = ask(&world, "gateway.test", "/acme/only/pets", "Api-Version: 1\r\n").await;
    assert_eq!(reply.json()["target"], "/only/pets");
    assert_eq!(seen(&reply.json(), "api-version"), ["1"], "it is passed on");
    let reply = ask(&world, "gateway.test", "/acme/only/pets", "").await;
    assert_eq!(reply.status, 404);
    let detail = reply.problem("unknown-api")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`api-version`"), "{detail}");
}

#[tokio::test]
async fn an_open_version_is_strict_while_an_operation_of_it_is_not_routed() {
    let upstream = Upstream::mirror().await;
    let open = Routing {
        paths: Paths::Open,
        ..routing("api.example", "")
    };
    let (world, warnings) = warned_world(&upstream, &[("v1", open)], |version| {
        let mut closed = version.operations[0].clone();
        "admin".clone_into(&mut closed.slug);
        "/admin".clone_into(&mut closed.path);
        // It has no such parameter: the operation can't be served as its policies say.
        let policies = serde_json::json!({ "ip": { "deny": ["0.0.0.0/0"] }, "transform": { "request": { "path": { "template": "/{id}" } } } });
        closed.policies = Some(Box::new(serde_json::from_value(policies).unwrap()));
        version.operations.push(closed);
    });
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for (target, expected) in [("/pets", Ok("/v1/pets")), ("/admin", Err(404)), ("/cats", Err(404))] {
        let found = reached(&world, "api.example", target).await;
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{target}");
    }
}

#[tokio::test]
async fn an_open_version_passes_what_nobody_described() {
    let upstream = Upstream::mirror().await;
    let open = Routing {
        paths: Paths::Open,
        ..routing("api.example", "")
    };
    let world = world_with(&upstream, &[("v1", open)], |version| {
        version.policies = serde_json::from_value(serde_json::json!({
            "headers": { "response": { "set": { "x-of": "version" } } },
            "cors": { "origins": ["https://app.example"] },
        }))
        .unwrap();
    });
    for (target, expected) in [
        ("/cats/1", Ok("/v1/cats/1")),
        ("/", Ok("/v1/")),
        ("/pets/", Ok("/v1/pets/")),
        ("/a%2Fb//c", Ok("/v1/a%2Fb//c")),
        ("/pets", Ok("/v1/pets")),
        ("/cats/../admin", Err(400)),
        ("/cats/%2e%2e/admin", Err(400)),
        ("/cats/..%2fadmin", Err(400)),
        ("/cats\\..\\admin", Err(400)),
    ] {
        let found = reached(&world, "api.example", target).await;
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{target}");
    }
    let patch = format!("PATCH /pets HTTP/1.1\r\nHost: api.example\r\nX-Api-Key: {KEY}\r\n\r\n");
    let reply = call(world.address(), patch).await;
    assert_eq!(
        (reply.status, reply.header("x-of").as_str()),
        (200, "version"),
        "another method of a path"
    );
    let preflight = "OPTIONS /cats HTTP/1.1\r\nHost: api.example\r\nOrigin: https://app.example\r\n\
                     Access-Control-Request-Method: PUT\r\n\r\n";
    assert_eq!(call(world.address(), preflight).await.status, 204);
    let without_key = call(world.address(), "GET /cats HTTP/1.1\r\nHost: api.example\r\n\r\n").await;
    assert_eq!(without_key.status, 401);
    let usage = world.stop().await;
    let described: u64 = usage
        .iter()
        .filter(|(key, _)| key.operation.is_empty() && key.status == 200)
        .map(|(_, sums)| sums.units)
        .sum();
    assert_eq!(described, 5, "calls without an operation count: {usage:?}");
}

#[tokio::test]
async fn a_retired_version_leaves_its_place_to_another() {
    let upstream = Upstream::mirror().await;
    let place = || routing("api.example", "");
    let retire = |version: &mut VersionRecord| {
        if version.name == "v1" {
            version.state = VersionState::Retired;
        }
    };
    let both = world_with(&upstream, &[("v1", place()), ("v2", place())], retire);
    assert_eq!(reached(&both, "api.example", "/pets").await.as_deref(), Ok("/v2/pets"));
    let alone = world_with(&upstream, &[("v1", place())], retire);
    assert_eq!(reached(&alone, "api.example", "/pets").await, Err(410));
}

#[tokio::test]
async fn a_successor_is_named_where_it_answers() {
    let upstream = Upstream::mirror().await;
    let world = world_with(
        &upstream,
        &[("v1", Routing::default()), ("v2", routing("next.example", "/v2"))],
        |version| {
            if version.name == "v1" {
                version.state = VersionState::Deprecated;
                version.deprecation = Some(Deprecation {
                    since: NOW - Duration::from_hours(1),
                    sunset: None,
                    successor: Some("v2".into()),
                    guide: None,
                });
            }
        },
    );
    let reply = ask(&world, "gateway.test", "/acme/petstore/v1/pets", "").await;
    let link = reply.header("link");
    assert!(
        link.contains("<//next.example/v2>; rel=\"successor-version\""),
        "{link}"
    );
}

#[tokio::test]
async fn two_versions_at_one_place_are_told_and_the_first_answers() {
    let upstream = Upstream::mirror().await;
    let world = world(&upstream, &[("v1", routing("api.example", ""))]);
    let ConfigUpdate::Full(mut config) = Setup::new(Some(&upstream.url())).config() else {
        unreachable!("a setup is a whole configuration")
    };
    let mut first = config.catalog.versions[0].clone();
    first.routing = routing("api.example", "");
    let second = VersionRecord {
        id: id("ver", 2),
        name: "v2".into(),
        ..first.clone()
    };
    config.revision = 2;
    config.catalog.versions = vec![first, second];
    let applied = world.snapshot.apply(ConfigUpdate::Full(config));
    let subjects: Vec<&str> = applied
        .warnings
        .iter()
        .map(|warning| warning.subject.as_str())
        .collect();
    assert_eq!(subjects, ["version acme/petstore/v2"], "{applied:?}");
    assert_eq!(reached(&world, "api.example", "/pets").await.as_deref(), Ok("/pets"));
    let elsewhere = reached(&world, "gateway.test", "/acme/petstore/v2/pets").await;
    assert_eq!(elsewhere.as_deref(), Ok("/pets"));
}
