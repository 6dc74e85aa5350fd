//! The portal's HTTP: pages, assets, health checks, and the layers around them.

mod count;
mod headers;
mod health;
mod patience;
mod serve;
mod spec_fetch;

use std::{net::IpAddr, sync::Arc};

use app::{
    cx::{AppState, ProblemText},
    error::PageError,
    render::render,
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use domain::error::ErrorCode;
use tower::util::MapRequest;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

pub use headers::RequestId;
pub use serve::{Bounds, serve};
pub use spec_fetch::HttpSpecFetcher;

use crate::{
    assets, auth,
    operations::{PortalCounters, Readiness},
};

/// Everything the portal answers. `extra` are pages beside those of the user interface (the demo's mail sink).
///
/// From the outside in: counting, security headers, compression, who is asking, rendering, panics, cross-site protection. Rendering
/// is here and nowhere else: around the last two, so that their refusals are pages too, and around every handler, so that
/// the answer to a change waits until gateways serve it.
pub fn router(
    state: AppState,
    trusted_proxies: &[IpAddr],
    extra: Router<AppState>,
    readiness: Readiness,
    counters: Arc<PortalCounters>,
) -> Router {
    let identify = auth::Identify {
        app: state.clone(),
        trusted_proxies: trusted_proxies.into(),
    };
    let is_https = headers::IsHttps(state.settings.portal_url.starts_with("https://"));
    let portal = app::features::router(state.clone())
        .merge(extra.with_state(state.clone()))
        .layer(from_fn(auth::cross_origin::protect))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), render))
        .layer(from_fn_with_state(identify, auth::identify))
        .merge(assets::router())
        .merge(health::router(readiness))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(is_https, headers::secure))
        .layer(from_fn_with_state(counters, count::count));
    // Around everything: which page is meant is decided before the page is looked for.
    Router::new().fallback_service(MapRequest::new(portal, app::twin::strip_ending))
}

/// The page after a panic; what it said is for the log.
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    let message = "A handler failed.";
    PageError {
        code: ErrorCode::Internal,
        message: message.into(),
    }
    .into_response()
}

/// The problems that the gateway answers with, for their pages.
pub fn problems() -> Vec<ProblemText> {
    let text = |problem: &gateway::problem::ProblemType| ProblemText {
        slug: problem.slug.into(),
        title: problem.title.into(),
        status: problem.status,
        explanation: problem.explanation.into(),
        remedy: format!("- {}\n", problem.next_steps.join("\n- ")),
    };
    gateway::problem::ALL.iter().map(text).collect()
}
