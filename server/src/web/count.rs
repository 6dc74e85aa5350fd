//! Counts requests of the portal.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::operations::PortalCounters;

/// The layer: each request counts once, when the head of its answer is known; one whose visitor left before does not.
pub(super) async fn count(State(counters): State<Arc<PortalCounters>>, request: Request, next: Next) -> Response {
    let _in_flight = counters.begin();
    let began = Instant::now();
    let response = next.run(request).await;
    let micros = began.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
    counters.answered(response.status().as_u16(), micros);
    response
}
