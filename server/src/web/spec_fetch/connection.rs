//! One request over one connection to an address that was judged.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Sentence, location, status_sentence, target::Target};

/// What an address answers.
pub(super) enum Answer {
    /// A document of at least one byte.
    Document(Vec<u8>),
    /// The value of `Location`.
    Redirect(String),
}

/// Asks for the target at the first of `addresses` that accepts a connection.
pub(super) async fn get(
    target: &Target,
    addresses: &[SocketAddr],
    tls: &Arc<ClientConfig>,
    limit: usize,
) -> Result<Answer, Sentence> {
    let stream = connect(target, addresses).await?;
    if target.is_tls() {
        let name = ServerName::try_from(target.server_name().to_owned())
            .map_err(|_| format!("`{}` is not a host that a certificate can name.", target.server_name()))?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .map_err(|error| format!("No protected connection to {}: {error}.", target.authority()))?;
        exchange(target, stream, limit).await
    } else {
        exchange(target, stream, limit).await
    }
}

async fn connect(target: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, Sentence> {
    let mut reason = String::from("no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(format!("No connection to {}: {reason}.", target.authority()))
}

async fn exchange<S>(target: &Target, stream: S, limit: usize) -> Result<Answer, Sentence>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let not_http = |_| format!("{} did not answer with HTTP.", target.authority());
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(64 * 1024)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(not_http)?;
    let authority = HeaderValue::try_from(target.authority()).map_err(|_| "The address has no valid host.")?;
    let request = Request::builder()
        .uri(target.path_and_query())
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("turnpike/", env!("CARGO_PKG_VERSION")))
        .header(
            header::ACCEPT,
            "application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5",
        )
        .body(Empty::new())
        .map_err(|_| "The address cannot be sent in a request.")?;
    let read = async {
        let response = sender.send_request(request).await.map_err(not_http)?;
        let (head, body) = response.into_parts();
        if let Some(location) = location(head.status, &head.headers) {
            return location.map(Answer::Redirect);
        }
        if !head.status.is_success() {
            return Err(status_sentence(head.status));
        }
        read(target, body, limit).await
    };
    tokio::pin!(connection);
    // The connection only moves while it is polled, and it ends with the answer: no task outlives this future.
    tokio::pin!(read);
    let mut is_open = true;
    loop {
        tokio::select! {
            answer = read.as_mut() => return answer,
            _ = connection.as_mut(), if is_open => is_open = false,
        }
    }
}

async fn read(target: &Target, body: hyper::body::Incoming, limit: usize) -> Result<Answer, Sentence> {
    let too_large = || format!("The document is larger than {} MiB.", limit / (1024 * 1024));
    if hyper::body::Body::size_hint(&body).lower() > limit as u64 {
        return Err(too_large());
    }
    let bytes = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large()
        } else {
            format!("{} broke off before the document was complete.", target.authority())
        }
    })?;
    let bytes = bytes.to_bytes();
    if bytes.is_empty() {
        return Err("The address answered with an empty document.".into());
    }
    Ok(Answer::Document(bytes.into()))
}
