//! Moments: relative in words, the absolute one on hover and for machines. Always UTC.

use domain::clock::Timestamp;
use leptos::prelude::*;
use time::{Duration, format_description::well_known::Rfc3339, macros::format_description};

use super::text::counted;

/// A moment relative to now: `12 seconds ago`, `in 3 days`; the absolute one is the title.
#[component]
pub fn Ago(
    /// The moment.
    at: Timestamp,
    /// The present: `cx.now()`.
    now: Timestamp,
) -> impl IntoView {
    view! { <time datetime=machine(at) title=date_time(at)>{relative(at, now)}</time> }
}

/// A day: `20 Nov 2026`.
#[component]
pub fn Day(
    /// Any moment of the day, in UTC.
    at: Timestamp,
) -> impl IntoView {
    view! { <time datetime=machine(at) title=date_time(at)>{date(at)}</time> }
}

/// A moment to the minute: `20 Nov 2026, 08:41 UTC`.
#[component]
pub fn Moment(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    view! { <time datetime=machine(at)>{date_time(at)}</time> }
}

/// The end of the step that `at` lies in, where steps of this length begin at midnight UTC: ranges of charts end there.
pub fn end_of_step(at: Timestamp, step: Duration) -> Timestamp {
    let step = step.whole_seconds().max(1);
    let seconds = at.unix_timestamp().div_euclid(step) * step + step;
    Timestamp::from_unix_timestamp(seconds).unwrap_or(at)
}

/// RFC 3339, to the second.
pub fn machine(at: Timestamp) -> String {
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// `20 Nov 2026`.
pub fn date(at: Timestamp) -> String {
    at.format(format_description!("[day padding:none] [month repr:short] [year]"))
        .unwrap_or_default()
}

/// `20 November 2026`, for sentences.
pub fn long_date(at: Timestamp) -> String {
    at.format(format_description!("[day padding:none] [month repr:long] [year]"))
        .unwrap_or_default()
}

/// `20 Nov 2026, 08:41 UTC`.
pub fn date_time(at: Timestamp) -> String {
    at.format(format_description!(
        "[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"
    ))
    .unwrap_or_default()
}

/// `08:41`, for axes.
pub fn hour_minute(at: Timestamp) -> String {
    at.format(format_description!("[hour]:[minute]")).unwrap_or_default()
}

/// `20 Nov`, for axes.
pub fn day_month(at: Timestamp) -> String {
    at.format(format_description!("[day padding:none] [month repr:short]"))
        .unwrap_or_default()
}

/// The distance in the largest whole unit: `just now` below 5 seconds, then seconds, minutes, hours, days up to 60, and the
/// date beyond.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = (now - at).whole_seconds();
    let seconds = distance.unsigned_abs();
    let words = match seconds {
        0..5 => return "just now".to_owned(),
        5..60 => counted(seconds, "second", "seconds"),
        60..3_600 => counted(seconds / 60, "minute", "minutes"),
        3_600..86_400 => counted(seconds / 3_600, "hour", "hours"),
        86_400..5_184_000 => counted(seconds / 86_400, "day", "days"),
        _ => return date(at),
    };
    if distance >= 0 {
        format!("{words} ago")
    } else {
        format!("in {words}")
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    #[test]
    fn steps_end_at_round_times() {
        use time::macros::datetime;
        let at = datetime!(2026-11-20 10:55:20 UTC);
        for (step, end) in [
            (Duration::MINUTE, datetime!(2026-11-20 10:56 UTC)),
            (Duration::HOUR, datetime!(2026-11-20 11:00 UTC)),
            (Duration::hours(6), datetime!(2026-11-20 12:00 UTC)),
            (Duration::DAY, datetime!(2026-11-21 0:00 UTC)),
        ] {
            assert_eq!(end_of_step(at, step), end, "{step}");
        }
    }

    #[test]
    fn distances_use_the_largest_whole_unit() {
        let now = datetime!(2026-11-20 08:41:07 UTC);
        for (seconds, words) in [
            (0, "just now"),
            (-4, "just now"),
            (12, "12 seconds ago"),
            (60, "1 minute ago"),
            (119, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400, "1 day ago"),
            (-172_800, "in 2 days"),
            (60 * 86_400, "21 Sep 2026"),
        ] {
            assert_eq!(relative(now - Duration::seconds(seconds), now), words, "{seconds} s");
        }
    }

    #[test]
    fn forms_of_a_moment() {
        let at = datetime!(2026-11-02 08:04:07.25 UTC);
        assert_eq!(machine(at), "2026-11-02T08:04:07Z");
        assert_eq!(date(at), "2 Nov 2026");
        assert_eq!(long_date(at), "2 November 2026");
        assert_eq!(date_time(at), "2 Nov 2026, 08:04 UTC");
        assert_eq!(hour_minute(at), "08:04");
        assert_eq!(day_month(at), "2 Nov");
    }
}
