//! What an operation answers when all goes well, as an example to read.

use leptos::prelude::*;
use openapi::{Direction, Document, Example, MediaType, Operation, Response};
use serde_json::Value;

use super::example::{Pretty, pretty};
use crate::ui::{
    CodeBlock, Language, Status,
    text::{short_text, visible_lines},
};

/// Most lines of one example.
const LINES: usize = 120;
/// Longest example that is a text, in characters.
const LONGEST_TEXT: usize = 8_000;

/// The answer that a reader came for: the first success, else the default, else a redirection, else the first.
pub fn main_response<'r, 'd>(responses: &'r [Response<'d>]) -> Option<&'r Response<'d>> {
    let starts = |class: &str| responses.iter().find(|response| response.status.starts_with(class));
    starts("2")
        .or_else(|| starts("default"))
        .or_else(|| starts("3"))
        .or_else(|| responses.first())
}

/// The main answer of an operation as a block of code; `None` where neither an example nor a schema tells of it.
pub fn example_answer(operation: &Operation<'_>) -> Option<AnyView> {
    let (status, media_type, text) = main_answer(operation)?;
    let lead = view! { <Status code=short_text(status, 20) /> }.into_any();
    Some(example_block(media_type, text, Some(lead)))
}

/// The main answer of an operation as text, with its status.
pub fn example_answer_text<'d>(operation: &Operation<'d>) -> Option<(&'d str, Pretty)> {
    main_answer(operation).map(|(status, _, text)| (status, text))
}

/// Status, media type and example of the main answer.
fn main_answer<'d>(operation: &Operation<'d>) -> Option<(&'d str, &'d str, Pretty)> {
    let responses = operation.responses();
    let response = main_response(&responses)?;
    let media = telling(&response.content)?;
    let text = example_body(operation.document(), media, Direction::Response)?;
    Some((response.status, media.name, text))
}

/// The body of a media type as a block of code.
pub fn example_block(media_type: &str, example: Pretty, lead: Option<AnyView>) -> AnyView {
    let language = if media_type.contains("json") {
        Language::Json
    } else {
        Language::Plain
    };
    let text = if example.is_cut {
        format!("{}\n…", example.text)
    } else {
        example.text
    };
    let title = short_text(media_type, 100);
    match lead {
        Some(lead) => view! { <CodeBlock title=title language=language lead=lead text=text /> }.into_any(),
        None => view! { <CodeBlock title=title language=language text=text /> }.into_any(),
    }
}

/// The media type to show an example of: the first for which the document has one, else JSON with a schema.
pub fn telling<'c, 'd>(content: &'c [MediaType<'d>]) -> Option<&'c MediaType<'d>> {
    let is_json = |media: &&MediaType<'_>| media.name.contains("json") && media.schema.is_some();
    content
        .iter()
        .find(|media| given_example(media).is_some())
        .or_else(|| content.iter().find(is_json))
}

/// The document's own example of a media type.
pub fn given_example<'c, 'd>(media: &'c MediaType<'d>) -> Option<&'c Example<'d>> {
    media.examples.iter().find(|example| example.value.is_some())
}

/// The document's example, or one made from the schema.
pub fn example_body(document: &Document, media: &MediaType<'_>, direction: Direction) -> Option<Pretty> {
    if let Some(value) = given_example(media).and_then(|example| example.value) {
        return Some(example_text(document, value));
    }
    let value = openapi::example::for_schema(document, media.schema?, direction);
    (!value.is_null()).then(|| example_text(document, &value))
}

/// A text as it is, everything else as JSON; both bounded.
pub fn example_text(document: &Document, value: &Value) -> Pretty {
    let Value::String(text) = value else {
        return pretty(document, value, LINES);
    };
    let lines = text.lines().take(LINES).collect::<Vec<_>>().join("\n");
    let end = lines.char_indices().nth(LONGEST_TEXT).map_or(lines.len(), |(at, _)| at);
    let is_cut = end < lines.len() || text.lines().nth(LINES).is_some();
    Pretty {
        text: visible_lines(&lines[..end]).into_owned(),
        is_cut,
    }
}
