//! What a handler is handed: the services, the caller and the facts of the request.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::{
    account::{service::Browser, throttle::SignInThrottle},
    actor::Actor,
    catalog::SpecUpload,
    clock::Clock,
    error::FieldError,
    gateway_config::ConfigRevision,
    id::SessionId,
    services::Services,
};
use tokio::sync::watch;

use crate::once::SentForms;

/// Facts about the installation that pages show or links are made of; fixed at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the installation, shown in the header.
    pub name: String,
    /// Where the portal is reached, without a slash at the end.
    pub portal_url: String,
    /// Where the gateway is reached, without a slash at the end; samples are printed with it.
    pub gateway_url: String,
    /// Whether cookies are `Secure` and carry the `__Host-` prefix: yes unless the portal is on plain http.
    pub secure_cookies: bool,
    /// Whether mails end in the sink at `/demo/mail`, so that pages can link to it.
    pub has_mail_sink: bool,
    /// URLs of the style sheet, the scripts and the icons.
    pub assets: Assets,
    /// The problems a gateway answers with, each of which gets a page.
    pub problems: Vec<ProblemText>,
}

/// Where the static files are; the names carry content hashes.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The one style sheet.
    pub css: String,
    /// The script that applies the chosen theme before the first paint.
    pub theme_js: String,
    /// The icon of the site.
    pub favicon: String,
    /// The module that starts the islands of a page. `None` when the browser bundle was not built; pages are complete
    /// without it.
    pub islands_js: Option<String>,
}

/// The text of a problem page.
#[derive(Clone, Debug)]
pub struct ProblemText {
    /// Last segment of the problem's type URL.
    pub slug: String,
    /// Title, as in the answer.
    pub title: String,
    /// Status of the answer.
    pub status: u16,
    /// What happened, in Markdown.
    pub explanation: String,
    /// What the caller can do, in Markdown.
    pub remedy: String,
}

/// Fetches a spec from a URL that a user typed; guards against server-side request forgery are the implementor's.
pub trait SpecFetcher: Send + Sync {
    /// The document behind `url`.
    ///
    /// # Errors
    /// A sentence at the field `url`.
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Result<SpecUpload, FieldError>> + Send + 'a>>;
}

/// How long the answer to a change waits for gateways.
const LIVE_WITHIN: Duration = Duration::from_secs(1);
/// How often gateways of other processes are asked meanwhile.
const NODE_POLL: Duration = Duration::from_millis(20);

/// What every request shares.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub services: Services,
    /// Facts about the installation.
    pub settings: Arc<Settings>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Slows down guessing of passwords.
    pub throttle: Arc<SignInThrottle>,
    /// Forms that may be sent once.
    pub sent_forms: Arc<SentForms>,
    /// Fetches specs by URL.
    pub fetcher: Arc<dyn SpecFetcher>,
    /// The configuration that the gateway of this process serves; `None` where it runs elsewhere.
    pub served: Option<watch::Receiver<ConfigRevision>>,
}

/// Who sends the request; put into the request's extensions by the authentication layer.
#[derive(Clone)]
pub struct Caller {
    /// Whoever is signed in.
    pub actor: Actor,
    /// The session, if one is signed in.
    pub session: Option<SessionId>,
    /// Address of the peer, for throttling and the list of sessions.
    pub ip: String,
    /// `User-Agent`, cut to 200 characters.
    pub user_agent: String,
    /// Id of the request, as in the log and the header `x-request-id`; error pages show it.
    pub request_id: String,
}

/// The context of one request.
#[derive(Clone)]
pub struct Cx {
    /// What every request shares.
    pub app: AppState,
    /// Who asks.
    pub caller: Caller,
    /// Path and query of the request.
    pub path_and_query: String,
}

impl Cx {
    /// The use cases.
    pub fn services(&self) -> &Services {
        &self.app.services
    }

    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// Facts about the installation.
    pub fn settings(&self) -> &Settings {
        &self.app.settings
    }

    /// The present moment.
    pub fn now(&self) -> domain::clock::Timestamp {
        self.app.clock.now()
    }

    /// Where a sign-in comes from.
    pub fn browser(&self) -> Browser {
        Browser {
            user_agent: self.caller.user_agent.clone(),
            ip: self.caller.ip.clone(),
        }
    }

    /// Waits until the newest configuration is served, for at most a second, and says whether it is: by the gateway of
    /// this process, or by every gateway that reports where they run elsewhere. A gateway that is late is not an error of
    /// this request: it goes on trying by itself.
    pub async fn is_newest_configuration_live(&self) -> bool {
        let config = &self.services().gateway_config;
        let Ok(newest) = config.revision().await else {
            return false;
        };
        let live = async {
            if let Some(mut served) = self.app.served.clone() {
                return served.wait_for(|served| *served >= newest).await.is_ok();
            }
            while !config
                .nodes()
                .await
                .is_ok_and(|nodes| nodes.iter().all(|node| node.served >= newest))
            {
                tokio::time::sleep(NODE_POLL).await;
            }
            true
        };
        tokio::time::timeout(LIVE_WITHIN, live).await.unwrap_or(false)
    }
}

impl FromRequestParts<AppState> for Cx {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_else(|| Caller {
            actor: Actor::Anonymous,
            session: None,
            ip: String::new(),
            user_agent: String::new(),
            request_id: String::new(),
        });
        let path_and_query = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Self {
            app: app.clone(),
            caller,
            path_and_query,
        })
    }
}
