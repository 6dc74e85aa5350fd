//! One worker: a thread with its own runtime, listener, connections and counts. Nothing here is shared with other
//! workers but the snapshot and the budgets.

mod cached;
mod call;
mod composed;
mod connection;
mod http1;
mod http2;
mod inspected;
mod judged;
mod mocked;
mod own_page;
mod peer;
mod presence;
mod reshaped;
mod running;
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
use tokio::sync::Notify;

pub(crate) use self::{
    connection::Heads,
    peer::Peer,
    presence::InFlight,
    running::{Listeners, Stop},
    slot::{Order, Slot},
};
use crate::{
    AccessLog, GatewayOptions, Limits, SnapshotHandle, WorkerLog,
    cache::Store,
    counters::WorkerCounters,
    decision::Known,
    held::{Memory, Share},
    http1::{Buffers, Connection},
    identity::{TokenVerifier, Witnesses, fetch::HttpFetch},
    limit::Moment,
    message::Fields,
    meter::{MeterKey, MeterTable},
    phase::mirror::Copies,
    rules::{self, RuleState},
    snapshot::{Snapshot, Version as ApiVersion, http_date},
    token_endpoint::TokenEndpoint,
    trace_context::TraceIds,
    transport::Transport,
    upstream::{Connector, Links, Pool},
};

/// For questions about tokens that have no bounds of their own.
const FETCH_LIMIT: Duration = Duration::from_secs(5);
const FETCH_BYTES: usize = 64 << 10;

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

    /// Who the tokens of the gateway's own endpoint are of, if it has one.
    pub(crate) fn own_issuer(&self) -> Option<&str> {
        self.options.token_verifier.as_ref().map(TokenVerifier::issuer)
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

    /// Memory for bodies that are held for a call, and for what encodes its answer.
    pub(crate) fn held(&self, known: &Known) -> Rc<Share> {
        let version = known.version.as_deref();
        self.held.share(version.map_or("", ApiVersion::organization))
    }

    /// Copies of calls on their way to mirrors.
    pub(crate) fn copies(&self) -> &Copies {
        &self.copies
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
}
