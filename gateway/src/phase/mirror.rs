//! Copies of calls, for a server that is only watched.

use std::{future::poll_fn, ops::ControlFlow, rc::Rc, sync::Arc, task::Poll};

use http::Method;
use tokio::time::timeout;

use crate::{
    http1::{AnswerReader, RequestLine},
    message::{AnswerHead, BodyLength, Fields, RequestHead},
    relay::{BodySink, BodySource, Fill},
    upstream::{self, Authority, Target, Targets, ToSend, UpstreamStream},
    worker::Worker,
};

/// Copies of one worker on their way at once; what comes beyond is not copied.
const MAX_COPIES: usize = 64;
/// Bytes of an answer that are read so that its connection can be kept; a longer one is closed.
const MAX_THROWN_AWAY: usize = 256 * 1024;
/// Informational answers before the answer, at most.
const MAX_INFORMATIONAL: usize = 16;

/// A request without a body that is sent once more.
struct Copy {
    authority: Arc<Authority>,
    base_path: Box<str>,
    method: Method,
    /// From the slash after the target's path on.
    path: String,
    fields: Fields,
}

/// Sends a copy of a call without a body, if its upstream has a mirror and the call is one of its part. Nobody waits for
/// it: its answer is thrown away, and its failures are nobody's. `from_base` is path and query below the version's base.
pub(crate) fn copy(worker: &Rc<Worker>, targets: &Targets, request: &RequestHead, from_base: &str) {
    let Some(target) = targets.mirror(|| worker.random()) else {
        return;
    };
    let Some(place) = worker.copies().begin(MAX_COPIES) else {
        return;
    };
    let copy = Copy::new(target, request, from_base);
    let (connecting, limit) = (
        targets.connect_timeout,
        targets.connect_timeout.saturating_add(targets.response_timeout),
    );
    let worker = Rc::clone(worker);
    tokio::task::spawn_local(async move {
        let _place = place;
        let sent = timeout(limit, async {
            let stream = match upstream::waiting(&worker, &copy.authority, false) {
                Some(stream) => stream,
                None => upstream::open(&worker, &copy.authority, false, connecting).await.ok()?,
            };
            copy.exchange(stream).await
        });
        if !matches!(sent.await, Ok(Some(()))) {
            let authority = &copy.authority;
            tracing::debug!(host = %authority.host, port = authority.port, "a mirror did not answer");
        }
    });
}

impl Copy {
    fn new(target: &Target, request: &RequestHead, from_base: &str) -> Self {
        let slash = if from_base.starts_with('/') { "" } else { "/" };
        Self {
            authority: Arc::clone(&target.authority),
            base_path: target.base_path.clone(),
            method: request.method.clone(),
            path: format!("{slash}{from_base}"),
            fields: request.fields.clone(),
        }
    }

    /// Sends it and reads the answer to its end; `None` when that can't be done.
    async fn exchange(&self, mut stream: UpstreamStream) -> Option<()> {
        stream.send_head(&ToSend {
            line: RequestLine {
                method: &self.method,
                target: [&self.base_path, "", &self.path],
                host: &self.authority.header,
            },
            is_tls: self.authority.is_tls,
            fields: &self.fields,
            body: BodyLength::NONE,
        });
        stream.finish(None).ok()?;
        let (mut reader, mut head) = (AnswerReader::default(), AnswerHead::default());
        let mut informational = 0;
        let is_persistent = poll_fn(|cx| {
            if let Poll::Ready(Err(_)) = stream.poll_flush(cx) {
                return Poll::Ready(None);
            }
            while let Poll::Ready(found) = stream.poll_answer(cx, &mut reader, &self.method, &mut head) {
                let Ok(is_persistent) = found else {
                    return Poll::Ready(None);
                };
                if !head.status.is_informational() {
                    return Poll::Ready(Some(is_persistent));
                }
                informational += 1;
                if informational > MAX_INFORMATIONAL {
                    return Poll::Ready(None);
                }
                head.clear();
            }
            Poll::Pending
        });
        let is_persistent = is_persistent.await?;
        let mut thrown_away = 0;
        let throwing_away = poll_fn(|cx| {
            while let Poll::Ready(filled) = stream.poll_fill(cx) {
                let step = match filled {
                    Ok(Fill::Data) if thrown_away <= MAX_THROWN_AWAY => ControlFlow::Continue(stream.data().len()),
                    Ok(Fill::End) => ControlFlow::Break(Some(())),
                    _ => ControlFlow::Break(None),
                };
                match step {
                    ControlFlow::Continue(count) => {
                        thrown_away += count;
                        stream.consume(count);
                    }
                    ControlFlow::Break(end) => return Poll::Ready(end),
                }
            }
            Poll::Pending
        });
        throwing_away.await?;
        if is_persistent {
            stream.give_back();
        }
        Some(())
    }
}

/// How many copies are on their way.
#[derive(Debug, Default)]
pub(crate) struct Copies(Rc<std::cell::Cell<usize>>);

/// A copy that is on its way until this is dropped.
#[derive(Debug)]
struct CopyPlace(Rc<std::cell::Cell<usize>>);

impl Copies {
    fn begin(&self, most: usize) -> Option<CopyPlace> {
        let Self(running) = self;
        if running.get() >= most {
            return None;
        }
        running.set(running.get() + 1);
        Some(CopyPlace(Rc::clone(running)))
    }
}

impl Drop for CopyPlace {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
