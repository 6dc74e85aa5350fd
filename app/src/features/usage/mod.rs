//! Skeleton.

use axum::Router;

use crate::cx::AppState;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
}
