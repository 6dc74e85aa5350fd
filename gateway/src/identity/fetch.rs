//! Fetching what identity needs from an issuer: key sets and answers of introspection. For background tasks only.
//!
//! The address is in a configuration that users write: like upstreams it is judged after the name was resolved, and
//! redirects are not followed, or a permitted issuer could point to a forbidden address.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::upstream::address::AddressPolicy;
use http::{
    Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue},
};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

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
    /// The name has no address.
    #[error("the name can't be resolved")]
    Resolve(#[source] io::Error),
    /// Every address is one that may not be connected to.
    #[error("no address is permitted")]
    Forbidden,
    /// Nobody accepts.
    #[error("the connection was refused")]
    Connect(#[source] io::Error),
    /// TLS failed: most often the certificate.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// The exchange broke.
    #[error("the exchange broke")]
    Http(#[source] hyper::Error),
    /// Something else than 200, redirects included.
    #[error("the answer's status is {0}")]
    Status(StatusCode),
    /// The body broke off.
    #[error("the answer broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
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

/// Fetches over HTTP/1.1, one connection for each request: there is one in minutes.
#[derive(Clone)]
pub(crate) struct HttpFetch {
    addresses: AddressPolicy,
    tls: TlsConnector,
    /// For all of it, from the name to the last byte.
    limit: Duration,
    max_bytes: usize,
}

impl HttpFetch {
    /// Trusts the roots that browsers trust.
    pub(crate) fn new(addresses: AddressPolicy, limit: Duration, max_bytes: usize) -> io::Result<Self> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self {
            addresses,
            tls: TlsConnector::from(Arc::new(config)),
            limit,
            max_bytes,
        })
    }

    async fn exchange(&self, request: FetchRequest) -> Result<Bytes, FetchError> {
        let is_tls = match request.url.scheme_str() {
            Some("https") => true,
            Some("http") if self.addresses.allow_private => false,
            _ => return Err(FetchError::Url),
        };
        let authority = request.url.authority().ok_or(FetchError::Url)?.clone();
        // A name and password in the address would go nowhere.
        if authority.as_str().contains('@') {
            return Err(FetchError::Url);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = self.connect(host, port).await?;
        let request = message(request, authority.as_str())?;
        if is_tls {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::Url)?;
            let stream = self.tls.connect(name, stream).await.map_err(FetchError::Tls)?;
            self.talk(stream, request).await
        } else {
            self.talk(stream, request).await
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, FetchError> {
        let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => {
                let found = tokio::net::lookup_host((host, port)).await;
                found.map_err(FetchError::Resolve)?.collect()
            }
        };
        if addresses.is_empty() {
            return Err(FetchError::Resolve(io::ErrorKind::NotFound.into()));
        }
        let mut last = FetchError::Forbidden;
        for address in addresses
            .into_iter()
            .filter(|address| self.addresses.permits(address.ip()))
        {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = FetchError::Connect(error),
            }
        }
        Err(last)
    }

    async fn talk<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<Bytes, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(FetchError::Http)?;
        let answer = async {
            let answer = sender.send_request(request).await.map_err(FetchError::Http)?;
            if answer.status() != StatusCode::OK {
                return Err(FetchError::Status(answer.status()));
            }
            // What is announced as too long need not be waited for.
            if answer.body().size_hint().lower() > self.max_bytes as u64 {
                return Err(FetchError::TooLong(self.max_bytes));
            }
            let body = Limited::new(answer.into_body(), self.max_bytes).collect().await;
            body.map(http_body_util::Collected::to_bytes).map_err(|error| {
                if error.is::<LengthLimitError>() {
                    FetchError::TooLong(self.max_bytes)
                } else {
                    FetchError::Body(error)
                }
            })
        };
        tokio::pin!(answer);
        // The connection moves the bytes; once it ends, the answer says what came of it.
        tokio::select! {
            biased;
            outcome = &mut answer => outcome,
            _ = connection => answer.await,
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

const AUTHORIZATION: HeaderName = http::header::AUTHORIZATION;

fn message(request: FetchRequest, authority: &str) -> Result<Request<Full<Bytes>>, FetchError> {
    let path = request.url.path_and_query().map_or("/", |path| path.as_str());
    let mut message = Request::builder()
        .uri(path)
        .header(HOST, authority)
        .header(ACCEPT, "application/json, application/jwk-set+json");
    if let Some(value) = request.authorization {
        message = message.header(AUTHORIZATION, value);
    }
    if request.form.is_some() {
        message = message
            .method(Method::POST)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(request.form.unwrap_or_default()));
    message.body(body).map_err(|_| FetchError::Url)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

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
        HttpFetch::new(addresses, Duration::from_secs(20), 100).unwrap()
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
        assert!(seen.starts_with("GET /keys?a=b HTTP/1.1\r\nhost: 127.0.0.1:"), "{seen}");
    }

    #[tokio::test]
    async fn forms_are_posted() {
        let (outcome, seen) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Some("x=y")).await;
        assert_eq!(outcome.unwrap(), "{}");
        assert!(seen.starts_with("POST /keys?a=b HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("authorization: Basic YTpi\r\n"), "{seen}");
        assert!(
            seen.contains("content-type: application/x-www-form-urlencoded\r\n"),
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
        let (outcome, _) = exchange("nonsense\r\n\r\n", None).await;
        assert!(matches!(outcome, Err(FetchError::Http(_))), "{outcome:?}");
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
            assert!(matches!(outcome, Err(FetchError::Forbidden)), "{url}: {outcome:?}");
        }
        let open = fetcher(LOCAL);
        let metadata = open.fetch(request("http://169.254.169.254/latest")).await;
        assert!(matches!(metadata, Err(FetchError::Forbidden)), "{metadata:?}");
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
        let fetcher = HttpFetch::new(LOCAL, Duration::from_millis(1), 100).unwrap();
        let outcome = fetcher.fetch(request(&url)).await;
        assert!(matches!(outcome, Err(FetchError::Timeout(_))), "{outcome:?}");
    }
}
