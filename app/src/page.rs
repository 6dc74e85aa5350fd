//! What a handler returns: a page, or a redirect with a flash message.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::account::NewSession;
use leptos::prelude::{AnyView, IntoAny, IntoView};

use crate::{error::PageError, render::Rendering};

/// Result of a handler that only shows.
pub type PageResult = Result<Page, PageError>;
/// Result of a handler that changes something.
pub type ReplyResult = Result<Reply, PageError>;

/// A page: what stands in its head, which layout it has, and its views.
pub struct Page {
    /// Title without the installation's name.
    pub title: String,
    /// For search engines and link previews; empty for none.
    pub description: String,
    /// Status of the answer.
    pub status: StatusCode,
    /// Whether search engines may list it.
    pub is_indexed: bool,
    /// Whether it contains an island, and so loads the browser bundle.
    pub has_islands: bool,
    /// The frame around the body.
    pub layout: Layout,
    /// Builds the views; called once, when everything else is known.
    pub body: Box<dyn FnOnce() -> AnyView + Send>,
    /// Builds the page's Markdown twin, if it has one; called in place of `body` where the twin is asked for.
    pub twin: Option<Box<dyn FnOnce() -> String + Send>>,
    /// Path of a feed (Atom) of what is new on the page, if there is one.
    pub feed: Option<String>,
}

/// The frame around a page's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Header, body, footer; the body brings its own `main`.
    Portal,
    /// As the portal, with the consumer's side navigation; the body is put into `main`.
    Dashboard(DashboardSection),
    /// The console of an organization, with its side navigation; the body is put into `main`.
    Console {
        /// Slug of the organization.
        organization: String,
        /// Name of the organization.
        name: String,
        /// Which entry of the navigation is current.
        section: ConsoleSection,
    },
}

/// Entries of the dashboard's navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DashboardSection {
    /// What needs me, applications.
    Overview,
    /// Usage explorer.
    Usage,
    /// Profile and sessions.
    Settings,
}

/// Entries of the console's navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleSection {
    /// Traffic and what needs me.
    Overview,
    /// Apis and their versions.
    Apis,
    /// Plans.
    Plans,
    /// Policies of the organization.
    Policies,
    /// Rules that documents are held to.
    Rules,
    /// Subscribers and approvals.
    Subscribers,
    /// Audit log.
    Audit,
    /// Name and members.
    Settings,
}

impl Page {
    /// A page of the portal.
    pub fn new<V: IntoView + 'static>(title: impl Into<String>, body: impl FnOnce() -> V + Send + 'static) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            status: StatusCode::OK,
            is_indexed: true,
            has_islands: false,
            layout: Layout::Portal,
            body: Box::new(move || body().into_any()),
            twin: None,
            feed: None,
        }
    }

    /// Gives it a Markdown twin; see [`crate::twin`].
    #[must_use]
    pub fn with_twin(mut self, twin: impl FnOnce() -> String + Send + 'static) -> Self {
        self.twin = Some(Box::new(twin));
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Keeps it out of search engines; set by itself for dashboard and console.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.is_indexed = false;
        self
    }

    /// Says that the body contains an island.
    #[must_use]
    pub fn with_islands(mut self) -> Self {
        self.has_islands = true;
        self
    }

    /// Names a feed (Atom) of what is new on it.
    #[must_use]
    pub fn with_feed(mut self, path: String) -> Self {
        self.feed = Some(path);
        self
    }

    /// Keeps it out of search engines unless `is_listed`.
    #[must_use]
    pub fn listed_if(self, is_listed: bool) -> Self {
        if is_listed { self } else { self.unlisted() }
    }

    /// Puts it into the dashboard.
    #[must_use]
    pub fn dashboard(mut self, section: DashboardSection) -> Self {
        self.layout = Layout::Dashboard(section);
        self.unlisted()
    }

    /// Puts it into the console of an organization.
    #[must_use]
    pub fn console(mut self, organization: &domain::organization::Organization, section: ConsoleSection) -> Self {
        self.layout = Layout::Console {
            organization: organization.slug.to_string(),
            name: organization.name.clone(),
            section,
        };
        self.unlisted()
    }
}

/// A message shown once, on the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// Whether it went well.
    pub is_ok: bool,
    /// One sentence.
    pub text: String,
}

/// What a handler that changes something answers.
pub enum Reply {
    /// A page: the form again, or something that is shown once.
    Page(Box<Page>),
    /// See other (303), the normal end of a change.
    Redirect(Redirect),
}

/// Where to go after a change.
pub struct Redirect {
    /// A path of this site.
    pub to: String,
    /// What to say there.
    pub flash: Option<Flash>,
    /// What happens to the session cookie.
    pub session: SessionChange,
    /// What happens to the place that somebody wanted to go to before they had an account.
    pub destination: Destination,
}

/// The place somebody wanted to go to before they had an account: kept in a cookie between sign-up and the mail's link.
#[derive(Default)]
pub enum Destination {
    /// Nothing changes.
    #[default]
    Keep,
    /// It is remembered for a day.
    Remember(String),
    /// It was reached.
    Forget,
}

/// What happens to the session cookie.
pub enum SessionChange {
    /// Nothing.
    Keep,
    /// A new session begins.
    Begin(NewSession),
    /// The session is over.
    End,
}

impl Reply {
    /// Goes to a path of this site.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::Redirect(Redirect {
            to: to.into(),
            flash: None,
            session: SessionChange::Keep,
            destination: Destination::Keep,
        })
    }

    /// Says something on the next page; does nothing to a page.
    #[must_use]
    pub fn flash(mut self, text: impl Into<String>) -> Self {
        if let Self::Redirect(redirect) = &mut self {
            redirect.flash = Some(Flash {
                is_ok: true,
                text: text.into(),
            });
        }
        self
    }

    /// Says on the next page why nothing was changed.
    #[must_use]
    pub fn flash_problem(mut self, text: impl Into<String>) -> Self {
        if let Self::Redirect(redirect) = &mut self {
            redirect.flash = Some(Flash {
                is_ok: false,
                text: text.into(),
            });
        }
        self
    }

    /// Begins a session with the redirect.
    #[must_use]
    pub fn begin_session(mut self, session: NewSession) -> Self {
        if let Self::Redirect(redirect) = &mut self {
            redirect.session = SessionChange::Begin(session);
        }
        self
    }

    /// Remembers or forgets where somebody wanted to go.
    #[must_use]
    pub fn destination(mut self, change: Destination) -> Self {
        if let Self::Redirect(redirect) = &mut self {
            redirect.destination = change;
        }
        self
    }

    /// Ends the session with the redirect.
    #[must_use]
    pub fn end_session(mut self) -> Self {
        if let Self::Redirect(redirect) = &mut self {
            redirect.session = SessionChange::End;
        }
        self
    }
}

impl From<Page> for Reply {
    fn from(page: Page) -> Self {
        Self::Page(Box::new(page))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Rendering::Page(Box::new(self)).into_response()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => Rendering::Page(page).into_response(),
            Self::Redirect(redirect) => Rendering::Redirect(redirect).into_response(),
        }
    }
}
