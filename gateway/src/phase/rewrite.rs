//! Path and query as policies want the upstream to see them.

use super::{limits::is_ambiguous, metering::Call};
use crate::{decision::Refusal, message::RequestHead, problem::Reason};

/// Path and query below the version's base, as the upstream is to see them; `None` where they stay as they are. What the
/// caller asked for stays in the request: logs, problems and the cache go by it.
///
/// # Errors
/// With the parameters in their new place the path could lead out of its base path.
pub(super) fn target(call: &Call, request: &RequestHead, base_length: usize) -> Result<Option<String>, Refusal> {
    let known = &call.known;
    let Some(transform) = known.rules.as_ref().and_then(|rules| rules.transform.as_ref()) else {
        return Ok(None);
    };
    let path = match request.path().get(base_length..) {
        None | Some("") => "/",
        Some(path) => path,
    };
    let target = transform.target(known.template().unwrap_or_default(), path, request.query());
    let is_safe = |target: &String| !is_ambiguous(target.split('?').next().unwrap_or_default());
    if target.as_ref().is_none_or(is_safe) {
        Ok(target)
    } else {
        Err(Refusal::new(Reason::AmbiguousPath))
    }
}
