//! Dates of HTTP (RFC 9110 §5.6.7).

use time::{Date, Month};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Two digits of a year from here on are of the last century, as POSIX has it.
const PIVOT: i32 = 70;

/// Reads a date in one of its three forms, in seconds since 1970. Names are read in any case.
pub(super) fn parse(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let Some((weekday, rest)) = text.split_once(", ") else {
        return asctime(text);
    };
    if !weekday.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let (date, time) = match rest.as_bytes().get(2)? {
        b'-' => rest.split_at_checked(9)?,
        _ => rest.split_at_checked(11)?,
    };
    let between = date.as_bytes()[2];
    let is_uniform = between == date.as_bytes()[6] && (between == b'-') == (date.len() == 9);
    let clock = time.strip_prefix(' ')?.split_at_checked(8)?;
    if !is_uniform || !matches!(between, b' ' | b'-') || !clock.1.eq_ignore_ascii_case(" GMT") {
        return None;
    }
    let year = number(date.get(7..)?)?;
    let year = match year {
        _ if date.len() != 9 => year,
        PIVOT.. => 1_900 + year,
        _ => 2_000 + year,
    };
    seconds(year, date.get(3..6)?, number(date.get(..2)?)?, clock.0)
}

/// `Sun Nov  6 08:49:37 1994`.
fn asctime(text: &str) -> Option<i64> {
    let mut words = text.split_ascii_whitespace();
    let (_weekday, month, day) = (words.next()?, words.next()?, words.next()?);
    let (clock, year) = (words.next()?, words.next()?);
    if words.next().is_some() || year.len() != 4 || text.len() != 24 {
        return None;
    }
    seconds(number(year)?, month, number(day)?, clock)
}

fn seconds(year: i32, month: &str, day: i32, clock: &str) -> Option<i64> {
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
    let month = Month::try_from(month as u8 + 1).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let colons = clock.len() == 8 && clock.as_bytes()[2] == b':' && clock.as_bytes()[5] == b':';
    if !colons {
        return None;
    }
    let (hour, minute) = (number(clock.get(..2)?)?, number(clock.get(3..5)?)?);
    // 60 is a leap second.
    let second = number(clock.get(6..)?)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let midnight = date.midnight().assume_utc().unix_timestamp();
    Some(midnight + i64::from(hour * 3_600 + minute * 60 + second))
}

/// Digits alone.
fn number(text: &str) -> Option<i32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn every_form_is_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "sun, 06 NOV 1994 08:49:37 gmt",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(parse(b"Thursday, 18-Aug-50 02:01:18 GMT"), Some(2_544_400_878));
        assert_eq!(parse(b"Fri, 01 Jan 2100 00:00:00 GMT"), Some(4_102_444_800));
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Növ 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_we_write_is_read(at in 0_i64..4_000_000_000) {
            let date = crate::snapshot::http_date(OffsetDateTime::from_unix_timestamp(at).unwrap()).unwrap();
            prop_assert_eq!(parse(date.as_bytes()), Some(at));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[A-Za-z]{3,9},? [ 0-9A-Za-z:-]{0,30}") {
            let _ = (parse(&bytes), parse(text.as_bytes()));
        }
    }
}
