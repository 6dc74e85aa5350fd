//! The user interface of Turnpike: developer portal, consumer dashboard and provider console.
//!
//! # How a page is made
//!
//! A page is an axum handler that asks the domain for data and returns a [`page::Page`]: a title, a layout and a
//! closure that builds Leptos views. One layer ([`render`]) turns pages, redirects and errors into responses; it alone
//! knows the viewer, the content security policy and the document around the page. Nothing is loaded while views are
//! built, so a page is rendered in one go and its status is known before the first byte.
//!
//! # Forms
//!
//! Changes are plain HTML forms: POST, then redirect with a flash message. A form that is refused is shown again by the
//! same page function with a [`form::FormState`]: errors beside their fields and what was typed kept. Nothing needs
//! JavaScript.
//!
//! # Islands
//!
//! What the browser runs is in [`islands`] and nowhere else; everything else is compiled with the feature `ssr` only. A
//! page without an island loads no script.
//!
//! # Where things are
//!
//! `features/<feature>/` has a file per page; `ui/` the design system; `layout/` the document around pages; [`href`]
//! every URL. A feature imports these and never another feature.

pub mod islands;

#[cfg(feature = "ssr")]
pub mod cx;
#[cfg(feature = "ssr")]
pub mod document;
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod features;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod href;
#[cfg(feature = "ssr")]
pub mod layout;
#[cfg(feature = "ssr")]
pub mod once;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod render;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
pub mod twin;
#[cfg(feature = "ssr")]
pub mod ui;
