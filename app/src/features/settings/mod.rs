//! The account's settings: profile, password, sessions.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use domain::{
    account::{PASSWORD_MIN, SessionView, service::ProfileChange},
    error::DomainError,
    id::SessionId,
};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Ago, Badge, Button, ButtonKind, ButtonSize, Card, Column, ErrorSummary, InputKind, PageTitle, Row, Table,
        TextField, Tone, short_text,
    },
};

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/dashboard/settings", get(show).post(save))
        .route("/dashboard/settings/sessions/{id}/end", post(end_session))
}

/// `GET /dashboard/settings`
async fn show(cx: Cx) -> PageResult {
    let account = cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let form = FormState::showing(FormData::from_pairs([("name", account.name.clone())]));
    page(&cx, form).await
}

/// `POST /dashboard/settings`
async fn save(cx: Cx, form: FormData) -> ReplyResult {
    let session = cx.caller.session.ok_or(DomainError::Unauthenticated)?;
    let (current, new) = (form.raw("current_password"), form.raw("password"));
    let password = (!current.is_empty() || !new.is_empty()).then(|| (current.to_owned(), new.to_owned()));
    let change = ProfileChange {
        name: form.text("name").to_owned(),
        password,
    };
    match update(&cx, session, change).await {
        Ok(()) => Ok(Reply::redirect(href::settings()).flash("Saved.")),
        Err(error) => Ok(page(&cx, FormState::refused(form, error)?).await?.into()),
    }
}

/// Stores the change. A current password is an attempt like one of signing in: whoever has a stolen session must not be
/// able to try passwords faster.
async fn update(cx: &Cx, session: SessionId, change: ProfileChange) -> Result<(), DomainError> {
    let accounts = &cx.services().accounts;
    if change.password.is_none() {
        return accounts.update_profile(cx.actor(), session, change).await;
    }
    let account = cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let attempt = cx.app.throttle.begin(&account.email, &cx.caller.ip, cx.now())?;
    let result = accounts.update_profile(cx.actor(), session, change).await;
    match &result {
        Ok(()) => attempt.succeeded(),
        Err(DomainError::Invalid(errors)) if errors.iter().any(|error| error.field == "current_password") => {}
        Err(_) => attempt.withdraw(),
    }
    result
}

/// `POST /dashboard/settings/sessions/{id}/end`
async fn end_session(cx: Cx, Path(id): Path<String>) -> ReplyResult {
    let id: SessionId = id.parse().map_err(|_| PageError::not_found("session"))?;
    cx.services().accounts.end_session(cx.actor(), id).await?;
    Ok(Reply::redirect(href::settings()).flash("The session is over."))
}

async fn page(cx: &Cx, form: FormState) -> PageResult {
    let account = cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let email = account.email.clone();
    let session = cx.caller.session.ok_or(DomainError::Unauthenticated)?;
    let sessions = cx.services().accounts.sessions(cx.actor(), session).await?;
    let status = form.status();
    let now = cx.now();
    let page = Page::new("Settings", move || {
        let rows = sessions.into_iter().map(|session| session_row(session, now)).collect();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Settings" about=view! { <span>{email}</span> }.into_any() />
                <ErrorSummary errors=form.errors.clone() />
                <Card title="Profile" id="profile">
                    <form method="post" action=href::settings() class="stack">
                        <TextField
                            name="name"
                            label="Name"
                            kind=InputKind::PersonName
                            value=form.value("name")
                            error=form.error("name")
                            max_length=100
                        />
                        <div class="form-grid">
                            <TextField
                                name="current_password"
                                label="Current password"
                                kind=InputKind::CurrentPassword
                                error=form.error("current_password")
                                optional=true
                                help="Only needed to change it."
                            />
                            <TextField
                                name="password"
                                label="New password"
                                kind=InputKind::NewPassword
                                error=form.error("password")
                                optional=true
                                help=format!("At least {PASSWORD_MIN} characters. Your other sessions end.")
                            />
                        </div>
                        <div class="btn-row"><Button kind=ButtonKind::Primary>"Save changes"</Button></div>
                    </form>
                </Card>
                <Card title="Sessions" id="sessions" flush=true>
                    <Table
                        caption="Browsers that are signed in"
                        columns=vec![
                            Column::text("Browser"),
                            Column::text("Signed in"),
                            Column::text("Last used"),
                            Column::text("Action"),
                        ]
                        rows=rows
                    />
                </Card>
            </div>
        }
    });
    Ok(page.dashboard(DashboardSection::Settings).status(status))
}

fn session_row(session: SessionView, now: domain::clock::Timestamp) -> Row {
    let browser = if session.user_agent.is_empty() {
        "Unknown browser".to_owned()
    } else {
        short_text(&session.user_agent, 80)
    };
    let action = if session.is_current {
        view! { <Badge tone=Tone::Accent word="This browser" /> }.into_any()
    } else {
        view! {
            <form method="post" action=href::end_session(session.id)>
                <Button size=ButtonSize::Small label=format!("End the session of {browser}")>"End"</Button>
            </form>
        }
        .into_any()
    };
    Row::new(browser)
        .cell(view! { <Ago at=session.created_at now /> })
        .cell(view! { <Ago at=session.last_seen_at now /> })
        .cell(action)
}
