//! An answer of an upstream that is judged by the version's document on its way.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use openapi::validate::OperationValidator;

use super::call::Run;
use crate::{
    client::Caller,
    contract::{Judged, noted},
    message::{AnswerHead, BodyLength},
    phase::{
        deliver::{self, Delivered},
        metering::{Call, Tally},
    },
    relay::{BodySink, BodySource, Passage},
};

/// What an answer is judged by.
pub(super) struct Judging {
    validator: Arc<OperationValidator>,
    max_bytes: usize,
}

impl Judging {
    /// What the answer of a call is judged by; `None` where it is not.
    pub(super) fn of(call: &Call, status: StatusCode) -> Option<Self> {
        let inspection = call.known.rules.as_ref()?.inspection.as_ref()?;
        let validation = inspection.judges_answers().filter(|_| Judged::judges(status))?;
        Some(Self {
            validator: Arc::clone(call.known.contract()?.validator.as_ref()?),
            max_bytes: usize::try_from(validation.body_bytes.as_bytes()).unwrap_or(usize::MAX),
        })
    }
}

impl Run<'_> {
    /// Passes an answer on, whose head is written, and notes what is wrong with it. `answer` is its head, the length of its
    /// body, and whether the caller takes a body.
    pub(super) async fn pass_on_judged(
        &self,
        call: &Call,
        judging: Judging,
        caller: &mut impl Caller,
        (stream, upload): (&mut (impl BodySource + BodySink), &mut Passage),
        (answer, body, takes_body): (&AnswerHead, BodyLength, bool),
        (stall_timeout, tally): (Duration, &mut Tally),
    ) -> Delivered {
        let Judging { validator, max_bytes } = judging;
        let share = self.worker.held(&call.known);
        let mut judged = Judged::new(caller, validator, &share, max_bytes, (answer, body));
        let delivered = if takes_body {
            deliver::pass_on(&mut judged, stream, upload, self.slot, stall_timeout, tally).await
        } else {
            deliver::send(&mut judged, self.slot, stall_timeout, None, tally).await
        };
        let violations = judged.judge(answer, takes_body && delivered == Delivered::Complete);
        if !violations.is_empty() {
            self.found(call, "validation", "answer");
            tally.note_answer(noted(&violations));
        }
        delivered
    }
}
