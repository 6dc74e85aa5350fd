//! What a document says of itself.

use leptos::prelude::*;
use openapi::Document;

use crate::ui::{Markdown, MoreSummary, markdown::plain_text, text::visible_text};

/// Longer descriptions are folded, so that what follows stays in sight.
const UNFOLDED: usize = 900;

/// The description of a document below the one-line summary of its api, if there is one; `None` where both are missing.
pub fn description(document: &Document, summary: Option<&str>) -> Option<AnyView> {
    let summary = summary.map(str::trim).filter(|text| !text.is_empty());
    let source = document
        .description()
        .filter(|text| summary.is_none_or(|summary| text.trim() != summary));
    let is_long = source.is_some_and(|text| text.chars().nth(UNFOLDED).is_some());
    let lead = match summary {
        Some(summary) => Some(visible_text(summary).into_owned()),
        None => source
            .filter(|_| is_long)
            .map(|text| plain_text(first_paragraph(text), 300)),
    };
    let lead = lead.map(|text| view! { <p class="lead">{text}</p> });
    let text = source.map(|source| {
        let prose = view! {
            <div class="prose">
                <Markdown source=source.to_owned() />
            </div>
        };
        if is_long {
            view! {
                <details class="twin">
                    <MoreSummary text="Read the whole description" />
                    {prose}
                </details>
            }
            .into_any()
        } else {
            prose.into_any()
        }
    });
    (lead.is_some() || text.is_some()).then(|| {
        view! {
            {lead}
            {text}
        }
        .into_any()
    })
}

/// The first block of a Markdown source that is no heading.
fn first_paragraph(source: &str) -> &str {
    let mut blocks = source.split("\n\n").map(str::trim);
    blocks
        .find(|block| !block.is_empty() && !block.starts_with(['#', '<', '!', '|', '`']))
        .unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_are_folded_below_their_first_paragraph() {
        let document = |text: &str| {
            let json = serde_json::json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1", "description": text}, "paths": {}});
            openapi::read(json.to_string().as_bytes(), &openapi::Limits::default()).unwrap()
        };
        let long = format!("# Title\n\nThe first words.\n\n{}", "More words. ".repeat(200));
        let html = |text: &str, summary| {
            description(&document(text), summary)
                .map(RenderHtml::to_html)
                .unwrap_or_default()
        };
        assert!(html(&long, None).contains("<details") && html(&long, None).contains("The first words."));
        assert!(!html("Short.", None).contains("<details"));
        assert_eq!(html("Same.", Some("Same.")).matches("Same.").count(), 1, "said once");
        assert!(html("", None).is_empty());
    }
}
