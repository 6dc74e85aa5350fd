//! Whether a version still answers.

use domain::catalog::version::VersionState;

use crate::{decision::Refusal, limit::Moment, problem::Reason, snapshot::Version};

/// Refuses retired versions and those past their sunset. The moment decides, not the configuration: nobody has to be
/// awake when a sunset comes.
pub(crate) fn check(version: &Version, now: &Moment) -> Result<(), Box<Refusal>> {
    let is_over = version
        .end
        .as_ref()
        .and_then(|end| end.sunset_s)
        .is_some_and(|sunset_s| sunset_s <= now.unix_s());
    match version.state {
        VersionState::Retired => Err(Box::new(Refusal::new(Reason::Retired))),
        VersionState::Published | VersionState::Deprecated if is_over => Err(Box::new(Refusal::new(Reason::Retired))),
        VersionState::Published | VersionState::Deprecated => Ok(()),
        // Drafts are not compiled; should one get here, it does not exist.
        VersionState::Draft => Err(Box::new(Refusal::new(Reason::UnknownVersion))),
    }
}
