//! What is counted is what happened, whatever happens to the configuration meanwhile.

use domain::{
    gateway_config::{ConfigChanges, ConfigUpdate, QuotaStart},
    id::{KeyId, SubscriptionId},
    plan::{Period, Quota, RateLimit},
};
use time::macros::datetime;

use crate::{
    caller::{Caller, call, get},
    upstream::Upstream,
    world::{KEY, NOW, Setup, World, id, key_id, subscription_id},
};

const PETS: &str = "/acme/petstore/v1/pets";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_are_ten_thousand_calls() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.quota = Some(Quota {
        requests: 9_000,
        per: Period::Month,
    });
    let world = World::start(&setup);
    let address = world.address();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            tokio::spawn(async move {
                let mut caller = Caller::connect(address).await;
                let (mut passed, mut refused) = (0, 0);
                for number in 0..625 {
                    caller.send(get(&format!("{PETS}/{number}"), "")).await;
                    match caller.reply().await.status {
                        200 => passed += 1,
                        429 => refused += 1,
                        other => panic!("{other}"),
                    }
                }
                (passed, refused)
            })
        })
        .collect();
    // The configuration changes all the time; budgets must not notice.
    for _ in 0..20 {
        setup.revision += 1;
        assert!(world.snapshot.apply(setup.config()).is_taken);
        tokio::task::yield_now().await;
    }
    let (mut passed, mut refused) = (0, 0);
    for caller in callers {
        let (p, r) = caller.await.unwrap();
        (passed, refused) = (passed + p, refused + r);
    }
    assert_eq!(
        (passed, refused, upstream.calls()),
        (9_000, 1_000, 9_000),
        "the quota is exact over two workers"
    );
    let rows = world.stop().await;
    let sum = |status: u16| -> (u64, u64) {
        let of_status = rows.iter().filter(|(key, _)| key.status == status);
        of_status.fold((0, 0), |(calls, units), (_, sums)| {
            (calls + sums.calls, units + sums.units)
        })
    };
    assert_eq!((sum(200), sum(429)), ((9_000, 9_000), (1_000, 0)));
    for (key, sums) in &rows {
        assert_eq!(
            (key.subscription_id, key.key_id, key.version_id),
            (subscription_id(), key_id(), id("ver", 1))
        );
        assert_eq!((key.operation.as_str(), key.minute), ("get-pet", NOW.unix_timestamp()));
        assert!(sums.bytes_out > 0 && sums.latency_us > 0);
    }
}

#[tokio::test]
async fn rows_say_whose_call_it_was_as_far_as_it_is_known() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    call(world.address(), get("/nowhere", "")).await;
    call(world.address(), get("/acme/petstore/v1/cats", "")).await;
    call(world.address(), format!("GET {PETS} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    call(
        world.address(),
        format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 5\r\n\r\nhello"),
    )
    .await;
    let counters = world.gateway.counters();
    let rows = world.stop().await;
    let told: Vec<_> = rows
        .iter()
        .map(|(key, sums)| {
            let is_known = key.subscription_id != SubscriptionId::NIL && key.key_id != KeyId::NIL;
            (
                key.operation.as_str(),
                key.status,
                key.is_refused,
                is_known,
                sums.units,
                sums.bytes_in,
            )
        })
        .collect();
    assert_eq!(told.len(), 4);
    assert!(told.contains(&("", 404, true, false, 0, 0)), "{told:?}");
    assert!(told.contains(&("list-pets", 401, true, false, 0, 0)), "{told:?}");
    assert!(told.contains(&("add-pet", 200, false, true, 1, 5)), "{told:?}");
    let counted = counters.read();
    assert_eq!(counted.by_class, [0, 1, 0, 3, 0]);
    assert!(counted.refusals.contains(&("missing-key", 1)), "{counted:?}");
    assert_eq!((counted.connections, counted.open_connections), (4, 0));
}

#[tokio::test]
async fn budgets_survive_changes_and_begin_where_the_ledger_is() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.quota = Some(Quota {
        requests: 10,
        per: Period::Month,
    });
    setup.rate_limits = vec![RateLimit {
        requests: 100,
        per_s: 3_600,
        burst: 100,
    }];
    setup.used = QuotaStart {
        period_start: datetime!(2026-11-01 0:00 UTC),
        units: 4,
    };
    let world = World::start(&setup);
    let left = async || call(world.address(), get(PETS, "")).await.header("ratelimit");
    assert!(left().await.contains("\"month\";r=5;"));
    assert!(left().await.contains("\"month\";r=4;"));

    setup.revision += 1;
    world.snapshot.apply(setup.config());
    assert!(
        left().await.contains("\"month\";r=3;"),
        "a new configuration refills nothing"
    );

    // A larger plan keeps what was used.
    setup.quota = Some(Quota {
        requests: 20,
        per: Period::Month,
    });
    let changes = ConfigChanges {
        revision: 10,
        catalog: Some(domain::gateway_config::CatalogRecords {
            versions: vec![setup.version.clone()],
            plans: vec![setup.plan(setup.version.api_id)],
        }),
        subscriptions: vec![setup.subscription()],
        ..ConfigChanges::default()
    };
    assert!(world.snapshot.apply(ConfigUpdate::Changes(Box::new(changes))).is_taken);
    let standing = left().await;
    assert!(
        standing.contains("\"month\";r=12;") && standing.contains("\"hour\";r=96;"),
        "{standing}"
    );
}

#[tokio::test]
async fn a_key_is_gone_as_soon_as_the_change_is_applied() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.reply().await.status, 200);
    let revoked = domain::key::KeyHash::of(KEY.as_bytes());
    let changes = ConfigChanges {
        revision: 2,
        revoked_keys: vec![revoked],
        ..ConfigChanges::default()
    };
    assert_eq!(
        world.snapshot.apply(ConfigUpdate::Changes(Box::new(changes))).revision,
        Some(2)
    );
    caller.send(get(PETS, "")).await;
    let reply = caller.reply().await;
    assert_eq!(reply.status, 401, "also on a connection that is open");
    reply.problem("unknown-key");
}
