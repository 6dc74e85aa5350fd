//! Copy buttons. Rendered hidden; they show themselves when they work.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast;

/// Copies `text`: a key, an id, a URL.
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// What the button does, for screen readers: "Copy the key".
    label: String,
) -> impl IntoView {
    let state = CopyState::new();
    let copy = move |_: MouseEvent| state.copy(text.clone());
    view! {
        <button
            class="btn"
            type="button"
            data-icon=true
            data-size="sm"
            hidden=move || !state.is_ready.get()
            aria-label=label.clone()
            title=label
            on:click=copy
        >
            {move || sign(state.is_done.get())}
        </button>
        <span class="visually-hidden" role="status">{move || state.message()}</span>
    }
}

/// Copies the code that is shown in the block around it.
#[island]
pub fn CopyCode(
    /// What the button does, for screen readers: "Copy sample".
    label: String,
) -> impl IntoView {
    let state = CopyState::new();
    let copy = move |event: MouseEvent| {
        if let Some(text) = event
            .target()
            .and_then(|target| target.dyn_into().ok())
            .and_then(shown_code)
        {
            state.copy(text);
        }
    };
    view! {
        <button
            class="code-btn"
            type="button"
            hidden=move || !state.is_ready.get()
            aria-label=label
            data-done=move || state.is_done.get()
            on:click=copy
        >
            {move || sign(state.is_done.get())}
            {move || if state.is_done.get() { "Copied" } else { "Copy" }}
        </button>
        <span class="visually-hidden" role="status">{move || state.message()}</span>
    }
}

/// Text of the visible `pre` in the block of code around `button`: of several tabs one is shown.
fn shown_code(button: web_sys::Element) -> Option<String> {
    let block = button.closest(".code").ok()??;
    let panels = block.query_selector_all("pre").ok()?;
    (0..panels.length())
        .filter_map(|i| panels.item(i)?.dyn_into::<web_sys::HtmlElement>().ok())
        .find(|panel| panel.offset_width() > 0)
        .and_then(|panel| panel.text_content())
}

fn sign(is_done: bool) -> impl IntoView {
    let href = if is_done { "#i-check" } else { "#i-copy" };
    view! {
        <svg class="icon" data-size="sm" aria-hidden="true">
            <use href=href></use>
        </svg>
    }
}

#[derive(Clone, Copy)]
struct CopyState {
    /// Whether the button works.
    is_ready: RwSignal<bool>,
    /// Whether it has just been used.
    is_done: RwSignal<bool>,
    has_failed: RwSignal<bool>,
}

/// How long the button says that it is done.
const DONE_FOR: std::time::Duration = std::time::Duration::from_secs(2);

impl CopyState {
    fn new() -> Self {
        let state = Self {
            is_ready: RwSignal::new(false),
            is_done: RwSignal::new(false),
            has_failed: RwSignal::new(false),
        };
        // Effects run in the browser only.
        Effect::new(move || state.is_ready.set(true));
        state
    }

    fn copy(self, text: String) {
        leptos::task::spawn_local(async move {
            // Absent outside secure contexts, whatever its type says.
            let clipboard = web_sys::window().map(|window| window.navigator().clipboard());
            let copied = match clipboard {
                Some(clipboard) if !clipboard.is_undefined() => {
                    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text))
                        .await
                        .is_ok()
                }
                _ => false,
            };
            self.has_failed.set(!copied);
            if copied {
                self.is_done.set(true);
                set_timeout(move || self.is_done.set(false), DONE_FOR);
            }
        });
    }

    fn message(self) -> &'static str {
        if self.is_done.get() {
            "Copied"
        } else if self.has_failed.get() {
            "The browser did not allow copying"
        } else {
            ""
        }
    }
}
