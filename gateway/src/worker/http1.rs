//! A caller's connection that carries HTTP/1: bursts of calls, and quiet between them.

use std::{future::poll_fn, rc::Rc, task::Poll, time::Duration};

use super::{
    Worker,
    call::handle,
    connection::{Heads, LINGER},
    peer::Peer,
    slot::{Order, Slot},
};
use crate::{
    client::Http1Caller,
    http1::{Connection, RequestEvent, RequestReader},
    message::RequestHead,
    phase::deliver::Delivered,
    problem::Reason,
    relay::{BodySource, Fill},
    transport::{Rewound, Transport},
};

/// A connection that is quiet for so long after a call gives back what calls need. Ten thousand that wait then cost little,
/// and one that carries call after call asks for no memory.
const BURST_PAUSE: Duration = Duration::from_millis(250);
/// What a caller may still send while its connection is being closed. Without reading it the system would reset the
/// connection, and the caller might never see the answer.
const MAX_LINGER: usize = 1 << 20;

/// What comes after a burst of calls.
enum Pause {
    /// Another, if it begins before this moment of the worker.
    Wait { until_ms: u64 },
    /// HTTP/2, whose first bytes have come.
    Http2,
    /// Nothing; the connection is closed at once.
    End,
}

/// What comes after a call.
enum Next {
    Request,
    Pause(Pause),
    /// Last words, and then nothing.
    Refuse(Reason),
}

impl Worker {
    /// Serves the calls of a connection. While it waits for one it has nothing but itself.
    pub(super) async fn serve_http1(self: &Rc<Self>, transport: Transport, peer: &Rc<Peer>, slot: &Rc<Slot>) {
        let mut connection = self.connection(transport);
        let mut reader = RequestReader::default();
        let mut until_ms = slot.moment_after(self.limits().idle_timeout);
        while wait(&mut connection, slot, until_ms).await {
            match Box::pin(self.serve_burst(&mut connection, &mut reader, peer, slot)).await {
                Pause::Wait { until_ms: moment_ms } => {
                    until_ms = moment_ms;
                    connection.rest();
                }
                Pause::Http2 => {
                    let (transport, received) = connection.into_parts();
                    let io = Rewound::new(transport, received);
                    return Box::pin(self.serve_http2(io, peer, slot)).await;
                }
                Pause::End => return,
            }
        }
    }

    /// Serves calls for as long as one follows the other.
    async fn serve_burst(
        self: &Rc<Self>,
        connection: &mut Connection,
        reader: &mut RequestReader,
        peer: &Rc<Peer>,
        slot: &Rc<Slot>,
    ) -> Pause {
        let mut heads = Heads::default();
        loop {
            heads.request.clear();
            match self.next(connection, reader, slot, &mut heads.request).await {
                Next::Request => {}
                Next::Pause(pause) => return pause,
                Next::Refuse(reason) => {
                    let words = self.last_words(reason);
                    connection.head_output().extend_from_slice(&words);
                    close(connection, slot).await;
                    return Pause::End;
                }
            }
            let mut caller = Http1Caller::new(connection, slot, &heads.request);
            let delivered = handle(self, peer, slot, &mut caller, &mut heads, Ok(())).await;
            let is_persistent = caller.is_persistent();
            match delivered {
                Delivered::Broken => {
                    connection.break_off();
                    return Pause::End;
                }
                Delivered::Complete if !is_persistent => {
                    close(connection, slot).await;
                    return Pause::End;
                }
                Delivered::Complete => {}
            }
            if !connection.is_body_over() && !skip_body(connection, slot, self.limits().header_timeout).await {
                return Pause::End;
            }
        }
    }

    /// Waits for the next request of a burst.
    async fn next(
        &self,
        connection: &mut Connection,
        reader: &mut RequestReader,
        slot: &Slot,
        head: &mut RequestHead,
    ) -> Next {
        let limits = self.limits();
        // Whether it waits for the rest of a head, and not for its beginning.
        let mut is_inside = None;
        // When it has been quiet for too long.
        let mut until_ms = u64::MAX;
        poll_fn(|cx| {
            if let Poll::Ready(event) = connection.poll_request(cx, reader, limits, head) {
                slot.wait_freely();
                return Poll::Ready(match event {
                    Ok(RequestEvent::Head) => Next::Request,
                    Ok(RequestEvent::Http2Preface) => Next::Pause(Pause::Http2),
                    Ok(RequestEvent::Closed | RequestEvent::BrokenOff) => Next::Pause(Pause::End),
                    Err(reason) => Next::Refuse(reason),
                });
            }
            let is_quiet = !connection.has_request_begun();
            if is_quiet && slot.order() == Order::Finish {
                return Poll::Ready(Next::Pause(Pause::End));
            }
            if is_inside != Some(!is_quiet) {
                is_inside = Some(!is_quiet);
                if is_quiet {
                    until_ms = slot.moment_after(limits.idle_timeout);
                    slot.wait_at_most(BURST_PAUSE.min(limits.idle_timeout));
                } else {
                    slot.wait_at_most(limits.header_timeout);
                }
            }
            if slot.is_overdue() {
                return Poll::Ready(if is_quiet {
                    Next::Pause(Pause::Wait { until_ms })
                } else {
                    Next::Refuse(Reason::HeadersTooSlow)
                });
            }
            Poll::Pending
        })
        .await
    }
}

/// Waits until a request begins to come; `false` when none does until the moment, or none may any more.
async fn wait(connection: &mut Connection, slot: &Slot, until_ms: u64) -> bool {
    slot.wait_until(until_ms);
    poll_fn(|cx| {
        if let Poll::Ready(has_begun) = connection.poll_begun(cx) {
            slot.wait_freely();
            return Poll::Ready(has_begun);
        }
        if slot.order() == Order::Finish || slot.is_overdue() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}

/// Reads the rest of a body that nobody wants; whether its end came.
async fn skip_body(connection: &mut Connection, slot: &Slot, limit: Duration) -> bool {
    slot.wait_at_most(limit);
    poll_fn(|cx| {
        while let Poll::Ready(filled) = connection.poll_fill(cx) {
            match filled {
                Ok(Fill::Data) => connection.consume(connection.data().len()),
                Ok(Fill::End) => return Poll::Ready(true),
                Err(_) => return Poll::Ready(false),
            }
        }
        if slot.is_overdue() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}

/// Says what is left to say, closes our end, and then reads away what the caller still sends.
async fn close(connection: &mut Connection, slot: &Slot) {
    slot.wait_at_most(LINGER);
    let mut is_shut = false;
    let mut lingered = 0;
    poll_fn(|cx| {
        if slot.is_overdue() {
            return Poll::Ready(());
        }
        if !is_shut {
            match connection.poll_close(cx) {
                Poll::Ready(Ok(())) => is_shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        while lingered < MAX_LINGER {
            match connection.poll_discard(cx) {
                Poll::Ready(Ok(count @ 1..)) => lingered += count,
                // Whatever went wrong: there is nobody left to answer.
                Poll::Ready(_) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    })
    .await;
}
