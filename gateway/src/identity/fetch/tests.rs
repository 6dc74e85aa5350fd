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
