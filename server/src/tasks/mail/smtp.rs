//! Sending by a mail server.

use std::time::Duration;

use domain::notify::Mail;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use crate::config::{SmtpProtection, SmtpServer};

/// For one mail, connection included: well below the minute for which it is leased.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail server; connections are kept and used again.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Reads the settings; connects when the first mail is sent.
    ///
    /// # Errors
    /// A host that no certificate can name.
    pub fn new(server: &SmtpServer) -> anyhow::Result<Self> {
        let tls = TlsParameters::new(server.host.clone())?;
        let tls = match server.protection {
            SmtpProtection::Tls => Tls::Wrapper(tls),
            SmtpProtection::StartTls => Tls::Required(tls),
            SmtpProtection::Opportunistic => Tls::Opportunistic(tls),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = &server.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from: server.from.clone(),
        })
    }

    pub(super) async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        self.transport.send(super::message(&self.from, mail)?).await?;
        Ok(())
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp(from {})", self.from)
    }
}
