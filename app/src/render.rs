//! Turns what handlers return into responses: the document around a page, redirects with their cookies, error pages.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::error::ErrorCode;
use futures::{Stream, stream};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx, Settings},
    error::PageError,
    href, layout,
    page::{Destination, Flash, Layout, Page, Redirect, SessionChange},
    session, twin,
};

/// What a handler hands to the layer, in the extensions of an empty response.
pub enum Rendering {
    /// A page to put a document around.
    Page(Box<Page>),
    /// See other.
    Redirect(Redirect),
    /// An error page.
    Error(PageError),
}

#[derive(Clone)]
struct Slot(Arc<Mutex<Option<Rendering>>>);

impl IntoResponse for Rendering {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Slot(Arc::new(Mutex::new(Some(self)))));
        response
    }
}

/// Everything the document around a page is made of.
#[derive(Clone)]
pub struct Frame {
    /// Title without the installation's name.
    pub title: String,
    /// For search engines; empty for none.
    pub description: String,
    /// Whether search engines may list it.
    pub is_indexed: bool,
    /// Whether it loads the browser bundle.
    pub has_islands: bool,
    /// The frame around the body.
    pub layout: Layout,
    /// Who is signed in.
    pub viewer: Option<Viewer>,
    /// A message to show once.
    pub flash: Option<Flash>,
    /// Whether it has a Markdown twin.
    pub has_twin: bool,
    /// Path of its feed.
    pub feed: Option<String>,
    /// Path and query of the request, for `next` links and the current entry of the navigation.
    pub path_and_query: String,
    /// Facts about the installation.
    pub settings: Arc<Settings>,
}

/// Who is signed in, as the header shows it.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Name of the account.
    pub name: String,
    /// Address of the account.
    pub email: String,
    /// Whether the address still waits for verification.
    pub is_unverified: bool,
    /// Organizations: slug and name.
    pub organizations: Vec<(String, String)>,
}

impl Frame {
    /// Path of the request without the query.
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or("/")
    }
}

/// The layer: runs the handler and renders what it returned.
///
/// The answer to a change waits until gateways serve it, so that a page that says "this key works" is true when it is
/// read. That is here, once, so that no handler can forget it.
pub async fn render(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let (mut parts, body) = request.into_parts();
    let Ok(cx) = <Cx as axum::extract::FromRequestParts<AppState>>::from_request_parts(&mut parts, &app).await;
    let flash = read_flash(&parts.headers);
    let wants_twin = parts.extensions.get::<twin::Wanted>().is_some();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(Slot(slot)) = response.extensions_mut().remove::<Slot>() else {
        return match response.status() {
            // Only pages have twins.
            _ if wants_twin => {
                let page = layout::error_page(&PageError::not_found("page"), &cx.caller.request_id);
                page_response(&cx, page, flash, &method).await
            }
            // An address that cannot be read, such as one with broken percent-encoding, leads nowhere.
            StatusCode::BAD_REQUEST => {
                let page = layout::error_page(&PageError::not_found("page"), &cx.caller.request_id);
                page_response(&cx, page.status(StatusCode::BAD_REQUEST), flash, &method).await
            }
            _ => response,
        };
    };
    let rendering = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let may_be_early = match &rendering {
        Some(Rendering::Redirect(_)) => !method.is_safe(),
        Some(Rendering::Page(page)) => !method.is_safe() && page.status.is_success(),
        Some(Rendering::Error(_)) | None => false,
    };
    let is_early = may_be_early && !cx.is_newest_configuration_live().await;
    match rendering {
        None => response,
        Some(Rendering::Redirect(mut redirect)) => {
            if let Some(flash) = redirect.flash.as_mut().filter(|flash| flash.is_ok && is_early) {
                flash.text = format!("{} {EARLY}", flash.text);
            }
            redirect_response(&cx, redirect)
        }
        Some(Rendering::Page(page)) if wants_twin && page.status.is_success() => match page.twin {
            Some(twin) => twin::response(twin(), cx.actor().account().is_some()),
            None => {
                let page = layout::error_page(&PageError::not_found("page"), &cx.caller.request_id);
                page_response(&cx, page, flash, &method).await
            }
        },
        Some(Rendering::Page(page)) => {
            let early = is_early.then(|| Flash {
                is_ok: false,
                text: EARLY.into(),
            });
            page_response(&cx, *page, early.or(flash), &method).await
        }
        Some(Rendering::Error(error)) => match error.code {
            code if wants_sign_in(&cx, code) => {
                let next = (method == Method::GET).then_some(cx.path_and_query.as_str());
                redirect_response(
                    &cx,
                    Redirect {
                        to: href::sign_in(next),
                        flash: None,
                        session: SessionChange::Keep,
                        destination: Destination::Keep,
                    },
                )
            }
            _ => page_response(&cx, layout::error_page(&error, &cx.caller.request_id), flash, &method).await,
        },
    }
}

/// Whether signing in may help: it was asked for, or somebody without a session follows a link into the part of the site
/// that needs one. Whether the thing is there makes no difference.
fn wants_sign_in(cx: &Cx, code: ErrorCode) -> bool {
    let needs_session = |path: &str| ["/console", "/dashboard"].iter().any(|part| path.starts_with(part));
    match code {
        ErrorCode::Unauthenticated => true,
        ErrorCode::NotFound => cx.actor().account().is_none() && needs_session(&cx.path_and_query),
        _ => false,
    }
}

/// Said when gateways are late.
const EARLY: &str = "Gateways need a moment to take it over.";

async fn page_response(cx: &Cx, page: Page, flash: Option<Flash>, method: &Method) -> Response {
    let had_flash = flash.is_some();
    let viewer = cx.actor().account().map(|account| Viewer {
        name: account.name.clone(),
        email: account.email.clone(),
        is_unverified: !account.is_verified,
        organizations: account
            .memberships
            .iter()
            .map(|m| (m.slug.to_string(), m.name.clone()))
            .collect(),
    });
    let is_private = viewer.is_some() || method != Method::GET || had_flash;
    let Page {
        title,
        description,
        status,
        is_indexed,
        has_islands,
        layout,
        body,
        twin,
        feed,
    } = page;
    let frame = Frame {
        title,
        description,
        is_indexed: is_indexed && status.is_success(),
        has_islands,
        layout,
        viewer,
        flash,
        has_twin: twin.is_some(),
        feed,
        path_and_query: cx.path_and_query.clone(),
        settings: Arc::clone(&cx.app.settings),
    };
    let twin = twin.and_then(|_| twin::link_header(frame.path()));
    let mut response = document(frame, body, &cx.path_and_query).await;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let cache = if is_private { "no-store" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Some(twin) = twin {
        headers.append(header::LINK, twin);
    }
    if had_flash {
        headers.append(
            header::SET_COOKIE,
            HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        );
    }
    response
}

/// Renders in one go: nothing in a page waits, so no script has to be streamed after it.
async fn document(frame: Frame, body: Box<dyn FnOnce() -> AnyView + Send>, path_and_query: &str) -> Response {
    let request = Request::builder()
        .uri(path_and_query)
        .body(Body::empty())
        .unwrap_or_default();
    let app = move || {
        if let Some(shared) = Owner::current_shared_context() {
            // Only islands come alive in the browser; without this, plain views would get hydration markers.
            shared.set_is_hydrating(false);
        }
        layout::document(frame, body())
    };
    leptos_axum::handle_response_inner(|| {}, app, request, whole_document).await
}

type Chunks = Pin<Box<dyn Stream<Item = String> + Send>>;
type ChunksFuture = Pin<Box<dyn Future<Output = Chunks> + Send>>;

fn whole_document<V: IntoView + 'static>(app: V, _: Box<dyn FnOnce() -> Chunks + Send>, _: bool) -> ChunksFuture {
    let html = format!("<!doctype html>{}", app.to_html());
    Box::pin(std::future::ready(Box::pin(stream::iter([html])) as Chunks))
}

fn redirect_response(cx: &Cx, redirect: Redirect) -> Response {
    let secure = cx.settings().secure_cookies;
    let mut headers = HeaderMap::new();
    // A path of ours is always a valid header value; anything else would be an injection and goes home instead.
    let to = HeaderValue::from_str(&redirect.to).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(header::LOCATION, to);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let cookie = match &redirect.session {
        SessionChange::Keep => None,
        SessionChange::Begin(new) => Some(session::begin(new, cx.now(), secure)),
        SessionChange::End => Some(session::end(secure)),
    };
    let flash = redirect.flash.as_ref().map(write_flash);
    let destination = match &redirect.destination {
        Destination::Keep => None,
        Destination::Remember(path) => {
            let path: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
            Some(format!(
                "{DESTINATION}={path}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"
            ))
        }
        Destination::Forget => Some(format!("{DESTINATION}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")),
    };
    for value in cookie
        .iter()
        .chain(&flash)
        .chain(&destination)
        .filter_map(|text| HeaderValue::from_str(text).ok())
    {
        headers.append(header::SET_COOKIE, value);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Name of the cookie that remembers where somebody wanted to go.
const DESTINATION: &str = "destination";

/// Where somebody wanted to go before they had an account. As untrusted as every cookie: check it before going there.
pub fn remembered_destination(headers: &HeaderMap) -> Option<String> {
    let value = cookie(headers, DESTINATION)?;
    let pair = format!("d={value}");
    let (_, path) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    Some(path.into_owned())
}

/// The flash travels in a cookie of one minute. It is shown as plain text, so the worst a forged one can do is say something.
fn write_flash(flash: &Flash) -> String {
    let text: String = url::form_urlencoded::byte_serialize(flash.text.as_bytes()).collect();
    let kind = if flash.is_ok { 'y' } else { 'n' };
    format!("flash={kind}{text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax")
}

fn read_flash(headers: &HeaderMap) -> Option<Flash> {
    let value = cookie(headers, "flash")?;
    let (kind, text) = value.split_at_checked(1)?;
    let text = url::form_urlencoded::parse(format!("t={text}").as_bytes())
        .next()?
        .1
        .chars()
        .take(300)
        .collect::<String>();
    (!text.is_empty()).then(|| Flash {
        is_ok: kind == "y",
        text,
    })
}

/// The value of a cookie of the request.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_survives_its_cookie() {
        let flash = Flash {
            is_ok: false,
            text: "Not done; see “notes” = 50 %".into(),
        };
        let set = write_flash(&flash);
        let mut headers = HeaderMap::new();
        let pair = set.split(';').next().unwrap();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; {pair}")).unwrap());
        assert_eq!(read_flash(&headers), Some(flash));
        assert_eq!(read_flash(&HeaderMap::new()), None);
    }
}
