//! The browser entry of the user interface: linking `app` exports one function per island, and `islands.js` calls
//! [`hydrate`] once before it wakes the islands of the page.
//!
//! A crate of its own, so that the bundle is a `cdylib` and `app` stays a plain library.

// Nothing here names `app`, but its islands' exports must reach the bundle.
extern crate app as _;

/// Sets up the reactive system in "islands" mode. Called once, by `islands.js`, before any island's own function.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
