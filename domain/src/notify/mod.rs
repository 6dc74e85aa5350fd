//! Mails: written to the outbox in the transaction that causes them, sent afterwards by a task.

#[cfg(feature = "store")]
pub mod outbox;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mail in plain text. `Debug` does not tell the body: it may hold a link that is as good as a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Address of the one recipient.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// Body, plain text with line breaks.
    pub body: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("to", &self.to)
            .field("subject", &self.subject)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_printed() {
        let mail = Mail {
            to: "ada@example.com".into(),
            subject: "Verify".into(),
            body: "http://portal.example/verify?token=secret".into(),
        };
        let printed = format!("{mail:?}");
        assert!(
            printed.contains("ada@example.com") && !printed.contains("secret"),
            "{printed}"
        );
    }
}
