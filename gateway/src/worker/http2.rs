//! A caller's connection that carries HTTP/2: each call is a stream.

use std::{cell::Cell, future::poll_fn, pin::pin, rc::Rc, task::Poll, time::Duration};

use bytes::Bytes;
use h2::{RecvStream, server::SendResponse};
use http::Request;

use super::{
    Worker,
    call::handle,
    connection::{Heads, LINGER, obedient},
    peer::Peer,
    presence::Registered,
    slot::{Order, Slot},
};
use crate::{
    Limits,
    client::{Http2Caller, Http2Calls},
    phase::deliver::Delivered,
    transport::Rewound,
};

impl Worker {
    /// Serves the calls of a connection, each in a task of its own.
    pub(super) async fn serve_http2(self: &Rc<Self>, io: Rewound, peer: &Rc<Peer>, slot: &Rc<Slot>) {
        let limits = self.limits();
        // Boxed, as it is over when calls come.
        let Some(mut calls) = Box::pin(begin(io, slot, limits)).await else {
            return;
        };
        let running = Rc::new(Cell::new(0_usize));
        slot.wait_at_most(limits.idle_timeout);
        loop {
            let next = poll_fn(|cx| {
                if slot.order() == Order::Finish {
                    calls.finish();
                }
                if let Poll::Ready(next) = calls.poll_next(cx) {
                    return Poll::Ready(next);
                }
                if slot.is_overdue() {
                    if running.get() == 0 {
                        // Once more for the caller to close, and then it is over.
                        if calls.is_finishing() {
                            return Poll::Ready(None);
                        }
                        calls.finish();
                    }
                    slot.wait_at_most(limits.idle_timeout.min(LINGER));
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            });
            match next.await {
                Some(Ok((request, respond))) => {
                    slot.wait_at_most(limits.idle_timeout);
                    let running = Running::begin(&running, slot, limits.idle_timeout);
                    let stream = Rc::clone(self).serve_stream(request, respond, Rc::clone(peer), running);
                    tokio::task::spawn_local(stream);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "a caller's connection broke off");
                    return;
                }
                None => return,
            }
        }
    }

    fn serve_stream(
        self: Rc<Self>,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
        peer: Rc<Peer>,
        running: Running,
    ) -> impl Future<Output = ()> {
        let (slot, registered) = Registered::begin(&self);
        async move {
            let mut heads = Heads::default();
            let (mut caller, readable) = Http2Caller::new(request, respond, self.limits(), &mut heads.request);
            let delivered = {
                let call = pin!(handle(&self, &peer, &slot, &mut caller, &mut heads, readable));
                obedient(&slot, call).await
            };
            if delivered != Some(Delivered::Complete) {
                caller.break_off();
            }
            drop(registered);
            drop(running);
        }
    }
}

/// Begins a connection; `None` if that fails or takes longer than a head may.
async fn begin(io: Rewound, slot: &Slot, limits: &Limits) -> Option<Http2Calls> {
    slot.wait_at_most(limits.header_timeout);
    let mut beginning = pin!(Http2Calls::begin(io, limits));
    poll_fn(|cx| match beginning.as_mut().poll(cx) {
        Poll::Ready(begun) => Poll::Ready(begun.ok()),
        Poll::Pending if slot.is_overdue() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// A stream of a connection that is not over.
struct Running {
    count: Rc<Cell<usize>>,
    /// The connection's.
    slot: Rc<Slot>,
    idle_timeout: Duration,
}

impl Running {
    fn begin(count: &Rc<Cell<usize>>, slot: &Rc<Slot>, idle_timeout: Duration) -> Self {
        count.set(count.get() + 1);
        Self {
            count: Rc::clone(count),
            slot: Rc::clone(slot),
            idle_timeout,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.count.set(self.count.get() - 1);
        if self.count.get() == 0 {
            // The connection is idle from now on, and not since its last call began.
            self.slot.wait_at_most(self.idle_timeout);
        }
    }
}
