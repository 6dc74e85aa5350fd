//! Sends the mails of the outbox.

mod files;
mod sink;
mod smtp;

use std::time::Duration;

use domain::{notify::Mail, services::Services};
use lettre::{
    Message,
    message::{Mailbox, header::ContentType},
};
use tokio_util::sync::CancellationToken;

use super::{Task, TaskRecords};

pub use files::Files;
pub use sink::{MailSink, StoredMail};
pub use smtp::Smtp;

/// How often the outbox is looked at without a signal: for mails of other processes and those that are tried again.
const EVERY: Duration = Duration::from_secs(5);

/// Where mails go.
#[derive(Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(Smtp),
    /// Files in the data folder, where no mail server is set.
    Files(Files),
    /// Memory, shown at `/demo/mail`.
    Sink(MailSink),
}

impl Transport {
    async fn deliver(&self, mail: &Mail) -> anyhow::Result<()> {
        match self {
            Self::Smtp(server) => server.send(mail).await,
            Self::Files(folder) => folder.write(mail).await,
            Self::Sink(sink) => {
                sink.put(mail);
                Ok(())
            }
        }
    }
}

/// Sends until `stop`. Several processes may do so at once: a mail is leased by one of them.
pub(super) async fn send_queued(
    services: Services,
    transport: Transport,
    records: TaskRecords,
    stop: CancellationToken,
) {
    loop {
        while !stop.is_cancelled() && send_next(&services, &transport, &records).await {}
        tokio::select! {
            () = services.context.mail_queued.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Sends the next mail that is due and says whether there was one. They are taken one by one: the lease of one that waits
/// behind slow ones would be over before its turn, and another process would send it too.
async fn send_next(services: &Services, transport: &Transport, records: &TaskRecords) -> bool {
    let note = |has_succeeded| records.note(Task::Mail, has_succeeded, services.context.clock.now());
    let mails = match services.outbox.lease(1).await {
        Ok(mails) => mails,
        Err(error) => {
            tracing::warn!(error = ?error, "the outbox could not be read");
            note(false);
            return false;
        }
    };
    if mails.is_empty() {
        note(true);
    }
    for (id, mail) in &mails {
        let delivered = transport.deliver(mail).await;
        note(delivered.is_ok());
        let noted = match delivered {
            Ok(()) => services.outbox.sent(*id).await,
            Err(error) => {
                tracing::warn!(mail.id = %id, error = %format!("{error:#}"), "a mail could not be sent");
                services.outbox.failed(*id, &format!("{error:#}")).await
            }
        };
        if let Err(error) = noted {
            tracing::error!(mail.id = %id, error = ?error, "the fate of a mail could not be noted; it may be sent twice");
        }
    }
    !mails.is_empty()
}

/// The mail as it travels.
fn message(from: &Mailbox, mail: &Mail) -> anyhow::Result<Message> {
    // Receivers distrust mails without an id; it names the sender's domain, not this machine.
    let id = format!("<{:032x}@{}>", rand::random::<u128>(), from.email.domain());
    let message = Message::builder()
        .message_id(Some(id))
        .from(from.clone())
        .to(mail.to.parse()?)
        .subject(mail.subject.as_str())
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone())?;
    Ok(message)
}
