//! The footer.

use leptos::prelude::*;

use crate::{href, render::Frame};

pub(super) fn footer(frame: &Frame) -> impl IntoView + use<> {
    let mail = frame
        .settings
        .has_mail_sink
        .then(|| view! { <a href="/demo/mail">"Mail of this demo"</a> });
    view! {
        <footer class="site-footer">
            <div>
                <span>"Turnpike " {env!("CARGO_PKG_VERSION")}</span>
                <a href=href::catalog()>"Catalog"</a>
                <a href=href::problems()>"Problems"</a>
                {mail}
                <span class="end">"Times in UTC."</span>
            </div>
        </footer>
    }
}
