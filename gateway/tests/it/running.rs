//! Starting, configuring and stopping.

use std::{net::SocketAddr, time::Duration};

use domain::{
    gateway_config::{ConfigChanges, ConfigUpdate},
    plan::{Period, Quota},
};
use gateway::{Gateway, GatewayOptions, SnapshotHandle, StartError, UsageSink};
use http::Response;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};

use crate::{
    caller::{Caller, call, get},
    upstream::{Upstream, full},
    world::{PORTAL, Setup, World, id},
};

const PETS: &str = "/acme/petstore/v1/pets";

#[tokio::test]
async fn a_taken_port_is_a_clear_error() {
    let world = World::start_with(|_| {});
    let (sink, _usage) = UsageSink::channel(1);
    let error = Gateway::start(GatewayOptions::new(world.address()), SnapshotHandle::new(PORTAL), sink).unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }));
    assert!(error.to_string().contains(&world.address().to_string()), "{error}");
}

#[tokio::test]
async fn what_runs_may_finish_and_is_counted() {
    let (begun, mut has_begun) = mpsc::channel(1);
    let (go, may_go) = watch::channel(false);
    let upstream = Upstream::start(move |_| {
        let (begun, mut may_go) = (begun.clone(), may_go.clone());
        async move {
            begun.send(()).await.unwrap();
            may_go.wait_for(|go| *go).await.unwrap();
            Response::new(full("late"))
        }
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let address = world.address();
    let mut idle = Caller::connect(address).await;
    let mut caller = Caller::connect(address).await;
    caller.send(get(PETS, "")).await;
    has_begun.recv().await.unwrap();
    let stopping = tokio::spawn(world.stop());
    assert!(idle.is_closed().await, "idle connections end at once");
    // No listener is left, while the call still runs.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.send_replace(true);
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "late"));
    let rows = stopping.await.unwrap();
    assert_eq!(
        rows.iter()
            .map(|(_, sums)| (sums.calls, sums.units, sums.bytes_out))
            .collect::<Vec<_>>(),
        [(1, 1, 4)]
    );
}

#[tokio::test]
async fn what_does_not_finish_is_cut() {
    let (begun, mut has_begun) = mpsc::channel(1);
    let upstream = Upstream::start(move |_| {
        let begun = begun.clone();
        async move {
            begun.send(()).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    has_begun.recv().await.unwrap();
    let drained = world.gateway.shutdown(Duration::from_millis(50)).await;
    assert_eq!(drained.cut, 1);
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn revisions_only_grow_and_can_be_waited_for() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    let snapshot = SnapshotHandle::new(PORTAL);
    let changes = |revision| {
        ConfigUpdate::Changes(Box::new(ConfigChanges {
            revision,
            ..ConfigChanges::default()
        }))
    };
    assert!(!snapshot.apply(changes(1)).is_taken, "there is nothing to change yet");
    assert_eq!(snapshot.revision(), None);
    let waiting = tokio::spawn({
        let snapshot = snapshot.clone();
        async move { snapshot.wait_for(7).await }
    });
    setup.revision = 5;
    assert!(snapshot.apply(setup.config()).is_taken);
    assert!(!snapshot.apply(setup.config()).is_taken);
    assert!(!snapshot.apply(changes(4)).is_taken);
    assert_eq!(snapshot.revision(), Some(5));
    assert!(snapshot.apply(changes(8)).is_taken);
    waiting.await.unwrap();
}

#[tokio::test]
async fn an_older_configuration_can_replace_the_served_one() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.revision = 9;
    setup.quota = Some(Quota {
        requests: 2,
        per: Period::Month,
    });
    let world = World::start(&setup);
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    setup.revision = 4;
    setup.version.name = "v0".into();
    let ConfigUpdate::Full(config) = setup.config() else {
        panic!("a setup is a whole configuration")
    };
    assert!(!world.snapshot.apply(ConfigUpdate::Full(config.clone())).is_taken);
    let applied = world.snapshot.replace(*config);
    assert_eq!((applied.is_taken, world.snapshot.revision()), (true, Some(4)));
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 404);
    let restored = "/acme/petstore/v0/pets";
    assert_eq!(call(world.address(), get(restored, "")).await.status, 200);
    assert_eq!(
        call(world.address(), get(restored, "")).await.status,
        429,
        "what was counted stays"
    );
    setup.revision = 5;
    assert!(
        world.snapshot.apply(setup.config()).is_taken,
        "and grows again from there"
    );
}

#[tokio::test]
async fn the_oldest_active_subscription_wins_however_it_came() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.has_subscription = false;
    let world = World::start(&setup);
    let change = |revision, subscription| {
        ConfigUpdate::Changes(Box::new(ConfigChanges {
            revision,
            subscriptions: vec![subscription],
            ..ConfigChanges::default()
        }))
    };
    let (older, mut newer) = (setup.subscription(), setup.subscription());
    newer.id = id("sub", 2);
    let paying = [older.id, newer.id];
    world.snapshot.apply(change(2, newer));
    world.snapshot.apply(change(3, older.clone()));
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    // A change of the older one does not put it last.
    world.snapshot.apply(change(4, older));
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    let rows = world.stop().await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0.subscription_id, rows[0].1.units), (paying[0], 2));
}

#[tokio::test]
async fn a_bad_record_hurts_only_itself() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.operations[0].path = "/a#b".into();
    setup.version.operations[1].method = "PO ST".into();
    let world = World::start_with(|_| {});
    let applied = world.snapshot.apply(setup.config());
    assert_eq!(applied.warnings.len(), 2, "{applied:?}");
    assert!(
        applied.warnings[0]
            .to_string()
            .starts_with("version acme/petstore/v1: "),
        "{applied:?}"
    );
    assert_eq!(
        call(world.address(), get("/acme/petstore/v1/pets/1", "")).await.status,
        200
    );
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 404);

    // A plan that can't be kept does not let anybody through.
    setup.revision += 1;
    setup.rate_limits = vec![domain::plan::RateLimit {
        requests: 0,
        per_s: 1,
        burst: 1,
    }];
    let applied = world.snapshot.apply(setup.config());
    assert!(
        applied
            .warnings
            .iter()
            .any(|warning| warning.subject.starts_with("plan plan_")),
        "{applied:?}"
    );
    assert_eq!(
        call(world.address(), get("/acme/petstore/v1/pets/1", "")).await.status,
        403
    );
}

#[tokio::test]
async fn every_worker_serves() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| {
        options.threads = 4;
        options.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    });
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    for _ in 0..40 {
        assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    }
    assert_eq!(world.stop().await.iter().map(|(_, sums)| sums.calls).sum::<u64>(), 40);
}
