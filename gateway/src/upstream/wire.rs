//! A connection to an upstream and what drives it. While it carries requests without a body it has no task of its own:
//! the call drives it, in the task of its caller's connection. A request with a body moves in both directions, which
//! must not wait for each other; for it the connection gets a task, and keeps it.

use std::{
    fmt,
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1::SendRequest},
};

use super::body::RequestBody;

/// Who reads and writes.
enum Driver {
    /// Whoever waits for something; over when the connection is.
    Call(Pin<Box<dyn Future<Output = hyper::Result<()>>>>),
    /// A task.
    Task,
    /// The connection is over.
    Nobody,
}

/// A connection that carries one call at a time.
pub(crate) struct Wire {
    sender: SendRequest<RequestBody>,
    driver: Driver,
    relay: Arc<Relay>,
    /// Wakes through the relay.
    waker: Waker,
}

/// Who is woken when something happens on a connection: the task of the call that it carries, and nobody while it is
/// idle. The driver keeps one waker for life, so that nothing wakes the task of an earlier call.
#[derive(Debug, Default)]
struct Relay(Mutex<Option<Waker>>);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(waker) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}

impl Relay {
    fn lead_to(&self, waker: &Waker) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *current {
            Some(current) => current.clone_from(waker),
            None => *current = Some(waker.clone()),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(
        sender: SendRequest<RequestBody>,
        driver: impl Future<Output = hyper::Result<()>> + 'static,
    ) -> Self {
        let relay = Arc::<Relay>::default();
        Self {
            sender,
            driver: Driver::Call(Box::pin(driver)),
            waker: Waker::from(Arc::clone(&relay)),
            relay,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        if !matches!(request.body(), RequestBody::Empty) {
            self.let_go();
        }
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| self.drive(cx, |cx| answer.as_mut().poll(cx))).await
    }

    /// Polls for something that the connection brings: looks whether it is there, and if not, reads and writes what can
    /// be and looks again. Wakes the task when there is more to read or write.
    pub(crate) fn drive<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if matches!(self.driver, Driver::Task) {
            return look(cx);
        }
        // Only driving brings it. Being woken by the connection's inner signals would be a second time for nothing.
        self.rest();
        let mut nobody = Context::from_waker(Waker::noop());
        let seen = look(&mut nobody);
        if seen.is_ready() {
            return seen;
        }
        self.relay.lead_to(cx.waker());
        self.advance();
        look(&mut nobody)
    }

    /// Waits until the call before is over on both sides. Safe to cancel.
    pub(super) async fn ready(&mut self) -> bool {
        poll_fn(|cx| {
            self.relay.lead_to(cx.waker());
            self.advance();
            self.sender.poll_ready(cx).map(|ready| ready.is_ok())
        })
        .await
    }

    /// From here on nobody is woken.
    pub(super) fn rest(&self) {
        *self.relay.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Reads and writes what can be.
    pub(super) fn advance(&mut self) {
        if let Driver::Call(driver) = &mut self.driver
            && let Poll::Ready(end) = driver.as_mut().poll(&mut Context::from_waker(&self.waker))
        {
            say_end(end);
            self.driver = Driver::Nobody;
        }
    }

    /// Whether it can carry a call now.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_over() && self.sender.is_ready()
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.driver, Driver::Nobody) || self.sender.is_closed()
    }

    /// Gives the connection a task of its own.
    pub(super) fn let_go(&mut self) {
        if let Driver::Call(driver) = mem::replace(&mut self.driver, Driver::Task) {
            tokio::task::spawn_local(async move { say_end(driver.await) });
        }
    }
}

fn say_end(end: hyper::Result<()>) {
    if let Err(error) = end {
        tracing::debug!(%error, "an upstream connection ended");
    }
}
