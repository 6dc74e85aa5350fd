//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers): the names and forms of the fields live
//! here alone, because the draft still moves.

use domain::plan::{Period, Quota, RateLimit};
use http::HeaderValue;

use super::{budget::MAX_WINDOWS, moment::Moment};

const DAY_S: u64 = 86_400;

/// The value of `RateLimit-Policy`, ready for every length that a period can have.
#[derive(Debug)]
pub(crate) struct PolicyField {
    /// One value, or one for each length of a month from 28 to 31 days.
    values: Box<[HeaderValue]>,
}

impl PolicyField {
    /// Writes the policies, most restrictive first: by the requests that a second may have.
    pub(super) fn compile<'a>(
        windows: impl Iterator<Item = (&'a str, &'a RateLimit)> + Clone,
        quota: Option<Quota>,
    ) -> Result<Option<Self>, String> {
        let lengths: &[u64] = match quota {
            Some(Quota { per: Period::Month, .. }) => &[28 * DAY_S, 29 * DAY_S, 30 * DAY_S, 31 * DAY_S],
            Some(Quota { per: Period::Day, .. }) => &[DAY_S],
            Some(Quota { per: Period::Hour, .. }) | None => &[3_600],
        };
        let values = lengths.iter().map(|length_s| {
            let mut policies: Vec<(u64, &str, u64)> = windows
                .clone()
                .map(|(name, limit)| (limit.requests.into(), name, limit.per_s.into()))
                .collect();
            policies.extend(quota.map(|quota| (quota.requests, quota.per.as_str(), *length_s)));
            policies.sort_by_key(|(requests, _, window_s)| (*requests, *window_s));
            let items: Vec<String> = policies
                .iter()
                .map(|(q, name, w)| format!("\"{name}\";q={q};w={w}"))
                .collect();
            items.join(", ")
        });
        let values: Vec<String> = values.collect();
        if values.iter().any(String::is_empty) {
            return Ok(None);
        }
        let values: Result<_, _> = values.into_iter().map(HeaderValue::try_from).collect();
        Ok(Some(Self {
            values: values.map_err(|_| "its limits can't be sent in a header".to_owned())?,
        }))
    }

    /// The value that holds now.
    pub(super) fn at(&self, now: &Moment) -> &HeaderValue {
        let month = now.span(Period::Month);
        let days = ((month.end_s - month.start_s) / DAY_S.cast_signed()) as usize;
        self.values.get(days.saturating_sub(28)).unwrap_or(&self.values[0])
    }
}

/// What is left of each limit, collected for one `RateLimit` value. No allocation but the value itself.
#[derive(Debug, Default)]
pub(super) struct Standing<'a> {
    items: [(u64, u64, &'a str); MAX_WINDOWS + 1],
    len: usize,
}

impl<'a> Standing<'a> {
    /// Adds a limit: requests left, and seconds until that changes.
    pub(super) fn push(&mut self, name: &'a str, remaining: u64, seconds: u64) {
        if let Some(item) = self.items.get_mut(self.len) {
            // What has least left comes first; of two, the one that lasts longer.
            *item = (remaining, u64::MAX - seconds, name);
            self.len += 1;
        }
    }

    /// The value, most restrictive first; `None` without limits.
    pub(super) fn render(mut self) -> Option<HeaderValue> {
        let items = &mut self.items[..self.len];
        if items.is_empty() {
            return None;
        }
        items.sort_unstable_by_key(|(remaining, inverse, _)| (*remaining, *inverse));
        let mut out = Vec::with_capacity(40 * items.len());
        for (i, (remaining, inverse, name)) in items.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"\"" } else { b", \"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\";r=");
            push_number(&mut out, *remaining);
            out.extend_from_slice(b";t=");
            push_number(&mut out, u64::MAX - inverse);
        }
        HeaderValue::from_maybe_shared(bytes::Bytes::from(out)).ok()
    }
}

/// Decimal digits without the formatting machinery, two at a time: this runs for every request.
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    while number >= 100 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[number as usize]);
    } else {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 9, 10, 99, 100, 101, 12_345, 999_999, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
