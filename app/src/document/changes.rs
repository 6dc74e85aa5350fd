//! Changes between two documents, as the console and the changelog show them.

use domain::catalog::report::{ChangeLevel, ChangeLine, RevisionChanges};
use leptos::prelude::*;

use crate::ui::{Tone, counted, short_text, with_code};

/// Changes that are listed of one level, where nothing else is said.
const SHOWN: usize = 200;

/// Longest message in characters.
const LONGEST: usize = 600;

/// What callers have of a level.
const fn heading(level: ChangeLevel) -> &'static str {
    match level {
        ChangeLevel::Error => "Breaks callers",
        ChangeLevel::Warning => "May break callers",
        ChangeLevel::Info => "Other changes",
    }
}

const fn tone(level: ChangeLevel) -> Tone {
    match level {
        ChangeLevel::Error => Tone::Danger,
        ChangeLevel::Warning => Tone::Warn,
        ChangeLevel::Info => Tone::Idle,
    }
}

/// What a change of a level is called: one, and many.
pub(crate) const fn level_in_words(level: ChangeLevel) -> (&'static str, &'static str) {
    match level {
        ChangeLevel::Error => ("breaking change", "breaking changes"),
        ChangeLevel::Warning => ("possibly breaking change", "possibly breaking changes"),
        ChangeLevel::Info => ("other change", "other changes"),
    }
}

/// How many changes break callers, may do so, and don't.
pub(crate) fn change_counts(changes: &RevisionChanges) -> impl IntoView + use<> {
    let badges = ChangeLevel::ALL
        .into_iter()
        .filter(|level| changes.count(*level) > 0)
        .map(|level| {
            let (one, many) = level_in_words(level);
            let word = counted(changes.count(level) as u64, one, many);
            view! { <span class="badge" data-tone=tone(level).attribute() data-plain=true>{word}</span> }
        })
        .collect_view();
    let nothing = changes
        .is_empty()
        .then(|| view! { <span class="muted">"Nothing changed for callers."</span> });
    view! { <p class="row">{badges} {nothing}</p> }
}

/// The changes by level, what breaks first, and by operation in each.
#[component]
pub(crate) fn ChangeGroups(
    /// The changes.
    changes: RevisionChanges,
    /// Whether rule and place are shown with each: for those who can correct the document.
    has_places: bool,
    /// Level of the headings.
    #[prop(default = 2)]
    heading_level: u8,
    /// Most changes that are listed of one level.
    #[prop(default = SHOWN)]
    shown: usize,
) -> impl IntoView {
    let groups = ChangeLevel::ALL
        .into_iter()
        .filter(|level| changes.count(*level) > 0)
        .map(|level| {
            let lines: Vec<&ChangeLine> = changes.list.iter().filter(|line| line.level == level).collect();
            let unlisted = changes.count(level) - lines.len().min(shown).min(changes.count(level));
            let items = operations(&lines[..lines.len().min(shown)], has_places);
            let title = format!("{} ({})", heading(level), changes.count(level));
            let title = match heading_level {
                2 => view! { <h2>{title}</h2> }.into_any(),
                _ => view! { <h3>{title}</h3> }.into_any(),
            };
            view! {
                <section class="stack" data-gap="sm">
                    {title}
                    {items}
                    {(unlisted > 0).then(|| view! { <p class="small muted">{format!("and {unlisted} more")}</p> })}
                </section>
            }
        })
        .collect_view();
    let is_cut = !changes.is_complete;
    view! {
        {groups}
        {is_cut.then(|| view! {
            <p class="small muted">"The documents are too large to be compared completely: there may be more."</p>
        })}
    }
}

/// Changes by the operation that they are about, in their order.
fn operations(lines: &[&ChangeLine], has_places: bool) -> Vec<AnyView> {
    let chunks = lines.chunk_by(|one, other| one.operation == other.operation);
    let group = |chunk: &[&ChangeLine]| {
        let operation = match chunk.first().and_then(|line| line.operation.as_deref()) {
            Some(operation) => {
                let operation = short_text(operation, 300);
                view! { <code class="mono strong">{operation}</code> }.into_any()
            }
            None => view! { <span class="strong">"The whole API"</span> }.into_any(),
        };
        let items = chunk.iter().map(|line| item(line, has_places)).collect_view();
        view! {
            <div class="change-group">
                <p>{operation}</p>
                <ul>{items}</ul>
            </div>
        }
        .into_any()
    };
    chunks.map(group).collect()
}

fn item(line: &ChangeLine, has_places: bool) -> impl IntoView + use<> {
    let message = capital(&short_text(&line.message, LONGEST)) + ".";
    let place = has_places.then(|| {
        let side = if line.is_before { "before" } else { "now" };
        let at = line.line.map(|number| format!("line {number} {side}"));
        view! {
            <span class="small muted row">
                <code class="inline-code">{line.rule.clone()}</code>
                {at.map(|at| view! { <span>{at}</span> })}
                <code class="inline-code">{short_text(&line.pointer, 300)}</code>
            </span>
        }
    });
    view! { <li>{with_code(&message)} {place}</li> }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
