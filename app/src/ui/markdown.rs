//! Markdown of strangers: descriptions in uploaded documents and guides.
//!
//! Parsed with pulldown-cmark, then everything that reaches the page passes ammonia's allow-list. Size, nesting and raw
//! HTML are bounded before that, because an HTML parser's work grows with the square of the nesting.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use leptos::prelude::*;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::text::{short_text, visible_lines};

/// Longer sources are cut; guides may have 100,000 characters.
const MAX_BYTES: usize = 200_000;
/// Deeper quotes, lists and emphasis are flattened to this depth.
const MAX_DEPTH: usize = 16;
/// Raw HTML after this many tags is shown as text.
const MAX_RAW_TAGS: usize = 500;

/// Markdown as sanitised HTML. Headings begin at `h3`: the page has its own above them.
#[component]
pub fn Markdown(
    /// The source.
    #[prop(into)]
    source: String,
) -> impl IntoView {
    view! { <div class="markdown" inner_html=to_html(&source)></div> }
}

/// Sanitised HTML of a Markdown source.
///
/// Raw HTML is reduced to harmless formatting. Images become their alternative text, as loading them would tell a third
/// party who reads. Links lead to `http`, `https`, `mailto` or a fragment of the page and carry
/// `rel="noopener noreferrer nofollow ugc"`; others lose their target.
pub fn to_html(source: &str) -> String {
    let source = bounded(source);
    if is_plain(&source) {
        // `is_plain` has seen that there is nothing to escape.
        return format!("<p>{source}</p>");
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut raw = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut raw, Tamed::new(Parser::new_ext(&source, options)));
    SANITIZER.clean(&raw).to_string()
}

/// The words of a Markdown source on one line, at most `max` characters: for summaries and `<meta name="description">`.
pub fn plain_text(source: &str, max: usize) -> String {
    // Words are looked for only as far as they can be shown; markup rarely is more than nine tenths of a text.
    let end = source
        .char_indices()
        .nth(max.saturating_mul(10))
        .map_or(source.len(), |(at, _)| at);
    let mut words = String::new();
    for event in Parser::new_ext(&source[..end], Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => words.push(' '),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    short_text(&words, max)
}

fn bounded(source: &str) -> Cow<'_, str> {
    if source.len() <= MAX_BYTES {
        return visible_lines(source);
    }
    let mut end = MAX_BYTES;
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}…", visible_lines(&source[..end])))
}

/// Whether the source is one paragraph without any markup: most descriptions of properties are.
fn is_plain(source: &str) -> bool {
    let source = source.trim_end();
    !source.is_empty()
        && source.starts_with(|c: char| c.is_alphabetic())
        && !source.contains([
            '\n', '\r', '\t', '*', '_', '`', '[', ']', '<', '>', '#', '&', '\\', '|', '~', '!',
        ])
}

/// Events with headings demoted, images replaced by their text, and nesting and raw HTML bounded.
struct Tamed<'a, I: Iterator<Item = Event<'a>>> {
    events: I,
    depth: usize,
    /// Open tags that were left out, innermost last: their ends are left out too.
    dropped: usize,
    raw_tags: usize,
}

impl<'a, I: Iterator<Item = Event<'a>>> Tamed<'a, I> {
    const fn new(events: I) -> Self {
        Self {
            events,
            depth: 0,
            dropped: 0,
            raw_tags: 0,
        }
    }

    fn raw(&mut self, text: CowStr<'a>, keep: impl FnOnce(CowStr<'a>) -> Event<'a>) -> Event<'a> {
        self.raw_tags = self.raw_tags.saturating_add(text.matches('<').count());
        if self.raw_tags <= MAX_RAW_TAGS {
            keep(text)
        } else {
            Event::Text(text)
        }
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Tamed<'a, I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            let event = match self.events.next()? {
                Event::Start(_) if self.depth >= MAX_DEPTH => {
                    self.dropped += 1;
                    continue;
                }
                Event::End(_) if self.dropped > 0 => {
                    self.dropped -= 1;
                    // What was a paragraph or an item stays apart from its neighbour.
                    Event::SoftBreak
                }
                Event::Start(tag) => {
                    self.depth += 1;
                    match tag {
                        Tag::Image { .. } => continue,
                        Tag::Heading { level, .. } => Event::Start(Tag::Heading {
                            level: demoted(level),
                            id: None,
                            classes: Vec::new(),
                            attrs: Vec::new(),
                        }),
                        tag => Event::Start(tag),
                    }
                }
                Event::End(end) => {
                    self.depth -= 1;
                    match end {
                        TagEnd::Image => continue,
                        TagEnd::Heading(level) => Event::End(TagEnd::Heading(demoted(level))),
                        end => Event::End(end),
                    }
                }
                Event::Html(text) => self.raw(text, Event::Html),
                Event::InlineHtml(text) => self.raw(text, Event::InlineHtml),
                event => event,
            };
            return Some(event);
        }
    }
}

const fn demoted(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "a",
            "abbr",
            "b",
            "blockquote",
            "br",
            "code",
            "dd",
            "del",
            "details",
            "dl",
            "dt",
            "em",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "kbd",
            "li",
            "ol",
            "p",
            "pre",
            "q",
            "s",
            "samp",
            "small",
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "u",
            "ul",
            "var",
        ]))
        .clean_content_tags(HashSet::from([
            "script", "style", "iframe", "object", "embed", "noscript", "template", "svg", "math",
        ]))
        .tag_attributes(std::collections::HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Custom(Box::new(fragment_only)))
        .link_rel(Some("noopener noreferrer nofollow ugc"));
    builder
});

/// Of the targets without a scheme only fragments stay: others would lead to pages of ours that the author does not know.
fn fragment_only(url: &str) -> Option<Cow<'_, str>> {
    url.starts_with('#').then_some(Cow::Borrowed(url))
}

#[cfg(test)]
mod tests;
