//! How heavy and how quick the pages of a large document are: GitHub's, 935 operations.

use std::time::{Duration, Instant};

use domain::{
    actor::Actor,
    catalog::{SpecUpload, service::ApiInput},
    upstream::Upstream,
};
use http::Method;

use crate::{browser::Browser, corpus, product::Product};

/// Longest operation page on the wire, in bytes.
const HEAVIEST: usize = 20_000;

/// Publishes the document; returns the paths of its operation pages.
async fn publish(product: &Product) -> Vec<String> {
    let services = product.running.services();
    let organization = services
        .organizations
        .create(&Actor::System, "acme", "Acme")
        .await
        .unwrap();
    let spec = SpecUpload {
        bytes: corpus::large_document(),
        source: "github.json.gz".into(),
        overlays: None,
    };
    let input = ApiInput {
        slug: "github".into(),
        name: "GitHub".into(),
        ..ApiInput::default()
    };
    let made = services
        .catalog
        .create_api(&Actor::System, organization.id, input, "v3", Some(spec))
        .await;
    let version = made.unwrap().1.id;
    let upstream = Upstream::single("http://127.0.0.1:9".parse().unwrap());
    services
        .catalog
        .set_upstream(&Actor::System, version, upstream)
        .await
        .unwrap();
    services.catalog.publish(&Actor::System, version).await.unwrap();
    let reference = services
        .catalog_reads
        .reference(&Actor::Anonymous, "acme", "github", "v3")
        .await
        .unwrap();
    let operations = reference.document.operations();
    let step = operations.len() / 10;
    operations
        .iter()
        .step_by(step)
        .take(10)
        .map(|operation| format!("/apis/acme/github/v3/operations/{}", operation.slug))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operation_pages_are_light() {
    let product = Product::start().await;
    let pages = publish(&product).await;
    let mut browser = product.browser();
    let headers = [("accept-encoding", "gzip")];
    for page in pages {
        browser.get(&page).await.expect(200);
        let since = Instant::now();
        let (headers, size) = weigh(&mut browser, &page, &headers).await;
        println!(
            "{size:>6} bytes, {:>6.1} ms warm: {page}",
            since.elapsed().as_secs_f64() * 1e3
        );
        assert_eq!(headers, "gzip", "{page}");
        assert!(size < HEAVIEST, "{page} has {size} bytes");
    }
    product.stop().await;
}

/// The encoding of an answer and how many bytes it has.
async fn weigh(browser: &mut Browser, page: &str, headers: &[(&str, &str)]) -> (String, usize) {
    let answer = browser
        .send(Method::GET, page, headers, bytes::Bytes::new())
        .await
        .expect(200);
    (answer.header("content-encoding").to_owned(), answer.size)
}

/// A measurement: `cargo test --release -p server --features domain/fixture -- --ignored --nocapture operation_pages_take`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement; only an optimised build tells anything"]
async fn operation_pages_take() {
    let product = Product::start().await;
    let pages = publish(&product).await;
    let mut browser = product.browser();
    for page in &pages {
        browser.get(page).await.expect(200);
    }
    for (name, headers) in [("plain", &[][..]), ("gzip", &[("accept-encoding", "gzip")][..])] {
        let mut times: Vec<Duration> = Vec::new();
        for n in 0..200 {
            let since = Instant::now();
            weigh(&mut browser, &pages[n % pages.len()], headers).await;
            times.push(since.elapsed());
        }
        times.sort_unstable();
        println!(
            "{name}: p50 {:?}, p99 {:?}, slowest {:?}",
            times[99], times[197], times[199]
        );
    }
    product.stop().await;
}
