//! The filter above the operations of a reference. Without it the whole list is there.

use leptos::{ev::Event, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Shows only the operations of the side navigation around it whose method, name or path contain every typed word.
#[island]
pub fn OperationFilter(
    /// How many operations there are.
    total: usize,
) -> impl IntoView {
    let is_ready = RwSignal::new(false);
    let shown = RwSignal::new(None::<usize>);
    Effect::new(move || is_ready.set(true));
    let filter = move |event: Event| {
        let Some(field) = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok())
        else {
            return;
        };
        let words: Vec<String> = field
            .value()
            .to_lowercase()
            .split_whitespace()
            .map(ToOwned::to_owned)
            .collect();
        let count = field
            .closest("nav")
            .ok()
            .flatten()
            .map_or(0, |nav| show_matching(&nav, &words));
        shown.set((!words.is_empty()).then_some(count));
    };
    let message = move || match shown.get() {
        None => String::new(),
        Some(0) => "No operation matches".to_owned(),
        Some(1) => "1 operation".to_owned(),
        Some(count) => format!("{count} operations"),
    };
    view! {
        <div class="nav-filter" hidden=move || !is_ready.get()>
            <div class="input-group">
                <svg class="icon" aria-hidden="true">
                    <use href="#i-search"></use>
                </svg>
                <input
                    class="input"
                    type="search"
                    aria-label="Filter operations"
                    placeholder=format!("Filter {total} operations")
                    autocomplete="off"
                    on:input=filter
                />
            </div>
            <p class="help" role="status">{message}</p>
        </div>
    }
}

/// Hides entries that lack a word, and groups without entries; the number of entries that stay.
fn show_matching(nav: &Element, words: &[String]) -> usize {
    elements(nav, ":scope > div")
        .into_iter()
        .map(|group| {
            let mut count = 0;
            for entry in elements(&group, "li") {
                let text = entry.text_content().unwrap_or_default().to_lowercase();
                let path = entry.get_attribute("data-path").unwrap_or_default().to_lowercase();
                let matches = words
                    .iter()
                    .all(|word| text.contains(word.as_str()) || path.contains(word.as_str()));
                entry.set_hidden(!matches);
                count += usize::from(matches);
            }
            group.set_hidden(count == 0);
            count
        })
        .sum()
}

fn elements(parent: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = parent.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..list.length())
        .filter_map(|i| list.item(i)?.dyn_into().ok())
        .collect()
}
