//! A caller's connection: served to its end, and told when to finish.

use std::{
    cell::Cell,
    future::poll_fn,
    net::{IpAddr, SocketAddr},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use h2::{RecvStream, server::SendResponse};
use http::{HeaderValue, Request};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    Worker,
    call::handle,
    slot::{Order, Slot},
};
use crate::{
    client::{Http1Caller, Http2Caller, Http2Calls},
    http1::{Connection, RequestEvent, RequestReader},
    message::{AnswerHead, RequestHead},
    phase::{deliver::Delivered, respond},
    problem::Reason,
    relay::{BodySource, Fill},
    tls::{ClientCertificate, Tls},
    transport::{Rewound, Transport},
};

/// How long a connection may linger after its last words.
const LINGER: Duration = Duration::from_secs(2);
/// What a caller may still send while its connection is being closed. Without reading it the system would reset the
/// connection, and the caller might never see the answer.
const MAX_LINGER: usize = 1 << 20;

/// Where a connection comes from.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    ip: IpAddr,
    address: HeaderValue,
    is_tls: bool,
    certificate: Option<ClientCertificate>,
}

impl Peer {
    /// The address that the connection comes from.
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The address, as `X-Forwarded-For` has it.
    pub(crate) fn address(&self) -> &HeaderValue {
        &self.address
    }

    /// Whether nobody between the caller and the gateway can read what is said.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The certificate that the connection was begun with, if it was one of an authority that is trusted here.
    pub(crate) fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }
}

/// Heads of a call; their memory serves one call of a connection after the other.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) request: RequestHead,
    pub(crate) answer: AnswerHead,
}

/// A call that is not over.
#[derive(Debug)]
pub(crate) struct InFlight {
    worker: Rc<Worker>,
}

impl InFlight {
    pub(super) fn begin(worker: &Rc<Worker>) -> Self {
        worker.calls.set(worker.calls.get() + 1);
        worker.counters.call_began();
        Self {
            worker: Rc::clone(worker),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let worker = &self.worker;
        worker.calls.set(worker.calls.get() - 1);
        worker.counters.call_ended();
        if worker.calls.get() == 0 && worker.is_draining.get() {
            worker.ended.notify_waiters();
        }
    }
}

/// An open connection; counted until it is dropped, also by a panic.
struct Open(Rc<Worker>);

impl Open {
    fn begin(worker: &Rc<Worker>) -> Self {
        worker.counters.connection_opened();
        worker.open.set(worker.open.get() + 1);
        Self(Rc::clone(worker))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counters.connection_closed();
        self.0.open.set(self.0.open.get() - 1);
        self.0.ended.notify_waiters();
    }
}

/// A slot's place among the others, until it is dropped.
pub(super) struct Registered {
    worker: Rc<Worker>,
    place: usize,
}

impl Registered {
    pub(super) fn begin(worker: &Rc<Worker>) -> (Rc<Slot>, Self) {
        let (slot, place) = worker.register();
        let worker = Rc::clone(worker);
        (slot, Self { worker, place })
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.worker.unregister(self.place);
    }
}

/// What comes after a call.
enum Next {
    Request,
    Http2,
    /// Nothing; the connection is closed at once.
    End,
    /// Last words, and then nothing.
    Refuse(Reason),
}

impl Worker {
    /// Serves one connection to its end. It is one of the open connections from the call on, before the future runs.
    pub(super) fn serve(
        self: Rc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        tls: Option<Arc<Tls>>,
    ) -> impl Future<Output = ()> {
        let (slot, registered) = Registered::begin(&self);
        let open = Open::begin(&self);
        async move {
            let ip = address.ip().to_canonical();
            if let Ok(address) = HeaderValue::try_from(ip.to_string()) {
                let mut peer = Peer {
                    ip,
                    address,
                    is_tls: tls.is_some(),
                    certificate: None,
                };
                let serving = async {
                    let transport = match tls {
                        Some(tls) => self.shake_hands(stream, &tls, &slot).await,
                        None => Some(Transport::Plain(stream)),
                    };
                    let Some(transport) = transport else { return };
                    peer.certificate = transport.peer_certificate().and_then(ClientCertificate::read);
                    let peer = Rc::new(peer);
                    if transport.is_http2() == Some(true) {
                        self.serve_http2(Rewound::new(transport, Vec::new()), &peer, &slot)
                            .await;
                    } else {
                        self.serve_http1(transport, &peer, &slot).await;
                    }
                };
                obedient(&slot, serving).await;
            }
            drop(registered);
            drop(open);
        }
    }

    /// Begins TLS; `None` if that fails or takes longer than a head may.
    async fn shake_hands(&self, stream: TcpStream, tls: &Tls, slot: &Slot) -> Option<Transport> {
        let mut handshake = pin!(TlsAcceptor::from(tls.config()).accept(stream));
        slot.wait_at_most(self.limits().header_timeout);
        let shaken = poll_fn(|cx| match handshake.as_mut().poll(cx) {
            Poll::Ready(Ok(stream)) => Poll::Ready(Some(stream)),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "a caller's TLS failed");
                Poll::Ready(None)
            }
            Poll::Pending if slot.is_overdue() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let stream = shaken.await?;
        slot.wait_freely();
        Some(Transport::Tls(Box::new(stream.into())))
    }

    async fn serve_http1(self: &Rc<Self>, transport: Transport, peer: &Rc<Peer>, slot: &Rc<Slot>) {
        let mut connection = self.connection(transport);
        let mut reader = RequestReader::default();
        let mut heads = Heads::default();
        loop {
            heads.request.clear();
            match self.next(&mut connection, &mut reader, slot, &mut heads.request).await {
                Next::Request => {}
                Next::End => return,
                Next::Http2 => {
                    let (transport, received) = connection.into_parts();
                    return self.serve_http2(Rewound::new(transport, received), peer, slot).await;
                }
                Next::Refuse(reason) => {
                    let words = self.last_words(reason);
                    connection.head_output().extend_from_slice(&words);
                    return close(&mut connection, slot).await;
                }
            }
            let mut caller = Http1Caller::new(&mut connection, slot, &heads.request);
            let delivered = handle(self, peer, slot, &mut caller, &mut heads, Ok(())).await;
            let is_persistent = caller.is_persistent();
            match delivered {
                Delivered::Broken => return connection.break_off(),
                Delivered::Complete if !is_persistent => return close(&mut connection, slot).await,
                Delivered::Complete => {}
            }
            if !connection.is_body_over() && !skip_body(&mut connection, slot, self.limits().header_timeout).await {
                return;
            }
        }
    }

    /// Waits for the next request.
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
        poll_fn(|cx| {
            if let Poll::Ready(event) = connection.poll_request(cx, reader, limits, head) {
                slot.wait_freely();
                return Poll::Ready(match event {
                    Ok(RequestEvent::Head) => Next::Request,
                    Ok(RequestEvent::Http2Preface) => Next::Http2,
                    Ok(RequestEvent::Closed | RequestEvent::BrokenOff) => Next::End,
                    Err(reason) => Next::Refuse(reason),
                });
            }
            let is_quiet = !connection.has_request_begun();
            if is_quiet && slot.order() == Order::Finish {
                return Poll::Ready(Next::End);
            }
            if is_inside != Some(!is_quiet) {
                is_inside = Some(!is_quiet);
                slot.wait_at_most(if is_quiet {
                    limits.idle_timeout
                } else {
                    limits.header_timeout
                });
            }
            if slot.is_overdue() {
                return Poll::Ready(if is_quiet {
                    Next::End
                } else {
                    Next::Refuse(Reason::HeadersTooSlow)
                });
            }
            Poll::Pending
        })
        .await
    }

    async fn serve_http2(self: &Rc<Self>, io: Rewound, peer: &Rc<Peer>, slot: &Rc<Slot>) {
        let limits = self.limits();
        slot.wait_at_most(limits.header_timeout);
        let mut beginning = pin!(Http2Calls::begin(io, limits));
        let begun = poll_fn(|cx| match beginning.as_mut().poll(cx) {
            Poll::Ready(begun) => Poll::Ready(begun.ok()),
            Poll::Pending if slot.is_overdue() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let Some(mut calls) = begun.await else { return };
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
            let call = handle(&self, &peer, &slot, &mut caller, &mut heads, readable);
            if obedient(&slot, call).await != Some(Delivered::Complete) {
                caller.break_off();
            }
            drop(registered);
            drop(running);
        }
    }

    pub(super) fn last_words(&self, reason: Reason) -> Bytes {
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

/// Runs until it is over, or until the worker says that it should end now: then it is dropped.
pub(super) async fn obedient<F: Future>(slot: &Slot, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if slot.order() == Order::Abandon {
            return Poll::Ready(None);
        }
        let poll = future.as_mut().poll(cx);
        if poll.is_pending() {
            slot.keep_waker(cx);
        }
        poll.map(Some)
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
