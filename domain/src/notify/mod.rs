//! Mails: written to the outbox in the transaction that causes them, sent afterwards by a task.

#[cfg(feature = "store")]
pub mod outbox;

use serde::{Deserialize, Serialize};

/// A mail in plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Address of the one recipient.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// Body, plain text with line breaks.
    pub body: String,
}
