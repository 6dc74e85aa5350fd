//! The three ways to bring a spec, and what was found wrong with one.

use domain::{
    catalog::SpecUpload,
    error::{DomainError, FieldError},
};
use leptos::prelude::*;
use openapi::{Diagnostic, Severity};

use crate::{
    cx::Cx,
    form::{FormData, FormState},
    ui::{Callout, Card, Fieldset, FileField, TextArea, TextField, Tone, visible_text},
};

/// The spec of a form: the file, else the pasted text, else what is behind the URL; `None` if none was given.
pub(super) async fn spec_of(cx: &Cx, form: &FormData) -> Result<Option<SpecUpload>, DomainError> {
    if let Some(file) = form.file("file") {
        return Ok(Some(SpecUpload {
            bytes: file.bytes.to_vec(),
            source: file.file_name.clone(),
        }));
    }
    let pasted = form.raw("pasted");
    if !pasted.trim().is_empty() {
        return Ok(Some(SpecUpload {
            bytes: pasted.as_bytes().to_vec(),
            source: "pasted".into(),
        }));
    }
    match form.text("url") {
        "" => Ok(None),
        url => cx
            .app
            .fetcher
            .fetch(url)
            .await
            .map(Some)
            .map_err(|error: FieldError| DomainError::Invalid(vec![error])),
    }
}

/// File, text or URL; below them the diagnostics of a document that was refused.
#[component]
pub(super) fn SpecFields(
    /// What was typed before.
    form: FormState,
) -> impl IntoView {
    view! {
        <Fieldset legend="OpenAPI document" id="spec" error=form.error("spec")>
            <div class="stack">
                {(!form.diagnostics.is_empty()).then(|| view! { <DiagnosticList diagnostics=form.diagnostics.clone() /> })}
                <div class="form-grid">
                    <FileField
                        name="file"
                        label="Upload a file"
                        accept=".json,.yaml,.yml,.gz,application/json,application/yaml"
                        error=form.error("file")
                        optional=true
                        help="OpenAPI 3.0, 3.1, 3.2 or Swagger 2.0, JSON or YAML, up to 16 MB."
                    />
                    <TextField
                        name="url"
                        label="Or fetch it from a URL"
                        kind=crate::ui::InputKind::Url
                        value=form.value("url")
                        error=form.error("url")
                        optional=true
                        mono=true
                    />
                    <TextArea
                        name="pasted"
                        label="Or paste it"
                        value=form.values.raw("pasted")
                        error=form.error("pasted")
                        optional=true
                        mono=true
                        wide=true
                    />
                </div>
            </div>
        </Fieldset>
    }
}

/// What was found wrong with a document, worst first: what, where, what to do.
#[component]
pub(super) fn DiagnosticList(
    /// In the order of the document's report.
    diagnostics: Vec<Diagnostic>,
) -> impl IntoView {
    const SHOWN: usize = 50;
    let more = diagnostics.len().saturating_sub(SHOWN);
    let items = diagnostics
        .into_iter()
        .take(SHOWN)
        .map(|diagnostic| view! { <FindingItem diagnostic /> })
        .collect_view();
    view! {
        <ul class="diagnostics" role="list">{items}</ul>
        {(more > 0).then(|| view! { <p class="small muted">{format!("and {more} more")}</p> })}
    }
}

/// One of them, as an item of a list.
#[component]
pub(super) fn FindingItem(
    /// What, where, what to do.
    diagnostic: Diagnostic,
) -> impl IntoView {
    let (tone, word) = match diagnostic.severity {
        Severity::Error => (Tone::Danger, "Error"),
        Severity::Warning => (Tone::Warn, "Warning"),
        Severity::Info => (Tone::Info, "Note"),
        Severity::Hint => (Tone::Idle, "Hint"),
    };
    let place = match (diagnostic.line, diagnostic.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}"),
        (Some(line), None) => format!("line {line}"),
        _ => String::new(),
    };
    let pointer = visible_text(&diagnostic.pointer).into_owned();
    view! {
        <li class="diagnostic">
            <span class="badge" data-tone=tone.attribute()>{word}</span>
            <div>
                <p>{visible_text(&diagnostic.message).into_owned()}</p>
                <p class="small muted row">
                    {(!place.is_empty()).then(|| view! { <span>{place}</span> })}
                    {(!pointer.is_empty()).then(|| view! { <code class="inline-code">{pointer}</code> })}
                    {diagnostic.hint.map(|hint| view! { <span>{hint}</span> })}
                </p>
            </div>
        </li>
    }
}

/// The diagnostics of the current revision, in a card of their own.
#[component]
pub(super) fn DiagnosticCard(
    /// Of the current revision.
    diagnostics: Vec<Diagnostic>,
) -> impl IntoView {
    if diagnostics.is_empty() {
        return view! { <Callout tone=Tone::Ok title="The document was read without problems." /> }.into_any();
    }
    let title = match diagnostics.len() {
        1 => "1 finding in the document".to_owned(),
        n => format!("{n} findings in the document"),
    };
    view! {
        <Card title=title id="diagnostics">
            <DiagnosticList diagnostics />
        </Card>
    }
    .into_any()
}
