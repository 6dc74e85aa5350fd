//! Beside an operation: the request to send and what it answers.

use leptos::prelude::*;
use openapi::{Direction, Example, MediaType, Operation, OperationKind, Response};

use super::{bodies::example_text, reading::Reading, responses::main_response, trees::Trees};
use crate::{
    document::{ExampleResponse, KeyHint, Pretty, curl, has_ended},
    ui::{CodeBlock, Language, text::short_text},
};

/// The samples; nothing where there are none.
pub(super) fn samples(reading: &Reading, operation: &Operation<'_>, trees: &Trees<'_>) -> AnyView {
    let request = match operation.entry().kind {
        OperationKind::Path => call(reading, operation),
        OperationKind::Webhook => sent_to_you(operation, trees),
    };
    let responses = operation.responses();
    let answer = main_response(&responses).and_then(|response| answer(response, trees));
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
    let command = curl(operation, &reading.base_url(), version.access);
    Some(
        view! {
            <section class="stack" data-gap="sm" aria-labelledby="request">
                <h2 class="visually-hidden" id="request">"Request"</h2>
                <CodeBlock title="curl" language=Language::Shell text=command />
                <KeyHint access=version.access organization=organization api=api />
            </section>
        }
        .into_any(),
    )
}

/// The body that a webhook brings.
fn sent_to_you(operation: &Operation<'_>, trees: &Trees<'_>) -> Option<AnyView> {
    let body = operation.request_body()?;
    let media = telling(&body.content)?;
    let Pretty { text, is_cut } = example(media, Direction::Request, trees)?;
    let text = if is_cut { format!("{text}\n…") } else { text };
    let title = short_text(media.name, 100);
    Some(
        view! {
            <section class="stack" data-gap="sm" aria-labelledby="request">
                <h2 class="visually-hidden" id="request">"What is sent to you"</h2>
                <CodeBlock title=title language=Language::Json text=text />
            </section>
        }
        .into_any(),
    )
}

fn answer(response: &Response<'_>, trees: &Trees<'_>) -> Option<AnyView> {
    let media = telling(&response.content)?;
    let Pretty { text, is_cut } = example(media, Direction::Response, trees)?;
    let (code, media_type) = (short_text(response.status, 20), short_text(media.name, 100));
    Some(
        view! {
            <section aria-labelledby="answer">
                <h2 class="visually-hidden" id="answer">"Example answer"</h2>
                <ExampleResponse code=code media_type=media_type text=text is_cut=is_cut />
            </section>
        }
        .into_any(),
    )
}

/// The media type to show an example of: the first for which the document has one, else JSON with a schema.
fn telling<'c, 'd>(content: &'c [MediaType<'d>]) -> Option<&'c MediaType<'d>> {
    let is_json = |media: &&MediaType<'_>| media.name.contains("json") && media.schema.is_some();
    content.iter().find(|media| given(media).is_some()).or_else(|| content.iter().find(is_json))
}

/// The document's own example that stands beside the text.
pub(super) fn given_example<'c, 'd>(content: &'c [MediaType<'d>]) -> Option<&'c Example<'d>> {
    telling(content).and_then(given)
}

fn given<'c, 'd>(media: &'c MediaType<'d>) -> Option<&'c Example<'d>> {
    media.examples.iter().find(|example| example.value.is_some())
}

/// The document's example, or one made from the schema.
fn example(media: &MediaType<'_>, direction: Direction, trees: &Trees<'_>) -> Option<Pretty> {
    if let Some(value) = given(media).and_then(|example| example.value) {
        return Some(example_text(trees, value));
    }
    let value = openapi::example::for_schema(trees.document(), media.schema?, direction);
    (!value.is_null()).then(|| example_text(trees, &value))
}
