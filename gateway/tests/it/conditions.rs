//! What conditions of the policy `expression` read of a request that is written in an unusual way.

use domain::{
    catalog::routing::{Paths, Routing},
    policy::PolicySet,
};

use crate::{
    caller::call,
    upstream::Upstream,
    world::{KEY, Setup, World},
};

fn setup(upstream: &Upstream, when: &str) -> Setup {
    let mut setup = Setup::new(Some(&upstream.url()));
    let policies = serde_json::json!({ "expression": [{ "when": when }] });
    setup.version.policies = serde_json::from_value::<PolicySet>(policies).unwrap();
    setup
}

async fn status(world: &World, target: &str, host: &str, fields: &str) -> u16 {
    let request = format!("GET /acme/petstore/v1{target} HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {KEY}\r\n{fields}\r\n");
    call(world.address(), request).await.status
}

#[tokio::test]
async fn a_path_is_read_as_it_is_routed() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&setup(
        &upstream,
        "request.path.startsWith('/pets/adm') || request.path == '/pets/a%2Fb'",
    ));
    for (target, expected) in [
        ("/pets/1", 200),
        ("/pets/admin", 403),
        ("/pets/%61dmin", 403),
        ("/%70ets/a%64%6Din", 403),
        ("/pets/%2561dmin", 200),
        ("/pets/a%2fb", 403),
        ("/pets/a%2Fc", 200),
        // Nobody knows what it says.
        ("/pets/%ff", 403),
    ] {
        assert_eq!(status(&world, target, "x", "").await, expected, "{target}");
    }
}

#[tokio::test]
async fn an_open_path_is_no_way_round_a_condition() {
    let upstream = Upstream::mirror().await;
    let mut setup = setup(&upstream, "request.path.startsWith('/admin')");
    setup.version.routing = Routing {
        paths: Paths::Open,
        ..Routing::default()
    };
    let world = World::start(&setup);
    for (target, expected) in [
        ("/other", 200),
        ("/admin", 403),
        ("/%61dmin", 403),
        ("//admin", 400),
        ("/%2fadmin", 400),
        ("/;x/admin", 400),
    ] {
        assert_eq!(status(&world, target, "x", "").await, expected, "{target}");
    }
}

#[tokio::test]
async fn a_field_that_stands_twice_is_no_value() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&setup(&upstream, "request.headers['x-role'] == 'guest'"));
    for (fields, expected) in [
        ("X-Role: admin\r\n", 200),
        ("X-Role: guest\r\n", 403),
        ("X-Role: guest\r\nX-Role: admin\r\n", 403),
        ("X-Role: admin\r\nx-role: guest\r\n", 403),
        ("", 403),
    ] {
        assert_eq!(status(&world, "/pets", "x", fields).await, expected, "{fields}");
    }
    let world = World::start(&setup(&upstream, "request.headers['accept'].contains('b/b')"));
    for (fields, expected) in [
        ("Accept: a/a\r\n", 200),
        ("Accept: a/a\r\nAccept: c/c\r\n", 200),
        ("Accept: a/a\r\nAccept: b/b\r\n", 403),
    ] {
        assert_eq!(status(&world, "/pets", "x", fields).await, expected, "{fields}");
    }
}

#[tokio::test]
async fn a_host_is_the_same_with_a_dot_at_its_end() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&setup(&upstream, "request.host == 'closed.example'"));
    for (host, expected) in [
        ("open.example", 200),
        ("closed.example", 403),
        ("Closed.Example.", 403),
        ("closed.example.:80", 403),
    ] {
        assert_eq!(status(&world, "/pets", host, "").await, expected, "{host}");
    }
}
