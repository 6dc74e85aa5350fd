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
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LOCAL: AddressPolicy = AddressPolicy { allow_private: true };

    fn request(url: &str) -> FetchRequest {
        FetchRequest {
            url: url.parse().unwrap(),
            form: None,
            authorization: None,
        }
    }

    fn fetcher(addresses: AddressPolicy) -> HttpFetch {
        HttpFetch::new(
            addresses,
            Connector::new(addresses).unwrap(),
            Duration::from_secs(20),
            100,
        )
    }

    /// Answers one request with `answer`; what came is returned. Then the connection stays open.
    async fn exchange(answer: &'static str, form: Option<&str>) -> (Result<Bytes, FetchError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut request = request(&format!("http://{}/keys?a=b", listener.local_addr().unwrap()));
        request.form = form.map(str::to_owned);
        request.authorization = form.map(|_| HeaderValue::from_static("Basic YTpi"));
        let end = if form.is_some() { "x=y" } else { "\r\n\r\n" };
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(end.as_bytes()) {
                assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            (String::from_utf8(seen).unwrap(), stream)
        };
        let fetcher = fetcher(LOCAL);
        let (outcome, (seen, _stream)) = tokio::join!(fetcher.fetch(request), serve);
        (outcome, seen)
    }

    #[tokio::test]
    async fn the_body_of_a_good_answer_comes_back() {
        let (outcome, seen) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}", None).await;
        assert_eq!(outcome.unwrap(), "{\"keys\":[]}");
        assert!(seen.starts_with("GET /keys?a=b HTTP/1.1\r\nHost: 127.0.0.1:"), "{seen}");
    }

    #[tokio::test]
    async fn bodies_end_in_every_way() {
        let chunked = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            2\r\n{}\r\n1;x=y\r\n \r\n0\r\n\r\n";
        let (outcome, _) = exchange(chunked, None).await;
        assert_eq!(outcome.unwrap(), "{} ");
        let (outcome, _) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None).await;
        assert_eq!(outcome.unwrap(), "");
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n{}", Some("{}")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", None),
            ("HTTP/1.1 200", None),
            ("", None),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut seen = Vec::new();
                while !seen.ends_with(b"\r\n\r\n") {
                    assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            };
            let fetcher = fetcher(LOCAL);
            let (outcome, ()) = tokio::join!(fetcher.fetch(request(&url)), serve);
            assert_eq!(outcome.ok().as_deref(), expected.map(str::as_bytes), "{answer}");
        }
    }

    #[tokio::test]
    async fn forms_are_posted() {
        let (outcome, seen) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Some("x=y")).await;
        assert_eq!(outcome.unwrap(), "{}");
        assert!(seen.starts_with("POST /keys?a=b HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("Authorization: Basic YTpi\r\n"), "{seen}");
        assert!(
            seen.contains("Content-Type: application/x-www-form-urlencoded\r\n"),
            "{seen}"
        );
    }

    #[tokio::test]
    async fn redirects_and_errors_are_not_followed() {
        for (answer, status) in [
            (
                "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
                302,
            ),
            ("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", 500),
        ] {
            let (outcome, _) = exchange(answer, None).await;
            assert!(
                matches!(outcome, Err(FetchError::Status(found)) if found == status),
                "{outcome:?}"
            );
        }
    }

    #[tokio::test]
    async fn long_and_broken_answers_are_refused() {
        let (outcome, _) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", None).await;
        assert!(matches!(outcome, Err(FetchError::TooLong(100))), "{outcome:?}");
        let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n\
            ----------------------------------------------------------------\r\n40\r\n\
            ----------------------------------------------------------------\r\n";
        let (outcome, _) = exchange(endless, None).await;
        assert!(matches!(outcome, Err(FetchError::TooLong(100))), "{outcome:?}");
        let bad_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
        let (outcome, _) = exchange(bad_chunk, None).await;
        assert!(matches!(outcome, Err(FetchError::Body)), "{outcome:?}");
        let (outcome, _) = exchange("nonsense\r\n\r\n", None).await;
        assert!(matches!(outcome, Err(FetchError::Answer(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn addresses_are_judged_before_anything_is_sent() {
        let closed = fetcher(AddressPolicy::default());
        for url in [
            "https://127.0.0.1:1/",
            "https://localhost:1/",
            "https://169.254.169.254/",
            "https://[::1]:1/",
        ] {
            let outcome = closed.fetch(request(url)).await;
            assert!(
                matches!(outcome, Err(FetchError::Connect(ConnectError::Forbidden))),
                "{url}: {outcome:?}"
            );
        }
        let open = fetcher(LOCAL);
        let metadata = open.fetch(request("http://169.254.169.254/latest")).await;
        assert!(
            matches!(metadata, Err(FetchError::Connect(ConnectError::Forbidden))),
            "{metadata:?}"
        );
    }

    #[tokio::test]
    async fn addresses_have_a_form() {
        for (policy, url) in [
            (AddressPolicy::default(), "http://example.com/keys"),
            (LOCAL, "ftp://example.com/keys"),
            (LOCAL, "/keys"),
            (LOCAL, "http://user:password@127.0.0.1/"),
        ] {
            let outcome = fetcher(policy).fetch(request(url)).await;
            assert!(matches!(outcome, Err(FetchError::Url)), "{url}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn an_issuer_that_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let fetcher = fetcher(LOCAL).within(Duration::from_millis(1), 100);
        let outcome = fetcher.fetch(request(&url)).await;
        assert!(
            matches!(
                outcome,
                Err(FetchError::Timeout(_) | FetchError::Connect(ConnectError::Timeout(_)))
            ),
            "{outcome:?}"
        );
    }
}
