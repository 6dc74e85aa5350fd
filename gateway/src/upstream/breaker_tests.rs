use super::*;

fn breaker() -> Arc<Breaker> {
    let settings = serde_json::json!({
        "failure_percent": 50, "window": "10s", "min_requests": 10, "open_time": "30s", "half_open_probes": 2,
    });
    Arc::new(Breaker::new(serde_json::from_value(settings).unwrap()))
}

fn call(breaker: &Arc<Breaker>, is_failure: bool, now: Tick) -> bool {
    let admission = breaker.admit(now);
    let passed = admission.is_ok();
    if let Ok(admission) = admission {
        admission.tell(is_failure, now);
    }
    passed
}

const fn s(seconds: u64) -> Tick {
    Tick(1_000_000 + seconds * 1_000)
}

/// One that opened at second 0.
fn open() -> Arc<Breaker> {
    let breaker = breaker();
    for _ in 0..10 {
        assert!(call(&breaker, true, s(0)));
    }
    assert_eq!(breaker.admit(s(0)).unwrap_err().retry_after, Duration::from_secs(30));
    breaker
}

#[test]
fn it_opens_at_its_share_and_not_before() {
    let breaker = breaker();
    for _ in 0..9 {
        assert!(call(&breaker, true, s(0)), "too few calls to judge");
    }
    for _ in 0..10 {
        assert!(call(&breaker, false, s(1)));
    }
    assert!(
        call(&breaker, true, s(2)),
        "9 of 19 are less than half; this makes 10 of 20"
    );
    assert!(!call(&breaker, true, s(2)));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let breaker = breaker();
    for _ in 0..9 {
        call(&breaker, true, s(0));
    }
    for second in 11..20 {
        assert!(call(&breaker, true, s(second)));
    }
    assert!(
        call(&breaker, true, s(20)) && !call(&breaker, true, s(20)),
        "ten within ten seconds"
    );
    let long_after = self::breaker();
    for _ in 0..9 {
        call(&long_after, true, Tick(5));
    }
    let part_ms = 1_000;
    let wrapped = Tick((Part::NUMBERS + 1) * part_ms * 7 + 100_000);
    assert!(call(&long_after, true, wrapped) && call(&long_after, true, wrapped));
}

#[test]
fn probes_close_it_when_all_succeed() {
    let breaker = open();
    assert!(breaker.admit(Tick(s(30).0 - 1)).is_err());
    let (first, second) = (breaker.admit(s(30)).unwrap(), breaker.admit(s(30)).unwrap());
    let full = breaker.admit(s(30)).unwrap_err();
    assert_eq!(full.retry_after, Duration::from_secs(1));
    first.tell(false, s(31));
    assert!(breaker.admit(s(31)).is_err(), "one is not enough");
    second.tell(false, s(31));
    assert!(
        call(&breaker, true, s(31)) && call(&breaker, true, s(31)),
        "old failures are forgotten"
    );
}

#[test]
fn a_probe_that_fails_opens_it_again() {
    let breaker = open();
    let (first, second) = (breaker.admit(s(30)).unwrap(), breaker.admit(s(30)).unwrap());
    first.tell(true, s(30));
    second.tell(false, s(30));
    assert!(breaker.admit(s(59)).is_err());
    assert!(call(&breaker, false, s(60)) && call(&breaker, false, s(60)));
    assert!((0..20).all(|_| breaker.admit(s(60)).is_ok()), "closed");
}

#[test]
fn a_probe_that_is_given_up_makes_room_and_late_ones_change_nothing() {
    let breaker = open();
    let (first, second) = (breaker.admit(s(30)).unwrap(), breaker.admit(s(30)).unwrap());
    drop(first);
    let third = breaker.admit(s(30)).unwrap();
    third.tell(true, s(30));
    let next = breaker.admit(s(61)).unwrap();
    second.tell(true, s(61));
    next.tell(false, s(61));
    assert!(call(&breaker, false, s(61)), "the late failure was of another turn");
    assert!((0..20).all(|_| breaker.admit(s(61)).is_ok()));
}

#[test]
fn circuits_fit_into_a_word() {
    for circuit in [
        Circuit::Closed,
        Circuit::Open(u64::MAX >> 2),
        Circuit::HalfOpen {
            turn: TURNS as u32,
            passed: u16::MAX,
            succeeded: u16::MAX,
        },
    ] {
        assert_eq!(Circuit::unpack(circuit.pack()), circuit);
    }
}

#[test]
fn threads_agree() {
    let breaker = breaker();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..1_000).for_each(|_| {
                    call(&breaker, true, s(0));
                });
            });
        }
    });
    assert!(breaker.admit(s(0)).is_err());
    let probes: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..10).filter_map(|_| breaker.admit(s(30)).ok()).collect::<Vec<_>>()))
            .collect();
        let admitted: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        admitted.iter().map(Vec::len).sum()
    });
    assert_eq!(probes, 2, "all of them are held until the end");
}
