//! Answering from what is kept.

use bytes::Bytes;
use http::StatusCode;

use crate::{
    cache::{Handled, Part, Query, Stored},
    client::Caller,
    message::{AnswerHead, BodyLength, Fields, Known},
    phase::{
        deliver::{self, Delivered},
        metering::Call,
        respond,
    },
    worker::{Heads, call::Run},
};

/// Answers from what is kept: whole, the part that is asked for, or that the caller has it already.
pub(super) async fn serve(
    run: &Run<'_>,
    mut call: Call,
    caller: &mut impl Caller,
    heads: &mut Heads,
    query: &Query,
    kept: &Stored,
    says: Handled,
) -> Delivered {
    let Heads { request, answer } = heads;
    answer.clear();
    answer.status = kept.status;
    answer.version = kept.version;
    answer.fields.copy_from(&kept.fields);
    let body = compose(answer, query, kept);
    let rules = call.known.rules.as_ref();
    if let Some(transform) = rules.and_then(|rules| rules.transform.as_ref()) {
        transform.forget_tag(answer);
    }
    let age_s = kept.freshness.age_s(run.now_s());
    answer.fields.remove(Known::Age);
    answer.fields.append_parts(Known::Age, &[age_s.to_string().as_bytes()]);
    says.say(run.worker.name(), &mut answer.fields);
    let mut tally = respond::adapt(run.worker, &mut call, request, answer, run.now);
    let has_body = caller.answer(answer, BodyLength::Exact(body.len() as u64));
    let stall_timeout = run.worker.limits().stall_timeout;
    deliver::send(caller, run.slot, stall_timeout, has_body.then_some(body), &mut tally).await
}

/// Makes status and length what the request asks for; returns the body.
fn compose(answer: &mut AnswerHead, query: &Query, kept: &Stored) -> Bytes {
    let fields = &mut answer.fields;
    if query.conditions.is_not_modified(kept) {
        answer.status = StatusCode::NOT_MODIFIED;
        fields.remove(Known::ContentLength);
        return Bytes::new();
    }
    let part = if query.is_head {
        Part::Whole
    } else {
        query.conditions.part(kept)
    };
    let length = kept.body.len();
    let body = match part {
        Part::Whole => kept.body.clone(),
        Part::Bytes(part) => {
            answer.status = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            set_content_range(fields, &range);
            kept.body.slice(part)
        }
        Part::Nothing => {
            answer.status = StatusCode::RANGE_NOT_SATISFIABLE;
            set_content_range(fields, &format!("bytes */{length}"));
            Bytes::new()
        }
    };
    if answer.status != StatusCode::NO_CONTENT {
        fields.remove(Known::ContentLength);
        fields.append_parts(Known::ContentLength, &[body.len().to_string().as_bytes()]);
    }
    body
}

fn set_content_range(fields: &mut Fields, value: &str) {
    fields.remove_named(b"content-range");
    fields.append_raw(b"content-range", value.as_bytes());
}
