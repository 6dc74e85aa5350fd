//! Starting and stopping.

use std::{io, net::SocketAddr, sync::Arc, thread, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::TcpListener,
    runtime::{Builder, LocalOptions},
    sync::oneshot,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    CacheHandle, Counters, GatewayOptions, SnapshotHandle, TokenCounters, TokenKeyError, UsageSink,
    cache::Store,
    tls::{Tls, TlsError},
    token_endpoint::{TokenEndpoint, TokenIssuer},
    upstream::Prober,
    worker::{Listeners, Stop, Worker},
};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4_096;

/// Turns of tasks between two looks at the sockets. Under load many calls are read and then many are written, which
/// costs the system less than one after the other. A turn takes a few microseconds.
const TURNS_PER_LOOK: u32 = 256;

/// A gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("the gateway can't listen on {address}: {source}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No access tokens can be signed.
    #[error(transparent)]
    Tokens(#[from] TokenKeyError),
    /// A thread, its runtime or TLS could not be set up.
    #[error("a gateway worker could not start")]
    Worker(#[source] io::Error),
}

/// The data plane; see [`Gateway::start`].
#[derive(Debug)]
pub struct Gateway;

/// A running gateway. Dropping it stops it at once, without waiting for requests; their usage is still handed over.
#[derive(Debug)]
pub struct RunningGateway {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    counters: Counters,
    cache: CacheHandle,
    tokens: Option<TokenCounters>,
    workers: Vec<oneshot::Receiver<usize>>,
    stop: Stop,
    _stops_when_dropped: (DropGuard, DropGuard),
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because they were still busy when the grace ended.
    pub cut: usize,
}

impl Gateway {
    /// Binds the listeners and starts the workers. When it returns, connections are accepted; until the snapshot has its
    /// first configuration they are answered with 503.
    ///
    /// # Errors
    /// [`StartError`], and nothing is left running.
    pub fn start(
        mut options: GatewayOptions,
        snapshot: SnapshotHandle,
        usage: UsageSink,
    ) -> Result<RunningGateway, StartError> {
        let threads = options.threads.max(1);
        let listen = |address| listen(address, threads).map_err(|source| StartError::Listen { address, source });
        let (address, listeners) = listen(options.listen)?;
        let mut tls_address = None;
        let mut tls_listeners: Vec<_> = (0..threads).map(|_| None).collect();
        let mut tls = None;
        if let Some(options) = &options.tls {
            tls = Some(Arc::new(Tls::read(options.clone())?));
            let (address, listeners) = listen(options.listen)?;
            tls_address = Some(address);
            tls_listeners = listeners.into_iter().map(Some).collect();
        }
        let (mut tokens, mut own_verifier) = (None, None);
        if let Some(options) = &options.tokens {
            let issuer = TokenIssuer::new(options, address)?;
            own_verifier = Some(issuer.verifier()?);
            tokens = Some(Arc::new(TokenEndpoint::new(issuer)));
        }
        if options.token_verifier.is_none() {
            options.token_verifier = own_verifier;
        }
        let counters = Counters::new(threads, snapshot.clone());
        let cache = Store::new(options.cache_bytes);
        let stop = Stop {
            drain: CancellationToken::new(),
            cut: CancellationToken::new(),
        };
        // Ends workers that run already if a later one can't start.
        let guards = (stop.drain.clone().drop_guard(), stop.cut.clone().drop_guard());
        let max_connections = options.limits.connections.div_ceil(threads).max(1);
        let mut workers = Vec::with_capacity(threads);
        for (number, (listener, tls_listener)) in listeners.into_iter().zip(tls_listeners).enumerate() {
            let (started, is_started) = std::sync::mpsc::sync_channel(1);
            let (ended, has_ended) = oneshot::channel();
            let (options, snapshot, usage, stop) = (options.clone(), snapshot.clone(), usage.clone(), stop.clone());
            let (counters, cache) = (counters.worker(number), Arc::clone(&cache));
            let (tls, token_endpoint) = (tls.clone(), tokens.clone());
            let checks_targets = number == 0;
            let body = move || {
                let prepared = Builder::new_current_thread()
                    .enable_all()
                    .event_interval(TURNS_PER_LOOK)
                    .build_local(LocalOptions::default())
                    .and_then(|runtime| {
                        // One worker asks for all.
                        let prober = checks_targets.then(|| Prober::new(options.addresses)).transpose()?;
                        let checks = prober.map(|prober| (snapshot.clone(), prober));
                        let worker = Worker::new(options, &snapshot, counters, cache, token_endpoint)?;
                        let listeners = runtime.block_on(async {
                            let secure = tls_listener.map(TcpListener::from_std).transpose()?.zip(tls);
                            Ok::<_, io::Error>(Listeners {
                                plain: TcpListener::from_std(listener)?,
                                secure,
                                watches_files: number == 0,
                            })
                        })?;
                        Ok((runtime, worker, listeners, checks))
                    });
                match prepared {
                    Ok((runtime, worker, listeners, checks)) => {
                        let _ = started.send(Ok(()));
                        let cut = runtime.block_on(worker.run(listeners, usage, max_connections, checks, stop));
                        // Nobody waits for it when the gateway was dropped.
                        let _ = ended.send(cut);
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                    }
                }
            };
            thread::Builder::new()
                .name(format!("gateway-{number}"))
                .spawn(body)
                .map_err(StartError::Worker)?;
            is_started
                .recv()
                .unwrap_or_else(|_| Err(io::Error::other("the worker ended at once")))
                .map_err(StartError::Worker)?;
            workers.push(has_ended);
        }
        Ok(RunningGateway {
            address,
            tls_address,
            counters,
            cache: CacheHandle(cache),
            tokens: tokens.map(TokenCounters),
            workers,
            stop,
            _stops_when_dropped: guards,
        })
    }
}

impl RunningGateway {
    /// Where it listens, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for TLS, with the port that was picked.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// A handle on the process counters; stays readable after a shutdown.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// A handle on the response cache.
    pub fn cache(&self) -> CacheHandle {
        self.cache.clone()
    }

    /// What the token endpoint did, where there is one.
    pub fn tokens(&self) -> Option<TokenCounters> {
        self.tokens.clone()
    }

    /// Stops accepting, lets requests finish for at most `grace`, cuts what is left and hands over the last usage.
    /// When it returns, every worker is gone and its usage is in the sink; somebody must be taking it.
    pub async fn shutdown(mut self, grace: Duration) -> Drained {
        self.stop.drain.cancel();
        let mut cut = 0;
        let workers = std::mem::take(&mut self.workers);
        let deadline = tokio::time::sleep(grace);
        let mut deadline = std::pin::pin!(deadline);
        for mut worker in workers {
            let ended = tokio::select! {
                ended = &mut worker => ended,
                () = &mut deadline, if !self.stop.cut.is_cancelled() => {
                    self.stop.cut.cancel();
                    worker.await
                }
            };
            cut += ended.unwrap_or(0);
        }
        Drained { cut }
    }
}

/// One listener for each worker on one address. The system spreads connections over them.
fn listen(address: SocketAddr, count: usize) -> io::Result<(SocketAddr, Vec<std::net::TcpListener>)> {
    // Shared ports let a second process of the same user listen too, so a probe without sharing tells a taken port.
    drop(bind(address, false)?);
    let first = bind(address, true)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(bind(address, true)?);
    }
    Ok((address, listeners))
}

fn bind(address: SocketAddr, is_shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
