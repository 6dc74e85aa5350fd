//! Fetching a spec from a URL that a user typed, guarded against server-side request forgery.
//!
//! A host is resolved once, every address it leads to is judged by the installation's policy, and the connection is made
//! to an address that was judged, so that a name cannot lead elsewhere between the look and the leap. Each redirect goes
//! through the same gate. What comes back is bounded in time and size.

mod connection;
mod target;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use app::cx::SpecFetcher;
use domain::{catalog::SpecUpload, error::FieldError, upstream::address::AddressPolicy};
use http::{StatusCode, header};
use rustls::{ClientConfig, RootCertStore};

use connection::Answer;
use target::Target;

/// For everything together: names, connections, redirects, body.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 3;

/// Fetches specs over http and https.
pub struct HttpSpecFetcher {
    addresses: AddressPolicy,
    tls: Arc<ClientConfig>,
}

/// A sentence for the person who typed the URL.
type Sentence = String;

impl HttpSpecFetcher {
    /// A fetcher that connects to the addresses that `addresses` permits and trusts the public certificate authorities.
    pub fn new(addresses: AddressPolicy) -> Self {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            addresses,
            tls: Arc::new(tls),
        }
    }

    async fn follow(&self, url: &str) -> Result<SpecUpload, Sentence> {
        let mut target = Target::parse(url)?;
        for _ in 0..=REDIRECTS_MAX {
            match self.get(&target).await? {
                Answer::Document(bytes) => {
                    return Ok(SpecUpload {
                        bytes,
                        source: url.trim().to_owned(),
                        overlays: None,
                    });
                }
                Answer::Redirect(location) => target = target.redirected(&location)?,
            }
        }
        Err(format!(
            "The address redirects more than {REDIRECTS_MAX} times. Enter the one it ends at."
        ))
    }

    async fn get(&self, target: &Target) -> Result<Answer, Sentence> {
        let addresses = target.resolve(self.addresses).await?;
        let limit = openapi::Limits::default().bytes;
        connection::get(target, &addresses, &self.tls, limit).await
    }
}

impl SpecFetcher for HttpSpecFetcher {
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Result<SpecUpload, FieldError>> + Send + 'a>> {
        Box::pin(async move {
            let fetched = tokio::time::timeout(TIMEOUT, self.follow(url)).await;
            fetched
                .unwrap_or_else(|_| {
                    Err(format!(
                        "The address did not deliver a document within {} s.",
                        TIMEOUT.as_secs()
                    ))
                })
                .map_err(|sentence| FieldError::new("url", sentence))
        })
    }
}

/// What to say about a status other than success.
fn status_sentence(status: StatusCode) -> Sentence {
    match status.as_u16() {
        401 | 403 => format!(
            "The address asks for a sign-in (it answered {}). Download the document and upload it.",
            status.as_u16()
        ),
        404 | 410 => format!(
            "There is no document at this address (it answered {}).",
            status.as_u16()
        ),
        code => format!("The address answered {code} instead of a document."),
    }
}

/// Where a redirect leads, if the answer is one.
fn location(status: StatusCode, headers: &http::HeaderMap) -> Option<Result<String, Sentence>> {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308).then(|| {
        headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned)
            .ok_or_else(|| "The address redirects without saying where.".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Answers each connection with the next of `answers`, and returns its address.
    async fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream
                    .write_all(answer.replace("{self}", &address.to_string()).as_bytes())
                    .await;
            }
        });
        format!("http://{address}")
    }

    fn fetcher(allow_private: bool) -> HttpSpecFetcher {
        let _ = rustls::crypto::ring::default_provider().install_default();
        HttpSpecFetcher::new(AddressPolicy { allow_private })
    }

    async fn sentence(url: &str, allow_private: bool) -> String {
        match fetcher(allow_private).fetch(url).await {
            Ok(_) => panic!("{url} was fetched"),
            Err(error) => {
                assert_eq!(error.field, "url");
                error.message
            }
        }
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    fn redirect(to: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    }

    #[tokio::test]
    async fn a_document_is_fetched_also_behind_redirects() {
        let url = server(vec![
            redirect("/next"),
            redirect("http://{self}/last"),
            ok("openapi: 3.1.0"),
        ])
        .await;
        let upload = fetcher(true).fetch(&format!("{url}/first")).await.unwrap();
        assert_eq!(
            (upload.bytes.as_slice(), upload.source),
            (b"openapi: 3.1.0".as_slice(), format!("{url}/first"))
        );
    }

    #[tokio::test]
    async fn forbidden_places_are_not_reached_directly_or_by_a_redirect() {
        for url in [
            "http://169.254.169.254/latest",
            "http://[::ffff:169.254.169.254]/",
            "http://2852039166/",
            "http://0.0.0.0/",
        ] {
            for allow_private in [true, false] {
                let said = sentence(url, allow_private).await;
                assert!(said.contains("not allowed"), "{url}: {said}");
            }
        }
        for url in [
            "http://127.0.0.1:1/",
            "http://localhost:1/",
            "http://[::1]:1/",
            "http://10.0.0.1/",
        ] {
            let said = sentence(url, false).await;
            assert!(said.contains("not allowed"), "{url}: {said}");
        }
        let url = server(vec![redirect("http://169.254.169.254/latest/meta-data")]).await;
        assert!(sentence(&url, true).await.contains("169.254.169.254"));
        let url = server(vec![redirect("file:///etc/passwd")]).await;
        assert!(sentence(&url, true).await.contains("http"));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said() {
        let endless = vec![redirect("/again"); 5];
        for (answers, word) in [
            (
                vec!["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned()],
                "no document",
            ),
            (
                vec!["HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n".to_owned()],
                "sign-in",
            ),
            (vec!["HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned()], "500"),
            (
                vec!["HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned()],
                "without saying where",
            ),
            (vec!["not http\r\n\r\n".to_owned()], "HTTP"),
            (vec![ok("")], "empty"),
            (
                vec!["HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned()],
                "MiB",
            ),
            (
                vec!["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".to_owned()],
                "broke off",
            ),
            (endless, "redirects more than"),
        ] {
            let url = server(answers).await;
            let said = sentence(&url, true).await;
            assert!(said.contains(word), "{word}: {said}");
        }
        for (url, word) in [
            ("", "Enter"),
            ("spec.yaml", "not a URL"),
            ("ftp://h.example/a", "ftp"),
            ("http://u:p@h.example/", "password"),
            ("http://no-such-host.invalid/", "no-such-host.invalid"),
        ] {
            let said = sentence(url, true).await;
            assert!(said.contains(word), "{url}: {said}");
        }
    }
}
