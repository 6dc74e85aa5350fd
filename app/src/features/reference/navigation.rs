//! The side navigation: operations by chapter, bounded however large the document is.

use leptos::prelude::*;
use openapi::OperationEntry;

use super::reading::Reading;
use crate::{
    document::Chapter,
    href,
    islands::OperationFilter,
    ui::{Icon, IconName, Place, SideGroup, SideLink, SideNav, grouped, text::short_text},
};

/// Documents of up to this many operations are listed whole.
const WHOLE: usize = 150;
/// Operations of a chapter that are listed around the current one.
const WINDOW: usize = 80;
/// Chapters of a large document that are listed.
const CHAPTERS: usize = 120;

/// The navigation; `current` is the operation that is shown, `chapter` the slug of the chapter that is.
pub(super) fn side(
    reading: &Reading,
    chapters: &[Chapter<'_>],
    current: Option<&OperationEntry>,
    chapter: Option<&str>,
) -> impl IntoView + use<> {
    let total = reading.document().operations().len();
    let groups = if total <= WHOLE {
        chapters
            .iter()
            .map(|chapter| whole(reading, chapter, current))
            .collect()
    } else {
        parts(reading, chapters, current, chapter)
    };
    let top = match total {
        0..=5 => ().into_any(),
        _ if total <= WHOLE => view! { <OperationFilter total /> }.into_any(),
        _ => search(reading, total),
    };
    let name = reading.name();
    let (label, summary) = (format!("Operations of {name}"), format!("Operations of {name}"));
    view! { <SideNav label summary groups top /> }
}

fn link(reading: &Reading, entry: &OperationEntry, current: Option<&OperationEntry>) -> SideLink {
    let is_current = current.is_some_and(|current| current.slug == entry.slug);
    let title = short_text(&entry.title(), 80);
    SideLink::operation(
        &*entry.method,
        title,
        reading.operation_href(&entry.slug),
        entry.deprecated,
        is_current,
    )
    .path(&*entry.path)
}

fn whole(reading: &Reading, chapter: &Chapter<'_>, current: Option<&OperationEntry>) -> SideGroup {
    let home = chapter.entries.iter().filter(|entry| chapter.is_home_of(entry));
    SideGroup {
        title: short_text(&chapter.title, 80),
        links: home.map(|entry| link(reading, entry, current)).collect(),
    }
}

/// The current chapter's operations, then links to the other chapters.
fn parts(
    reading: &Reading,
    chapters: &[Chapter<'_>],
    current: Option<&OperationEntry>,
    chapter: Option<&str>,
) -> Vec<SideGroup> {
    let open = match current {
        Some(entry) => chapters
            .iter()
            .find(|chapter| chapter.is_home_of(entry) && chapter.entries.iter().any(|other| other.slug == entry.slug)),
        None => None,
    };
    let mut groups = Vec::new();
    if let Some(open) = open {
        let at = current
            .and_then(|entry| open.entries.iter().position(|other| other.slug == entry.slug))
            .unwrap_or(0);
        let window = window(at, open.entries.len());
        let mut links: Vec<_> = open.entries[window]
            .iter()
            .map(|entry| link(reading, entry, current))
            .collect();
        if open.entries.len() > links.len() {
            let words = format!("All {} operations", grouped(open.entries.len() as u64));
            links.push(chapter_link(reading, open, words, false));
        }
        groups.push(SideGroup {
            title: short_text(&open.title, 80),
            links,
        });
    }
    let is_open = |chapter: &Chapter<'_>| open.is_some_and(|open| open.slug == chapter.slug);
    let mut links: Vec<_> = chapters
        .iter()
        .filter(|chapter| !is_open(chapter))
        .take(CHAPTERS)
        .map(|other| {
            let is_current = current.is_none() && chapter == Some(other.slug.as_str());
            chapter_link(reading, other, short_text(&other.title, 60), is_current).count(other.entries.len() as u64)
        })
        .collect();
    if chapters.len() > CHAPTERS {
        let words = format!("All {} chapters", grouped(chapters.len() as u64));
        links.push(page_link(words, reading.href(), false));
    }
    let title = if groups.is_empty() {
        "Operations"
    } else {
        "More operations"
    };
    if !links.is_empty() {
        groups.push(SideGroup {
            title: title.to_owned(),
            links,
        });
    }
    groups
}

fn chapter_link(reading: &Reading, chapter: &Chapter<'_>, words: String, is_current: bool) -> SideLink {
    page_link(
        words,
        href::with_query(&reading.href(), &[("chapter", &chapter.slug)]),
        is_current,
    )
}

fn page_link(words: String, href: String, is_current: bool) -> SideLink {
    SideLink {
        place: Place::new(words, href),
        icon: None,
        method: None,
        path: None,
        count: None,
        is_deprecated: false,
        is_current,
    }
}

/// A form that searches all operations; documents too large for the filter have it instead.
fn search(reading: &Reading, total: usize) -> AnyView {
    let placeholder = format!("Search {} operations", grouped(total as u64));
    view! {
        <form role="search" action=reading.href()>
            <div class="input-group">
                <Icon name=IconName::Search />
                <input class="input" type="search" name="q" maxlength="200" aria-label=placeholder.clone() placeholder=placeholder.clone() />
            </div>
        </form>
    }
    .into_any()
}

/// A window of at most [`WINDOW`] around `at`.
fn window(at: usize, length: usize) -> std::ops::Range<usize> {
    let start = at.saturating_sub(WINDOW / 2).min(length.saturating_sub(WINDOW));
    start..(start + WINDOW).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_contains_the_current_operation() {
        for (at, length, expected) in [
            (0, 10, 0..10),
            (0, 500, 0..80),
            (39, 500, 0..80),
            (250, 500, 210..290),
            (499, 500, 420..500),
        ] {
            assert_eq!(window(at, length), expected, "{at} of {length}");
        }
    }
}
