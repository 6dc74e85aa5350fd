//! The answers of an operation.

use axum::http::StatusCode;
use leptos::prelude::*;
use openapi::{Direction, Header, Operation, Response, schema::SchemaNode};

use super::{
    bodies,
    parameters::{more, value_node},
    trees::Trees,
};
use crate::document::{given_example, main_response, telling};
use crate::ui::{
    Markdown, ResponseBody, ResponsePanel, SchemaList, SectionHead, markdown::plain_text, text::short_text,
};

/// Most answers that are shown.
pub(super) const SHOWN: usize = 60;
/// Most headers of one answer that are shown.
pub(super) const HEADERS: usize = 40;
/// Characters of the line beside the status.
const LINE: usize = 120;

/// The section; says so where the document has no answers.
pub(super) fn section(operation: &Operation<'_>, trees: &Trees<'_>) -> AnyView {
    let responses = operation.responses();
    let main = main_response(&responses).map(|response| response.status);
    let panels = responses
        .iter()
        .take(SHOWN)
        .map(|response| panel(response, main == Some(response.status), trees))
        .collect_view();
    let none = responses
        .is_empty()
        .then(|| view! { <p class="muted">"The document describes no answers."</p> });
    view! {
        <section aria-labelledby="responses">
            <SectionHead title="Responses" id="responses" />
            <div class="stack" data-gap="sm">
                {panels}
                {none}
                {more(responses.len().saturating_sub(SHOWN))}
            </div>
        </section>
    }
    .into_any()
}

fn panel(response: &Response<'_>, is_main: bool, trees: &Trees<'_>) -> AnyView {
    let line = match plain_text(response.description, LINE) {
        line if line.is_empty() => phrase(response.status),
        line => line,
    };
    let text = response.description.trim();
    let says_more = text.contains(['\n', '[', '<', '|']) || text.chars().nth(LINE).is_some();
    let description = says_more.then(|| {
        let source = text.to_owned();
        view! {
            <ResponseBody>
                <Markdown source />
            </ResponseBody>
        }
    });
    let is_bare = !says_more && response.headers.is_empty() && response.content.is_empty();
    let bare = is_bare.then(|| view! { <ResponseBody><p>"Without a body."</p></ResponseBody> });
    let beside = telling(&response.content).filter(|_| is_main).and_then(given_example);
    let content = bodies::content(&response.content, trees, beside);
    let headers = headers(response, trees);
    view! {
        <ResponsePanel code=short_text(response.status, 20) summary=line open=is_main>
            {description}
            {headers}
            {content}
            {bare}
        </ResponsePanel>
    }
    .into_any()
}

fn headers(response: &Response<'_>, trees: &Trees<'_>) -> Option<AnyView> {
    let nodes: Vec<SchemaNode> = response
        .headers
        .iter()
        .take(HEADERS)
        .map(|header| header_node(header, trees))
        .collect();
    let hidden = response.headers.len().saturating_sub(HEADERS);
    (!nodes.is_empty()).then(|| {
        view! {
            <p class="response-part">"Headers"</p>
            <SchemaList nodes />
            {more(hidden)}
        }
        .into_any()
    })
}

/// A header of an answer as a node of a tree.
pub(super) fn header_node(header: &Header<'_>, trees: &Trees<'_>) -> SchemaNode {
    let mut node = value_node(header.schema, Direction::Response, trees, &header.examples);
    node.name = Some(short_text(header.name, 200));
    node.required = header.required;
    node.deprecated |= header.deprecated;
    if let Some(description) = header.description {
        node.description = Some(description.to_owned());
    }
    node
}

/// What a status means (RFC 9110 §15), for answers without a description.
pub(super) fn phrase(status: &str) -> String {
    let standard = status
        .parse::<u16>()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok()?.canonical_reason());
    let class = match status.as_bytes() {
        [b'2', b'X' | b'x', b'X' | b'x'] => "Any success",
        [b'3', b'X' | b'x', b'X' | b'x'] => "Any redirection",
        [b'4', b'X' | b'x', b'X' | b'x'] => "Any error of the request",
        [b'5', b'X' | b'x', b'X' | b'x'] => "Any error of the server",
        b"default" => "Any other answer",
        _ => "No description",
    };
    standard.unwrap_or(class).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_without_words_get_the_standard_ones() {
        for (status, words) in [
            ("404", "Not Found"),
            ("4XX", "Any error of the request"),
            ("default", "Any other answer"),
            ("299", "No description"),
            ("<b>", "No description"),
        ] {
            assert_eq!(phrase(status), words);
        }
    }
}
