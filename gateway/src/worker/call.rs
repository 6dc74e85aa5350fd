//! One call, phase by phase.

use std::{rc::Rc, sync::Arc};

use http::{StatusCode, Version};

use super::{Heads, InFlight, Peer, Slot, Worker, cached::Cached, judged::Judging, own_page, reshaped::Changing};
use crate::{
    WorkerLog,
    client::{Caller, Compressed, Compression, Watched},
    contract::Coding,
    decision::{Known, Refusal, RequestFacts, Verdict, decide},
    grpc::{self, Dialect, WebCaller},
    limit::Moment,
    message::BodyLength,
    phase::{
        self,
        deliver::{self, Delivered},
        forward::{self, Answered, NotAnswered, Outgoing},
        metering::Call,
        respond,
    },
    problem::Reason,
    rules::{Place, Rules},
    token_endpoint::{Page, TokenEndpoint},
    trace_context::TraceContext,
};

/// One call, from its head to the end of its answer.
pub(super) async fn handle(
    worker: &Rc<Worker>,
    peer: &Peer,
    slot: &Slot,
    caller: &mut impl Caller,
    heads: &mut Heads,
    readable: Result<(), Reason>,
) -> Delivered {
    let dialect = Dialect::of(&heads.request.fields);
    if dialect.is_some() {
        slot.end_within(grpc::time_limit(&heads.request.fields));
    }
    let delivered = carry_out(worker, peer, slot, caller, heads, readable, dialect).await;
    slot.end_within(None);
    delivered
}

/// The phases of a call, in order.
async fn carry_out(
    worker: &Rc<Worker>,
    peer: &Peer,
    slot: &Slot,
    caller: &mut impl Caller,
    heads: &mut Heads,
    readable: Result<(), Reason>,
    dialect: Option<Dialect>,
) -> Delivered {
    let _in_flight = InFlight::begin(worker);
    let now = worker.now();
    let trace = TraceContext::of(&heads.request.fields).unwrap_or_else(|| worker.trace_ids.make());
    let mut call = Call::begin(worker, &now);
    if worker.log().is_some_and(WorkerLog::wants) {
        let client = worker.caller_address(peer, &heads.request.fields);
        call.log(&now, &heads.request, &trace, client);
    }
    let run = Run {
        worker,
        peer,
        slot,
        trace: &trace,
        now: &now,
        dialect,
    };
    match admit(&run, caller, heads, readable, &mut call).await {
        Ok(Admitted::CallerGone) => Delivered::Broken,
        Ok(Admitted::Preflight(rules)) => {
            let Heads { request, answer } = heads;
            let mut tally = respond::preflight(worker, &mut call, &rules, request, answer);
            caller.answer(answer, BodyLength::NONE);
            deliver::send(caller, slot, worker.limits().stall_timeout, None, &mut tally).await
        }
        // The place is held until the answer has been sent.
        Ok(Admitted::Forward { _place }) => {
            if let Some(name) = call.permit().and_then(|permit| permit.credential().query_parameter()) {
                heads.request.remove_parameter(name);
            }
            let rules = call.known.rules.as_ref().filter(|_| dialect.is_none());
            match rules.and_then(|rules| Compression::of(rules, &heads.request)) {
                Some(compression) => {
                    let mut caller = Compressed::new(caller, worker, worker.held(&call.known), compression);
                    // Boxed, so that calls whose answers are not compressed stay small.
                    Box::pin(run.admitted(call, &mut caller, heads)).await
                }
                None => run.admitted(call, caller, heads).await,
            }
        }
        Err(refusal) => match own_page(worker, &refusal, heads) {
            // Boxed, so that connections whose calls it does not concern stay small.
            Some((endpoint, page)) => Box::pin(own_page::answer(&run, endpoint, page, call, caller, heads)).await,
            None => run.refuse(call, caller, heads, *refusal).await,
        },
    }
}

/// The gateway's own page at a path that no version has, or none before it.
fn own_page<'w>(worker: &'w Worker, refusal: &Refusal, heads: &Heads) -> Option<(&'w TokenEndpoint, Page)> {
    let endpoint = worker.tokens.as_deref()?;
    let page = Page::at(heads.request.path()).filter(|_| refusal.reason == Reason::UnknownVersion)?;
    Some((endpoint, page))
}

/// What the last phases of a call share.
pub(super) struct Run<'a> {
    pub(super) worker: &'a Rc<Worker>,
    pub(super) peer: &'a Peer,
    pub(super) slot: &'a Slot,
    pub(super) trace: &'a TraceContext,
    pub(super) now: &'a Moment,
    /// How the caller speaks gRPC, if it does.
    pub(super) dialect: Option<Dialect>,
}

/// A call, and why there is no answer to it.
pub(super) type Unanswered = Box<(Call, NotAnswered)>;

impl Run<'_> {
    /// Goes on with a call that may run: as the caller, or what its policies make of it, wants it.
    async fn admitted(&self, call: Call, caller: &mut impl Caller, heads: &mut Heads) -> Delivered {
        let rules = call.known.rules.as_ref();
        let shape = rules.and_then(|rules| rules.shape(&heads.request.fields));
        if let Some(rules) = rules.filter(|rules| rules.inspection.is_some()).cloned() {
            // Boxed, so that connections whose calls it does not concern stay small.
            return match shape {
                // What is compressed can only be looked at when it is held.
                Some(shape) if Coding::of(&heads.request.fields) == Coding::Identity => {
                    let mut caller = Watched::new(caller, shape);
                    Box::pin(self.inspected(call, &rules, &mut caller, heads, None)).await
                }
                shape => Box::pin(self.inspected(call, &rules, caller, heads, shape)).await,
            };
        }
        let is_http2 = call.is_to_http2();
        match shape {
            // Only gRPC can be told to an upstream of HTTP/2; another may speak gRPC-Web itself.
            None if is_http2 && let Some(Dialect::Web { is_text }) = self.dialect => {
                let mut caller = WebCaller::new(caller, is_text, &mut heads.request.fields);
                self.forward(call, &mut caller, heads).await
            }
            Some(shape) => self.reshape(call, &mut Watched::new(caller, shape), heads).await,
            None => self.reshape(call, caller, heads).await,
        }
    }

    /// Passes the call on to its upstream, and the answer back; or answers it from the cache.
    pub(super) async fn forward(&self, call: Call, caller: &mut impl Caller, heads: &mut Heads) -> Delivered {
        let rules = call.known.rules.as_ref();
        let is_composed = rules.is_some_and(|rules| rules.composition.is_some());
        let delivered = match Cached::of(&call, &heads.request, caller.body_length()) {
            _ if is_composed => Box::pin(self.compose(call, caller, heads)).await,
            // Boxed, so that connections whose calls it does not concern stay small.
            Some(cached) => Box::pin(cached.handle(self, call, caller, heads)).await,
            None => match self.ask(call, caller, heads).await {
                Ok((call, answered)) => Ok(self.pass_on(call, caller, heads, answered).await),
                Err(unanswered) => Err(unanswered),
            },
        };
        self.slot.bound(u64::MAX);
        match delivered.map_err(|unanswered| *unanswered) {
            Ok(delivered) => delivered,
            Err((_, NotAnswered::CallerGone)) => Delivered::Broken,
            Err((mut call, NotAnswered::Refused(refusal))) => {
                // A call that is refused takes nothing from any budget, whichever phase says so. One whose upstream can't be
                // reached is not refused: it was tried.
                let is_tried = call.is_passed_on() || matches!(refusal.reason.status(), 502 | 504);
                if !is_tried {
                    call.return_all();
                }
                self.refuse(call, caller, heads, *refusal).await
            }
        }
    }

    /// Passes the call on to its upstream, up to the head of the answer.
    pub(super) async fn ask(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
    ) -> Result<(Call, Answered), Unanswered> {
        let mut outgoing = Outgoing {
            worker: self.worker,
            peer: self.peer,
            slot: self.slot,
            request: &mut heads.request,
            answer: &mut heads.answer,
            trace: self.trace,
        };
        let answered = forward::forward(&mut outgoing, &mut call, caller).await;
        if answered.is_err() {
            // The call's time is over; its refusal has the time of every answer of the gateway.
            self.slot.bound(u64::MAX);
        }
        match answered {
            Ok(answered) => Ok((call, answered)),
            Err(why) => Err(Box::new((call, why))),
        }
    }

    /// Answers with a problem.
    pub(super) async fn refuse(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        refusal: Refusal,
    ) -> Delivered {
        let Heads { request, answer } = heads;
        // gRPC without HTTP/2 is none.
        let dialect = self
            .dialect
            .filter(|dialect| *dialect != Dialect::Grpc || request.version == Version::HTTP_2);
        let (reason, message) = (refusal.reason, dialect.map(|_| refusal.sentence().to_owned()));
        let (body, mut tally) = respond::refuse(self.worker, &mut call, refusal, request, self.trace, self.now, answer);
        if let (Some(dialect), Some(message)) = (dialect, message) {
            grpc::refuse(answer, dialect, reason, &message);
            caller.answer(answer, BodyLength::NONE);
            return deliver::send(caller, self.slot, self.worker.limits().stall_timeout, None, &mut tally).await;
        }
        let takes_body = caller.answer(answer, BodyLength::Exact(body.len() as u64));
        let body = takes_body.then_some(body);
        deliver::send(caller, self.slot, self.worker.limits().stall_timeout, body, &mut tally).await
    }

    /// Passes the upstream's answer on, to its end.
    pub(super) async fn pass_on(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        answered: Answered,
    ) -> Delivered {
        if let Some(changing) = Changing::of(self.worker, &call, heads, &answered) {
            // Boxed, as above.
            return Box::pin(self.pass_on_changed(call, caller, heads, answered, changing)).await;
        }
        let Self { worker, slot, now, .. } = self;
        let Answered {
            mut stream,
            mut upload,
            body,
            is_persistent,
            is_switch,
            idle_timeout,
            load: _load,
        } = answered;
        let Heads { request, answer } = heads;
        let mut tally = respond::adapt(worker, &mut call, request, answer, now);
        tally.bytes_in = upload.bytes;
        let limits = worker.limits();
        if is_switch {
            // What follows is no answer any more and may last.
            slot.bound(u64::MAX);
            // Only HTTP/1.1 can ask for it.
            if let Some(connection) = stream.own_connection()
                && caller.switch(answer)
            {
                deliver::tunnel(caller, connection, slot, limits.websocket_timeout, &mut tally).await;
            }
            return Delivered::Broken;
        }
        debug_assert_ne!(answer.status, StatusCode::SWITCHING_PROTOCOLS);
        let stall_timeout = idle_timeout.unwrap_or(limits.stall_timeout);
        let takes_body = caller.answer(answer, body);
        let delivered = if let Some(judging) = Judging::of(&call, answer.status) {
            let upstream = (&mut stream, &mut upload);
            let answer = (&*answer, body, takes_body);
            let judged = self.pass_on_judged(&call, judging, caller, upstream, answer, (stall_timeout, &mut tally));
            Box::pin(judged).await
        } else if takes_body {
            deliver::pass_on(caller, &mut stream, &mut upload, slot, stall_timeout, &mut tally).await
        } else {
            deliver::send(caller, slot, limits.stall_timeout, None, &mut tally).await
        };
        if delivered == Delivered::Complete && is_persistent && upload.is_over() {
            stream.give_back();
        }
        delivered
    }
}

/// What a call that is not refused may do.
enum Admitted {
    Forward {
        _place: Option<Place>,
    },
    Preflight(Arc<Rules>),
    /// Nobody waits for it any more.
    CallerGone,
}

/// Whether the call may go on, and the place that it takes among those that run at the same time.
async fn admit(
    run: &Run<'_>,
    caller: &mut impl Caller,
    heads: &Heads,
    readable: Result<(), Reason>,
    call: &mut Call,
) -> Result<Admitted, Box<Refusal>> {
    let Run {
        worker,
        peer,
        slot,
        now,
        ..
    } = run;
    readable.map_err(Refusal::new)?;
    let facts = RequestFacts {
        method: &heads.request.method,
        path: heads.request.path(),
        query: heads.request.query(),
        version: heads.request.version,
        authority: heads.request.authority.as_deref(),
        target_bytes: heads.request.target().len(),
        fields: &heads.request.fields,
        body_bytes: match caller.body_length() {
            BodyLength::Exact(length) => Some(length),
            BodyLength::Open => None,
        },
        max_body_bytes: worker.limits().body_bytes,
        peer: peer.ip(),
        trusted_proxies: &worker.options.trusted_proxies,
        certificate: peer.certificate(),
        vouching: None,
        own_issuer: worker.own_issuer(),
    };
    let (verdict, snapshot) = {
        let mut reader = worker.snapshot.borrow_mut();
        let snapshot = reader.load();
        if own_page::goes_first(worker.tokens.as_deref(), snapshot, &facts) {
            return Err(Box::new(Refusal::new(Reason::UnknownVersion)));
        }
        let verdict = decide(snapshot, &facts, now, &worker.rule_state, &mut call.known)?;
        let is_open = matches!(verdict, Verdict::Vouch(_));
        (verdict, is_open.then(|| Arc::clone(snapshot)))
    };
    let verdict = match (verdict, snapshot) {
        (Verdict::Vouch(question), Some(snapshot)) => {
            // Boxed, so that connections whose calls it does not concern stay small.
            let Some(vouching) = Box::pin(phase::vouch::ask(&question, worker.witnesses(), caller)).await else {
                return Ok(Admitted::CallerGone);
            };
            let facts = RequestFacts {
                vouching: Some(&vouching),
                ..facts
            };
            call.known = Known::default();
            decide(&snapshot, &facts, now, &worker.rule_state, &mut call.known)?
        }
        (verdict, _) => verdict,
    };
    match verdict {
        Verdict::Preflight(rules) => return Ok(Admitted::Preflight(rules)),
        Verdict::Forward(permit) => call.admit(permit),
        // Asked once, it is known who vouches or that nobody does.
        Verdict::Vouch(_) => return Err(Box::new(Refusal::new(Reason::TokenNotChecked))),
    }
    let rules = call.known.rules.clone();
    let Some(rule) = rules.as_ref().and_then(|rules| rules.places.as_ref()) else {
        return Ok(Admitted::Forward { _place: None });
    };
    let whose = phase::budget::caller(&call.known, &facts);
    match phase::places::take(rule, &worker.rule_state.places, &whose, slot, caller).await {
        Some(Ok(place)) => Ok(Admitted::Forward { _place: Some(place) }),
        Some(Err(refusal)) => {
            // A call that is refused takes nothing from any budget.
            call.return_all();
            Err(refusal)
        }
        None => {
            // Nothing was asked of the upstream.
            call.return_all();
            Ok(Admitted::CallerGone)
        }
    }
}
