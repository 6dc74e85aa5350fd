//! The head of the document. Everything in it comes from this site; nothing is inline, so that the content security policy
//! can forbid inline styles and scripts.

use leptos::prelude::*;

use crate::{render::Frame, ui::visible_text};

/// Search engines cut descriptions at about this many characters.
const MAX_DESCRIPTION: usize = 160;

pub(super) fn head(frame: &Frame) -> impl IntoView + use<> {
    let assets = &frame.settings.assets;
    let site = frame.settings.name.clone();
    let title = if frame.title.is_empty() {
        site.clone()
    } else {
        format!("{} · {site}", visible_text(&frame.title))
    };
    let description =
        (!frame.description.is_empty()).then(|| crate::ui::short_text(&frame.description, MAX_DESCRIPTION));
    let canonical = frame
        .is_indexed
        .then(|| format!("{}{}", frame.settings.portal_url, frame.path()));
    let twin = frame.has_twin.then(|| crate::twin::href(frame.path()));
    let bundle = frame.has_islands.then(|| assets.islands_js.clone()).flatten();
    view! {
        <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <title inner_html=title_text(&title)></title>
            {description
                .map(|text| {
                    view! {
                        <meta name="description" content=text.clone() />
                        {open_graph("og:description", text)}
                    }
                })}
            {open_graph("og:title", title)}
            {open_graph("og:site_name", site)}
            <meta name="color-scheme" content="light dark" />
            {(!frame.is_indexed).then(|| view! { <meta name="robots" content="noindex" /> })}
            {canonical.map(|href| view! { <link rel="canonical" href=href /> })}
            {twin.map(|href| view! { <link rel="alternate" type="text/markdown" href=href /> })}
            {frame
                .feed
                .clone()
                .map(|href| view! { <link rel="alternate" type="application/atom+xml" href=href /> })}
            <link rel="stylesheet" href=assets.css.clone() />
            // Blocks for a few hundred bytes: the chosen theme must be known before the first paint.
            {(!assets.theme_js.is_empty()).then(|| view! { <script src=assets.theme_js.clone()></script> })}
            <link rel="icon" type="image/svg+xml" href=assets.favicon.clone() />
            {bundle.map(|src| view! { <script type="module" src=src></script> })}
        </head>
    }
}

/// A line of a link preview. `property` is RDFa, which the views do not know as an attribute of `meta`.
fn open_graph(property: &'static str, content: String) -> impl IntoView {
    leptos::html::meta().attr("property", property).attr("content", content)
}

/// The content of `title`: only text, so the markers that Leptos puts beside text would be read out.
fn title_text(title: &str) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text_only() {
        assert_eq!(title_text("Q&A </title><script>"), "Q&amp;A &lt;/title>&lt;script>");
    }
}
