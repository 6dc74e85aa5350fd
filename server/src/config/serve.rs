//! Arguments of `turnpike serve`.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum};
use url::Url;

use super::{
    memory::GatewayMemoryArgs, operations::OperationsArgs, secret::Secret, secret_key::SecretKeyArgs, smtp::SmtpServer,
    tls::GatewayTlsArgs,
};

/// Arguments of `turnpike serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Data folder: the SQLite file, and mails where no SMTP server is set
    #[arg(long, value_name = "DIR", env = "TURNPIKE_DATA", default_value = "turnpike-data")]
    pub data: PathBuf,
    /// PostgreSQL database to use instead of SQLite
    #[arg(long, value_name = "URL", env = "TURNPIKE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
    /// The installation's key.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,
    /// What this process does; more than one process needs --database-url
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        env = "TURNPIKE_ROLE",
        default_value = "all"
    )]
    pub role: Vec<Role>,
    /// Allows upstreams and spec URLs on loopback and private addresses
    #[arg(long, env = "TURNPIKE_ALLOW_PRIVATE_UPSTREAMS")]
    pub allow_private_upstreams: bool,
    /// Where mails are sent: smtp://user:password@host:port?from=turnpike@example.com, or smtps:// for TLS from the start
    #[arg(long, value_name = "URL", env = "TURNPIKE_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SmtpServer>,
    /// Where it listens.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it is watched and how it stops.
    #[command(flatten)]
    pub operations: OperationsArgs,
}

/// Where a process listens and how it logs; shared by `serve` and `demo`.
#[derive(Args, Clone, Debug)]
pub struct NetworkArgs {
    /// Where portal and console listen
    #[arg(
        long,
        value_name = "ADDR",
        env = "TURNPIKE_PORTAL",
        default_value = "127.0.0.1:3000",
        value_parser = listener
    )]
    pub portal: SocketAddr,
    /// Where the gateway listens
    #[arg(
        long,
        value_name = "ADDR",
        env = "TURNPIKE_GATEWAY",
        default_value = "127.0.0.1:8080",
        value_parser = listener
    )]
    pub gateway: SocketAddr,
    /// How browsers reach the portal, if not by its address, for example `https://portal.example`
    #[arg(long, value_name = "URL", env = "TURNPIKE_PORTAL_URL", value_parser = public_url)]
    pub portal_url: Option<String>,
    /// How callers reach the gateway, if not by its address, for example `https://api.example`
    #[arg(long, value_name = "URL", env = "TURNPIKE_GATEWAY_URL", value_parser = public_url)]
    pub gateway_url: Option<String>,
    /// Addresses of reverse proxies in front of portal and gateway, separated by commas: the last address in
    /// `X-Forwarded-For` that is none of them counts as the visitor's or caller's
    #[arg(long, value_name = "IP,…", env = "TURNPIKE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,
    /// TLS of the gateway.
    #[command(flatten)]
    pub tls: GatewayTlsArgs,
    /// How long access tokens last that OAuth clients are given, in seconds from 60 to 86400
    #[arg(long, value_name = "SECONDS", env = "TURNPIKE_TOKEN_LIFE", default_value = "900", value_parser = token_life)]
    pub token_life: Duration,
    /// Threads of the gateway, one per core by default
    #[arg(long, value_name = "N", env = "TURNPIKE_GATEWAY_THREADS")]
    pub gateway_threads: Option<NonZeroUsize>,
    /// Memory of the gateway.
    #[command(flatten)]
    pub memory: GatewayMemoryArgs,
    /// Form of the log, on standard error
    #[arg(long, value_enum, env = "TURNPIKE_LOG_FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// A minute to a day.
fn token_life(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 60..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("write seconds from 60 to 86400".into()),
    }
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything
    All,
    /// Portal and console
    Portal,
    /// Proxies calls
    Gateway,
    /// Sends mails, retires versions at their sunset, cleans up
    Worker,
}

impl Role {
    /// Whether a process with these roles does this.
    pub fn is_among(self, roles: &[Self]) -> bool {
        roles.iter().any(|role| *role == self || *role == Self::All)
    }
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// A JSON object a line
    Json,
}

/// A URL of this installation as others see it, without a slash at the end.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("write it as https://host".into());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("write only scheme, host and port; pages live at the root of the host".into());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Where to listen: an address, or a name of this machine such as `localhost`, and a port.
pub(super) fn listener(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("write it as 127.0.0.1:3000 or localhost:3000 ({error})"))?;
    let found: Vec<SocketAddr> = found.collect();
    // What most tools mean by `localhost`, where it has both.
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| "this name has no address".into())
}

/// How a listener is reached from the same machine.
pub(crate) fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback: std::net::IpAddr = if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        };
        format!("http://{}", SocketAddr::new(loopback, address.port()))
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_are_origins() {
        for (text, read) in [
            ("https://portal.example/", Some("https://portal.example")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://a.example/base", None),
            ("https://u:p@a.example", None),
            ("ftp://a.example", None),
            ("portal.example", None),
        ] {
            assert_eq!(public_url(text).ok().as_deref(), read, "{text}");
        }
    }

    #[test]
    fn an_unspecified_address_is_reached_by_loopback() {
        for (address, url) in [
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[::]:1", "http://[::1]:1"),
            ("10.0.0.1:2", "http://10.0.0.1:2"),
        ] {
            assert_eq!(local_url(address.parse().unwrap()), url);
        }
    }

    #[test]
    fn listeners_may_be_named() {
        assert_eq!(listener("[::1]:80"), Ok("[::1]:80".parse().unwrap()));
        let local = listener("localhost:3000").unwrap();
        assert!(local.ip().is_loopback() && local.port() == 3000, "{local}");
        for text in ["localhost", "3000", ":::", "localhost:99999"] {
            assert!(listener(text).unwrap_err().contains("localhost:3000"), "{text}");
        }
    }

    #[test]
    fn all_includes_every_role() {
        assert!(Role::Gateway.is_among(&[Role::All]));
        assert!(Role::Worker.is_among(&[Role::Portal, Role::Worker]));
        assert!(!Role::Gateway.is_among(&[Role::Portal]));
    }
}
