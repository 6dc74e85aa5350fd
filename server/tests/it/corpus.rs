//! Real documents: each imports, and its api page, its reference and every operation page are pages.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use domain::{
    actor::Actor,
    catalog::{SpecUpload, service::ApiInput},
    services::Services,
    upstream::Upstream,
};
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::product::Product;

/// Pages are asked for over this many connections: as many as there are cores on a small machine, twice.
const CONNECTIONS: usize = 4;
/// No page may take longer, even without optimisation and beside other tests.
const SLOWEST: Duration = Duration::from_secs(10);

/// Documents that belong to the project.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/tests/specs/real")
}

/// A larger collection, where there is one: in the folder `TURNPIKE_SHARED`, or in `shared` beside the checkout.
fn shared() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration that could pass it the value"
    )]
    let named = std::env::var("TURNPIKE_SHARED").ok().map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = named.unwrap_or(beside).join("specs");
    folder.is_dir().then_some(folder)
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// GitHub's: 935 operations, as it is uploaded.
pub(crate) fn large_document() -> Vec<u8> {
    std::fs::read(own().join("github-api-16.6.0-3.0.json.gz")).unwrap()
}

/// The first path of a document that can be called with GET as it stands.
pub(crate) fn first_path(bytes: &[u8]) -> String {
    let document = openapi::read(bytes, &openapi::Limits::default()).unwrap();
    let is_plain =
        |entry: &&openapi::OperationEntry| entry.method == "GET" && entry.path.len() > 1 && !entry.path.contains('{');
    document
        .operations()
        .iter()
        .find(is_plain)
        .expect("a plain operation")
        .path
        .clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_the_projects_documents_is_there() {
    let pages = walk(files(&own())).await;
    assert!(pages > 2_300, "only {pages} pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_the_shared_documents_is_there() {
    let Some(shared) = shared() else { return };
    let folders = ["huge", "large", "mid", "tiny", "pairs", "multifile"].map(|folder| shared.join(folder));
    let all = folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| files(folder));
    let is_document = |path: &PathBuf| {
        let name = path.display().to_string();
        let is_part = name.contains("multifile") && !name.ends_with("swagger.yaml");
        !is_part && !name.ends_with("oasdiff-expected.json")
    };
    let pages = walk(all.filter(is_document).collect()).await;
    assert!(pages > 3_000, "only {pages} pages");
}

/// Publishes every document and asks for all of its pages; returns how many those were.
async fn walk(documents: Vec<PathBuf>) -> usize {
    let product = Product::start().await;
    let services = product.running.services().clone();
    let organization = services
        .organizations
        .create(&Actor::System, "corpus", "Corpus")
        .await
        .unwrap();
    let mut count = 0;
    for (n, path) in documents.iter().enumerate() {
        let slug = format!("api-{n}");
        let slugs = import(&services, organization.id, &slug, path).await;
        let base = format!("/apis/corpus/{slug}");
        let mut pages = vec![base.clone(), format!("{base}/v1")];
        pages.extend(
            slugs
                .into_iter()
                .map(|operation| format!("{base}/v1/operations/{operation}")),
        );
        count += pages.len();
        ask_all(product.portal(), pages, path).await;
    }
    product.stop().await;
    count
}

/// Publishes a document; returns the slugs of its operations.
async fn import(services: &Services, organization: domain::id::OrganizationId, slug: &str, path: &Path) -> Vec<String> {
    let name = path.display().to_string();
    let spec = SpecUpload {
        bytes: std::fs::read(path).unwrap(),
        source: name.clone(),
        overlays: None,
    };
    let input = ApiInput {
        slug: slug.into(),
        name: slug.into(),
        ..ApiInput::default()
    };
    let made = services
        .catalog
        .create_api(&Actor::System, organization, input, "v1", Some(spec))
        .await;
    let (_, version) = made.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let upstream = Upstream::single("http://127.0.0.1:9".parse().unwrap());
    services
        .catalog
        .set_upstream(&Actor::System, version.id, upstream)
        .await
        .unwrap();
    services.catalog.publish(&Actor::System, version.id).await.unwrap();
    let reference = services
        .catalog_reads
        .reference(&Actor::Anonymous, "corpus", slug, "v1")
        .await
        .unwrap();
    reference
        .document
        .operations()
        .iter()
        .map(|entry| entry.slug.clone())
        .collect()
}

/// Asks for pages over several kept connections; each must be a whole page.
async fn ask_all(portal: SocketAddr, pages: Vec<String>, document: &Path) {
    let pages = Arc::new(pages);
    let mut connections = tokio::task::JoinSet::new();
    for first in 0..CONNECTIONS.min(pages.len()) {
        let (pages, document) = (Arc::clone(&pages), document.display().to_string());
        connections.spawn(async move {
            let stream = TcpStream::connect(portal).await.unwrap();
            let (mut sender, task) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(task);
            for page in pages.iter().skip(first).step_by(CONNECTIONS) {
                let since = Instant::now();
                sender.ready().await.unwrap();
                let request = Request::get(page)
                    .header(header::HOST, "portal")
                    .body(Empty::<Bytes>::new())
                    .unwrap();
                let answer = sender.send_request(request).await.unwrap();
                assert_eq!(answer.status(), 200, "{document}: {page}");
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert!(body.ends_with(b"</html>"), "{document}: {page} ends early");
                assert!(
                    since.elapsed() < SLOWEST,
                    "{document}: {page} took {:?}",
                    since.elapsed()
                );
            }
        });
    }
    while let Some(done) = connections.join_next().await {
        done.unwrap();
    }
}
