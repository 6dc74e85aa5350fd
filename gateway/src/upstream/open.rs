//! Something that carries a call: what waits, a stream of a connection that is open, or a new connection.

use std::{rc::Rc, sync::Arc, time::Duration};

use domain::upstream::transport::Protocol;
use tokio::time::timeout;

use super::{
    Authority, ConnectError, Offer, OpenConnection, UpstreamStream,
    http2::{Connecting, Turn},
};
use crate::{transport::Transport, worker::Worker};

/// What is there at once. `needs_own` says that the call needs a connection to itself: it wants to change the protocol.
pub(crate) fn waiting(worker: &Rc<Worker>, authority: &Authority, needs_own: bool) -> Option<UpstreamStream> {
    if may_share(authority, needs_own) {
        return worker.links().waiting(authority).map(UpstreamStream::Http2);
    }
    worker.pool().take(authority).map(UpstreamStream::Http1)
}

/// Whether the call may be a stream among others.
fn may_share(authority: &Authority, needs_own: bool) -> bool {
    match authority.connecting.protocol {
        Protocol::Http1 => false,
        Protocol::Http2 => true,
        // On plain connections nobody says what he speaks.
        Protocol::Auto => authority.is_tls && !needs_own,
    }
}

/// Finds or makes something that carries a call, within `limit`.
pub(crate) async fn open(
    worker: &Rc<Worker>,
    authority: &Arc<Authority>,
    needs_own: bool,
    limit: Duration,
) -> Result<UpstreamStream, ConnectError> {
    let opened = timeout(limit, async {
        if may_share(authority, needs_own) {
            share(worker, authority).await
        } else {
            own(worker, authority).await
        }
    });
    opened.await.unwrap_or(Err(ConnectError::Timeout(limit)))
}

/// A connection for this call alone.
async fn own(worker: &Rc<Worker>, authority: &Arc<Authority>) -> Result<UpstreamStream, ConnectError> {
    if let Some(lease) = worker.pool().take(authority) {
        return Ok(UpstreamStream::Http1(lease));
    }
    let (transport, open) = connection(worker, authority, Offer::Http1).await?;
    Ok(adopt(worker, authority, transport, open))
}

/// A new connection, and the leave to have it open.
async fn connection(
    worker: &Rc<Worker>,
    authority: &Arc<Authority>,
    offer: Offer,
) -> Result<(Transport, OpenConnection), ConnectError> {
    let open = authority.open_connection().ok_or(ConnectError::Full)?;
    let transport = worker.connector().connect(authority, offer).await?;
    worker.counters().upstream_connected();
    Ok((transport, open))
}

fn adopt(worker: &Rc<Worker>, authority: &Authority, transport: Transport, open: OpenConnection) -> UpstreamStream {
    UpstreamStream::Http1(worker.pool().adopt(authority, worker.connection(transport), open))
}

/// A stream, or a connection of HTTP/1.1 if that is what the upstream wants. Calls that come while a connection is being
/// made wait for it: most often it has room for all of them.
async fn share(worker: &Rc<Worker>, authority: &Arc<Authority>) -> Result<UpstreamStream, ConnectError> {
    loop {
        match worker.links().turn(authority) {
            Turn::Stream(stream) => return Ok(UpstreamStream::Http2(stream)),
            Turn::Http1 => return own(worker, authority).await,
            Turn::Wait(waiting) => waiting.ended().await,
            Turn::Connect(connecting) => return connect(worker, authority, connecting).await,
        }
    }
}

async fn connect(
    worker: &Rc<Worker>,
    authority: &Arc<Authority>,
    connecting: Connecting,
) -> Result<UpstreamStream, ConnectError> {
    let offer = match authority.connecting.protocol {
        Protocol::Http2 => Offer::Http2,
        Protocol::Auto | Protocol::Http1 => Offer::Both,
    };
    let (transport, open) = self::connection(worker, authority, offer).await?;
    match (transport.is_http2(), authority.connecting.protocol) {
        // Agreed on, or with prior knowledge (RFC 9113 §3.3).
        (Some(true), _) | (None, Protocol::Http2) => {}
        (Some(false), Protocol::Http2) => return Err(ConnectError::NoHttp2),
        _ => {
            connecting.prefers_http1();
            return Ok(adopt(worker, authority, transport, open));
        }
    }
    let stream = connecting
        .begin(authority, transport, open)
        .await
        .map_err(ConnectError::Http2)?;
    Ok(UpstreamStream::Http2(stream))
}
