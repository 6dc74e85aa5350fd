//! The three ways to bring a spec, and what was found wrong with one.

use domain::{
    catalog::{OverlayUpload, RevisionOverlay, SpecUpload},
    error::{DomainError, FieldError},
};
use leptos::prelude::*;
use openapi::{Diagnostic, Severity};

use crate::{
    cx::Cx,
    form::{FormData, FormState},
    ui::{Callout, Card, CheckField, Fieldset, FileField, TextArea, TextField, Tone, short_text, visible_text},
};

/// The spec of a form: the file, else the pasted text, else what is behind the URL; `None` if none was given. With it, the
/// overlays of the form.
pub(super) async fn spec_of(cx: &Cx, form: &FormData) -> Result<Option<SpecUpload>, DomainError> {
    let overlays = overlays_of(form);
    if let Some(file) = form.file("file") {
        return Ok(Some(SpecUpload {
            bytes: file.bytes.to_vec(),
            source: file.file_name.clone(),
            overlays,
        }));
    }
    let pasted = form.raw("pasted");
    if !pasted.trim().is_empty() {
        return Ok(Some(SpecUpload {
            bytes: pasted.as_bytes().to_vec(),
            source: "pasted".into(),
            overlays,
        }));
    }
    match form.text("url") {
        "" => Ok(None),
        url => {
            let fetched = cx.app.fetcher.fetch(url).await;
            let spec = fetched.map_err(|error: FieldError| DomainError::Invalid(vec![error]))?;
            Ok(Some(SpecUpload { overlays, ..spec }))
        }
    }
}

/// The overlays of a form: files, none any more, or `None` where nothing is said.
pub(super) fn overlays_of(form: &FormData) -> Option<Vec<OverlayUpload>> {
    let files = form.files(OVERLAYS).map(|file| OverlayUpload {
        name: file_name(&file.file_name),
        bytes: file.bytes.to_vec(),
    });
    let mut files: Vec<OverlayUpload> = files.collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    (!files.is_empty() || !form.text(NO_OVERLAYS).is_empty()).then_some(files)
}

/// Name of the field with overlays.
const OVERLAYS: &str = "overlays";

/// Name of the field that says that no overlays are applied any more.
const NO_OVERLAYS: &str = "no_overlays";

/// A file's name on one bounded line.
fn file_name(name: &str) -> String {
    short_text(name.rsplit(['/', '\\']).next().unwrap_or_default(), 100)
}

/// File, text or URL; below them the diagnostics of a document that was refused.
#[component]
pub(super) fn SpecFields(
    /// What was typed before.
    form: FormState,
    /// Overlays that are applied to the current revision.
    #[prop(optional)]
    overlays: Vec<RevisionOverlay>,
) -> impl IntoView {
    let names: Vec<_> = overlays.iter().map(|overlay| visible_text(&overlay.name)).collect();
    let help = if names.is_empty() {
        "OpenAPI Overlays 1.0 or 1.1, applied to the document in the order of their names.".to_owned()
    } else {
        format!(
            "In the place of {}, which are applied again otherwise.",
            names.join(", ")
        )
    };
    let has_overlays = !names.is_empty();
    view! {
        <Fieldset legend="OpenAPI document" id="spec" error=form.error("spec")>
            <div class="stack">
                {(!form.diagnostics.is_empty()).then(|| view! { <DiagnosticList diagnostics=form.diagnostics.clone() /> })}
                <div class="form-grid">
                    <FileField
                        name="file"
                        label="Upload a file"
                        accept=".json,.yaml,.yml,.gz,.zip,application/json,application/yaml,application/zip"
                        error=form.error("file")
                        optional=true
                        help="OpenAPI 3.0, 3.1, 3.2 or Swagger 2.0, JSON or YAML, up to 16 MB; or a zip archive of files that refer to each other."
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
                    <FileField
                        name=OVERLAYS
                        label="Overlays"
                        accept=".json,.yaml,.yml,application/json,application/yaml"
                        error=form.error(OVERLAYS)
                        optional=true
                        multiple=true
                        help
                    />
                </div>
                {has_overlays.then(|| view! {
                    <CheckField name=NO_OVERLAYS label="Apply no overlays any more" checked=!form.value(NO_OVERLAYS).is_empty() />
                })}
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
    let file = diagnostic.file.as_deref().map(|file| visible_text(file).into_owned());
    let hint = diagnostic.hint.as_deref().map(|hint| visible_text(hint).into_owned());
    view! {
        <li class="diagnostic">
            <span class="badge" data-tone=tone.attribute()>{word}</span>
            <div>
                <p>{visible_text(&diagnostic.message).into_owned()}</p>
                <p class="small muted row">
                    {file.map(|file| view! { <code class="inline-code">{file}</code> })}
                    {(!place.is_empty()).then(|| view! { <span>{place}</span> })}
                    {(!pointer.is_empty()).then(|| view! { <code class="inline-code">{pointer}</code> })}
                    {hint.map(|hint| view! { <span>{hint}</span> })}
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
