//! A call that is looked at before it is passed on: for signatures of attacks, and by the version's document. Or that is
//! answered from the document, in the API's place.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use domain::policy::{
    mock::{Mock, MockSource},
    signatures::SignatureGroup,
    validation::{RequestValidation, Validation},
};
use http::{HeaderName, HeaderValue, StatusCode};
use openapi::{
    mock::{self, MockAnswer, NoAnswer, Preference},
    validate::{Invalid, InvalidKind, OperationValidator},
};

use super::{Heads, call::Run};
use crate::{
    client::Caller,
    contract::{BodySeen, Coding, Decoded, OperationContract, Path, judge},
    decision::Refusal,
    grpc::{Dialect, WebCaller},
    held::{HeldCaller, hold},
    message::{BodyLength, Fields, Known, RequestHead},
    phase::{
        deliver::{self, Delivered},
        forward::NotAnswered,
        metering::Call,
        respond,
    },
    problem::Reason,
    rules::{InspectionRule, Rules},
};

/// What says which preferences a mock answer follows (RFC 7240 §3).
const APPLIED: &str = "Preference-Applied";

impl Run<'_> {
    /// Looks at the call and passes it on, or answers it.
    pub(super) async fn inspected(
        &self,
        mut call: Call,
        rules: &Rules,
        caller: &mut (dyn Caller + '_),
        heads: &mut Heads,
    ) -> Delivered {
        let Some(inspection) = &rules.inspection else {
            let mut caller = HeldCaller::nothing(caller, &self.worker.held(&call.known));
            return self.forward(call, &mut caller, heads).await;
        };
        let contract = call.known.contract().cloned().unwrap_or_default();
        let inspected = self
            .inspect(&mut call, inspection, &contract, caller, &mut heads.request)
            .await;
        let mut held = match inspected {
            Ok(held) => held,
            Err(why) => {
                // A call that is refused takes nothing from any budget.
                call.return_all();
                return match why {
                    NotAnswered::CallerGone => Delivered::Broken,
                    NotAnswered::Refused(refusal) => {
                        let mut caller = HeldCaller::nothing(caller, &self.worker.held(&call.known));
                        self.refuse(call, &mut caller, heads, *refusal).await
                    }
                };
            }
        };
        if let (Some(mock), Some(document)) = (&inspection.mock, &contract.document) {
            return self.mock(call, &mut held, heads, mock, document).await;
        }
        let is_http2 = call.is_to_http2();
        match self.dialect {
            Some(Dialect::Web { is_text }) if is_http2 => {
                let mut caller = WebCaller::new(&mut held, is_text, &mut heads.request.fields);
                self.forward(call, &mut caller, heads).await
            }
            _ => self.reshape(call, &mut held, heads).await,
        }
    }

    /// Looks at the call; returns its caller with what was held of the body.
    async fn inspect<'a>(
        &self,
        call: &mut Call,
        inspection: &InspectionRule,
        contract: &OperationContract,
        caller: &'a mut (dyn Caller + 'a),
        request: &mut RequestHead,
    ) -> Result<HeldCaller<'a>, NotAnswered> {
        let signatures = inspection.signatures.as_ref();
        if let Some(rule) = signatures {
            self.attacked(call, rule.in_head(request), rule.is_blocking)?;
        }
        let judging = Judging::of(inspection, contract)?;
        let has_body = caller.body_length() != BodyLength::NONE;
        let form = signatures
            .and_then(|rule| rule.body_form(&request.fields))
            .filter(|_| has_body);
        let needs_body = has_body
            && judging
                .as_ref()
                .is_some_and(|judging| judging.validator.needs_request_body());
        let coding = Coding::of(&request.fields);
        if needs_body && let Some(judging) = &judging {
            judging.check_announced(caller.body_length(), coding)?;
        }
        let max_bytes = [
            form.and(signatures).map(|rule| rule.body_bytes),
            judging.as_ref().filter(|_| needs_body).map(|judging| judging.max_bytes),
        ];
        let share = self.worker.held(&call.known);
        let held = match max_bytes.into_iter().flatten().max() {
            Some(max_bytes) => {
                let pause = self.worker.limits().header_timeout;
                hold(caller, request, self.slot, &share, (max_bytes, pause)).await?
            }
            None => HeldCaller::nothing(caller, &share),
        };
        if let (Some(form), Some(rule)) = (form, signatures) {
            let found = match coding.decode(held.body(), rule.body_bytes, held.is_whole()) {
                Decoded::Whole(body) => rule.in_body(&body, form),
                Decoded::Part(body) => rule.in_body(&body, form),
                Decoded::Unreadable => Vec::new(),
            };
            self.attacked(call, found, rule.is_blocking)?;
        }
        if let Some(judging) = &judging {
            let body = if needs_body { Some((&held, coding)) } else { None };
            judging.judge(self, call, request, body, has_body)?;
        }
        Ok(held)
    }

    /// Notes attacks that were found, and refuses the call if that is wanted.
    fn attacked(&self, call: &mut Call, found: Vec<SignatureGroup>, is_blocking: bool) -> Result<(), NotAnswered> {
        if found.is_empty() {
            return Ok(());
        }
        for group in &found {
            self.found(call, "signatures", group.as_str());
        }
        let noted = &mut call.known.findings().signatures;
        for group in found {
            if !noted.contains(&group.as_str()) {
                noted.push(group.as_str());
            }
        }
        if is_blocking {
            return Err(Refusal::new(Reason::Suspicious).into());
        }
        Ok(())
    }

    /// Counts a call that something was found in.
    pub(super) fn found(&self, call: &Call, policy: &'static str, finding: &'static str) {
        if let Some(version) = &call.known.version {
            self.worker.counters().found(&version.address, policy, finding);
        }
    }

    /// Answers from the document.
    async fn mock(
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

/// How requests of an operation are judged.
struct Judging<'a> {
    validator: &'a OperationValidator,
    is_blocking: bool,
    max_bytes: usize,
}

impl<'a> Judging<'a> {
    /// `None` where requests are not judged.
    fn of(inspection: &'a InspectionRule, contract: &'a OperationContract) -> Result<Option<Self>, NotAnswered> {
        let Some(Validation {
            request, body_bytes, ..
        }) = &inspection.validation
        else {
            return Ok(None);
        };
        let is_blocking = match request {
            RequestValidation::Off => return Ok(None),
            RequestValidation::Report => false,
            RequestValidation::Block => true,
        };
        match &contract.validator {
            Some(validator) => Ok(Some(Self {
                validator,
                is_blocking,
                max_bytes: usize::try_from(body_bytes.as_bytes()).unwrap_or(usize::MAX),
            })),
            // Nobody knows whether it fits.
            None if is_blocking => Err(Refusal::new(Reason::NotJudged)
                .proxy_error("proxy_internal_error")
                .into()),
            None => Ok(None),
        }
    }

    /// Refuses a body that can't be judged by what is said of it.
    fn check_announced(&self, length: BodyLength, coding: Coding) -> Result<(), NotAnswered> {
        if !self.is_blocking {
            return Ok(());
        }
        if coding == Coding::Other {
            return Err(unreadable_coding().into());
        }
        match length {
            BodyLength::Exact(length) if length > self.max_bytes as u64 => Err(self.too_large().into()),
            _ => Ok(()),
        }
    }

    /// Judges the request; notes what is wrong, and refuses it if that is wanted.
    fn judge(
        &self,
        run: &Run<'_>,
        call: &mut Call,
        request: &RequestHead,
        held: Option<(&HeldCaller<'_>, Coding)>,
        has_body: bool,
    ) -> Result<(), NotAnswered> {
        let decoded = held.map(|(held, coding)| coding.decode(held.body(), self.max_bytes, held.is_whole()));
        let body = match &decoded {
            Some(Decoded::Whole(body)) => BodySeen::Whole(body),
            Some(Decoded::Part(_)) if self.is_blocking => return Err(self.too_large().into()),
            Some(Decoded::Unreadable) if self.is_blocking => {
                let detail = "The body of the request is not gzip, as its Content-Encoding says.";
                return Err(Refusal::new(Reason::InvalidRequest).detail(detail).into());
            }
            Some(_) => BodySeen::Not,
            None if has_body => BodySeen::Not,
            None => BodySeen::Whole(&[]),
        };
        let (Some(template), Some(permit)) = (call.known.template(), call.permit()) else {
            return Ok(());
        };
        let path = Path {
            template,
            base_length: permit.base_length(),
        };
        let Err(Invalid { kind, violations }) = judge(self.validator, request, path, body) else {
            return Ok(());
        };
        run.found(call, "validation", "request");
        call.known.findings().request = crate::contract::noted(&violations);
        if !self.is_blocking {
            return Ok(());
        }
        let reason = match kind {
            InvalidKind::UnsupportedMediaType => Reason::MediaType,
            InvalidKind::Malformed | InvalidKind::Unprocessable => Reason::InvalidRequest,
        };
        let detail = violations
            .first()
            .map(|first| format!("The request is not as the API describes it: {first}."));
        let refusal = Refusal::new(reason).detail(detail.unwrap_or_default());
        Err(refusal.violations(violations).into())
    }

    fn too_large(&self) -> Refusal {
        let detail = format!(
            "The provider has bodies checked, and accepts at most {} bytes.",
            self.max_bytes
        );
        Refusal::new(Reason::BodyTooLarge).detail(detail)
    }
}

fn unreadable_coding() -> Refusal {
    let accepted = HeaderValue::from_static("gzip, identity");
    Refusal::new(Reason::MediaType)
        .detail("The provider has bodies checked: send it as it is, or compressed with gzip.")
        .field(http::header::ACCEPT_ENCODING, accepted)
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
