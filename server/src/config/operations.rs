//! How a process is watched while it runs and how it stops; shared by `serve` and `demo`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

use clap::Args;

/// Where metrics and health checks are if nothing else was said: a port that neither Prometheus nor our other listeners
/// have by default.
pub const OPERATIONS_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// How a process is watched and how it stops.
#[derive(Args, Clone, Debug)]
pub struct OperationsArgs {
    /// Where metrics and health checks are, or `off`; 127.0.0.1:9464 by default, and nowhere if that is taken
    #[arg(long, value_name = "ADDR|off", env = "TURNPIKE_OPERATIONS")]
    pub operations: Option<OperationsListener>,
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
        let address = text.parse();
        address
            .map(Self::At)
            .map_err(|_| "write it as 127.0.0.1:9464 or off".into())
    }
}
