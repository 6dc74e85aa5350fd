//! Bringing an answer to the caller: its body as it comes, and after a change of protocol whatever comes.

use std::{future::poll_fn, task::Poll, time::Duration};

use bytes::Bytes;

use super::metering::Tally;
use crate::{
    client::Caller,
    http1::Connection,
    relay::{BodySink, BodySource, Broken, Passage},
    worker::{Order, Slot},
};

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Whole.
    Complete,
    /// Not whole; the caller has to see that.
    Broken,
}

/// Sends an answer that the gateway made. Its head is written.
pub(crate) async fn send(
    caller: &mut impl Caller,
    slot: &Slot,
    stall_timeout: Duration,
    body: Option<Bytes>,
    tally: &mut Tally,
) -> Delivered {
    let mut rest = body.clone().unwrap_or_default();
    let mut is_finished = body.is_none();
    slot.wait_at_most(stall_timeout);
    poll_fn(|cx| {
        while !rest.is_empty() {
            match caller.poll_push(cx, &rest) {
                Poll::Ready(Ok(count)) => {
                    bytes::Buf::advance(&mut rest, count);
                    tally.bytes_out += count as u64;
                    slot.wait_at_most(stall_timeout);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Delivered::Broken),
                Poll::Pending if slot.is_overdue() => return Poll::Ready(Delivered::Broken),
                Poll::Pending => return Poll::Pending,
            }
        }
        if !is_finished {
            is_finished = true;
            if caller.finish(None).is_err() {
                return Poll::Ready(Delivered::Broken);
            }
        }
        match caller.poll_flush(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Delivered::Complete),
            Poll::Ready(Err(_)) => Poll::Ready(Delivered::Broken),
            Poll::Pending if slot.is_overdue() => Poll::Ready(Delivered::Broken),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Passes the upstream's body on, and what is left of the request's body. The answer's head is written.
pub(crate) async fn pass_on(
    caller: &mut impl Caller,
    stream: &mut (impl BodySource + BodySink),
    upload: &mut Passage,
    slot: &Slot,
    stall_timeout: Duration,
    tally: &mut Tally,
) -> Delivered {
    let mut download = Passage::new(u64::MAX);
    let mut is_cut = false;
    let mut moved = 0;
    slot.wait_at_most(stall_timeout);
    let delivered = poll_fn(|cx| {
        let is_uploading = !is_cut && !upload.is_over();
        if is_uploading && let Poll::Ready(Err(error)) = upload.poll(cx, caller, stream) {
            match error {
                Broken::Sink(_) => is_cut = true,
                Broken::Source(_) | Broken::TooLarge => return Poll::Ready(Delivered::Broken),
            }
        }
        let passed = download.poll(cx, stream, caller);
        tally.bytes_in = upload.bytes;
        tally.bytes_out = download.bytes;
        match passed {
            Poll::Ready(Ok(())) => return Poll::Ready(Delivered::Complete),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "an answer broke off");
                return Poll::Ready(Delivered::Broken);
            }
            Poll::Pending => {}
        }
        if (is_cut || upload.is_over()) && caller.poll_gone(cx).is_ready() {
            return Poll::Ready(Delivered::Broken);
        }
        if slot.must_be_over() {
            return Poll::Ready(Delivered::Broken);
        }
        if upload.bytes + download.bytes > moved {
            moved = upload.bytes + download.bytes;
            slot.wait_at_most(stall_timeout);
        }
        // Also when something moved: the call as a whole may have taken too long.
        if slot.is_overdue() {
            tracing::debug!(limit = ?stall_timeout, waits_for = ?download.waits_for, "an answer stands still");
            return Poll::Ready(Delivered::Broken);
        }
        Poll::Pending
    });
    delivered.await
}

/// Passes bytes on in both directions until both have ended, one has failed, or none has moved for too long. What one
/// side ends is ended on the other.
pub(crate) async fn tunnel(
    caller: &mut impl Caller,
    connection: &mut Connection,
    slot: &Slot,
    idle_timeout: Duration,
    tally: &mut Tally,
) {
    connection.make_raw();
    let (mut up, mut down) = (Passage::new(u64::MAX), Passage::new(u64::MAX));
    let (mut is_up_closed, mut is_down_closed) = (false, false);
    let mut moved = 0;
    slot.wait_at_most(idle_timeout);
    poll_fn(|cx| {
        if slot.order() == Order::Abandon {
            return Poll::Ready(());
        }
        if let Poll::Ready(passed) = up.poll(cx, caller, connection) {
            if passed.is_err() {
                return Poll::Ready(());
            }
            is_up_closed = is_up_closed || connection.poll_close(cx).is_ready();
        }
        // The head of the answer is sent with the first bytes, or before them.
        if let Poll::Ready(passed) = down.poll(cx, connection, caller) {
            if passed.is_err() {
                return Poll::Ready(());
            }
            is_down_closed = is_down_closed || caller.poll_close(cx).is_ready();
        }
        tally.bytes_in = up.bytes;
        tally.bytes_out = down.bytes;
        if is_up_closed && is_down_closed {
            return Poll::Ready(());
        }
        if up.bytes + down.bytes > moved {
            moved = up.bytes + down.bytes;
            slot.wait_at_most(idle_timeout);
        } else if slot.is_overdue() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    slot.wait_freely();
}
