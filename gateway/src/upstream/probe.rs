//! One request of a health check, on a connection of its own.

use std::{io, sync::Arc, time::Duration};

use domain::upstream::{
    address::AddressPolicy,
    transport::{Protocol, Tls},
};
use http::{Method, Request, StatusCode, Version, header::USER_AGENT};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    task::spawn_local,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    Authority, UpstreamCertificates,
    resolve::resolve,
    tick::Tick,
    tls::{self, Offer, Offers},
};
use crate::{
    http1::{AnswerReader, BadAnswer},
    message::AnswerHead,
};

/// Bytes that are read at once.
const READ: usize = 1_024;
/// Says who asks.
const AGENT: &str = "turnpike-health";

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// No connection: the name, the network or TLS.
    #[error("no connection")]
    Connect(#[from] io::Error),
    /// Every address is one that may not be connected to.
    #[error("no address is permitted")]
    Forbidden,
    /// The path can't be sent.
    #[error("the path is malformed")]
    Malformed(#[from] http::Error),
    /// No answer of HTTP/1.1.
    #[error("the answer is malformed")]
    Answer(#[from] BadAnswer),
    /// No answer of HTTP/2.
    #[error("no answer of HTTP/2")]
    Http2(#[from] h2::Error),
    /// It took too long.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

/// Asks targets, with the permissions that calls have.
#[derive(Debug)]
pub(crate) struct Prober {
    addresses: AddressPolicy,
    tls: Offers,
}

impl Prober {
    /// Trusts the roots that browsers trust, where an upstream says nothing else.
    ///
    /// # Errors
    /// TLS can't be set up.
    pub(crate) fn new(addresses: AddressPolicy) -> io::Result<Self> {
        let tls = tls::client(&Tls::default(), &UpstreamCertificates::default()).map_err(io::Error::other)?;
        Ok(Self { addresses, tls })
    }

    /// Status of the answer to a GET. `limit` is for connection and head together. Must be called on a worker's runtime.
    pub(crate) async fn ask(
        &self,
        authority: &Arc<Authority>,
        path: &str,
        limit: Duration,
    ) -> Result<StatusCode, ProbeError> {
        // A task for each: TLS makes it large.
        timeout(limit, Box::pin(self.exchange(authority, path)))
            .await
            .unwrap_or(Err(ProbeError::Timeout(limit)))
    }

    async fn exchange(&self, authority: &Arc<Authority>, path: &str) -> Result<StatusCode, ProbeError> {
        let stream = self.connect(authority).await?;
        if !authority.is_tls {
            return send(stream, authority, path).await;
        }
        let name = ServerName::try_from(authority.tls_name().to_owned()).map_err(io::Error::other)?;
        let offer = match authority.connecting.protocol {
            Protocol::Http2 => Offer::Http2,
            Protocol::Auto | Protocol::Http1 => Offer::Http1,
        };
        let config = authority.connecting.tls.as_ref().unwrap_or(&self.tls).of(offer);
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
        send(stream, authority, path).await
    }

    /// The first permitted address that accepts; judged after the name was resolved, as for calls.
    async fn connect(&self, authority: &Arc<Authority>) -> Result<TcpStream, ProbeError> {
        let policy = authority.policy(self.addresses);
        let mut last = ProbeError::Forbidden;
        for address in resolve(authority, Tick::now()).await? {
            if !policy.permits(address.ip()) {
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }
}

async fn send<S>(stream: S, authority: &Authority, path: &str) -> Result<StatusCode, ProbeError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    if authority.connecting.protocol == Protocol::Http2 {
        send_http2(stream, authority, path).await
    } else {
        send_http1(stream, authority, path).await
    }
}

async fn send_http1<S>(mut stream: S, authority: &Authority, path: &str) -> Result<StatusCode, ProbeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = [
        b"GET ",
        path.as_bytes(),
        b" HTTP/1.1\r\nHost: ",
        authority.header.as_bytes(),
        b"\r\nUser-Agent: ",
        AGENT.as_bytes(),
        b"\r\nConnection: close\r\n\r\n",
    ];
    stream.write_all(&request.concat()).await?;
    let (mut reader, mut head) = (AnswerReader::default(), AnswerHead::default());
    let mut received = Vec::with_capacity(READ);
    loop {
        // Informational answers come before the one (RFC 9110 §15.2).
        while let Some(found) = reader.read(&received, &Method::GET, &mut head)? {
            if !head.status.is_informational() {
                return Ok(head.status);
            }
            received.drain(..found.length);
            head.clear();
        }
        received.reserve(READ);
        if stream.read_buf(&mut received).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

async fn send_http2<S>(stream: S, authority: &Authority, path: &str) -> Result<StatusCode, ProbeError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let scheme = if authority.is_tls { "https" } else { "http" };
    let host = String::from_utf8_lossy(authority.header.as_bytes());
    let request = Request::get(format!("{scheme}://{host}{path}"))
        .version(Version::HTTP_2)
        .header(USER_AGENT, AGENT)
        .body(())?;
    let (sender, connection) = h2::client::handshake(stream).await?;
    // It ends when its sender and its streams are dropped, also when this future is.
    spawn_local(connection);
    let (answer, _) = sender.ready().await?.send_request(request, true)?;
    Ok(answer.await?.status())
}

#[cfg(test)]
mod tests {
    use tokio::{net::TcpListener, task::LocalSet};

    use super::*;
    use crate::upstream::book::{AuthorityBook, AuthorityKey};

    const OPEN: AddressPolicy = AddressPolicy { allow_private: true };
    const LONG: Duration = Duration::from_mins(1);

    fn authority(port: u16) -> Arc<Authority> {
        let upstream = domain::upstream::Upstream::single("http://127.0.0.1".parse().unwrap());
        let key = AuthorityKey::new(false, "127.0.0.1".into(), port, &upstream);
        let header = format!("127.0.0.1:{port}").parse().unwrap();
        AuthorityBook::default().authority(key, header).unwrap()
    }

    #[tokio::test]
    async fn the_status_of_the_answer_is_told() {
        LocalSet::new()
            .run_until(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = listener.local_addr().unwrap().port();
                let server = spawn_local(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(stream.read_u8().await.unwrap());
                    }
                    stream
                        .write_all(b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 3\r\n\r\nno\n")
                        .await
                        .unwrap();
                    String::from_utf8(request).unwrap().to_lowercase()
                });
                let status = Prober::new(OPEN)
                    .unwrap()
                    .ask(&authority(port), "/base/up?x=1", LONG)
                    .await
                    .unwrap();
                assert_eq!(status, 503);
                let request = server.await.unwrap();
                assert!(request.starts_with("get /base/up?x=1 http/1.1\r\n"), "{request}");
                assert!(request.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{request}");
            })
            .await;
    }

    #[tokio::test]
    async fn silence_refusal_and_forbidden_addresses_are_no_answers() {
        LocalSet::new()
            .run_until(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = listener.local_addr().unwrap().port();
                let prober = Prober::new(OPEN).unwrap();
                let silent = prober.ask(&authority(port), "/", Duration::from_millis(20)).await;
                assert!(matches!(silent, Err(ProbeError::Timeout(_))), "{silent:?}");
                let closed = Prober::new(AddressPolicy::default())
                    .unwrap()
                    .ask(&authority(port), "/", LONG)
                    .await;
                assert!(matches!(closed, Err(ProbeError::Forbidden)), "{closed:?}");
                drop(listener);
                let refused = prober.ask(&authority(port), "/", LONG).await;
                assert!(matches!(refused, Err(ProbeError::Connect(_))), "{refused:?}");
            })
            .await;
    }
}
