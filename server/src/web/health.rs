//! For load balancers and supervisors: `/healthz` says that the process runs, `/readyz` that it can do its work.

use app::cx::AppState;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};

/// Both checks; plain text, never cached.
pub(super) fn router(state: AppState) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(state)
}

async fn healthz() -> impl IntoResponse {
    answer(StatusCode::OK, "ok\n")
}

/// 200 when the database answers and the gateway of this process, if it has one, serves a configuration; 503 otherwise.
async fn readyz(State(app): State<AppState>) -> impl IntoResponse {
    let database = app.services.context.db.health().await;
    if let Err(error) = &database {
        tracing::error!(error = ?error, "the database does not answer");
    }
    // Configurations are numbered from 1.
    let is_served = app.served.as_ref().is_none_or(|served| *served.borrow() > 0);
    match (database.is_ok(), is_served) {
        (true, true) => answer(StatusCode::OK, "ready\n"),
        (false, _) => answer(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
        (true, false) => answer(
            StatusCode::SERVICE_UNAVAILABLE,
            "the gateway has no configuration yet\n",
        ),
    }
}

fn answer(status: StatusCode, text: &'static str) -> impl IntoResponse {
    (
        status,
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        text,
    )
}
