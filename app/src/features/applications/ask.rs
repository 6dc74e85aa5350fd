//! The page that asks before something of an application ends: a key, an OAuth client, a subscription.

use domain::{error::DomainError, id::ApplicationId};
use leptos::prelude::*;

use crate::{
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page},
    ui::{Button, ButtonKind, Card, ConfirmByName, Crumbs, ErrorSummary, PageTitle, Place, visible_text},
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
    /// The name to type, where nothing brings the thing back.
    pub(super) typed: Option<String>,
}

/// What was typed is the name of the thing that is to end.
///
/// # Errors
/// At the field `confirm`.
pub(super) fn confirmed(form: &FormData, name: &str, purpose: &str) -> Result<(), DomainError> {
    if form.text("confirm") == visible_text(name).trim() {
        Ok(())
    } else {
        let message = format!("Type {} {purpose}.", visible_text(name).trim());
        Err(DomainError::field("confirm", message))
    }
}

/// The page; `form` is the answer that was refused, if one was.
pub(super) fn page(application: ApplicationId, name: String, question: Question, form: FormState) -> Page {
    let Question {
        title,
        heading,
        what_happens,
        post_to,
        keep,
        typed,
    } = question;
    let back = href::application(application);
    let status = form.status();
    let error = form.error("confirm");
    Page::new(title, move || {
        let answer = match typed {
            Some(name) => view! {
                <ConfirmByName
                    action=post_to
                    name=visible_text(&name).trim().to_owned()
                    purpose="to revoke it"
                    button=title
                    cancel_href=back.clone()
                    cancel=keep
                    error
                >
                    <p>{what_happens} " Nothing brings it back."</p>
                </ConfirmByName>
            }
            .into_any(),
            None => view! {
                <form method="post" action=post_to class="stack">
                    <p>{what_happens}</p>
                    <div class="btn-row">
                        <a class="btn" href=back.clone()>
                            {keep}
                        </a>
                        <Button kind=ButtonKind::DangerFill>{title}</Button>
                    </div>
                </form>
            }
            .into_any(),
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![Place::new("Dashboard", href::dashboard()), Place::new(name, back.clone())]
                    current=title
                />
                <PageTitle title=heading />
                <ErrorSummary errors=form.errors.clone() />
                <Card title="What happens" id="what-happens">{answer}</Card>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .status(status)
}
