//! A little live traffic, so that charts move while one looks: the lobby screen asks about once a second.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::world::LOBBY_KEY;

/// Between two calls.
const EVERY: Duration = Duration::from_millis(900);

/// What is asked, one after the other.
const PATHS: [&str; 6] = [
    "/acme/petstore/v1/pets?limit=5",
    "/meridian/weather/v1/places/lisbon/current",
    "/acme/petstore/v1/inventory",
    "/meridian/weather/v1/places/tokyo/forecast?days=5",
    "/meridian/rates/v1/latest?base=USD",
    "/acme/petstore/v1/pets/pet_3",
];

/// Calls until `stop`; a call that fails is left out.
pub(super) async fn call(gateway: SocketAddr, stop: CancellationToken) {
    let calling = async {
        loop {
            if let Err(error) = session(gateway).await {
                tracing::debug!(%error, "the sample caller connects again");
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::select! {
        () = calling => {}
        () = stop.cancelled() => {}
    }
}

/// Calls over one connection for as long as it lasts.
async fn session(gateway: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect(gateway).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::select! {
        ended = connection => Ok(ended?),
        ended = ask(&mut sender, gateway) => ended,
    }
}

async fn ask(sender: &mut SendRequest<Empty<Bytes>>, gateway: SocketAddr) -> Result<()> {
    loop {
        for path in PATHS {
            sender.ready().await?;
            let request = Request::get(path)
                .header(header::HOST, gateway.to_string())
                .header(header::AUTHORIZATION, format!("Bearer {LOBBY_KEY}"))
                .header(header::USER_AGENT, "lobby-screen/1.0")
                .body(Empty::new())?;
            sender.send_request(request).await?.into_body().collect().await?;
            tokio::time::sleep(EVERY).await;
        }
    }
}
