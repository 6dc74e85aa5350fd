use bytes::Bytes;
use http::{StatusCode, Version};
use proptest::prelude::*;

use super::*;
use crate::{
    cache::{Exchange, Landed, directives::AnswerDirectives, stored::Freshness},
    message::Fields,
};

const NOBODY: [Option<Partition>; 2] = [Some(Partition::Shared), None];

fn stored(response_s: i64, size: usize) -> Arc<Stored> {
    let exchange = Exchange {
        request_s: response_s,
        response_s,
    };
    Arc::new(Stored {
        status: StatusCode::OK,
        version: Version::HTTP_11,
        fields: Fields::default(),
        body: Bytes::from(vec![b'x'; size]),
        selecting: Box::default(),
        freshness: Freshness::new(&AnswerDirectives::default(), 60, 0, exchange, (None, None)),
    })
}

fn key(name: &str) -> Arc<[u8]> {
    name.as_bytes().into()
}

fn keep(store: &Store, name: &str, size: usize) -> bool {
    let key = key(name);
    store.keep(&key, Partition::Shared, stored(0, size), store.stamp(&key))
}

fn is_kept(store: &Store, name: &str) -> bool {
    matches!(store.find(&key(name), NOBODY, |_| true), Found::Answer(_))
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    let store = Store::new(100_000);
    assert!(keep(&store, "hot", 1_000));
    for n in 0..1_000 {
        assert!(is_kept(&store, "hot"), "after {n} others");
        assert!(keep(&store, &format!("cold{n}"), 1_000));
        assert!(store.usage().1 <= 100_000, "{:?}", store.usage());
    }
    assert!(!is_kept(&store, "cold0") && is_kept(&store, "cold999"));
    assert!(!keep(&store, "large", 60_000), "no answer takes more than half");
    assert!(!keep(&Store::new(0), "any", 1));
}

#[test]
fn partitions_do_not_see_each_other() {
    let store = Store::new(100_000);
    let key = key("a");
    let since = store.stamp(&key);
    let application = |n: u128| {
        let id = format!("app_{n:032x}").parse().unwrap();
        Partition::Application(id)
    };
    assert!(store.keep(&key, application(1), stored(1, 10), since));
    let found = |partitions| match store.find(&key, partitions, |_| true) {
        Found::Answer(stored) => Some(stored.freshness.response_s),
        _ => None,
    };
    assert_eq!(found([Some(application(1)), Some(Partition::Shared)]), Some(1));
    assert_eq!(found([Some(application(2)), Some(Partition::Shared)]), None);
    assert_eq!(found([None, Some(Partition::Shared)]), None);
    assert_eq!(found([Some(Partition::Anonymous), Some(Partition::Shared)]), None);
    assert!(store.keep(&key, Partition::Shared, stored(2, 10), since));
    assert_eq!(
        found([Some(application(1)), Some(Partition::Shared)]),
        Some(2),
        "the newest"
    );
    assert_eq!(found([Some(application(2)), Some(Partition::Shared)]), Some(2));
}

#[test]
fn what_was_asked_for_before_a_change_is_not_kept() {
    let store = Store::new(100_000);
    let (a, b) = (key("a"), key("b"));
    let before = store.stamp(&a);
    assert!(keep(&store, "a", 10));
    store.invalidate(&a);
    assert!(!is_kept(&store, "a"));
    assert!(!store.keep(&a, Partition::Shared, stored(0, 10), before));
    assert!(
        store.keep(&b, Partition::Shared, stored(0, 10), before),
        "another target"
    );
    assert!(keep(&store, "a", 10));
    assert_eq!(store.purge(|key| key == b"a"), 1);
    assert!(
        !store.keep(&b, Partition::Shared, stored(0, 10), before),
        "a purge means all"
    );
    let before = store.stamp(&b);
    for n in 0..=REMEMBERED {
        store.invalidate(&key(&n.to_string()));
    }
    assert!(
        !store.keep(&b, Partition::Shared, stored(0, 10), before),
        "what is not remembered counts"
    );
    assert!(keep(&store, "b", 10));
}

#[test]
fn an_answer_outlives_the_change_that_it_made_but_no_other() {
    let store = Store::new(100_000);
    let a = key("a");
    let since = store.stamp(&a);
    store.invalidate(&key("b"));
    store.invalidate(&a);
    assert!(store.stamp_after_own(&a, since, 0).is_none());
    let stamp = store.stamp_after_own(&a, since, 1).unwrap();
    assert!(store.keep(&a, Partition::Shared, stored(0, 10), stamp));
    store.invalidate(&a);
    assert!(
        store.stamp_after_own(&a, since, 1).is_none(),
        "another change came between"
    );
    assert!(!store.keep(&a, Partition::Shared, stored(0, 10), stamp), "or later");
}

#[test]
fn receiving_takes_no_more_than_the_store_has() {
    let store = Store::new(1_000);
    assert!(store.reserve(600) && !store.reserve(600));
    store.release(600);
    assert!(store.reserve(1_000));
}

#[test]
fn one_call_goes_and_the_others_wait() {
    let store = Store::new(1_000);
    let a = key("a");
    let join = |partition, now_s| store.join(&a, partition, now_s);
    let Join::Lead(lead) = join(Partition::Shared, 0) else {
        panic!()
    };
    assert!(matches!(join(Partition::Shared, 0), Join::Wait(_)));
    assert!(matches!(join(Partition::Anonymous, 0), Join::Lead(_)), "another crowd");
    lead.land(Landed::NotKept);
    assert!(
        matches!(join(Partition::Shared, 4), Join::Alone),
        "nobody waits for what is not kept"
    );
    let Join::Lead(lead) = join(Partition::Shared, 5) else {
        panic!()
    };
    drop(lead);
    assert!(matches!(join(Partition::Shared, 5), Join::Lead(_)), "the next goes");
}

#[test]
fn a_call_that_stands_still_is_outrun_by_one() {
    let store = Store::new(1_000);
    let a = key("a");
    let wait = || match store.join(&a, Partition::Shared, 0) {
        Join::Wait(flight) => flight,
        other => panic!("{other:?}"),
    };
    let slow = store.join(&a, Partition::Shared, 0).lead().unwrap();
    let flight = wait();
    assert_eq!(flight.pause(), None);
    slow.stands(true);
    let pause = flight.pause();
    slow.stands(true);
    assert!(pause.is_some() && flight.pause() == pause, "it is the same pause");
    slow.stands(false);
    assert_eq!(flight.pause(), None);
    slow.stands(true);
    assert!(flight.pause() > pause, "it is another");

    let quick = store.outrun(&flight, &a, Partition::Shared, 0).lead().unwrap();
    assert!(matches!(store.outrun(&flight, &a, Partition::Shared, 0), Join::Wait(_)));
    slow.land(Landed::Kept);
    assert_eq!(wait().pause(), None, "the one that was outrun takes nothing away");
    quick.land(Landed::Kept);
    assert!(matches!(store.join(&a, Partition::Shared, 0), Join::Lead(_)));
}

proptest! {
    #[test]
    fn books_are_kept(steps in prop::collection::vec((0_u8..4, 0_u8..20, 0_usize..30_000), 1..200)) {
        let store = Store::new(100_000);
        for (step, name, size) in steps {
            let name = format!("k{name}");
            match step {
                0 | 1 => { keep(&store, &name, size); }
                2 => { is_kept(&store, &name); }
                _ => store.invalidate(name.as_bytes()),
            }
            let (count, bytes) = store.usage();
            let shard = store.all().next().unwrap();
            prop_assert!(bytes <= 100_000);
            prop_assert_eq!(shard.entries.iter().flatten().count(), count);
            prop_assert_eq!(shard.entries.iter().flatten().map(|entry| entry.bytes).sum::<usize>(), bytes);
            prop_assert_eq!(shard.targets.values().flat_map(HashMap::values).flatten().count(), count);
            prop_assert_eq!(shard.free.len() + count, shard.entries.len());
        }
    }
}
