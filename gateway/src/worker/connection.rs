//! A caller's connection: served to its end, and told when to finish.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use http::HeaderValue;
use hyper::{rt::Executor, service::service_fn, upgrade::OnUpgrade};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::net::TcpStream;

use super::{Worker, call::handle};
use crate::{
    client::{ClientIo, ConnectionPhase, Slot},
    phase::respond,
    problem::Reason,
    trace_context::TraceIds,
};

/// Header fields that the HTTP library takes without being told; a number of our own makes it allocate for each request.
const LIBRARY_HEADERS: usize = 100;

/// A connection, as the sweeper and the drain see it.
pub(super) struct Registered {
    pub(super) slot: Arc<Slot>,
    waker: Option<Waker>,
    order: Rc<Cell<Order>>,
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    GoOn,
    /// Finish what runs, take nothing new.
    Finish,
    /// End now.
    Abandon,
}

/// Where a connection comes from, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Peer {
    address: HeaderValue,
    switch: RefCell<Option<Switch>>,
}

/// Both sides of a protocol change that is agreed.
#[derive(Debug)]
struct Switch {
    caller: OnUpgrade,
    upstream: OnUpgrade,
}

impl Peer {
    /// The address, as `X-Forwarded-For` has it.
    pub(crate) fn address(&self) -> &HeaderValue {
        &self.address
    }

    /// After the answer that is being made, the connection carries another protocol.
    pub(crate) fn switch(&self, caller: OnUpgrade, upstream: OnUpgrade) {
        self.switch.replace(Some(Switch { caller, upstream }));
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

impl Switch {
    /// Passes bytes on until one of the sides ends.
    async fn splice(self) {
        let (caller, upstream) = match (self.caller.await, self.upstream.await) {
            (Ok(caller), Ok(upstream)) => (caller, upstream),
            (caller, upstream) => {
                tracing::debug!(caller = ?caller.err(), upstream = ?upstream.err(), "a protocol change failed");
                return;
            }
        };
        let (mut caller, mut upstream) = (TokioIo::new(caller), TokioIo::new(upstream));
        if let Err(error) = tokio::io::copy_bidirectional(&mut caller, &mut upstream).await {
            tracing::debug!(%error, "an upgraded connection broke off");
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

impl Worker {
    /// Serves one connection to its end. It is one of the open connections from the call on, before the future runs.
    pub(super) fn serve(self: Rc<Self>, stream: TcpStream, address: SocketAddr) -> impl Future<Output = ()> {
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
        async move {
            if let Ok(address) = HeaderValue::try_from(address.ip().to_canonical().to_string()) {
                self.serve_registered(stream, address, slot, order, place).await;
            }
            self.unregister(place);
        }
    }

    async fn serve_registered(
        self: &Rc<Self>,
        stream: TcpStream,
        address: HeaderValue,
        slot: Arc<Slot>,
        order: Rc<Cell<Order>>,
        place: usize,
    ) {
        let peer = Rc::new(Peer {
            address,
            switch: RefCell::default(),
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
            let in_flight = InFlight::begin(self, &slot, &running);
            handle(Rc::clone(self), Rc::clone(&peer), Arc::clone(&slot), in_flight, request)
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
        // It stays one of the open connections, and ends when the drain's grace does.
        let switch = peer.switch.take();
        if let Some(switch) = switch {
            let mut splice = pin!(switch.splice());
            poll_fn(|cx| match order.get() {
                Order::Abandon => Poll::Ready(()),
                Order::GoOn | Order::Finish => splice.as_mut().poll(cx),
            })
            .await;
        }
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

    pub(super) fn last_words(&self, reason: Reason) -> bytes::Bytes {
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
    pub(super) fn tell(&mut self, order: Order) {
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
