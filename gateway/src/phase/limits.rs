//! What every request must keep to, whoever sends it.

use domain::policy::units::ByteSize;
use http::{HeaderValue, header::RETRY_AFTER};
use memchr::memchr;

use crate::{
    decision::{Refusal, RequestFacts},
    message::Known,
    problem::Reason,
    rules::Rules,
    snapshot::{Snapshot, hex_pair},
};

/// Refuses everything before the first configuration, bodies that are announced as too large, and paths that servers
/// read differently.
pub(crate) fn check(snapshot: &Snapshot, head: &RequestFacts<'_>) -> Result<(), Box<Refusal>> {
    if snapshot.revision.is_none() {
        let refusal = Refusal::new(Reason::NotReady);
        return Err(Box::new(refusal.field(RETRY_AFTER, HeaderValue::from_static("2"))));
    }
    if head
        .body_bytes
        .zip(head.max_body_bytes)
        .is_some_and(|(length, max)| length > max)
    {
        return Err(Box::new(Refusal::new(Reason::BodyTooLarge)));
    }
    if is_ambiguous(head.path) {
        return Err(Box::new(Refusal::new(Reason::AmbiguousPath)));
    }
    Ok(())
}

/// Refuses what is larger than the policy `limits` allows.
pub(crate) fn check_rules(rules: &Rules, head: &RequestFacts<'_>) -> Result<(), Box<Refusal>> {
    // One would be judged or changed, and the upstream might believe the other.
    let goes_by_type = rules.inspection.is_some() || rules.transform.is_some();
    if goes_by_type && head.fields.all(Known::ContentType).nth(1).is_some() {
        return Err(Box::new(Refusal::new(Reason::Malformed)));
    }
    let Some(limits) = &rules.limits else { return Ok(()) };
    let is_over = |limit: Option<ByteSize>, size: u64| limit.is_some_and(|limit| size > limit.as_bytes());
    // One would be judged, and the upstream might believe the other.
    let is_judged = limits.json.is_some() || limits.xml.is_some();
    let reason = if is_judged && head.fields.all(Known::ContentType).nth(1).is_some() {
        Reason::Malformed
    } else if is_over(limits.url_bytes, head.target_bytes as u64) {
        Reason::TargetTooLong
    } else if is_over(limits.header_bytes, head.fields.size() as u64) {
        Reason::HeadersTooLarge
    } else if head.body_bytes.is_some_and(|size| is_over(limits.body_bytes, size)) {
        Reason::BodyTooLarge
    } else {
        return Ok(());
    };
    Err(Box::new(Refusal::new(reason)))
}

/// Whether a path could lead an upstream out of its base path: it has a dot segment, also an encoded one or one between
/// encoded slashes, a backslash, a null or another control character, or is not ASCII.
///
/// `a%2Fb` alone is fine: it is one segment with a slash in it, and is passed on as it is.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    let bytes = path.as_bytes();
    // Nearly every path is made of plain bytes and has no dot.
    let is_plain = bytes
        .iter()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'\\' | b';'));
    if is_plain && memchr(b'.', bytes).is_none() {
        return false;
    }
    let mut at = 0;
    // Dots and other characters of the segment so far; a parameter after a semicolon does not belong to its name.
    let (mut dots, mut others, mut is_in_parameter) = (0_usize, 0_usize, false);
    let is_dot_segment = |dots: usize, others: usize| others == 0 && (dots == 1 || dots == 2);
    while let Some(byte) = bytes.get(at) {
        let (value, length) = match byte {
            b'%' => match hex_pair(&bytes[at + 1..]) {
                Some(value) => (value, 3),
                None => return true,
            },
            byte => (*byte, 1),
        };
        at += length;
        match value {
            b'/' => {
                if is_dot_segment(dots, others) {
                    return true;
                }
                (dots, others, is_in_parameter) = (0, 0, false);
            }
            // Some servers take it for a slash.
            b'\\' => return true,
            byte if byte.is_ascii_control() => return true,
            byte if length == 1 && !byte.is_ascii() => return true,
            b';' => is_in_parameter = true,
            _ if is_in_parameter => {}
            b'.' => dots += 1,
            _ => others += 1,
        }
    }
    is_dot_segment(dots, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_servers_read_differently_are_refused() {
        for (path, ambiguous) in [
            ("/a/b/v1/pets/1", false),
            ("/a/b/v1/pets/.hidden", false),
            ("/a/b/v1/pets/...", false),
            ("/a/b/v1/pets/a..b", false),
            ("/a/b/v1/repos/a%2Fb", false),
            ("/a/b/v1/pets/caf%C3%A9", false),
            ("/a/b/v1/pets/x;v=1", false),
            ("/a/b/v1//pets", false),
            ("/a/b/v1/pets/..", true),
            ("/a/b/v1/pets/../admin", true),
            ("/a/b/v1/pets/./1", true),
            ("/a/b/v1/pets/%2e%2e/admin", true),
            ("/a/b/v1/pets/.%2E/admin", true),
            ("/a/b/v1/pets/..%2fadmin", true),
            ("/a/b/v1/pets/x%2f..%2fadmin", true),
            ("/a/b/v1/pets/..%5cadmin", true),
            ("/a/b/v1/pets/..\\admin", true),
            ("/a/b/v1/pets/..;x/admin", true),
            ("/a/b/v1/pets/%00", true),
            ("/a/b/v1/pets/%0d%0a", true),
            ("/a/b/v1/pets/%", true),
            ("/a/b/v1/pets/%zz", true),
            ("/a/b/v1/pets/é", true),
        ] {
            assert_eq!(is_ambiguous(path), ambiguous, "{path}");
        }
    }
}
