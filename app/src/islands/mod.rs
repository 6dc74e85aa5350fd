//! What runs in the browser: comfort on top of pages that are complete without it.
//!
//! Props are small and serialisable; nothing here may use the domain, as this module is compiled for both sides.

#[cfg_attr(
    feature = "hydrate",
    expect(unreachable_pub, reason = "the macro exports a function of its own per island")
)]
mod copy;
#[cfg_attr(
    feature = "hydrate",
    expect(unreachable_pub, reason = "the macro exports a function of its own per island")
)]
mod operation_filter;

pub use copy::{CopyButton, CopyCode};
pub use operation_filter::OperationFilter;
