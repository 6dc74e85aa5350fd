//! For load balancers and supervisors that only see the portal: `/healthz` says that the process runs, `/readyz` that it can
//! do its work. The same as `/health/live` and `/health/ready` of the listener for operators.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use crate::operations::{self, Readiness};

/// Both checks; plain text, never cached.
pub(super) fn router(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(readiness)
}

async fn healthz() -> Response {
    operations::plain(StatusCode::OK, "ok")
}

/// 200 when the database answers and the gateway of this process, if it has one, serves a configuration; 503 otherwise,
/// and when the process is about to stop.
async fn readyz(State(readiness): State<Readiness>) -> Response {
    operations::readiness(readiness.check().await)
}
