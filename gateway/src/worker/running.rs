//! A worker that runs: it takes connections, looks at what waits, and ends.

use std::{rc::Rc, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Worker,
    slot::{Order, Slot, TICK},
};
use crate::{
    SnapshotHandle, UsageSink,
    tls::{self, Tls},
    upstream::{Prober, check_targets},
};

/// How often usage is handed over.
const HAND_OVER: Duration = Duration::from_millis(250);
/// For calls to end after their connections.
const SETTLE: Duration = Duration::from_secs(1);
/// After an error of `accept`, such as no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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

impl Worker {
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
    pub(super) fn register(&self) -> (Rc<Slot>, usize) {
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

    pub(super) fn unregister(&self, place: usize) {
        self.slots.borrow_mut()[place] = None;
        self.free.borrow_mut().push(place);
    }

    async fn all_closed(&self) {
        while self.open.get() > 0 {
            self.ended.notified().await;
        }
    }
}
