//! Connections that many calls share.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::sync::Notify;

use super::Http2Stream;
use crate::{
    fast_hash::IdMap,
    http2::{CONNECTION_WINDOW, SEND_BUFFER, STREAM_WINDOW},
    transport::Transport,
    upstream::{Authority, OpenConnection},
};

/// Streams of one connection at most, whatever the upstream permits: they share one window and one thread of the upstream.
const MAX_STREAMS: usize = 256;
/// Streams that are begun before the upstream has said how many it permits.
const FIRST_STREAMS: usize = 100;
/// Bytes of an answer's header section at most, as HTTP/1 has it.
const MAX_ANSWER_HEAD: u32 = 256 * 1024;
/// Shorter than the keep-alive time of most servers that publish one.
const MAX_IDLE_S: u32 = 30;
/// So that a change of addresses behind a name is noticed.
const MAX_AGE_S: u32 = 600;

/// The connections of one worker, by the number of their authority.
#[derive(Debug, Default)]
pub(crate) struct Links {
    authorities: RefCell<IdMap<u64, Rc<Known>>>,
    /// Seconds of the worker.
    now_s: Cell<u32>,
}

/// What is known of an authority.
#[derive(Debug, Default)]
struct Known {
    open: RefCell<Vec<Rc<Link>>>,
    is_connecting: Cell<bool>,
    /// Whether it chose HTTP/1.1 where it could have chosen HTTP/2.
    prefers_http1: Cell<bool>,
    /// A connection was made, or could not be made.
    changed: Notify,
    used_s: Cell<u32>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    requests: SendRequest<Bytes>,
    streams: Cell<usize>,
    born_s: u32,
    max_age_s: u32,
    idle_since_s: Cell<u32>,
    /// Whether it takes no more calls; those that run may end.
    is_retired: Cell<bool>,
}

/// A place among the streams of a connection.
#[derive(Debug)]
pub(super) struct Place {
    link: Rc<Link>,
    links: Rc<Links>,
}

/// What a call does that needs a stream.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It has one.
    Stream(Box<Http2Stream>),
    /// It connects; others wait for it.
    Connect(Connecting),
    /// Another call connects: wait for [`Connecting`] to end.
    Wait(Waiting),
    /// The authority speaks HTTP/1.1.
    Http1,
}

/// A connection that is being made.
#[derive(Debug)]
pub(crate) struct Connecting {
    known: Rc<Known>,
    links: Rc<Links>,
}

/// A connection that another call makes.
#[derive(Debug)]
pub(crate) struct Waiting(Rc<Known>);

impl Waiting {
    /// Waits until it is there or could not be made.
    pub(crate) async fn ended(self) {
        self.0.changed.notified().await;
    }
}

impl Links {
    /// A stream of a connection that is open; or what to do to get one.
    pub(crate) fn turn(self: &Rc<Self>, authority: &Authority) -> Turn {
        let known = Rc::clone(self.authorities.borrow_mut().entry(authority.number).or_default());
        known.used_s.set(self.now_s.get());
        if known.prefers_http1.get() {
            return Turn::Http1;
        }
        if let Some(stream) = self.take(&known) {
            return Turn::Stream(stream);
        }
        if known.is_connecting.replace(true) {
            return Turn::Wait(Waiting(known));
        }
        Turn::Connect(Connecting {
            known,
            links: Rc::clone(self),
        })
    }

    /// A stream of a connection that is open, if there is one.
    pub(crate) fn waiting(self: &Rc<Self>, authority: &Authority) -> Option<Box<Http2Stream>> {
        let known = Rc::clone(self.authorities.borrow().get(&authority.number)?);
        known.used_s.set(self.now_s.get());
        self.take(&known)
    }

    fn take(self: &Rc<Self>, known: &Known) -> Option<Box<Http2Stream>> {
        let mut open = known.open.borrow_mut();
        open.retain(|link| self.is_usable(link));
        let link = open.iter().find(|link| link.has_room())?;
        Some(self.stream(link, true))
    }

    fn stream(self: &Rc<Self>, link: &Rc<Link>, is_reused: bool) -> Box<Http2Stream> {
        link.streams.set(link.streams.get() + 1);
        let place = Place {
            link: Rc::clone(link),
            links: Rc::clone(self),
        };
        Box::new(Http2Stream::new(link.requests.clone(), place, is_reused))
    }

    fn is_usable(&self, link: &Link) -> bool {
        let is_young = self.now_s.get().saturating_sub(link.born_s) < link.max_age_s;
        is_young && !link.is_retired.get() && link.is_open()
    }

    /// Closes what has waited too long, and forgets what is not used; called once a second. A connection without streams
    /// closes when nobody holds it any more.
    pub(crate) fn tick(&self, now_s: u32) {
        self.now_s.set(now_s);
        self.authorities.borrow_mut().retain(|_, known| {
            known.open.borrow_mut().retain(|link| {
                let is_idle = link.streams.get() == 0;
                let is_over = is_idle && now_s.saturating_sub(link.idle_since_s.get()) > MAX_IDLE_S;
                self.is_usable(link) && !is_over
            });
            // What was found out about it is forgotten too, so that it may change its mind.
            let is_used = known.is_connecting.get() || now_s.saturating_sub(known.used_s.get()) <= MAX_AGE_S;
            is_used || !known.open.borrow().is_empty()
        });
    }

    /// Closes every connection whose streams are over.
    pub(crate) fn clear(&self) {
        self.authorities.borrow_mut().clear();
    }
}

impl Connecting {
    /// Begins HTTP/2 on a connection and takes its first stream.
    ///
    /// # Errors
    /// The connection fails at once.
    pub(crate) async fn begin(
        self,
        authority: &Authority,
        transport: Transport,
        open: OpenConnection,
    ) -> Result<Box<Http2Stream>, h2::Error> {
        let (requests, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .initial_max_send_streams(FIRST_STREAMS)
            .max_header_list_size(MAX_ANSWER_HEAD)
            .handshake(transport)
            .await?;
        let now_s = self.links.now_s.get();
        let link = Rc::new(Link {
            requests,
            streams: Cell::new(0),
            born_s: now_s,
            max_age_s: authority.max_age_s(MAX_AGE_S),
            idle_since_s: Cell::new(now_s),
            is_retired: Cell::new(false),
        });
        let weak = Rc::downgrade(&link);
        tokio::task::spawn_local(async move {
            let _open = open;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an upstream connection of HTTP/2 failed");
            }
            if let Some(link) = weak.upgrade() {
                link.is_retired.set(true);
            }
        });
        let stream = self.links.stream(&link, false);
        self.known.open.borrow_mut().push(link);
        Ok(stream)
    }

    /// The authority chose HTTP/1.1.
    pub(crate) fn prefers_http1(self) {
        self.known.prefers_http1.set(true);
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.known.is_connecting.set(false);
        self.known.changed.notify_waiters();
    }
}

impl Link {
    /// Whether the upstream neither closed the connection nor said that it will (RFC 9113 §6.8).
    fn is_open(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        !matches!(
            self.requests.clone().poll_ready(&mut cx),
            std::task::Poll::Ready(Err(_))
        )
    }

    fn has_room(&self) -> bool {
        self.streams.get() < self.requests.current_max_send_streams().min(MAX_STREAMS)
    }
}

impl Place {
    /// The connection takes no more calls: it may be dead without having said so.
    pub(super) fn retire_link(&self) {
        self.link.is_retired.set(true);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let link = &self.link;
        link.streams.set(link.streams.get() - 1);
        link.idle_since_s.set(self.links.now_s.get());
    }
}
