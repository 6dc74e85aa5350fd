//! A call that is answered from several calls to the upstream.

mod document;
mod part;

use std::{
    cell::Cell,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use self::part::{PartCall, PartFailed};
use super::{
    Heads,
    call::{Run, Unanswered},
};
use crate::{
    client::Caller,
    decision::Refusal,
    held::HeldBytes,
    message::{BodyLength, Known, RequestHead},
    phase::{
        deliver::{self, Delivered},
        forward::NotAnswered,
        limits::is_ambiguous,
        metering::Call,
        respond,
    },
    problem::{self, Occurrence, Reason},
    rules::{CompositionRule, PartRule, PathParameters},
};

/// What a part brought: its body.
type Brought = Result<HeldBytes, PartFailed>;

/// A part on its way. Dropped, it is given up.
type Running<'a> = Pin<Box<dyn Future<Output = Brought> + 'a>>;

/// A composed answer.
struct Composed {
    status: StatusCode,
    media_type: &'static str,
    body: Bytes,
}

impl Run<'_> {
    /// Answers a call from the parts that its policy names, which run at the same time. The first part that has to be there
    /// and fails ends the others.
    ///
    /// # Errors
    /// The call, and why there is no answer.
    pub(super) async fn compose(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
    ) -> Result<Delivered, Unanswered> {
        let composed = self.composed(&mut call, caller, &heads.request).await;
        let Composed {
            status,
            media_type,
            body,
        } = match composed {
            Ok(composed) => composed,
            Err(why) => return Err(Box::new((call, why))),
        };
        let Heads { request, answer } = heads;
        answer.clear();
        answer.status = status;
        let fields = &mut answer.fields;
        fields.append(Known::ContentType, &HeaderValue::from_static(media_type));
        fields.append_parts(Known::ContentLength, &[body.len().to_string().as_bytes()]);
        fields.append(Known::CacheControl, &HeaderValue::from_static("no-store"));
        let mut tally = respond::adapt(self.worker, &mut call, request, answer, self.now);
        let has_body = caller.answer(answer, BodyLength::Exact(body.len() as u64));
        let stall_timeout = self.worker.limits().stall_timeout;
        Ok(deliver::send(caller, self.slot, stall_timeout, has_body.then_some(body), &mut tally).await)
    }

    async fn composed(
        &self,
        call: &mut Call,
        caller: &mut impl Caller,
        request: &RequestHead,
    ) -> Result<Composed, NotAnswered> {
        let rules = call.known.rules.clone();
        let rule = rules.as_ref().and_then(|rules| rules.composition.as_ref());
        let Some(rule) = rule else {
            return Err(Refusal::new(Reason::NoUpstream).into());
        };
        let room = Cell::new(rule.max_total_bytes);
        let mut running = self.begin(call, request, rule, &room)?;
        call.passed_on(true);
        let is_silent = caller.body_length() == BodyLength::NONE;
        let mut brought: Vec<Option<Brought>> = rule.parts.iter().map(|_| None).collect();
        poll_fn(|cx| {
            if poll_all(cx, rule, &mut running, &mut brought).is_ready() {
                return Poll::Ready(Ok(()));
            }
            if is_silent && caller.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(NotAnswered::CallerGone));
            }
            Poll::Pending
        })
        .await?;
        drop(running);
        match document::compose(rule, brought) {
            Ok(body) => Ok(Composed {
                status: StatusCode::OK,
                media_type: "application/json",
                body,
            }),
            Err((part, failed)) => self.fail(request, part, failed),
        }
    }

    /// Begins all parts; nothing is sent before they are polled.
    fn begin<'a>(
        &self,
        call: &Call,
        request: &RequestHead,
        rule: &'a CompositionRule,
        room: &'a Cell<usize>,
    ) -> Result<Vec<Option<Running<'a>>>, NotAnswered> {
        let Some(permit) = call.permit() else {
            return Err(Refusal::new(Reason::NoUpstream).into());
        };
        let (base, path) = request.path().split_at(permit.base_length());
        let template = call.known.template().unwrap_or_default();
        let parameters = PathParameters::of(template, path);
        let fields = part::fields(&request.fields);
        let begin = |part: &'a PartRule| {
            let target = part.target(&parameters, request.query());
            if is_ambiguous(target.split('?').next().unwrap_or_default()) {
                return Err(Refusal::new(Reason::AmbiguousPath));
            }
            let mut own = RequestHead::default();
            own.version = request.version;
            own.authority.clone_from(&request.authority);
            own.fields.copy_from(&fields);
            own.set_target(&format!("{base}{target}"));
            let part_call = PartCall {
                worker: Rc::clone(self.worker),
                peer: self.peer.clone(),
                request: own,
                permit: permit.again(),
                known: call.known.clone(),
                trace: *self.trace,
                now: *self.now,
                timeout: part.timeout,
                max_bytes: rule.max_bytes,
            };
            let running: Running<'a> = Box::pin(part_call.run(room));
            Ok(Some(running))
        };
        Ok(rule.parts.iter().map(begin).collect::<Result<_, Refusal>>()?)
    }

    /// The answer to a call whose part failed that has to be there.
    fn fail(&self, request: &RequestHead, part: &PartRule, failed: PartFailed) -> Result<Composed, NotAnswered> {
        let detail = format!("Part `{}`: {}", part.name, failed.detail);
        let Some(status) = failed.answered.filter(|status| part.passes(*status)) else {
            let reason = if failed.is_too_late {
                Reason::PartTooLate
            } else {
                Reason::PartFailed
            };
            let refusal = Refusal::new(reason).detail(detail);
            return Err(refusal.proxy_error(failed.proxy_error()).into());
        };
        // What the part says is an answer of the upstream like any other.
        let occurrence = Occurrence {
            status: Some(status.as_u16()),
            detail: &detail,
            instance: request.path(),
            request_id: self.trace.trace_id(),
            ..Occurrence::default()
        };
        Ok(Composed {
            status,
            media_type: problem::MEDIA_TYPE,
            body: problem::render(Reason::PartNotFound, self.worker.portal_url(), &occurrence),
        })
    }
}

/// Goes on with all parts; ready when none runs any more, or one failed that has to be there.
fn poll_all(
    cx: &mut Context<'_>,
    rule: &CompositionRule,
    running: &mut [Option<Running<'_>>],
    brought: &mut [Option<Brought>],
) -> Poll<()> {
    let mut is_pending = false;
    for ((part, running), brought) in rule.parts.iter().zip(running).zip(brought) {
        let Some(future) = running else { continue };
        match future.as_mut().poll(cx) {
            Poll::Pending => is_pending = true,
            Poll::Ready(result) => {
                *running = None;
                let is_fatal = result.is_err() && part.fallback.is_none();
                *brought = Some(result);
                if is_fatal {
                    return Poll::Ready(());
                }
            }
        }
    }
    if is_pending { Poll::Pending } else { Poll::Ready(()) }
}
