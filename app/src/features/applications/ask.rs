//! The page that asks before something of an application ends: a key, an OAuth client, a subscription.

use domain::id::ApplicationId;
use leptos::prelude::*;

use crate::{
    href,
    page::{DashboardSection, Page},
    ui::{Button, ButtonKind, Card, Crumbs, PageTitle, Place},
};

/// What is asked.
pub(super) struct Question {
    /// What the button does, and the page's name: "Revoke key".
    pub(super) title: &'static str,
    /// The heading, with the name of the thing: "Revoke Website".
    pub(super) heading: String,
    /// What happens, and to whom.
    pub(super) what_happens: String,
    /// Where the answer goes.
    pub(super) post_to: String,
    /// The way out: "Keep the key".
    pub(super) keep: &'static str,
}

/// The page.
pub(super) fn page(application: ApplicationId, name: String, question: Question) -> Page {
    let Question {
        title,
        heading,
        what_happens,
        post_to,
        keep,
    } = question;
    let back = href::application(application);
    Page::new(title, move || {
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![Place::new("Dashboard", href::dashboard()), Place::new(name, back.clone())]
                    current=title
                />
                <PageTitle title=heading />
                <Card title="What happens" id="what-happens">
                    <form method="post" action=post_to class="stack">
                        <p>{what_happens}</p>
                        <div class="btn-row">
                            <a class="btn" href=back>{keep}</a>
                            <Button kind=ButtonKind::DangerFill>{title}</Button>
                        </div>
                    </form>
                </Card>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
}
