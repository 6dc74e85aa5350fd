//! A call that is looked at before it is passed on: for signatures of attacks, and by the version's document. Or that is
//! answered from the document, in the API's place.

use domain::policy::{
    signatures::SignatureGroup,
    validation::{RequestValidation, Validation},
};
use http::HeaderValue;
use openapi::validate::{Invalid, InvalidKind, OperationValidator};

use super::{Heads, call::Run};
use crate::{
    client::{Caller, Shape},
    contract::{BodySeen, Coding, Decoded, OperationContract, Path, judge},
    decision::Refusal,
    grpc::{Dialect, WebCaller},
    held::{HeldCaller, hold},
    message::{BodyLength, RequestHead},
    phase::{deliver::Delivered, forward::NotAnswered, metering::Call},
    problem::Reason,
    rules::{InspectionRule, Rules},
};

impl Run<'_> {
    /// Looks at the call and passes it on, or answers it. `shape` is how its body must look if that was not watched on its
    /// way, because it is compressed.
    pub(super) async fn inspected(
        &self,
        mut call: Call,
        rules: &Rules,
        caller: &mut (dyn Caller + '_),
        heads: &mut Heads,
        shape: Option<Shape>,
    ) -> Delivered {
        let Some(inspection) = &rules.inspection else {
            let mut caller = HeldCaller::nothing(caller, &self.worker.held(&call.known));
            return self.forward(call, &mut caller, heads).await;
        };
        let contract = call.known.contract().cloned().unwrap_or_default();
        let inspected = self
            .inspect(&mut call, inspection, &contract, caller, (&mut heads.request, shape))
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
        (request, shape): (&mut RequestHead, Option<Shape>),
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
        let max_bytes = max_bytes.into_iter().flatten().max();
        let share = self.worker.held(&call.known);
        let held = match max_bytes {
            Some(max_bytes) => {
                let pause = self.worker.limits().header_timeout;
                hold(caller, request, self.slot, &share, (max_bytes, pause)).await?
            }
            None => HeldCaller::nothing(caller, &share),
        };
        if let Some(shape) = shape.filter(|_| has_body) {
            check_shape(
                shape,
                coding.decode(held.body(), max_bytes.unwrap_or(0), held.is_whole()),
            )?;
        }
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

/// Refuses a compressed body that does not look as it must, or of which nobody can say it.
fn check_shape(shape: Shape, body: Decoded<'_>) -> Result<(), NotAnswered> {
    let detail = match body {
        Decoded::Whole(body) => match shape.check(&body) {
            Ok(()) => return Ok(()),
            Err(detail) => detail,
        },
        Decoded::Part(_) | Decoded::Unreadable => {
            "The body is compressed, and can't be checked: it is too large for that, or not gzip.".to_owned()
        }
    };
    Err(Refusal::new(Reason::BodyShape).detail(detail).into())
}

fn unreadable_coding() -> Refusal {
    let accepted = HeaderValue::from_static("gzip, identity");
    Refusal::new(Reason::MediaType)
        .detail("The provider has bodies checked: send it as it is, or compressed with gzip.")
        .field(http::header::ACCEPT_ENCODING, accepted)
}
