use super::*;
use crate::upstream::book::AuthorityBook;

const SECOND: Duration = Duration::from_secs(1);

/// Targets with these weights and, where wanted, states.
fn group(weights: &[u32], rules: Rules, keeps_state: bool) -> Group {
    named(
        &weights
            .iter()
            .enumerate()
            .map(|(i, weight)| (i, *weight))
            .collect::<Vec<_>>(),
        rules,
        keeps_state,
    )
}

fn named(targets: &[(usize, u32)], rules: Rules, keeps_state: bool) -> Group {
    let mut book = AuthorityBook::default();
    let all = targets.iter().map(|(name, weight)| Target {
        authority: book.plain(&format!("{name}.test")),
        base_path: "".into(),
        weight: *weight,
        seed: crate::upstream::caller::hash(&name.to_le_bytes()),
        state: keeps_state.then(Arc::default),
    });
    Group::new(all.collect(), rules)
}

fn by(method: Method) -> Rules {
    Rules {
        method,
        ..Rules::default()
    }
}

/// Numbers that look random and are always the same.
fn randoms() -> impl Iterator<Item = u64> {
    (1..).map(mix)
}

fn counts(group: &Group, calls: usize, now: Tick) -> Vec<usize> {
    let mut counts = vec![0; group.targets().len()];
    for random in randoms().take(calls) {
        counts[group
            .pick(Some(random), random, &mut Tried::default(), now)
            .unwrap()
            .index] += 1;
    }
    counts
}

fn close(counts: &[usize], expected: &[usize]) {
    for (count, expected) in counts.iter().zip(expected) {
        assert!(
            count.abs_diff(*expected) * 10 <= (*expected).max(10),
            "{counts:?} instead of {expected:?}"
        );
    }
}

#[test]
fn turns_follow_the_weights_exactly() {
    assert_eq!(
        counts(&group(&[5, 1, 1], by(Method::RoundRobin), false), 700, Tick::ZERO),
        [500, 100, 100]
    );
    assert_eq!(counts(&group(&[1], by(Method::RoundRobin), false), 7, Tick::ZERO), [7]);
    assert_eq!(
        counts(&group(&[1; 32], by(Method::RoundRobin), true), 64, Tick::ZERO),
        [2; 32]
    );
}

#[test]
fn every_target_is_tried_once() {
    for method in [Method::RoundRobin, Method::LeastRequests, Method::Hash] {
        let group = group(&[3, 1, 1, 2], by(method), true);
        let mut tried = Tried::default();
        let mut seen = Vec::new();
        while let Some(pick) = group.pick(Some(7), mix(seen.len() as u64), &mut tried, Tick::ZERO) {
            seen.push(pick.index);
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3], "{method:?}");
    }
}

#[test]
fn targets_that_are_away_get_nothing_and_their_calls_are_spread() {
    let now = Tick(1_000);
    for method in [Method::RoundRobin, Method::LeastRequests, Method::Hash] {
        let group = group(&[1, 1, 1, 1], by(method), true);
        group.targets()[1].state.as_ref().unwrap().set_healthy(false, now);
        close(&counts(&group, 30_000, now), &[10_000, 0, 10_000, 10_000]);
        for target in group.targets() {
            target.state.as_ref().unwrap().set_healthy(false, now);
        }
        close(&counts(&group, 40_000, now), &[10_000; 4]);
    }
}

#[test]
fn fewer_calls_on_their_way_win() {
    let group = group(&[1, 1, 1], by(Method::LeastRequests), false);
    let mut held = Vec::new();
    for random in randoms().take(300) {
        held.push(
            group
                .pick(None, random, &mut Tried::default(), Tick::ZERO)
                .unwrap()
                .load
                .unwrap(),
        );
    }
    let calls = |i: usize| group.targets()[i].authority.on_their_way.load(Relaxed);
    for i in 0..3 {
        assert!((95..=105).contains(&calls(i)), "{}", calls(i));
    }
    drop(held);
    assert_eq!(
        (0..3).map(calls).sum::<u32>(),
        0,
        "nothing is counted twice or for ever"
    );
}

#[test]
fn loads_are_seen_by_weight() {
    let group = group(&[3, 1], by(Method::LeastRequests), false);
    let mut held: Vec<_> = Vec::new();
    for random in randoms().take(400) {
        held.push(
            group
                .pick(None, random, &mut Tried::default(), Tick::ZERO)
                .unwrap()
                .load,
        );
    }
    close(
        &[group.targets()[0].authority.on_their_way.load(Relaxed) as usize],
        &[300],
    );
}

#[test]
fn hashes_stay_and_only_the_calls_of_a_target_that_goes_move() {
    let rules = by(Method::Hash);
    let four = named(&[(0, 1), (1, 1), (2, 2), (3, 4)], rules.clone(), false);
    close(&counts(&four, 80_000, Tick::ZERO), &[10_000, 10_000, 20_000, 40_000]);
    let three = named(&[(0, 1), (1, 1), (3, 4)], rules, false);
    for hash in randoms().take(5_000) {
        let choose = |group: &Group| {
            group
                .pick(Some(hash), 0, &mut Tried::default(), Tick::ZERO)
                .unwrap()
                .target
                .authority
                .host
                .clone()
        };
        let (before, after) = (choose(&four), choose(&three));
        assert!(before == "2.test" || before == after, "{before} → {after}");
    }
}

#[test]
fn failures_in_a_row_eject_up_to_a_share() {
    let rules = Rules {
        ejection: Some(Ejection {
            failures: 3,
            time: SECOND,
            max_percent: 50,
        }),
        ..Rules::default()
    };
    let group = group(&[1; 5], rules, true);
    let now = Tick(1_000);
    let fail = |index| (0..3).for_each(|_| group.observe(index, Outcome::NotConnected, now));
    let answered = |status: u16| Outcome::Answered(http::StatusCode::from_u16(status).unwrap());
    for outcome in [
        Outcome::Broken,
        answered(503),
        answered(500),
        Outcome::TimedOut,
        answered(504),
        answered(200),
    ] {
        group.observe(0, outcome, now);
    }
    assert_eq!(counts(&group, 50, now), [10; 5], "never three in a row");
    (0..5).for_each(fail);
    let ejected = |now| {
        group
            .targets()
            .iter()
            .filter(|t| t.state.as_ref().unwrap().is_ejected(now))
            .count()
    };
    assert_eq!(ejected(now), 2, "two of five are at most half");
    assert_eq!(counts(&group, 50, now)[..2], [0, 0]);
    assert_eq!(ejected(now.after(SECOND)), 0);
}

#[test]
fn a_lone_target_is_never_without_calls() {
    let rules = Rules {
        ejection: Some(Ejection {
            failures: 1,
            time: SECOND,
            max_percent: 1,
        }),
        ..Rules::default()
    };
    let group = group(&[1], rules, true);
    group.observe(0, Outcome::Broken, Tick(1));
    assert!(
        group.targets()[0].state.as_ref().unwrap().is_ejected(Tick(1)),
        "one always may be"
    );
    assert!(group.pick(None, 0, &mut Tried::default(), Tick(1)).is_some());
    assert!(group.pick(None, 0, &mut Tried(1), Tick(1)).is_none());
}

#[test]
fn shares_grow_while_targets_warm_up() {
    for method in [Method::RoundRobin, Method::LeastRequests] {
        let rules = Rules {
            slow_start: Some(10 * SECOND),
            ..by(method)
        };
        let group = group(&[1, 1, 1], rules, true);
        let begin = Tick(1_000);
        let state = group.targets()[2].state.as_ref().unwrap();
        state.set_healthy(false, begin);
        state.set_healthy(true, begin);
        let shares = [0, 5, 10].map(|s| counts(&group, 9_000, begin.after(s * SECOND))[2]);
        assert!(
            shares[0] < 700 && shares[0] < shares[1] && shares[1] < 2_500,
            "{method:?}: {shares:?}"
        );
        close(&shares[2..], &[3_000]);
    }
}
