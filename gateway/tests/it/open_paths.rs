//! Open versions whose operations have policies of their own: no way of writing a path leaves them.

use domain::{
    catalog::routing::{Paths, Routing},
    gateway_config::OperationRecord,
};
use serde_json::json;

use crate::{
    caller::call,
    upstream::Upstream,
    world::{KEY, Setup, World},
};

/// An open version with an operation that nobody may call, at a path with and one without a slash at its end.
fn setup(upstream: &Upstream, has_policies: bool) -> Setup {
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.routing = Routing {
        paths: Paths::Open,
        ..Routing::default()
    };
    for (slug, path) in [("admin", "/admin"), ("keys", "/keys/")] {
        let policies = json!({ "ip": { "deny": ["0.0.0.0/0"] } });
        setup.version.operations.push(OperationRecord {
            slug: slug.into(),
            method: "GET".into(),
            path: path.into(),
            deprecated: false,
            policies: has_policies.then(|| Box::new(serde_json::from_value(policies).unwrap())),
        });
    }
    setup
}

async fn status(world: &World, method: &str, target: &str) -> u16 {
    let request = format!("{method} /acme/petstore/v1{target} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n");
    call(world.address(), request).await.status
}

#[tokio::test]
async fn no_spelling_leaves_the_policies_of_an_operation() {
    let upstream = Upstream::mirror().await;
    let guarded = World::start(&setup(&upstream, true));
    let free = World::start(&setup(&upstream, false));
    for (target, expected) in [
        ("/admin", 403),
        ("/%61dmin", 403),
        ("/admin/", 403),
        ("/keys/", 403),
        ("/keys", 403),
        ("//admin", 400),
        ("/admin//", 400),
        ("/admin;x", 400),
        ("/admin;x=1/", 400),
        ("/admin%3Bx", 400),
        ("/%2fadmin", 400),
        ("/admin%2F", 400),
        ("/cats/a%2Fb", 400),
        // What the document describes is no matter of the version's own policies, and neither is what is plain.
        ("/pets/a%2Fb", 200),
        ("/pets/1;v=2", 200),
        ("/cats/", 200),
        ("/cats/1", 200),
        ("/", 200),
        ("", 200),
    ] {
        assert_eq!(status(&guarded, "GET", target).await, expected, "{target}");
        assert_eq!(status(&free, "GET", target).await, 200, "{target}");
    }
    // Another method is another call, also with a slash.
    assert_eq!(status(&guarded, "PATCH", "/admin").await, 200);
    assert_eq!(status(&guarded, "PATCH", "/admin/").await, 200);
    let reply = format!("GET /acme/petstore/v1//admin HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n");
    let problem = call(guarded.address(), reply).await.problem("ambiguous-path");
    assert!(
        problem["detail"].as_str().unwrap().contains("empty segment"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_strict_version_is_as_it_was() {
    let upstream = Upstream::mirror().await;
    let mut setup = setup(&upstream, true);
    setup.version.routing = Routing::default();
    let world = World::start(&setup);
    for (target, expected) in [
        ("/admin", 403),
        ("/admin/", 404),
        ("//admin", 404),
        ("/admin;x", 404),
        ("/pets/a%2Fb", 200),
    ] {
        assert_eq!(status(&world, "GET", target).await, expected, "{target}");
    }
}
