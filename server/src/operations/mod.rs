//! The listener for operators: metrics and health checks, apart from portal and gateway so that they are never public by
//! accident.
//!
//! It answers from the first moment of a start to the last of a stop: `/health/live` always, `/health/ready` and
//! `/metrics` by what [`Operations::watch`] was told.

mod exposition;
mod health;
mod metrics;
mod process;

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use health::{NotReady, Readiness};
pub use metrics::{AccessLogSources, GatewaySources, PortalCounters, Sources};

use self::exposition::Form;
use crate::{
    config::{OPERATIONS_DEFAULT, OperationsListener},
    web,
};

/// Scrapers and probes are few.
const CONNECTIONS: usize = 100;
/// How long answers that are under way may take when everything else has stopped.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What the listener answers from, once the process is up.
#[derive(Clone, Default)]
struct Watched(Arc<OnceLock<Sources>>);

/// The running listener.
pub struct Operations {
    address: SocketAddr,
    watched: Watched,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Operations {
    /// Begins to listen; `None` if that was switched off, or if nothing was said and the default address is taken.
    ///
    /// # Errors
    /// The address that was asked for cannot be used.
    pub async fn start(listener: Option<OperationsListener>) -> anyhow::Result<Option<Self>> {
        let bound = match listener {
            Some(OperationsListener::Off) => return Ok(None),
            Some(OperationsListener::At(address)) => TcpListener::bind(address)
                .await
                .with_context(|| format!("metrics and health checks cannot be at {address} (--operations)"))?,
            None => match TcpListener::bind(OPERATIONS_DEFAULT).await {
                Ok(bound) => bound,
                Err(error) => {
                    tracing::warn!(
                        %error,
                        address = %OPERATIONS_DEFAULT,
                        "there are no metrics and health checks: set --operations to a free address, or to off"
                    );
                    return Ok(None);
                }
            },
        };
        let address = bound.local_addr()?;
        let watched = Watched::default();
        let stop = CancellationToken::new();
        let bounds = web::Bounds {
            connections: CONNECTIONS,
            ..web::Bounds::default()
        };
        let task = tokio::spawn(web::serve(bound, router(watched.clone()), bounds, stop.clone()));
        Ok(Some(Self {
            address,
            watched,
            stop,
            task,
        }))
    }

    /// Where it listens, with the port that was picked.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The process is up: from here on it is ready when `sources` say so.
    pub fn watch(&self, sources: Sources) {
        // A process starts once.
        let _ = self.watched.0.set(sources);
    }

    /// Stops; the last thing that a process does.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn router(watched: Watched) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(watched)
}

async fn live() -> Response {
    plain(StatusCode::OK, "ok")
}

async fn ready(State(watched): State<Watched>) -> Response {
    let state = match watched.0.get() {
        Some(sources) => sources.readiness.check().await,
        None => Err(NotReady::Starting),
    };
    readiness(state)
}

/// What a readiness check answers.
pub(crate) fn readiness(state: Result<(), NotReady>) -> Response {
    match state {
        Ok(()) => plain(StatusCode::OK, "ready"),
        Err(reason) => plain(StatusCode::SERVICE_UNAVAILABLE, &reason.to_string()),
    }
}

/// A line of plain text that is never cached.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{text}\n")).into_response()
}

async fn metrics(State(watched): State<Watched>, headers: HeaderMap) -> Response {
    let form = Form::wanted(&headers);
    let text = metrics::collect(watched.0.get(), form).await;
    ([(header::CONTENT_TYPE, form.media_type())], text).into_response()
}
