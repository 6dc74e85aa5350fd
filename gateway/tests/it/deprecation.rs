//! What a version says about its end, on every answer.

use std::time::Duration;

use domain::{catalog::version::VersionState, deprecation::Deprecation};
use time::macros::datetime;

use crate::{
    caller::{Reply, call, get},
    upstream::Upstream,
    world::{NOW, Setup, World},
};

fn check(reply: &Reply) {
    assert_eq!(reply.header("deprecation"), "@1793491200", "{reply:?}");
    assert_eq!(reply.header("sunset"), "Fri, 20 Nov 2026 11:00:00 GMT");
    assert_eq!(
        reply.header("link"),
        "<http://portal.test/apis/acme/petstore/v1/deprecation>; rel=\"deprecation\"; type=\"text/html\", \
         <http://portal.test/apis/acme/petstore/v1/deprecation>; rel=\"sunset\"; type=\"text/html\", \
         </acme/petstore/v2>; rel=\"successor-version\", \
         <http://portal.test/apis/acme/petstore/v2>; rel=\"successor-version\"; type=\"text/html\""
    );
}

#[tokio::test]
async fn an_announced_end_is_on_every_answer_and_comes_by_itself() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.state = VersionState::Deprecated;
    setup.version.deprecation = Some(Deprecation {
        since: datetime!(2026-11-01 0:00 UTC),
        sunset: Some(NOW + Duration::from_hours(1)),
        successor: Some("v2".into()),
        guide: None,
    });
    let world = World::start(&setup);
    for (path, fields, status) in [
        ("/acme/petstore/v1/pets", "", 200),
        ("/acme/petstore/v1/cats", "", 404),
        ("/acme/petstore/v1/pets", "X-Api-Key: wrong\r\n", 400),
    ] {
        let reply = call(world.address(), get(path, fields)).await;
        assert_eq!(reply.status, status, "{path} {fields}");
        check(&reply);
    }
    let elsewhere = call(world.address(), get("/acme/petstore/v3/pets", "")).await;
    assert!(!elsewhere.has("deprecation"));

    world.clock.advance(Duration::from_secs(3_599));
    assert_eq!(
        call(world.address(), get("/acme/petstore/v1/pets", "")).await.status,
        200
    );
    world.clock.advance(Duration::from_secs(1));
    let over = call(world.address(), get("/acme/petstore/v1/pets", "")).await;
    assert_eq!(over.status, 410);
    over.problem("version-retired");
    check(&over);
}
