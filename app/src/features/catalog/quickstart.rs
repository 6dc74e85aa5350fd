//! The first request: copied, pasted, answered.

use leptos::prelude::*;

use super::api::Overview;
use crate::{
    document::{KeyHint, base_url, curl, example_answer, has_ended, quickstart_operation},
    href,
    ui::{CodeBlock, Language, SectionHead, text::short_text},
};

/// The section, where the shown version answers and describes an operation.
pub(super) fn section(overview: &Overview) -> AnyView {
    let Some((version, reference)) = overview.shown.as_ref().zip(overview.reference.as_ref()) else {
        return ().into_any();
    };
    let is_answered = version.state.is_listed() && !has_ended(version, overview.now);
    let Some(operation) = quickstart_operation(&reference.document).filter(|_| is_answered) else {
        return ().into_any();
    };
    let [organization, api, name] = overview.place(version);
    let access = reference.accepted_by(operation.entry());
    let command = curl(
        &operation,
        &base_url(&overview.settings.gateway_url, &organization, &api, version),
        &access,
    );
    let href = href::operation(&organization, &api, &name, &operation.entry().slug);
    let answer = example_answer(&operation);
    let title = short_text(&operation.entry().title(), 100);
    view! {
        <section aria-labelledby="quickstart">
            <SectionHead title="Quickstart" id="quickstart">
                <p>"Calls " <a href=href>{title}</a></p>
            </SectionHead>
            <div class="stack" data-gap="sm">
                <CodeBlock title="curl" language=Language::Shell text=command />
                <KeyHint access organization=organization api=api />
                {answer}
            </div>
        </section>
    }
    .into_any()
}
