//! How a process is watched while it runs and how it stops; shared by `serve` and `demo`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::Args;

use super::serve::listener;

/// Where metrics and health checks are if nothing else was said: a port that neither Prometheus nor our other listeners
/// have by default.
pub const OPERATIONS_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// How a process is watched and how it stops.
#[derive(Args, Clone, Debug)]
pub struct OperationsArgs {
    /// Where metrics and health checks are, or `off`; 127.0.0.1:9464 by default, and nowhere if that is taken
    #[arg(long, value_name = "ADDR|off", env = "TURNPIKE_OPERATIONS")]
    pub operations: Option<OperationsListener>,
    /// What is logged of calls.
    #[command(flatten)]
    pub access_log: AccessLogArgs,
    /// How it stops.
    #[command(flatten)]
    pub drain: DrainArgs,
}

/// How a process stops.
#[derive(Args, Clone, Copy, Debug)]
pub struct DrainArgs {
    /// How long a process that was told to stop still takes new requests while it is not ready any more, in seconds: for
    /// load balancers to notice
    #[arg(long, value_name = "SECONDS", env = "TURNPIKE_DRAIN_DELAY", default_value = "0", value_parser = seconds)]
    pub drain_delay: Duration,
    /// How long requests that are under way may take after that; what is not over then is cut
    #[arg(long, value_name = "SECONDS", env = "TURNPIKE_DRAIN_TIMEOUT", default_value = "20", value_parser = seconds)]
    pub drain_timeout: Duration,
}

/// A time of whole seconds, up to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 0..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("write seconds from 0 to 86400".into()),
    }
}

/// What a gateway logs of its calls.
#[derive(Args, Clone, Debug)]
pub struct AccessLogArgs {
    /// Logs calls of the gateway as lines of JSON: `off`, `all`, `sampled` (one in 100) or `sampled:N`
    #[arg(
        long,
        value_name = "off|sampled[:N]|all",
        env = "TURNPIKE_ACCESS_LOG",
        default_value = "off"
    )]
    pub access_log: AccessLogCalls,
    /// Where the access log goes, if not to standard output; opened again on SIGHUP
    #[arg(long, value_name = "FILE", env = "TURNPIKE_ACCESS_LOG_FILE")]
    pub access_log_file: Option<PathBuf>,
}

/// Which calls are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLogCalls {
    /// None.
    Off,
    /// One in so many; 1 is all.
    OneIn(NonZeroU32),
}

/// A sample where no size is given.
const SAMPLE: NonZeroU32 = NonZeroU32::new(100).unwrap();

impl AccessLogCalls {
    /// One in how many calls is logged; `None` for none.
    pub const fn one_in(self) -> Option<NonZeroU32> {
        match self {
            Self::Off => None,
            Self::OneIn(n) => Some(n),
        }
    }
}

impl FromStr for AccessLogCalls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => return Ok(Self::Off),
            "all" => return Ok(Self::OneIn(NonZeroU32::MIN)),
            "sampled" => return Ok(Self::OneIn(SAMPLE)),
            _ => {}
        }
        let n = text.strip_prefix("sampled:").and_then(|n| n.parse().ok());
        n.map(Self::OneIn)
            .ok_or_else(|| "write off, all, sampled, or sampled:N with N from 1 on".into())
    }
}

/// What was said about the listener for metrics and health checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationsListener {
    /// There is none.
    Off,
    /// It is here, or the process does not start.
    At(SocketAddr),
}

impl FromStr for OperationsListener {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = listener(text);
        address
            .map(Self::At)
            .map_err(|_| "write it as 127.0.0.1:9464, localhost:9464 or off".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_stop_are_seconds() {
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        assert_eq!(seconds("86400"), Ok(Duration::from_hours(24)));
        assert!(
            ["-1", "1.5", "86401", "20s", ""]
                .iter()
                .all(|text| seconds(text).is_err())
        );
    }

    #[test]
    fn listeners_and_logs_are_read() {
        assert_eq!("off".parse(), Ok(OperationsListener::Off));
        let address = OperationsListener::At(OPERATIONS_DEFAULT);
        assert_eq!("127.0.0.1:9464".parse(), Ok(address));
        assert!("9464".parse::<OperationsListener>().is_err());
        for (text, one_in) in [
            ("off", Some(None)),
            ("all", Some(Some(1))),
            ("sampled", Some(Some(100))),
            ("sampled:7", Some(Some(7))),
            ("sampled:0", None),
            ("sampled:", None),
            ("some", None),
        ] {
            let read = text.parse::<AccessLogCalls>().ok();
            let read = read.map(|calls| calls.one_in().map(NonZeroU32::get));
            assert_eq!(read, one_in, "{text}");
        }
    }
}
