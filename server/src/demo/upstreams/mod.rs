//! The servers behind the sample apis: small, real, in memory, on loopback ports of this process.

mod petstore;
mod rates;
mod weather;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::{
    Json, Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::clock::Clock;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

/// The running servers. Dropping it stops them.
pub(super) struct Upstreams {
    /// Keeps the servers running.
    _servers: JoinSet<()>,
    pub(super) petstore: SocketAddr,
    pub(super) weather: SocketAddr,
    pub(super) rates: SocketAddr,
}

impl Upstreams {
    /// Starts each on a free port.
    pub(super) async fn start(clock: &Clock) -> anyhow::Result<Self> {
        let mut servers = JoinSet::new();
        Ok(Self {
            petstore: serve(&mut servers, petstore::router()).await?,
            weather: serve(&mut servers, weather::router(clock.clone())).await?,
            rates: serve(&mut servers, rates::router(clock.clone())).await?,
            _servers: servers,
        })
    }
}

async fn serve(servers: &mut JoinSet<()>, router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("a sample upstream cannot listen")?;
    let address = listener.local_addr()?;
    servers.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a sample upstream stopped");
        }
    });
    Ok(address)
}

/// An error in the form of RFC 9457.
fn problem(status: StatusCode, title: impl Into<String>) -> Response {
    let body: Value = json!({ "title": title.into(), "status": status.as_u16() });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(body)).into_response()
}
