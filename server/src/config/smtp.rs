//! Where mails are sent, as one URL.

use std::{fmt, str::FromStr};

use lettre::message::Mailbox;
use url::Url;

/// A mail server: `smtp://user:password@host:port?from=turnpike@example.com`.
///
/// `smtp` begins in plain text and insists on STARTTLS, except on this machine (`localhost`, loopback addresses), where
/// relays often have no certificate; `smtps` is TLS from the first byte.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Host, as the certificate names it.
    pub host: String,
    /// 587 for `smtp`, 465 for `smtps`, unless given.
    pub port: u16,
    /// How the connection is protected.
    pub protection: SmtpProtection,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Sender of every mail.
    pub from: Mailbox,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpProtection {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS or nothing is sent.
    StartTls,
    /// STARTTLS where the server offers it; on this machine only.
    Opportunistic,
}

impl FromStr for SmtpServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("the URL has no host")?
            .to_owned();
        let is_local = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        let (protection, default_port) = match url.scheme() {
            "smtps" => (SmtpProtection::Tls, 465),
            "smtp" if is_local => (SmtpProtection::Opportunistic, 587),
            "smtp" => (SmtpProtection::StartTls, 587),
            other => return Err(format!("`{other}` is not a mail protocol; use smtp:// or smtps://")),
        };
        let mut from = None;
        for (name, value) in url.query_pairs() {
            match &*name {
                "from" => {
                    let sender = value.parse::<Mailbox>();
                    from = Some(sender.map_err(|_| format!("`{value}` is not a sender"))?);
                }
                other => return Err(format!("`{other}` is not a setting of a mail server; there is `from`")),
            }
        }
        let from = from.ok_or("add the sender: ?from=turnpike@example.com")?;
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decode(user), decode(password))),
            _ => return Err("give both user and password, or neither".into()),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(default_port),
            protection,
            credentials,
            from,
        })
    }
}

/// User names and passwords are percent-encoded in URLs.
fn decode(text: &str) -> String {
    let form = text.replace('+', "%2B").replace('&', "%26");
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_one_url() {
        let server: SmtpServer = "smtp://me%40corp:p%3Da%2Fs+s@mail.example:2525?from=Turnpike <no-reply@corp.example>"
            .parse()
            .unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.protection),
            ("mail.example", 2525, SmtpProtection::StartTls)
        );
        assert_eq!(server.credentials, Some(("me@corp".into(), "p=a/s+s".into())));
        assert_eq!(server.from.email.to_string(), "no-reply@corp.example");
        assert!(!format!("{server:?}").contains("p=a"));
        let local: SmtpServer = "smtp://127.0.0.1:1025?from=a@b.example".parse().unwrap();
        assert_eq!(
            (local.protection, local.credentials),
            (SmtpProtection::Opportunistic, None)
        );
        let tls: SmtpServer = "smtps://mail.example?from=a@b.example".parse().unwrap();
        assert_eq!((tls.protection, tls.port), (SmtpProtection::Tls, 465));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("http://mail.example", "http"),
            ("smtp://mail.example", "sender"),
            ("smtp://mail.example?form=a@b.example", "form"),
            ("smtp://user@mail.example?from=a@b.example", "password"),
            ("smtp://mail.example?from=nobody", "nobody"),
        ] {
            let error = text.parse::<SmtpServer>().unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
