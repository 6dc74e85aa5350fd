//! What the browser runs.
