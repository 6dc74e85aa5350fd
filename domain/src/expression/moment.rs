//! Timestamps and durations as text, and their parts (`langdef.md`, Standard Definitions).

use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::function::MomentPart;

/// A timestamp of RFC 3339.
pub(super) fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    moment.checked_to_offset(UtcOffset::UTC)
}

/// A timestamp as text.
pub(super) fn timestamp_text(moment: OffsetDateTime) -> Option<String> {
    moment.format(&Rfc3339).ok()
}

/// A duration such as `1h30m`, `-2.5s` or `100ms`: numbers with the units h, m, s, ms, us, ns.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let nanoseconds: i128 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty())
            || whole.len() > 15
            || fraction.len() > 15
            || fraction.contains('.')
        {
            return None;
        }
        let read = |digits: &str| {
            if digits.is_empty() {
                Some(0)
            } else {
                digits.parse::<i128>().ok()
            }
        };
        total += read(whole)? * nanoseconds + read(fraction)? * nanoseconds / 10_i128.pow(fraction.len() as u32);
        rest = after;
    }
    let total = if is_negative { -total } else { total };
    let seconds = i64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (total % 1_000_000_000) as i32))
}

/// `UTC`, `Z`, or a fixed offset such as `+02:00`. Names of regions are not known: their rules change by law.
pub(super) fn offset(text: &str) -> Option<UtcOffset> {
    if matches!(text, "UTC" | "Z") {
        return Some(UtcOffset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => (1, text),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let read = |two: &str| {
        let is_digits = two.len() == 2 && two.bytes().all(|byte| byte.is_ascii_digit());
        is_digits.then(|| two.parse::<i8>().ok()).flatten()
    };
    let (hours, minutes) = (read(hours)?, read(minutes)?);
    UtcOffset::from_hms(sign * hours, sign * minutes, 0)
        .ok()
        .filter(|_| hours < 24 && minutes < 60)
}

/// A part of a timestamp in an offset; `None` beyond the years that are known.
pub(super) fn part_of(moment: OffsetDateTime, part: MomentPart, offset: UtcOffset) -> Option<i64> {
    let moment = moment.checked_to_offset(offset)?;
    Some(match part {
        MomentPart::FullYear => moment.year().into(),
        MomentPart::Month => i64::from(u8::from(moment.month())) - 1,
        MomentPart::Date => moment.day().into(),
        MomentPart::DayOfMonth => i64::from(moment.day()) - 1,
        MomentPart::DayOfWeek => moment.weekday().number_days_from_sunday().into(),
        MomentPart::DayOfYear => i64::from(moment.ordinal()) - 1,
        MomentPart::Hours => moment.hour().into(),
        MomentPart::Minutes => moment.minute().into(),
        MomentPart::Seconds => moment.second().into(),
        MomentPart::Milliseconds => moment.millisecond().into(),
    })
}

/// The whole duration in a unit; milliseconds are those of the last second.
pub(super) fn part_of_duration(duration: Duration, part: MomentPart) -> Option<i64> {
    match part {
        MomentPart::Hours => Some(duration.whole_hours()),
        MomentPart::Minutes => Some(duration.whole_minutes()),
        MomentPart::Seconds => Some(duration.whole_seconds()),
        MomentPart::Milliseconds => Some(duration.subsec_milliseconds().into()),
        _ => None,
    }
}
