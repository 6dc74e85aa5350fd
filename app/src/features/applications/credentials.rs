//! What keys and OAuth clients of an application have in common: a card that lists them with a form for a new one, and the
//! page that shows a new one's secret once.

use domain::{application::Application, id::ApplicationId, key::KeyState};
use leptos::prelude::*;

use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, Reply},
    ui::{
        Button, ButtonKind, ButtonSize, Card, CodeBlock, Column, Copyline, Crumbs, Fact, Facts, IconName, LinkButton,
        PageTitle, Place, Row, Secret, Table, TextField,
    },
};

/// How one kind of credential is spoken of on the application's page.
pub(super) struct Kind {
    /// Heading of the card: "Keys".
    pub(super) title: &'static str,
    /// Id of the card.
    pub(super) id: &'static str,
    /// What an empty card says.
    pub(super) none: &'static str,
    /// The form's field.
    pub(super) field: &'static str,
    /// Its label: "Name of a new key".
    pub(super) label: &'static str,
    /// Examples of names.
    pub(super) examples: &'static str,
    /// The button: "Create key".
    pub(super) button: &'static str,
    /// Its icon.
    pub(super) icon: IconName,
}

/// The card on the application's page. The form is sent to `create`.
pub(super) fn card(
    kind: &'static Kind,
    columns: Vec<Column>,
    rows: Vec<Row>,
    create: String,
    form: &FormState,
) -> impl IntoView + use<> {
    let table = if rows.is_empty() {
        view! { <p class="card-note muted">{kind.none}</p> }.into_any()
    } else {
        view! { <Table caption=kind.title columns rows /> }.into_any()
    };
    let mark = leptos::nonce::Nonce::new().to_string();
    let foot = view! {
        <form method="post" action=create class="key-form">
            // A reload of the answer must not make a second one.
            <input type="hidden" name="mark" value=mark />
            <TextField
                name=kind.field
                label=kind.label
                value=form.value(kind.field)
                error=form.error(kind.field)
                placeholder=kind.examples
                max_length=60
            />
            <Button kind=ButtonKind::Primary icon=kind.icon>{kind.button}</Button>
        </form>
    };
    view! {
        <Card title=kind.title id=kind.id flush=true foot=foot.into_any()>
            {table}
        </Card>
    }
}

/// The way to the page that asks, for what is still good.
pub(super) fn revoke_link(state: KeyState, name: &str, to: String) -> Option<impl IntoView + use<>> {
    (state == KeyState::Active).then(|| {
        view! {
            <LinkButton href=to size=ButtonSize::Small kind=ButtonKind::Danger label=format!("Revoke {name}")>
                "Revoke"
            </LinkButton>
        }
    })
}

/// Where a form goes that was sent before, as by a reload. `words` say what was made, and that it is not shown again.
pub(super) fn made_already(cx: &Cx, id: ApplicationId, form: &FormData, words: &'static str) -> Option<Reply> {
    let is_first = cx.app.sent_forms.is_first(form.text("mark"));
    (!is_first).then(|| Reply::redirect(href::application(id)).flash_problem(words))
}

/// A credential that was just made.
pub(super) struct Created {
    /// Name of the page: "Key created".
    pub(super) title: &'static str,
    /// What goes with the secret and is no secret itself: a label, and a text to copy.
    pub(super) public: Option<(&'static str, String)>,
    /// The secret.
    pub(super) secret: String,
    /// The same with its middle masked.
    pub(super) masked: String,
    /// The button that copies it: "Copy the key".
    pub(super) copy: &'static str,
    /// What it is good for.
    pub(super) about: &'static str,
    /// What the sample is for.
    pub(super) sample_title: &'static str,
    /// A command with the secret in it.
    pub(super) sample: String,
    /// Where to go next, beside the application's page: a text, and a URL.
    pub(super) next: Option<(&'static str, String)>,
}

/// The answer to the form: it shows the secret itself, so that its text is stored nowhere.
pub(super) fn created_page(application: &Application, created: Created) -> Page {
    let Created {
        title,
        public,
        secret,
        masked,
        copy,
        about,
        sample_title,
        sample,
        next,
    } = created;
    let back = href::application(application.id);
    let name = application.name.clone();
    Page::new(title, move || {
        let public = public.map(|(name, text)| {
            let label = format!("Copy the {name}");
            view! {
                <Facts>
                    <Fact name>
                        <Copyline text label />
                    </Fact>
                </Facts>
            }
        });
        let next = next.map(|(words, to)| view! { <LinkButton href=to>{words}</LinkButton> });
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![Place::new("Dashboard", href::dashboard()), Place::new(name, back.clone())]
                    current=title
                />
                <PageTitle title />
                {public}
                <Secret text=secret masked label=copy>
                    <p class="small muted">{about}</p>
                </Secret>
                <CodeBlock title=sample_title text=sample />
                <div class="btn-row">
                    <LinkButton href=back kind=ButtonKind::Primary>"I have stored it"</LinkButton>
                    {next}
                </div>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .with_islands()
}
