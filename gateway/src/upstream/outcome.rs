//! What became of a try.

use http::StatusCode;

/// What became of sending a call to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The head of an answer came.
    Answered(StatusCode),
    /// There was no connection; nothing was sent.
    NotConnected,
    /// The connection broke before the head of an answer.
    Broken,
    /// The head of an answer did not come in time.
    TimedOut,
}

impl Outcome {
    /// Whether it speaks against the target, and not against this one call: 500 and the like are answers of a target
    /// that is there.
    pub(crate) fn is_failure(self) -> bool {
        match self {
            Self::Answered(status) => matches!(status.as_u16(), 502..=504),
            Self::NotConnected | Self::Broken | Self::TimedOut => true,
        }
    }
}
