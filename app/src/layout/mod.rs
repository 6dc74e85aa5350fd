//! The document around every page: head, header, side navigation, footer.

mod error;
mod footer;
mod head;
mod header;
mod sections;

use leptos::prelude::*;

pub use error::error_page;

use crate::{
    page::Layout,
    render::Frame,
    ui::{Sprite, Toast},
};

/// The whole document, without the doctype.
pub fn document(frame: Frame, body: AnyView) -> impl IntoView {
    let flash = frame.flash.clone().map(|flash| {
        view! {
            <div class="flash">
                <Toast is_ok=flash.is_ok text=flash.text />
            </div>
        }
    });
    let body = match &frame.layout {
        Layout::Portal => view! {
            {flash}
            {body}
        }
        .into_any(),
        Layout::Dashboard(section) => sections::dashboard(&frame, *section, flash.into_any(), body).into_any(),
        Layout::Console {
            organization,
            name,
            section,
        } => sections::console(&frame, organization, name, *section, flash.into_any(), body).into_any(),
    };
    view! {
        <html lang="en">
            {head::head(&frame)}
            <body>
                <Sprite />
                <a class="skip" href="#main">"Skip to content"</a>
                {header::header(&frame)}
                {body}
                {footer::footer(&frame)}
            </body>
        </html>
    }
}
