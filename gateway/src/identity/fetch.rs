//! Fetching what identity needs from an issuer: key sets and answers of introspection. For background tasks only.
//!
//! The address is in a configuration that users write: like upstreams it is judged after the name was resolved, and
//! redirects are not followed, or a permitted issuer could point to a forbidden address.

use std::{future::Future, io, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::upstream::address::AddressPolicy;
use http::{HeaderValue, Method, StatusCode, Uri};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    http1::{AnswerReader, BadAnswer, BodyReader, Framing},
    message::AnswerHead,
    transport::Transport,
    upstream::{Authority, ConnectError, Connector, Offer},
};

/// A request to an issuer.
#[derive(Clone, Debug)]
pub(crate) struct FetchRequest {
    /// Where; `https`, or `http` where the installation permits private addresses.
    pub(crate) url: Uri,
    /// A form to POST; without one it is a GET.
    pub(crate) form: Option<String>,
    /// The value of `Authorization`.
    pub(crate) authorization: Option<HeaderValue>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not an address that may be fetched from.
    #[error("the address is not an absolute https address")]
    Url,
    /// There is no connection.
    #[error("the issuer can't be reached")]
    Connect(#[from] ConnectError),
    /// The exchange broke off.
    #[error("the exchange broke off")]
    Broken(#[from] io::Error),
    /// What came is no answer.
    #[error("the answer can't be read")]
    Answer(#[from] BadAnswer),
    /// Its chunks are not well-formed.
    #[error("the answer's body can't be read")]
    Body,
    /// Something else than 200, redirects included.
    #[error("the answer's status is {0}")]
    Status(StatusCode),
    /// The answer is too long.
    #[error("the answer has more than {0} bytes")]
    TooLong(usize),
    /// It took too long.
    #[error("it took longer than {0:?}")]
    Timeout(Duration),
}

/// Fetches; a trait, so that the tasks around it can be tested without a network.
pub(crate) trait Fetch {
    /// The body of the answer. Cancelling it closes the connection.
    fn fetch(&self, request: FetchRequest) -> impl Future<Output = Result<Bytes, FetchError>> + Send;
}

/// Fetches over HTTP/1.1, one connection for each request: answers are kept, so there are few.
#[derive(Clone, Debug)]
pub(crate) struct HttpFetch {
    addresses: AddressPolicy,
    connector: Connector,
    /// For all of it, from the name to the last byte.
    limit: Duration,
    max_bytes: usize,
}

impl HttpFetch {
    /// Connects as upstreams without TLS settings of their own are connected to: it trusts the roots that browsers trust.
    pub(crate) fn new(addresses: AddressPolicy, connector: Connector, limit: Duration, max_bytes: usize) -> Self {
        Self {
            addresses,
            connector,
            limit,
            max_bytes,
        }
    }

    /// The same with other bounds.
    pub(crate) fn within(&self, limit: Duration, max_bytes: usize) -> Self {
        Self {
            limit,
            max_bytes,
            ..self.clone()
        }
    }

    async fn exchange(&self, request: FetchRequest) -> Result<Bytes, FetchError> {
        let authority = self.authority(&request.url).ok_or(FetchError::Url)?;
        let mut transport = self.connector.connect(&authority, Offer::Http1).await?;
        transport.write_all(&message(&request, &authority)).await?;
        transport.flush().await?;
        let method = if request.form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        self.answer(&mut transport, &method).await
    }

    /// Whom to ask; `None` if the address is none that may be fetched from.
    fn authority(&self, url: &Uri) -> Option<Arc<Authority>> {
        let is_tls = match url.scheme_str()? {
            "https" => true,
            "http" if self.addresses.allow_private => false,
            _ => return None,
        };
        let authority = url.authority()?;
        // A name and password in the address would go nowhere.
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let header = HeaderValue::from_str(authority.as_str()).ok()?;
        Some(Arc::new(Authority::unkept((is_tls, host.to_owned(), port), header)))
    }

    async fn answer(&self, transport: &mut Transport, method: &Method) -> Result<Bytes, FetchError> {
        let (mut received, mut reader, mut head) = (Vec::new(), AnswerReader::default(), AnswerHead::default());
        let framing = loop {
            match reader.read(&received, method, &mut head)? {
                Some(found) => {
                    received.drain(..found.length);
                    if !head.status.is_informational() {
                        break found.framing;
                    }
                    head.clear();
                }
                None => self.receive(transport, &mut received).await?,
            }
        };
        if head.status != StatusCode::OK {
            return Err(FetchError::Status(head.status));
        }
        // What is announced as too long need not be waited for.
        if matches!(framing, Framing::Length(length) if length > self.max_bytes as u64) {
            return Err(FetchError::TooLong(self.max_bytes));
        }
        self.body(transport, BodyReader::new(framing), received).await
    }

    async fn body(
        &self,
        transport: &mut Transport,
        mut reader: BodyReader,
        mut received: Vec<u8>,
    ) -> Result<Bytes, FetchError> {
        let mut body = Vec::new();
        loop {
            let step = reader.step(&received).map_err(|_| FetchError::Body)?;
            let end = step.skipped + step.data;
            body.extend_from_slice(&received[step.skipped..end]);
            reader.took(step.data);
            received.drain(..end);
            if body.len() > self.max_bytes {
                return Err(FetchError::TooLong(self.max_bytes));
            }
            if reader.is_over() {
                return Ok(body.into());
            }
            // As long as there is something to take, more may follow in what has come.
            if end == 0 {
                match self.receive(transport, &mut received).await {
                    Err(FetchError::Broken(error))
                        if error.kind() == io::ErrorKind::UnexpectedEof && reader.ends_with_connection() =>
                    {
                        return Ok(body.into());
                    }
                    outcome => outcome?,
                }
            }
        }
    }

    /// Waits for more bytes; the end of the connection is an error.
    async fn receive(&self, transport: &mut Transport, received: &mut Vec<u8>) -> Result<(), FetchError> {
        match transport.read_buf(received).await? {
            0 => Err(FetchError::Broken(io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(()),
        }
    }
}

impl Fetch for HttpFetch {
    async fn fetch(&self, request: FetchRequest) -> Result<Bytes, FetchError> {
        timeout(self.limit, self.exchange(request))
            .await
            .unwrap_or(Err(FetchError::Timeout(self.limit)))
    }
}

/// The whole request.
fn message(request: &FetchRequest, authority: &Authority) -> Vec<u8> {
    let path = request.url.path_and_query().map_or("/", |path| path.as_str());
    let method = if request.form.is_some() { "POST" } else { "GET" };
    let mut message = format!("{method} {path} HTTP/1.1\r\nHost: ").into_bytes();
    message.extend_from_slice(authority.header.as_bytes());
    message.extend_from_slice(b"\r\nAccept: application/json, application/jwk-set+json\r\nConnection: close\r\n");
    if let Some(value) = &request.authorization {
        message.extend_from_slice(b"Authorization: ");
        message.extend_from_slice(value.as_bytes());
        message.extend_from_slice(b"\r\n");
    }
    let form = request.form.as_deref().unwrap_or_default();
    if request.form.is_some() {
        let fields = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        message.extend_from_slice(fields.as_bytes());
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(form.as_bytes());
    message
}

#[cfg(test)]
mod tests;
