//! Beside an operation: the request to send and what it answers.

use leptos::prelude::*;
use openapi::{Direction, Operation, OperationKind};

use super::reading::Reading;
use crate::{
    document::{self, KeyHint, example_answer, example_block, example_body, has_ended, telling},
    ui::CodeTabs,
};

/// The samples; nothing where there are none.
pub(super) fn samples(reading: &Reading, operation: &Operation<'_>) -> AnyView {
    let request = match operation.entry().kind {
        OperationKind::Path => call(reading, operation),
        OperationKind::Webhook => sent_to_you(operation),
    };
    let answer = example_answer(operation).map(|block| {
        view! {
            <section aria-labelledby="answer">
                <h2 class="visually-hidden" id="answer">"Example answer"</h2>
                {block}
            </section>
        }
    });
    if request.is_none() && answer.is_none() {
        return ().into_any();
    }
    view! {
        <aside class="reference-side stack" aria-label="Samples">
            {request}
            {answer}
        </aside>
    }
    .into_any()
}

fn call(reading: &Reading, operation: &Operation<'_>) -> Option<AnyView> {
    let version = &reading.reference.version;
    if has_ended(version, reading.now) {
        return None;
    }
    let [organization, api, _] = reading.place();
    let access = reading.reference.accepted_by(operation.entry());
    let samples = document::samples(operation, &reading.base_url(), &access);
    Some(
        view! {
            <section class="stack" data-gap="sm" aria-labelledby="request">
                <h2 class="visually-hidden" id="request">"Request"</h2>
                <CodeTabs name="sample" samples />
                <KeyHint access organization=organization api=api />
            </section>
        }
        .into_any(),
    )
}

/// The body that a webhook brings.
fn sent_to_you(operation: &Operation<'_>) -> Option<AnyView> {
    let body = operation.request_body()?;
    let media = telling(&body.content)?;
    let example = example_body(operation.document(), media, Direction::Request)?;
    let block = example_block(media.name, example, None);
    Some(
        view! {
            <section class="stack" data-gap="sm" aria-labelledby="request">
                <h2 class="visually-hidden" id="request">"What is sent to you"</h2>
                {block}
            </section>
        }
        .into_any(),
    )
}
