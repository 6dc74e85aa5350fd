//! The outbox: mails that wait for the sending task.

use super::Mail;
use crate::{error::Result, id::MailId, services::Context};

/// The outbox.
#[derive(Clone)]
pub struct Outbox { pub(crate) cx: Context }

impl Outbox {
    /// Takes up to `limit` mails that are due, oldest first; they are leased for a minute, so that no other task sends them too.
    pub async fn lease(&self, limit: u64) -> Result<Vec<(MailId, Mail)>> { unimplemented!() }

    /// The mail is out: its row is deleted, as it may hold a token.
    pub async fn sent(&self, id: MailId) -> Result<()> { unimplemented!() }

    /// Sending failed: it is tried again after 1, 2, 4 … minutes, and given up (kept for the operator, body emptied) after 8 attempts.
    pub async fn failed(&self, id: MailId, reason: &str) -> Result<()> { unimplemented!() }
}
