use time::macros::datetime;

use super::*;

fn limit(requests: u32, per_s: u32, burst: u32) -> RateLimit {
    RateLimit { requests, per_s, burst }
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.map_or("", |v| v.to_str().unwrap())
}

#[test]
fn a_refused_request_takes_nothing_from_any_budget() {
    let now = Moment::at(datetime!(2026-11-20 10:00 UTC));
    let limits = PlanLimits::compile(
        &[limit(100, 60, 100), limit(2, 1, 2)],
        Some(Quota {
            requests: 50,
            per: Period::Month,
        }),
    )
    .unwrap();
    let budget = Budget::default();
    assert!(budget.take(&limits, &now).is_ok());
    assert!(budget.take(&limits, &now).is_ok());
    for _ in 0..10 {
        let refused = budget.take(&limits, &now).unwrap_err();
        assert_eq!(
            (refused.names.as_slice(), refused.retry_after_s, refused.is_quota),
            (["second".to_owned()].as_slice(), 1, false)
        );
        assert_eq!(
            text(refused.standing.as_ref()),
            r#""second";r=0;t=1, "month";r=48;t=914400, "minute";r=98;t=2"#
        );
    }
}

#[test]
fn the_most_restrictive_limit_comes_first() {
    let now = Moment::at(datetime!(2026-11-20 10:00 UTC));
    let limits = PlanLimits::compile(
        &[limit(100, 60, 100)],
        Some(Quota {
            requests: 100_000,
            per: Period::Month,
        }),
    )
    .unwrap();
    let taken = Budget::default().take(&limits, &now).unwrap();
    assert_eq!(
        text(taken.standing.as_ref()),
        r#""minute";r=99;t=1, "month";r=99999;t=914400"#
    );
    assert_eq!(
        text(limits.policy(&now)),
        r#""minute";q=100;w=60, "month";q=100000;w=2592000"#
    );
}

#[test]
fn a_quota_that_is_given_back_can_be_used_again() {
    let now = Moment::at(datetime!(2026-11-20 10:00 UTC));
    let limits = PlanLimits::compile(
        &[],
        Some(Quota {
            requests: 1,
            per: Period::Day,
        }),
    )
    .unwrap();
    let budget = Budget::default();
    let taken = budget.take(&limits, &now).unwrap();
    let refused = budget.take(&limits, &now).unwrap_err();
    assert_eq!((refused.is_quota, refused.retry_after_s), (true, 14 * 3_600));
    budget.return_quota(&taken);
    assert!(budget.take(&limits, &now).is_ok());
    assert!(
        budget
            .take(&limits, &Moment::at(datetime!(2026-11-21 0:00 UTC)))
            .is_ok(),
        "a new day"
    );
}

#[test]
fn budgets_survive_a_change_of_plan() {
    let now = Moment::at(datetime!(2026-11-20 10:00 UTC));
    let small = PlanLimits::compile(
        &[limit(2, 60, 2)],
        Some(Quota {
            requests: 10,
            per: Period::Month,
        }),
    )
    .unwrap();
    let large = PlanLimits::compile(
        &[limit(5, 3_600, 5), limit(2, 60, 2)],
        Some(Quota {
            requests: 3,
            per: Period::Month,
        }),
    )
    .unwrap();
    let budget = Budget::default();
    assert!(budget.take(&small, &now).is_ok());
    assert!(budget.take(&large, &now).is_ok(), "one of the minute is left");
    assert_eq!(budget.take(&large, &now).unwrap_err().names, ["minute"]);
    let later = Moment::at(datetime!(2026-11-20 10:10 UTC));
    assert!(budget.take(&large, &later).is_ok(), "the third of the month");
    assert!(budget.take(&large, &later).unwrap_err().is_quota);
}

#[test]
fn two_limits_over_one_window_are_kept_apart() {
    let now = Moment::at(datetime!(2026-11-20 10:00 UTC));
    let limits = PlanLimits::compile(&[limit(10, 1, 3), limit(5, 1, 5)], None).unwrap();
    let budget = Budget::default();
    let passed = (0..10).filter(|_| budget.take(&limits, &now).is_ok()).count();
    assert_eq!(passed, 3);
    assert_eq!(text(limits.policy(&now)), r#""second-2";q=5;w=1, "second";q=10;w=1"#);
}

#[test]
fn many_windows_over_time_find_their_own_cell() {
    let slots = Slots::default();
    for key in 1..40 {
        let first: *const GcraCell = slots.cell(key);
        assert!(std::ptr::eq(first, slots.cell(key)), "window {key}");
    }
}

#[test]
fn limits_out_of_range_do_not_compile() {
    assert!(PlanLimits::compile(&[limit(0, 1, 1)], None).is_err());
    assert!(
        PlanLimits::compile(
            &[],
            Some(Quota {
                requests: 0,
                per: Period::Day
            })
        )
        .is_err()
    );
    assert!(PlanLimits::compile(&[limit(1, 1, 1); MAX_WINDOWS + 1], None).is_err());
}
