//! Passing a call on to its upstream, up to the head of the answer.

use std::{
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use domain::policy::units::ByteSize;
use http::{HeaderValue, Method, StatusCode, Version};

use super::{
    failure::{Failed, FirstFailure, NoAnswer, broken, not_connected},
    metering::Call,
    mirror, request_fields, rewrite,
    tries::{Progress, Tries},
};
use crate::{
    client::Caller,
    decision::Refusal,
    http1::{AnswerError, AnswerReader, RequestLine},
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead, strip_hop_by_hop},
    problem::Reason,
    relay::{Broken, Passage, Side, SourceError},
    trace_context::TraceContext,
    upstream::{self, CallerTraits, ConnectError, OnItsWay, Outcome, Target, ToSend, UpstreamStream},
    worker::{Peer, Slot, Worker},
};

/// How often a call is sent again that the upstream has not looked at.
const MAX_REFUSED: usize = 2;

/// Informational answers before the answer, at most.
const MAX_INFORMATIONAL: usize = 16;

/// A call on its way: what it consists of beside its connection.
pub(crate) struct Outgoing<'a> {
    pub(crate) worker: &'a Rc<Worker>,
    pub(crate) peer: &'a Peer,
    pub(crate) slot: &'a Slot,
    pub(crate) request: &'a mut RequestHead,
    pub(crate) answer: &'a mut AnswerHead,
    pub(crate) trace: &'a TraceContext,
}

/// The head of the answer is there; it is in [`Outgoing::answer`].
pub(crate) struct Answered {
    /// What the rest comes on.
    pub(crate) stream: UpstreamStream,
    /// How far the request's body has come.
    pub(crate) upload: Passage,
    pub(crate) body: BodyLength,
    /// Whether the connection may carry another call.
    pub(crate) is_persistent: bool,
    /// Whether the upstream agreed to change the protocol.
    pub(crate) is_switch: bool,
    /// The longest pause of the answer, where the upstream has its own.
    pub(crate) idle_timeout: Option<Duration>,
    /// Counts the call as on its way until the answer is over.
    pub(crate) load: Option<OnItsWay>,
}

/// Why there is no answer.
pub(crate) enum NotAnswered {
    /// The gateway says so itself.
    Refused(Box<Refusal>),
    /// Nobody waits for it any more.
    CallerGone,
}

impl From<Refusal> for NotAnswered {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Sends a call that has a permit to its upstream and waits for the head of the answer. Dropping the future closes the
/// upstream connection.
pub(crate) async fn forward(
    outgoing: &mut Outgoing<'_>,
    call: &mut Call,
    caller: &mut impl Caller,
) -> Result<Answered, NotAnswered> {
    let Some(permit) = call.permit() else {
        return Err(Refusal::new(Reason::NoUpstream).into());
    };
    let Some(targets) = permit.targets().cloned() else {
        return Err(Refusal::new(Reason::NoUpstream).into());
    };
    let base_length = permit.base_length();
    let body = caller.body_length();
    let (worker, slot) = (outgoing.worker, outgoing.slot);
    // By what the caller sent, before anything of it is changed.
    let traits = || CallerTraits {
        fields: &outgoing.request.fields,
        key: call.known.key_id,
        address: worker.caller_address(outgoing.peer, &outgoing.request.fields),
    };
    let rewritten = rewrite::target(call, outgoing.request, base_length)?;
    let mut tries = Tries::begin(&targets, worker, slot, traits)?;
    let hop = request_fields::prepare(outgoing, permit);
    // A handshake is a GET without a body (RFC 6455 §4.1); anything else is a normal request.
    let is_handshake = hop.is_websocket
        && targets.stable().may_switch()
        && outgoing.request.version == Version::HTTP_11
        && outgoing.request.method == Method::GET
        && body == BodyLength::NONE;
    let fields = &mut outgoing.request.fields;
    if is_handshake {
        fields.append(Known::Connection, &HeaderValue::from_static("upgrade"));
        fields.append(Known::Upgrade, &HeaderValue::from_static("websocket"));
    }
    if body == BodyLength::Open {
        fields.remove(Known::ContentLength);
    }
    let rules = call.known.rules.as_deref();
    if let Some(headers) = rules.and_then(|rules| rules.headers.as_ref()) {
        headers.request.apply(fields);
    }
    if let Some(transform) = rules.and_then(|rules| rules.transform.as_ref()) {
        transform.ask(fields);
    }
    let max_body_bytes = [
        outgoing.worker.limits().body_bytes,
        rules
            .and_then(|rules| rules.limits.as_ref()?.body_bytes)
            .map(ByteSize::as_bytes),
    ]
    .into_iter()
    .flatten()
    .min();

    if body == BodyLength::NONE && !is_handshake {
        let from_base = rewritten.as_deref().unwrap_or(outgoing.request.from(base_length));
        mirror::copy(worker, &targets, outgoing.request, from_base);
    }
    let Some(mut pick) = tries.first() else {
        return Err(Refusal::new(Reason::NoUpstream).into());
    };
    loop {
        let attempt = Attempt {
            target: pick.target,
            base_length,
            rewritten: rewritten.as_deref(),
            body,
            max_body_bytes: max_body_bytes.unwrap_or(u64::MAX),
            connect_timeout: limited(targets.connect_timeout, outgoing.slot),
            response_timeout: tries.response_timeout(),
            is_handshake,
        };
        let mut progress = Progress::default();
        tries.begin_try();
        call.tries();
        let answered = attempt.run(outgoing, call, caller, &mut progress).await;
        tries.end_try();
        // A bound of our own says nothing about the target.
        let is_judged = !matches!(answered, Err(Failed::Connect(ConnectError::Full)));
        let (outcome, answered) = match answered {
            Ok(answered) => (Outcome::Answered(outgoing.answer.status), Ok(answered)),
            Err(Failed::Connect(error)) => {
                let authority = &pick.target.authority;
                tracing::debug!(host = %authority.host, port = authority.port, error = ?error, "can't connect to an upstream");
                let refusal = not_connected(&error, attempt.connect_timeout, targets.connect_timeout);
                (Outcome::NotConnected, Err(refusal))
            }
            Err(Failed::Target(outcome, refusal)) => (outcome, Err(*refusal)),
            Err(Failed::Final(why)) => return Err(why),
        };
        if is_judged {
            tries.observe(&pick, outcome);
        }
        let may_repeat = progress.may_repeat(&outgoing.request.method, body);
        if !outgoing.slot.must_be_over()
            && let Some(next) = tries.next(outcome, may_repeat)
        {
            tracing::debug!(?outcome, "a call is tried again");
            call.tried_in_vain(match &answered {
                Ok(_) => FirstFailure::Status(outgoing.answer.status),
                Err(refusal) => FirstFailure::Reason(refusal.reason),
            });
            pick = next;
            continue;
        }
        if is_judged {
            tries.end(outcome);
        }
        return match answered {
            Ok(answered) => Ok(Answered {
                idle_timeout: targets.idle_timeout,
                load: pick.load,
                ..answered
            }),
            Err(refusal) => Err(tries.too_long().unwrap_or(refusal).into()),
        };
    }
}

/// A time-out, if the call may run for so long.
fn limited(timeout: Duration, slot: &Slot) -> Duration {
    slot.time_left().map_or(timeout, |left| left.min(timeout))
}

/// A call to one target.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    target: &'a Target,
    /// Bytes of the path before the operation's own.
    base_length: usize,
    /// What a policy puts in place of path and query after those.
    rewritten: Option<&'a str>,
    body: BodyLength,
    max_body_bytes: u64,
    connect_timeout: Duration,
    response_timeout: Duration,
    is_handshake: bool,
}

impl Attempt<'_> {
    async fn run(
        &self,
        outgoing: &mut Outgoing<'_>,
        call: &mut Call,
        caller: &mut impl Caller,
        progress: &mut Progress,
    ) -> Result<Answered, Failed> {
        // A connection that waited may have died unnoticed. What has no body and no effect may be sent again
        // (RFC 9110 §9.2.2); that once.
        let mut may_repeat = self.body == BodyLength::NONE && outgoing.request.method.is_idempotent();
        let mut refused = 0;
        loop {
            let mut stream = self.stream(outgoing, caller).await?;
            self.send_head(outgoing.request, &mut stream);
            call.passed_on(true);
            progress.is_sent = true;
            let mut upload = Passage::new(self.max_body_bytes);
            let outcome = self
                .exchange(outgoing, call, caller, (&mut stream, &mut upload), progress)
                .await;
            outgoing.slot.wait_freely();
            call.bytes_in = upload.bytes;
            match outcome {
                Ok((body, is_persistent)) => {
                    let is_switch = outgoing.answer.status == StatusCode::SWITCHING_PROTOCOLS;
                    if is_switch && !(self.is_handshake && is_websocket(&outgoing.answer.fields)) {
                        let detail = "The API's server changed to a protocol that it was not asked for.";
                        return Err(Failed::Target(Outcome::Broken, Box::new(broken(detail))));
                    }
                    return Ok(Answered {
                        stream,
                        upload,
                        body,
                        is_persistent,
                        is_switch,
                        idle_timeout: None,
                        load: None,
                    });
                }
                Err(NoAnswer::Answer(AnswerError::Closed(0) | AnswerError::Io(_)))
                    if stream.is_reused() && may_repeat =>
                {
                    tracing::debug!("an upstream connection had died; the call is sent again");
                    may_repeat = false;
                }
                Err(NoAnswer::Answer(AnswerError::Refused(error))) if upload.bytes == 0 && refused < MAX_REFUSED => {
                    tracing::debug!(%error, "an upstream has not looked at a call; it is sent again");
                    refused += 1;
                    call.passed_on(false);
                }
                Err(why) => return Err(why.explain(self.response_timeout)),
            }
        }
    }

    /// What carries the call: something that waits, or something new.
    async fn stream(&self, outgoing: &Outgoing<'_>, caller: &mut impl Caller) -> Result<UpstreamStream, Failed> {
        let worker = outgoing.worker;
        let authority = &self.target.authority;
        if let Some(stream) = upstream::waiting(worker, authority, self.is_handshake) {
            return Ok(stream);
        }
        let mut opening = pin!(upstream::open(
            worker,
            authority,
            self.is_handshake,
            self.connect_timeout.min(outgoing.slot.left())
        ));
        let is_silent = self.body == BodyLength::NONE;
        let opened = poll_fn(|cx| {
            if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
                return Poll::Ready(Some(opened));
            }
            if is_silent && caller.poll_gone(cx).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        match opened.await {
            Some(opened) => opened.map_err(Failed::Connect),
            None => Err(Failed::Final(NotAnswered::CallerGone)),
        }
    }

    /// Points the request to the target: its authority, and its base path before the operation's path.
    fn send_head(&self, request: &RequestHead, stream: &mut UpstreamStream) {
        let from_base = self.rewritten.unwrap_or(request.from(self.base_length));
        let slash = if from_base.starts_with('/') { "" } else { "/" };
        stream.send_head(&ToSend {
            line: RequestLine {
                method: &request.method,
                target: [&self.target.base_path, slash, from_base],
                host: &self.target.authority.header,
            },
            is_tls: self.target.authority.is_tls,
            fields: &request.fields,
            body: self.body,
        });
    }

    /// Sends the request and waits for the head of the answer. The time runs from the moment the request was sent, or
    /// from the last piece of its body.
    async fn exchange(
        &self,
        outgoing: &mut Outgoing<'_>,
        call: &mut Call,
        caller: &mut impl Caller,
        (stream, upload): (&mut UpstreamStream, &mut Passage),
        progress: &mut Progress,
    ) -> Result<(BodyLength, bool), NoAnswer> {
        let Outgoing {
            slot, request, answer, ..
        } = outgoing;
        let mut reader = AnswerReader::default();
        let mut informational = 0;
        // The upstream takes no more of the body; it may have answered all the same.
        let mut is_cut = false;
        answer.clear();
        slot.wait_at_most(self.response_timeout);
        poll_fn(|cx: &mut Context<'_>| {
            let before = upload.bytes;
            if !is_cut && let Poll::Ready(Err(error)) = upload.poll(cx, caller, stream) {
                match error {
                    Broken::Source(SourceError::Refused) => {
                        return Poll::Ready(Err(NoAnswer::BodyShape(caller.refusal())));
                    }
                    Broken::Source(error) => return Poll::Ready(Err(NoAnswer::Body(error))),
                    Broken::TooLarge => return Poll::Ready(Err(NoAnswer::BodyTooLarge)),
                    Broken::Sink(_) => is_cut = true,
                }
            }
            while let Poll::Ready(found) = stream.poll_answer(cx, &mut reader, &request.method, answer) {
                let is_persistent = found.map_err(NoAnswer::Answer)?;
                if !answer.status.is_informational() || answer.status == StatusCode::SWITCHING_PROTOCOLS {
                    return Poll::Ready(Ok((stream.body_length(), is_persistent)));
                }
                informational += 1;
                if informational > MAX_INFORMATIONAL {
                    return Poll::Ready(Err(NoAnswer::TooManyInformational));
                }
                strip_hop_by_hop(&mut answer.fields);
                caller.inform(answer);
                progress.has_informed = true;
                answer.clear();
            }
            let is_sent = informational == 0 || caller.poll_flush(cx).is_ready();
            let may_look = is_cut || upload.is_over();
            if is_sent && may_look && caller.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(NoAnswer::CallerGone));
            }
            if upload.bytes > before {
                call.bytes_in = upload.bytes;
                slot.wait_at_most(self.response_timeout);
            }
            if slot.must_be_over() {
                return Poll::Ready(Err(NoAnswer::MustBeOver));
            }
            if slot.is_overdue() {
                let waits_for_caller = !may_look && upload.waits_for == Side::Source;
                if !waits_for_caller {
                    stream.distrust();
                }
                return Poll::Ready(Err(NoAnswer::TimeUp { waits_for_caller }));
            }
            Poll::Pending
        })
        .await
    }
}

/// Whether an answer of 101 changes to the protocol that was asked for, and to no other on top of it.
fn is_websocket(fields: &Fields) -> bool {
    let mut protocols = fields.all(Known::Upgrade);
    let is_websocket = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
    protocols.next().is_some_and(is_websocket) && protocols.next().is_none()
}
