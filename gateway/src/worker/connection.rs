//! A caller's connection: begun, and told when to finish.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    Worker,
    peer::Peer,
    presence::{Open, Registered},
    slot::{Order, Slot},
};
use crate::{
    message::{AnswerHead, RequestHead},
    phase::respond,
    problem::Reason,
    tls::{ClientCertificate, HandshakeFailure, Tls},
    transport::{Rewound, Transport},
};

/// How long a connection may linger after its last words.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Heads of a call; their memory serves one call of a connection after the other.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) request: RequestHead,
    pub(crate) answer: AnswerHead,
}

impl Worker {
    /// Serves one connection to its end. It is one of the open connections from the call on, before the future runs.
    ///
    /// The future stays small: there is one for each connection that waits. What is only needed now and then is boxed.
    pub(super) fn serve(
        self: Rc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        tls: Option<Arc<Tls>>,
    ) -> impl Future<Output = ()> {
        let (slot, registered) = Registered::begin(&self);
        let open = Open::begin(&self);
        async move {
            if let Some(peer) = Peer::at(address, tls.is_some()) {
                obedient(&slot, pin!(self.converse(stream, tls, peer, &slot))).await;
            }
            drop(registered);
            drop(open);
        }
    }

    async fn converse(self: &Rc<Self>, stream: TcpStream, tls: Option<Arc<Tls>>, peer: Peer, slot: &Rc<Slot>) {
        let transport = match tls {
            Some(tls) => Box::pin(self.shake_hands(stream, &tls, &peer, slot)).await,
            None => Some(Transport::Plain(stream)),
        };
        let Some(transport) = transport else { return };
        let certificate = transport.peer_certificate().and_then(ClientCertificate::read);
        let peer = Rc::new(peer.with_certificate(certificate));
        if transport.is_http2() == Some(true) {
            let io = Rewound::new(transport, Vec::new());
            Box::pin(self.serve_http2(io, &peer, slot)).await;
        } else {
            self.serve_http1(transport, &peer, slot).await;
        }
    }

    /// Begins TLS; `None` if that fails or takes longer than a head may.
    async fn shake_hands(&self, stream: TcpStream, tls: &Tls, peer: &Peer, slot: &Slot) -> Option<Transport> {
        let mut handshake = pin!(TlsAcceptor::from(tls.config()).accept(stream));
        slot.wait_at_most(self.limits().header_timeout);
        let shaken = poll_fn(|cx| match handshake.as_mut().poll(cx) {
            Poll::Ready(Ok(stream)) => Poll::Ready(Ok(stream)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Some(error))),
            Poll::Pending if slot.is_overdue() => Poll::Ready(Err(None)),
            Poll::Pending => Poll::Pending,
        });
        match shaken.await {
            Ok(stream) => {
                slot.wait_freely();
                Some(Transport::Tls(Box::new(stream.into())))
            }
            Err(error) => {
                self.handshake_failed(peer, error.as_ref());
                None
            }
        }
    }

    /// Counts a handshake that failed; without an error it took too long. Of certificates that are refused the log has the
    /// first of each reason, and then each time that there are twice as many: a stranger can't fill it.
    fn handshake_failed(&self, peer: &Peer, error: Option<&io::Error>) {
        let failure = error.map_or(HandshakeFailure::TooSlow, HandshakeFailure::of);
        let count = self.counters.handshake_failed(failure);
        let (reason, client) = (failure.as_str(), peer.ip());
        let detail = error.map(ToString::to_string).unwrap_or_default();
        if failure.is_of_certificate() && count.is_power_of_two() {
            tracing::warn!(reason, %client, count, detail, "a caller's certificate was refused");
        } else {
            tracing::debug!(reason, %client, count, detail, "a caller's TLS failed");
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

/// Runs until it is over, or until the worker says that it should end now: then it is left where it is. It is pinned by
/// whoever has it, as a future that is handed over would be kept twice.
pub(super) async fn obedient<F: Future>(slot: &Slot, mut future: Pin<&mut F>) -> Option<F::Output> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of what a function returns.
    fn size<A, B, C, D, F: Future>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_that_waits_is_small() {
        let each = size(Worker::serve);
        assert!(each <= 1_280, "{each} bytes");
        let http2 = size(Worker::serve_http2);
        assert!(http2 <= 4_096, "{http2} bytes");
    }
}
