//! One part of a composed answer: a call of our own to the upstream.

use std::{borrow::Cow, cell::Cell, future::poll_fn, pin::pin, rc::Rc, task::Poll, time::Duration};

use http::{HeaderValue, StatusCode};

use crate::{
    cache::Nobody,
    decision::{Known as KnownOfCall, Permit},
    held::{HeldBytes, MemoryFull},
    limit::Moment,
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    phase::{
        forward::{self, Answered, NotAnswered, Outgoing},
        metering::Call,
    },
    relay::{BodySource, Fill},
    trace_context::TraceContext,
    worker::{Peer, Slot, Worker, connection::obedient},
};

/// A call that counts for nobody; the one that it is a part of does.
pub(super) struct PartCall {
    pub(super) worker: Rc<Worker>,
    pub(super) peer: Peer,
    pub(super) request: RequestHead,
    pub(super) permit: Permit,
    pub(super) known: KnownOfCall,
    pub(super) trace: TraceContext,
    pub(super) now: Moment,
    pub(super) timeout: Option<Duration>,
    /// Bytes of the largest body.
    pub(super) max_bytes: usize,
}

/// Why a part brought nothing.
#[derive(Clone, Debug)]
pub(super) struct PartFailed {
    /// A sentence about the upstream.
    pub(super) detail: Cow<'static, str>,
    /// What the upstream answered, if that is why.
    pub(super) answered: Option<StatusCode>,
    pub(super) is_too_late: bool,
}

impl PartFailed {
    pub(super) fn new(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: detail.into(),
            answered: None,
            is_too_late: false,
        }
    }

    fn too_late() -> Self {
        Self {
            is_too_late: true,
            ..Self::new("The server did not answer in time.")
        }
    }

    /// An error type of RFC 9209 §2.3.
    pub(super) fn proxy_error(&self) -> &'static str {
        if self.is_too_late {
            "http_response_timeout"
        } else if self.answered.is_some() {
            "http_response_incomplete"
        } else {
            "destination_unavailable"
        }
    }
}

/// The place of a part among what the worker wakes and ends.
struct Registered<'a> {
    worker: &'a Worker,
    slot: Rc<Slot>,
    place: usize,
}

impl<'a> Registered<'a> {
    fn begin(worker: &'a Worker) -> Self {
        let (slot, place) = worker.register();
        Self { worker, slot, place }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.worker.unregister(self.place);
    }
}

/// What a part says about itself: what the caller said, without its credentials and without what it said about a body, the
/// state of what it has, or the form of the answer.
pub(super) fn fields(sent: &Fields) -> Fields {
    let is_kept = |name: &[u8]| {
        let is_credential = matches!(
            Known::of(name),
            Known::Authorization | Known::ProxyAuthorization | Known::Cookie | Known::XApiKey
        );
        let is_about_form = matches!(
            Known::of(name),
            Known::Accept | Known::AcceptEncoding | Known::Expect | Known::Range | Known::Upgrade | Known::Te
        );
        let begins_with = |start: &[u8]| {
            let beginning = name.get(..start.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
        };
        !is_credential && !is_about_form && !begins_with(b"content-") && !begins_with(b"if-")
    };
    let mut fields = Fields::default();
    for (name, value) in sent.iter().filter(|(name, _)| is_kept(name)) {
        fields.append_raw(name, value);
    }
    fields.append(Known::Accept, &HeaderValue::from_static("application/json"));
    fields.append(Known::AcceptEncoding, &HeaderValue::from_static("identity"));
    fields
}

impl PartCall {
    /// Asks the upstream and reads its answer to the end. `room` is how many bytes all parts together may still bring.
    pub(super) async fn run(self, room: &Cell<usize>) -> Result<HeldBytes, PartFailed> {
        let worker = Rc::clone(&self.worker);
        let registered = Registered::begin(&worker);
        let slot = &*registered.slot;
        slot.end_within(self.timeout);
        // The gateway ends: whoever waits for the whole is ended with it.
        let ended = || PartFailed::new("The gateway stops.");
        obedient(slot, pin!(self.ask(slot, room)))
            .await
            .unwrap_or_else(|| Err(ended()))
    }

    async fn ask(self, slot: &Slot, room: &Cell<usize>) -> Result<HeldBytes, PartFailed> {
        let Self {
            worker,
            peer,
            mut request,
            permit,
            known,
            trace,
            now,
            timeout: _,
            max_bytes,
        } = self;
        let mut call = Call::uncounted(&worker, &now, permit, known);
        let mut answer = AnswerHead::default();
        let mut outgoing = Outgoing {
            worker: &worker,
            peer: &peer,
            slot,
            request: &mut request,
            answer: &mut answer,
            trace: &trace,
        };
        let answered = match forward::forward(&mut outgoing, &mut call, &mut Nobody).await {
            Ok(answered) => answered,
            Err(NotAnswered::CallerGone) => return Err(PartFailed::new("Nobody waits for it.")),
            Err(NotAnswered::Refused(_)) if slot.must_be_over() => return Err(PartFailed::too_late()),
            Err(NotAnswered::Refused(refusal)) => {
                return Err(PartFailed {
                    is_too_late: refusal.reason.status() == 504,
                    ..PartFailed::new(refusal.sentence().to_owned())
                });
            }
        };
        if !answer.status.is_success() {
            let detail = format!("The server answered {}.", answer.status.as_u16());
            give_back_empty(answered);
            return Err(PartFailed {
                answered: Some(answer.status),
                ..PartFailed::new(detail)
            });
        }
        let is_plain = |coding: &[u8]| coding.eq_ignore_ascii_case(b"identity");
        if !answer.fields.all(Known::ContentEncoding).all(is_plain) {
            return Err(PartFailed::new(
                "The server's answer is encoded, which it was asked not to be.",
            ));
        }
        receive(&worker, slot, &call.known, answered, max_bytes, room).await
    }
}

/// The connection of an answer without a body may carry the next call.
fn give_back_empty(answered: Answered) {
    if answered.body == BodyLength::NONE && answered.is_persistent && answered.upload.is_over() {
        answered.stream.give_back();
    }
}

/// Reads a body to its end.
async fn receive(
    worker: &Worker,
    slot: &Slot,
    known: &KnownOfCall,
    answered: Answered,
    max_bytes: usize,
    room: &Cell<usize>,
) -> Result<HeldBytes, PartFailed> {
    let Answered {
        mut stream,
        upload,
        is_persistent,
        idle_timeout,
        load: _load,
        ..
    } = answered;
    let stall_timeout = idle_timeout.unwrap_or(worker.limits().stall_timeout);
    let mut body = HeldBytes::new(&worker.held(known));
    slot.wait_at_most(stall_timeout);
    poll_fn(|cx| {
        while let Poll::Ready(filled) = stream.poll_fill(cx) {
            match filled {
                Ok(Fill::End) => return Poll::Ready(Ok(())),
                Ok(Fill::Data) => {
                    let data = stream.data();
                    let count = data.len();
                    if body.as_slice().len() + count > max_bytes || count > room.get() {
                        let detail = "The server's answer is larger than the provider lets it be.";
                        return Poll::Ready(Err(PartFailed::new(detail)));
                    }
                    if let Err(MemoryFull) = body.extend(data) {
                        return Poll::Ready(Err(PartFailed::new("The gateway has no room for the answer.")));
                    }
                    room.set(room.get() - count);
                    stream.consume(count);
                    slot.wait_at_most(stall_timeout);
                }
                Err(error) => {
                    tracing::debug!(%error, "a part of an answer broke off");
                    return Poll::Ready(Err(PartFailed::new("The server broke off.")));
                }
            }
        }
        if slot.is_overdue() {
            return Poll::Ready(Err(PartFailed::too_late()));
        }
        Poll::Pending
    })
    .await?;
    if is_persistent && upload.is_over() {
        stream.give_back();
    }
    Ok(body)
}
