//! One worker: a thread with its own runtime, listener, connections and counts. Nothing here is shared with other
//! workers but the snapshot and the budgets.

mod cached;
mod call;
mod composed;
mod connection;
mod inspected;
mod judged;
mod own_page;
mod reshaped;
mod slot;

use std::{
    cell::{Cell, RefCell},
    fmt, io,
    net::IpAddr,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use arc_swap::{ArcSwap, Cache};
use domain::usage::UsageSums;
use http::{HeaderValue, Version};
use tokio::{
    net::TcpListener,
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use self::slot::TICK;
pub(crate) use self::{
    connection::{Heads, InFlight, Peer},
    slot::{Order, Slot},
};
use crate::{
    AccessLog, GatewayOptions, Limits, SnapshotHandle, UsageSink, WorkerLog,
    cache::Store,
    coding::Encoders,
    counters::WorkerCounters,
    held::Memory,
    http1::{Buffers, Connection},
    identity::{Witnesses, fetch::HttpFetch, jwt::claimed_issuer},
    limit::Moment,
    message::Fields,
    meter::{MeterKey, MeterTable},
    phase::mirror::Copies,
    rules::{self, RuleState},
    snapshot::{Snapshot, Version as ApiVersion, http_date},
    tls::{self, Tls},
    token_endpoint::TokenEndpoint,
    trace_context::TraceIds,
    transport::Transport,
    upstream::{Connector, Links, Pool, Prober, check_targets},
};

/// How often usage is handed over.
const HAND_OVER: Duration = Duration::from_millis(250);
/// For calls to end after their connections.
const SETTLE: Duration = Duration::from_secs(1);
/// For questions about tokens that have no bounds of their own.
const FETCH_LIMIT: Duration = Duration::from_secs(5);
const FETCH_BYTES: usize = 64 << 10;
/// After an error of `accept`, such as no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a worker owns.
pub(crate) struct Worker {
    options: GatewayOptions,
    portal_url: String,
    via: Vias,
    snapshot: RefCell<Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>>,
    moment: Cell<Moment>,
    date: RefCell<(i64, Option<HeaderValue>)>,
    table: RefCell<MeterTable>,
    counters: Arc<WorkerCounters>,
    pool: Rc<Pool>,
    links: Rc<Links>,
    connector: Connector,
    /// Asks about tokens.
    fetch: HttpFetch,
    trace_ids: TraceIds,
    copies: Copies,
    encoders: Encoders,
    held: Rc<Memory>,
    /// Shared by all workers.
    rule_state: Arc<RuleState>,
    cache: Arc<Store>,
    /// Gives access tokens, where the gateway does.
    tokens: Option<Arc<TokenEndpoint>>,
    log: Option<WorkerLog>,
    buffers: Rc<Buffers>,
    /// Milliseconds since the worker began, as of the last tick.
    now_ms: Rc<Cell<u64>>,
    is_draining: Cell<bool>,
    /// Connections and streams.
    slots: RefCell<Vec<Option<Rc<Slot>>>>,
    /// Places in `slots` that are free.
    free: RefCell<Vec<usize>>,
    open: Cell<usize>,
    calls: Cell<usize>,
    /// A connection or a call has ended.
    ended: Notify,
}

/// Values of `Via`, by the protocol of the message that was received.
struct Vias {
    one_zero: HeaderValue,
    one_one: HeaderValue,
    two: HeaderValue,
}

/// Where a worker takes connections from.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) plain: TcpListener,
    /// One that speaks TLS.
    pub(crate) secure: Option<(TcpListener, Arc<Tls>)>,
    /// Whether this worker looks for changes of the certificates, for all of them.
    pub(crate) watches_files: bool,
}

/// How a worker ends.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// Stop accepting and finish what runs.
    pub(crate) drain: CancellationToken,
    /// Cut what is left.
    pub(crate) cut: CancellationToken,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that does not run yet.
    ///
    /// # Errors
    /// When TLS can't be set up or the gateway's name can't be sent in a header.
    pub(crate) fn new(
        options: GatewayOptions,
        snapshot: &SnapshotHandle,
        counters: Arc<WorkerCounters>,
        cache: Arc<Store>,
        tokens: Option<Arc<TokenEndpoint>>,
    ) -> io::Result<Rc<Self>> {
        let connector = Connector::new(options.addresses)?;
        let via =
            |protocol: &str| HeaderValue::try_from(format!("{protocol} {}", options.via)).map_err(io::Error::other);
        Ok(Rc::new(Self {
            portal_url: snapshot.portal_url().to_owned(),
            via: Vias {
                one_zero: via("1.0")?,
                one_one: via("1.1")?,
                two: via("2.0")?,
            },
            snapshot: RefCell::new(snapshot.reader()),
            moment: Cell::new(Moment::at(options.clock.now())),
            date: RefCell::new((i64::MIN, None)),
            table: RefCell::new(MeterTable::new(counters.latencies())),
            counters,
            pool: Pool::new(options.threads.max(1)),
            links: Rc::default(),
            fetch: HttpFetch::new(options.addresses, connector.clone(), FETCH_LIMIT, FETCH_BYTES),
            connector,
            trace_ids: TraceIds::new(),
            copies: Copies::default(),
            encoders: Encoders::default(),
            held: Memory::new(options.limits.held_bytes),
            rule_state: snapshot.rule_state(),
            cache,
            tokens,
            log: options.access_log.as_ref().map(AccessLog::worker),
            buffers: Rc::default(),
            now_ms: Rc::default(),
            is_draining: Cell::new(false),
            slots: RefCell::default(),
            free: RefCell::default(),
            open: Cell::new(0),
            calls: Cell::new(0),
            ended: Notify::new(),
            options,
        }))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// Whether an address is that of a proxy whose word is taken.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let trusted = &self.options.trusted_proxies;
        trusted.iter().any(|network| network.contains(peer))
    }

    pub(crate) fn portal_url(&self) -> &str {
        &self.portal_url
    }

    /// The gateway's name.
    pub(crate) fn name(&self) -> &'static str {
        self.options.via
    }

    /// Value of `Via` for a message that was received in a version of the protocol.
    pub(crate) fn via(&self, received: Version) -> &HeaderValue {
        match received {
            Version::HTTP_10 => &self.via.one_zero,
            Version::HTTP_2 => &self.via.two,
            _ => &self.via.one_one,
        }
    }

    /// A connection of HTTP/1 over a transport.
    pub(crate) fn connection(&self, transport: Transport) -> Connection {
        Connection::new(transport, Rc::clone(&self.buffers))
    }

    /// The access log, if there is one.
    pub(crate) fn log(&self) -> Option<&WorkerLog> {
        self.log.as_ref()
    }

    pub(crate) fn counters(&self) -> &WorkerCounters {
        &self.counters
    }

    pub(crate) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    /// Connections to upstreams that many calls share.
    pub(crate) fn links(&self) -> &Rc<Links> {
        &self.links
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Who says whether a token is good.
    pub(crate) fn witnesses(&self) -> Witnesses<'_> {
        Witnesses {
            own: self.options.token_verifier.as_ref(),
            fetch: &self.fetch,
            clock: &self.options.clock,
        }
    }

    /// Whether a value of `Authorization` is a token of the gateway's own, or says that it is.
    pub(crate) fn has_given(&self, authorization: &[u8]) -> bool {
        let token = authorization
            .split(|byte| *byte == b' ')
            .next_back()
            .unwrap_or_default();
        let own = self.options.token_verifier.as_ref();
        own.is_some_and(|own| claimed_issuer(token).is_some_and(|issuer| issuer == own.issuer()))
    }

    /// Value of `Date`, made once a second.
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        let now = self.options.clock.now();
        let mut date = self.date.borrow_mut();
        if date.0 != now.unix_timestamp() {
            *date = (now.unix_timestamp(), http_date(now));
        }
        date.1.clone()
    }

    /// Adds to the usage.
    pub(crate) fn count(&self, key: MeterKey, version: Option<&Arc<ApiVersion>>, sums: &UsageSums) {
        self.table.borrow_mut().add(key, version, sums);
    }

    /// Memory for bodies that are held.
    pub(crate) fn held(&self) -> &Rc<Memory> {
        &self.held
    }

    /// Copies of calls on their way to mirrors.
    pub(crate) fn copies(&self) -> &Copies {
        &self.copies
    }

    /// Encoders of answers.
    pub(crate) fn encoders(&self) -> &Encoders {
        &self.encoders
    }

    /// A random number that nothing secret may depend on.
    pub(crate) fn random(&self) -> u64 {
        self.trace_ids.next()
    }

    /// The address of a caller, as far as proxies are believed.
    pub(crate) fn caller_address(&self, peer: &Peer, fields: &Fields) -> IpAddr {
        rules::caller_address(peer.ip(), &self.options.trusted_proxies, fields)
    }

    fn now(&self) -> Moment {
        let mut moment = self.moment.get();
        moment.advance(self.options.clock.now());
        self.moment.set(moment);
        moment
    }

    /// Serves until it is told to stop, and checks targets if that is its duty; returns how many connections were cut.
    pub(crate) async fn run(
        self: Rc<Self>,
        listeners: Listeners,
        usage: UsageSink,
        max_connections: usize,
        checks: Option<(SnapshotHandle, Prober)>,
        stop: Stop,
    ) -> usize {
        let Listeners {
            plain,
            secure,
            watches_files,
        } = listeners;
        let mut accepting = vec![tokio::task::spawn_local(Rc::clone(&self).accept(
            plain,
            None,
            max_connections,
        ))];
        if let Some((listener, tls)) = secure {
            if watches_files {
                accepting.push(tokio::task::spawn_local(tls::watch(Arc::clone(&tls))));
            }
            let accept = Rc::clone(&self).accept(listener, Some(tls), max_connections);
            accepting.push(tokio::task::spawn_local(accept));
        }
        let checking = checks.map(|(snapshots, prober)| tokio::task::spawn_local(check_targets(snapshots, prober)));
        let sweeping = tokio::task::spawn_local(Rc::clone(&self).sweep());
        let handing_over = tokio::task::spawn_local(Rc::clone(&self).hand_over(usage.clone()));

        stop.drain.cancelled().await;
        for task in accepting.into_iter().chain(checking) {
            task.abort();
        }
        self.is_draining.set(true);
        self.order_all(Order::Finish);
        tokio::select! {
            () = self.all_closed() => {}
            () = stop.cut.cancelled() => {}
        }
        let cut = self.open.get();
        self.order_all(Order::Abandon);
        self.all_closed().await;
        // Streams of HTTP/2 are tasks of their own and end a little after their connection.
        let is_quiet = async {
            while self.calls.get() > 0 {
                self.ended.notified().await;
            }
        };
        if timeout(SETTLE, is_quiet).await.is_err() {
            tracing::warn!(calls = self.calls.get(), "calls did not end with their connections");
        }

        sweeping.abort();
        handing_over.abort();
        self.pool.clear();
        self.links.clear();
        let rows = self.table.borrow_mut().drain();
        usage.finish(rows).await;
        if let Some(log) = &self.log {
            log.finish().await;
        }
        cut
    }

    async fn accept(self: Rc<Self>, listener: TcpListener, tls: Option<Arc<Tls>>, max_connections: usize) {
        loop {
            while self.open.get() >= max_connections {
                self.ended.notified().await;
            }
            match listener.accept().await {
                Ok((stream, address)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection was gone before it was served");
                        continue;
                    }
                    tokio::task::spawn_local(Rc::clone(&self).serve(stream, address, tls.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Wakes what has waited too long, and keeps the pool tidy.
    async fn sweep(self: Rc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let began = tokio::time::Instant::now();
        let mut pool_s = 0;
        loop {
            let since = ticks.tick().await.duration_since(began);
            self.now_ms.set(since.as_millis() as u64);
            for slot in self.slots.borrow().iter().flatten() {
                if slot.is_overdue() {
                    slot.wake();
                }
            }
            let now_s = since.as_secs() as u32;
            if now_s > pool_s {
                pool_s = now_s;
                self.pool.tick(now_s);
                self.links.tick(now_s);
            }
        }
    }

    async fn hand_over(self: Rc<Self>, usage: UsageSink) {
        let mut ticks = interval(HAND_OVER);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            usage.offer(&mut self.table.borrow_mut());
            if let Some(log) = &self.log {
                log.offer();
            }
        }
    }

    fn order_all(&self, order: Order) {
        for slot in self.slots.borrow().iter().flatten() {
            slot.tell(order);
        }
    }

    /// A slot for a new connection or stream, and its place.
    fn register(&self) -> (Rc<Slot>, usize) {
        let order = if self.is_draining.get() {
            Order::Finish
        } else {
            Order::GoOn
        };
        let slot = Rc::new(Slot::new(Rc::clone(&self.now_ms), order));
        let mut slots = self.slots.borrow_mut();
        if let Some(place) = self.free.borrow_mut().pop() {
            slots[place] = Some(Rc::clone(&slot));
            return (slot, place);
        }
        slots.push(Some(Rc::clone(&slot)));
        let place = slots.len() - 1;
        (slot, place)
    }

    fn unregister(&self, place: usize) {
        self.slots.borrow_mut()[place] = None;
        self.free.borrow_mut().push(place);
    }

    async fn all_closed(&self) {
        while self.open.get() > 0 {
            self.ended.notified().await;
        }
    }
}
