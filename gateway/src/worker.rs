//! One worker: a thread with its own runtime, listener, connections and counts. Nothing here is shared with other
//! workers but the snapshot and the budgets.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::{Poll, Waker},
    time::Duration,
};

use arc_swap::{ArcSwap, Cache};
use domain::usage::UsageSums;
use http::{HeaderValue, Request, Response, Version, header::UPGRADE};
use http_body::Body as _;
use hyper::{body::Incoming, rt::Executor, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    GatewayOptions, Limits, SnapshotHandle, UsageSink,
    client::{AnswerBody, ClientIo, ConnectionPhase, Slot},
    counters::WorkerCounters,
    decision::{RequestHead, decide},
    limit::Moment,
    meter::{MeterKey, MeterTable},
    phase::{
        forward::{self, Outgoing},
        metering::Call,
        respond,
    },
    problem::Reason,
    snapshot::{Snapshot, Version as ApiVersion, http_date},
    trace_context::{TraceContext, TraceIds},
    upstream::{Connector, Pool},
};

/// How often usage is handed over.
const HAND_OVER: Duration = Duration::from_millis(250);
/// How long a connection may linger after its last words.
const LINGER_S: u32 = 2;
/// How often time-outs of connections are looked at.
const SWEEP: Duration = Duration::from_secs(1);
/// For calls to end after their connections.
const SETTLE: Duration = Duration::from_secs(1);
/// Header fields that the HTTP library takes without being told; a number of our own makes it allocate for each request.
const LIBRARY_HEADERS: usize = 100;
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
    connector: Connector,
    trace_ids: TraceIds,
    /// Seconds since the worker began.
    now_s: Arc<AtomicU32>,
    is_draining: Cell<bool>,
    connections: RefCell<Vec<Option<Registered>>>,
    /// Places in `connections` that are free.
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

/// A connection, as the sweeper and the drain see it.
struct Registered {
    slot: Arc<Slot>,
    waker: Option<Waker>,
    order: Rc<Cell<Order>>,
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    GoOn,
    /// Finish what runs, take nothing new.
    Finish,
    /// End now.
    Abandon,
}

/// Where a connection comes from.
#[derive(Debug)]
pub(crate) struct Peer {
    address: HeaderValue,
}

impl Peer {
    /// The address, as `X-Forwarded-For` has it.
    pub(crate) fn address(&self) -> &HeaderValue {
        &self.address
    }
}

/// A call that is not over; its connection is busy.
#[derive(Debug)]
pub(crate) struct InFlight {
    worker: Rc<Worker>,
    slot: Arc<Slot>,
    /// Calls of the connection.
    running: Rc<Cell<u32>>,
}

impl InFlight {
    fn begin(worker: &Rc<Worker>, slot: &Arc<Slot>, running: &Rc<Cell<u32>>) -> Self {
        running.set(running.get() + 1);
        worker.calls.set(worker.calls.get() + 1);
        slot.enter(ConnectionPhase::Busy);
        Self {
            worker: Rc::clone(worker),
            slot: Arc::clone(slot),
            running: Rc::clone(running),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.running.set(self.running.get() - 1);
        if self.running.get() == 0 {
            self.slot.calls_over();
        }
        self.worker.calls.set(self.worker.calls.get() - 1);
        if self.worker.calls.get() == 0 && self.worker.is_draining.get() {
            self.worker.ended.notify_waiters();
        }
    }
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
    ) -> io::Result<Rc<Self>> {
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
            table: RefCell::default(),
            counters,
            pool: Pool::new(),
            connector: Connector::new(options.addresses)?,
            trace_ids: TraceIds::new(),
            now_s: Arc::default(),
            is_draining: Cell::new(false),
            connections: RefCell::default(),
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

    pub(crate) fn portal_url(&self) -> &str {
        &self.portal_url
    }

    /// The gateway's name.
    pub(crate) fn name(&self) -> &'static str {
        self.options.via
    }

    /// Value of `Via` for a message that was received in a version of the protocol.
    pub(crate) fn via(&self, received: Version) -> HeaderValue {
        match received {
            Version::HTTP_10 => &self.via.one_zero,
            Version::HTTP_2 => &self.via.two,
            _ => &self.via.one_one,
        }
        .clone()
    }

    pub(crate) fn counters(&self) -> &WorkerCounters {
        &self.counters
    }

    pub(crate) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
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

    fn now(&self) -> Moment {
        let mut moment = self.moment.get();
        moment.advance(self.options.clock.now());
        self.moment.set(moment);
        moment
    }

    /// Serves until it is told to stop; returns how many connections were cut.
    pub(crate) async fn run(
        self: Rc<Self>,
        listener: TcpListener,
        usage: UsageSink,
        max_connections: usize,
        stop: Stop,
    ) -> usize {
        let accepting = tokio::task::spawn_local(Rc::clone(&self).accept(listener, max_connections));
        let sweeping = tokio::task::spawn_local(Rc::clone(&self).sweep());
        let handing_over = tokio::task::spawn_local(Rc::clone(&self).hand_over(usage.clone()));

        stop.drain.cancelled().await;
        accepting.abort();
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
        let rows = self.table.borrow_mut().drain();
        usage.finish(rows).await;
        cut
    }

    async fn accept(self: Rc<Self>, listener: TcpListener, max_connections: usize) {
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
                    tokio::task::spawn_local(Rc::clone(&self).serve(stream, address));
                }
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn sweep(self: Rc<Self>) {
        let mut ticks = interval(SWEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let began = tokio::time::Instant::now();
        loop {
            let now = ticks.tick().await;
            let now_s = now.duration_since(began).as_secs() as u32;
            self.now_s.store(now_s, Relaxed);
            self.pool.tick(now_s);
            let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
            let (header_s, idle_s) = (
                seconds(self.limits().header_timeout),
                seconds(self.limits().idle_timeout),
            );
            for registered in self.connections.borrow_mut().iter_mut().flatten() {
                let order = match registered.slot.phase() {
                    (ConnectionPhase::Idle, s) if s > idle_s => Order::Finish,
                    (ConnectionPhase::Head, s) if s > header_s => {
                        // Its next read is the end of the connection.
                        registered.slot.say_last(|| self.last_words(Reason::HeadersTooSlow));
                        Order::GoOn
                    }
                    (ConnectionPhase::Closing, s) if s > LINGER_S => Order::Abandon,
                    _ => continue,
                };
                registered.tell(order);
            }
        }
    }

    async fn hand_over(self: Rc<Self>, usage: UsageSink) {
        let mut ticks = interval(HAND_OVER);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            usage.offer(&mut self.table.borrow_mut());
        }
    }

    fn order_all(&self, order: Order) {
        for registered in self.connections.borrow_mut().iter_mut().flatten() {
            registered.tell(order);
        }
    }

    async fn all_closed(&self) {
        while self.open.get() > 0 {
            self.ended.notified().await;
        }
    }

    /// Serves one connection to its end.
    async fn serve(self: Rc<Self>, stream: TcpStream, address: SocketAddr) {
        let Ok(forwarded_for) = HeaderValue::try_from(address.ip().to_canonical().to_string()) else {
            return;
        };
        let peer = Rc::new(Peer { address: forwarded_for });
        let slot = Arc::new(Slot::new(Arc::clone(&self.now_s)));
        let order = Rc::new(Cell::new(if self.is_draining.get() {
            Order::Finish
        } else {
            Order::GoOn
        }));
        let place = self.register(Registered {
            slot: Arc::clone(&slot),
            waker: None,
            order: Rc::clone(&order),
        });

        let refuse = {
            // The connection may have to move between threads after an upgrade, so it can't hold on to the worker.
            let (portal_url, clock) = (self.portal_url.clone(), self.options.clock.clone());
            let counters = Arc::clone(&self.counters);
            move |reason: Reason| {
                counters.refused(reason);
                counters.answered(reason.status());
                respond::last_words(reason, &portal_url, &TraceIds::new().make(), clock.now())
            }
        };
        let io = ClientIo::new(stream, self.options.limits, Arc::clone(&slot), refuse);
        let running = Rc::new(Cell::new(0));
        let service = service_fn(|request| {
            let in_flight = InFlight::begin(&self, &slot, &running);
            handle(
                Rc::clone(&self),
                Rc::clone(&peer),
                Arc::clone(&slot),
                in_flight,
                request,
            )
        });
        let builder = self.builder();
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
        let mut is_finishing = false;
        let ended = poll_fn(|cx| {
            match order.get() {
                Order::GoOn => {}
                Order::Finish if is_finishing => {}
                Order::Finish => {
                    is_finishing = true;
                    connection.as_mut().graceful_shutdown();
                }
                Order::Abandon => return Poll::Ready(Ok(())),
            }
            let poll = connection.as_mut().poll(cx);
            if poll.is_pending() {
                self.keep_waker(place, cx.waker());
            }
            poll
        });
        if let Err(error) = ended.await {
            tracing::debug!(%error, "a caller's connection broke off");
        }
        self.unregister(place);
    }

    fn builder(&self) -> auto::Builder<LocalExecutor> {
        let limits = self.limits();
        let mut builder = auto::Builder::new(LocalExecutor);
        builder
            .http1()
            .auto_date_header(false)
            .writev(false)
            // The sweeper does it, without a timer for each request.
            .header_read_timeout(None);
        if limits.header_count > LIBRARY_HEADERS {
            builder.http1().max_headers(limits.header_count);
        }
        builder
            .http2()
            .auto_date_header(false)
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(limits.streams)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        builder
    }

    fn register(&self, registered: Registered) -> usize {
        self.counters.connection_opened();
        self.open.set(self.open.get() + 1);
        let mut connections = self.connections.borrow_mut();
        if let Some(place) = self.free.borrow_mut().pop() {
            connections[place] = Some(registered);
            return place;
        }
        connections.push(Some(registered));
        connections.len() - 1
    }

    fn unregister(&self, place: usize) {
        self.connections.borrow_mut()[place] = None;
        self.free.borrow_mut().push(place);
        self.counters.connection_closed();
        self.open.set(self.open.get() - 1);
        self.ended.notify_waiters();
    }

    /// Keeps how a connection is woken. It stays the same for the life of its task.
    fn keep_waker(&self, place: usize, waker: &Waker) {
        if let Some(registered) = &mut self.connections.borrow_mut()[place]
            && registered.waker.is_none()
        {
            registered.waker = Some(waker.clone());
        }
    }

    fn last_words(&self, reason: Reason) -> bytes::Bytes {
        self.counters.refused(reason);
        self.counters.answered(reason.status());
        respond::last_words(
            reason,
            &self.portal_url,
            &self.trace_ids.make(),
            self.options.clock.now(),
        )
    }
}

impl Registered {
    fn tell(&mut self, order: Order) {
        if self.order.get() != Order::Abandon {
            self.order.set(order);
        }
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// Runs the streams of an HTTP/2 connection on the worker's own thread.
#[derive(Clone, Copy, Debug)]
struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// One call, from its head to the head of its answer: the phases in order.
async fn handle(
    worker: Rc<Worker>,
    peer: Rc<Peer>,
    slot: Arc<Slot>,
    in_flight: InFlight,
    mut request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let now = worker.now();
    let upgrade = request
        .headers()
        .contains_key(UPGRADE)
        .then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let trace = TraceContext::of(&parts.headers).unwrap_or_else(|| worker.trace_ids.make());
    let mut call = Call::begin(&worker, &now);
    let head = RequestHead {
        method: &parts.method,
        path: parts.uri.path(),
        headers: &parts.headers,
        body_bytes: body.size_hint().exact(),
        max_body_bytes: worker.limits().body_bytes,
    };
    let decision = {
        let mut reader = worker.snapshot.borrow_mut();
        decide(reader.load(), &head, &now, &mut call.known)
    };
    let refusal = match decision {
        Ok(permit) => {
            call.admit(permit);
            let outgoing = Outgoing {
                method: parts.method,
                uri: &parts.uri,
                version: parts.version,
                headers: parts.headers,
                body,
                trace,
                upgrade,
            };
            match forward::forward(&worker, &peer, &mut call, outgoing).await {
                Ok(answer) => return Ok(respond::pass_on(&worker, &slot, &mut call, answer, &now, in_flight)),
                Err(refusal) => {
                    return Ok(respond::refuse(
                        &worker,
                        &mut call,
                        *refusal,
                        parts.uri.path(),
                        &trace,
                        &now,
                        in_flight,
                    ));
                }
            }
        }
        Err(refusal) => refusal,
    };
    Ok(respond::refuse(
        &worker,
        &mut call,
        *refusal,
        parts.uri.path(),
        &trace,
        &now,
        in_flight,
    ))
}
