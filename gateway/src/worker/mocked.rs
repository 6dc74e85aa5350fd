//! Answers that are made from the version's document, in the API's place.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use domain::policy::mock::{Mock, MockSource};
use http::{HeaderName, HeaderValue, StatusCode};
use openapi::mock::{self, MockAnswer, NoAnswer, Preference};

use super::{Heads, call::Run};
use crate::{
    client::Caller,
    decision::Refusal,
    held::HeldCaller,
    message::{BodyLength, Fields, Known, RequestHead},
    phase::{
        deliver::{self, Delivered},
        metering::Call,
        respond,
    },
    problem::Reason,
};

/// What says which preferences a mock answer follows (RFC 7240 §3).
const APPLIED: &str = "Preference-Applied";

impl Run<'_> {
    /// Answers from the document.
    pub(super) async fn mock(
        &self,
        mut call: Call,
        caller: &mut HeldCaller<'_>,
        heads: &mut Heads,
        mock: &Mock,
        document: &Arc<openapi::Document>,
    ) -> Delivered {
        let Heads { request, answer } = heads;
        let made = match made_answer(&call, request, mock, document) {
            Ok(made) => made,
            Err(why) => {
                let reason = match why {
                    NoAnswer::NotAcceptable => Reason::NotAcceptable,
                    NoAnswer::NoResponse | NoAnswer::NoExample => Reason::NoMock,
                };
                call.return_all();
                return self.refuse(call, caller, heads, Refusal::new(reason)).await;
            }
        };
        if !self.delay(caller, mock.delay.as_duration()).await {
            return Delivered::Broken;
        }
        answer.clear();
        answer.status = StatusCode::from_u16(made.status).unwrap_or(StatusCode::OK);
        let content_type = made.content_type.map(|text| ("content-type".to_owned(), text));
        for (name, value) in content_type.into_iter().chain(made.headers) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                answer.fields.append_named(&name, &value);
            }
        }
        let length = made.body.len().to_string();
        answer.fields.append_parts(Known::ContentLength, &[length.as_bytes()]);
        let mut tally = respond::adapt(self.worker, &mut call, request, answer, self.now);
        let takes_body = caller.answer(answer, BodyLength::Exact(made.body.len() as u64));
        let body = takes_body.then(|| made.body.into());
        let stall_timeout = self.worker.limits().stall_timeout;
        deliver::send(caller, self.slot, stall_timeout, body, &mut tally).await
    }

    /// Waits; returns whether the caller still does.
    async fn delay(&self, caller: &mut HeldCaller<'_>, delay: std::time::Duration) -> bool {
        if delay.is_zero() {
            return true;
        }
        let is_silent = caller.is_whole() || caller.body_length() == BodyLength::NONE;
        let mut waiting = pin!(tokio::time::sleep(delay));
        poll_fn(|cx| {
            if waiting.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            if is_silent && caller.poll_gone(cx).is_ready() {
                return Poll::Ready(false);
            }
            Poll::Pending
        })
        .await
    }
}

/// What the API would answer.
fn made_answer(
    call: &Call,
    request: &RequestHead,
    policy: &Mock,
    document: &openapi::Document,
) -> Result<MockAnswer, NoAnswer> {
    let operation = call.known.slug().and_then(|slug| document.operation(slug));
    let operation = operation.ok_or(NoAnswer::NoResponse)?;
    let accept = joined(&request.fields, b"accept");
    let usual = Preference {
        status: None,
        example: None,
        is_dynamic: policy.from == MockSource::Schemas,
    };
    let make = |preference: &Preference| {
        let wished = Preference {
            status: preference.status.or(policy.status),
            ..preference.clone()
        };
        let mut made = mock::answer(&operation, &wished, accept.as_deref())?;
        if preference.status.is_none() && policy.status.is_some() {
            // What the provider chose is nothing that the caller asked for.
            for (_, value) in made.headers.iter_mut().filter(|(name, _)| name == APPLIED) {
                let asked: Vec<&str> = value
                    .split(", ")
                    .filter(|applied| !applied.starts_with("code="))
                    .collect();
                *value = asked.join(", ");
            }
            made.headers
                .retain(|(name, value)| name != APPLIED || !value.is_empty());
        }
        Ok(made)
    };
    if policy.prefer
        && let Some(text) = joined(&request.fields, b"prefer")
    {
        let mut wished = Preference::parse([&*text]);
        wished.is_dynamic |= usual.is_dynamic && wished.example.is_none();
        // What can't be done is ignored (RFC 7240 §2).
        match make(&wished) {
            Err(NoAnswer::NoResponse | NoAnswer::NoExample) => {}
            made => return made,
        }
    }
    match make(&usual) {
        // The provider's status is not described here.
        Err(NoAnswer::NoResponse) if policy.status.is_some() => mock::answer(&operation, &usual, accept.as_deref()),
        made => made,
    }
}

/// The values of a field as one.
fn joined(fields: &Fields, name: &[u8]) -> Option<String> {
    let values: Vec<_> = fields.all_named(name).map(String::from_utf8_lossy).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
