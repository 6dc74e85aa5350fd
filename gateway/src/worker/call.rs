//! One call, phase by phase.

use std::{convert::Infallible, rc::Rc, sync::Arc};

use http::{Request, Response, header::UPGRADE};
use http_body::Body as _;
use hyper::body::Incoming;

use super::{InFlight, Peer, Worker};
use crate::{
    client::{AnswerBody, Slot},
    decision::{RequestHead, decide},
    phase::{
        forward::{self, Outgoing},
        metering::Call,
        respond,
    },
    trace_context::TraceContext,
};

/// One call, from its head to the head of its answer: the phases in order.
pub(super) async fn handle(
    worker: Rc<Worker>,
    peer: Rc<Peer>,
    slot: Arc<Slot>,
    in_flight: InFlight,
    mut request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let now = worker.now();
    let upgrade = request
        .headers()
        .contains_key(UPGRADE)
        .then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let trace = TraceContext::of(&parts.headers).unwrap_or_else(|| worker.trace_ids.make());
    let mut call = Call::begin(&worker, &now);
    let head = RequestHead {
        method: &parts.method,
        path: parts.uri.path(),
        headers: &parts.headers,
        body_bytes: body.size_hint().exact(),
        max_body_bytes: worker.limits().body_bytes,
    };
    let decision = {
        let mut reader = worker.snapshot.borrow_mut();
        decide(reader.load(), &head, &now, &mut call.known)
    };
    let refusal = match decision {
        Ok(permit) => {
            call.admit(permit);
            let outgoing = Outgoing {
                method: parts.method,
                uri: &parts.uri,
                version: parts.version,
                headers: parts.headers,
                body,
                trace,
                upgrade,
            };
            match forward::forward(&worker, &peer, &mut call, outgoing).await {
                Ok(answer) => {
                    return Ok(respond::pass_on(
                        &worker, &peer, &slot, &mut call, answer, &now, in_flight,
                    ));
                }
                Err(refusal) => {
                    return Ok(respond::refuse(
                        &worker,
                        &mut call,
                        *refusal,
                        parts.uri.path(),
                        &trace,
                        &now,
                        in_flight,
                    ));
                }
            }
        }
        Err(refusal) => refusal,
    };
    Ok(respond::refuse(
        &worker,
        &mut call,
        *refusal,
        parts.uri.path(),
        &trace,
        &now,
        in_flight,
    ))
}
