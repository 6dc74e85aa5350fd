//! What programs read: sitemaps, `llms.txt`, the api catalog, Markdown twins. Each address that they name is there, and what
//! not everybody may see is in none of them.

use http::Method;
use url::Url;

use crate::{
    browser::{Answer, Browser},
    product::{PETS, Product, create_api, publish},
    upstream,
};

/// Public, private and not yet published apis of one provider.
async fn world() -> (Product, Browser) {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@example.com").await;
    let fields = [("name", "Acme"), ("slug", "acme")];
    provider.post("/console/new", &fields).await.expect(303);
    let (address, _) = upstream::start().await;
    let upstream = format!("http://{address}");
    publish(&mut provider, "acme", "pets", PETS.as_bytes(), &upstream).await;
    publish(&mut provider, "acme", "secret", PETS.as_bytes(), &upstream).await;
    let private = [
        ("name", "secret"),
        ("summary", ""),
        ("visibility", "private"),
        ("tags", ""),
    ];
    provider
        .post("/console/acme/apis/secret/edit", &private)
        .await
        .expect(303);
    create_api(&mut provider, "acme", "unready", PETS.as_bytes())
        .await
        .expect(303);
    (product, provider)
}

/// The paths of the addresses between two marks.
fn paths(text: &str, before: &str, after: char) -> Vec<String> {
    let addresses = text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap());
    let paths = addresses.map(|address| match Url::parse(address) {
        Ok(url) => url.path().to_owned(),
        Err(_) => address.to_owned(),
    });
    paths.collect()
}

fn says_nothing_hidden(answer: &Answer) {
    for hidden in ["secret", "unready"] {
        assert!(!answer.body.contains(hidden), "{hidden} in {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_of_the_sitemaps_is_a_page() {
    let (product, mut provider) = world().await;
    let robots = product
        .browser()
        .get("/robots.txt")
        .await
        .expect(200)
        .says("Disallow: /console\n");
    let index = paths(&robots.body, "Sitemap: ", '\n').pop().unwrap();
    for mut reader in [product.browser(), provider.clone()] {
        let index = reader.get(&index).await.expect(200);
        assert_eq!(index.header("content-type"), "application/xml; charset=utf-8");
        says_nothing_hidden(&index);
        let mut pages = Vec::new();
        for map in paths(&index.body, "<loc>", '<') {
            let map = reader.get(&map).await.expect(200);
            says_nothing_hidden(&map);
            pages.extend(paths(&map.body, "<loc>", '<'));
        }
        let mut stranger = product.browser();
        for page in &pages {
            let page = stranger.get(page).await.expect(200);
            assert!(!page.body.contains("content=\"noindex\""), "{page:?}");
        }
        for expected in [
            "/",
            "/apis",
            "/providers/acme",
            "/apis/acme/pets",
            "/apis/acme/pets/v1",
            "/problems",
        ] {
            assert!(pages.iter().any(|page| page == expected), "{expected} in {pages:?}");
        }
        assert!(
            pages
                .iter()
                .any(|page| page.starts_with("/apis/acme/pets/v1/operations/"))
        );
    }
    // Whoever asks: a list is the same for everybody.
    for hidden in [
        "/sitemaps/acme/secret",
        "/sitemaps/acme/unready",
        "/sitemaps/acme/nothing",
    ] {
        provider.get(hidden).await.expect(404);
    }
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn language_models_are_led_to_markdown() {
    let (product, mut provider) = world().await;
    for mut reader in [product.browser(), provider.clone()] {
        let llms = reader.get("/llms.txt").await.expect(200).says("# ").says("## APIs");
        says_nothing_hidden(&llms);
        let twins: Vec<_> = paths(&llms.body, "](", ')');
        let twins: Vec<_> = twins.iter().filter(|path| path.strip_suffix(".md").is_some()).collect();
        assert_eq!(twins, ["/apis/acme/pets.md", "/apis/acme/pets/v1.md"]);
        for twin in twins {
            let twin = reader.get(twin).await.expect(200);
            assert_eq!(twin.header("content-type"), "text/markdown; charset=utf-8");
        }
    }
    // A private api has its twin for those who see its page.
    let twin = provider.get("/apis/acme/secret.md").await.expect(200);
    assert_eq!(twin.header("cache-control"), "no-store");
    for path in [
        "/apis/acme/secret.md",
        "/apis/acme/unready/v1.md",
        "/apis/acme/nothing.md",
    ] {
        product.browser().get(path).await.expect(404);
    }
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_name_their_twins_and_twins_show_what_pages_show() {
    let (product, _) = world().await;
    let mut reader = product.browser();
    let operation = "/apis/acme/pets/v1/operations/";
    let version = reader
        .get("/apis/acme/pets/v1.md")
        .await
        .expect(200)
        .says("# Petstore v1 reference");
    let version = version
        .says("](/apis/acme/pets/v1/openapi.json)")
        .says("](/apis/acme/pets/v1/original)");
    let operations: Vec<_> = paths(&version.body, "](", ')');
    let operations = operations.iter().filter(|path| path.starts_with(operation));
    let mut pages = vec!["/apis/acme/pets".to_owned(), "/apis/acme/pets/v1".to_owned()];
    pages.extend(operations.map(|twin| twin.trim_end_matches(".md").to_owned()));
    assert!(pages.len() > 3, "{pages:?}");
    for path in pages {
        let page = reader.get(&path).await.expect(200);
        let link = format!("<{path}.md>; rel=\"alternate\"; type=\"text/markdown\"");
        assert_eq!(page.header("link"), link);
        let page = page.says(&format!("href=\"{path}.md\""));
        let twin = reader.get(&format!("{path}.md")).await.expect(200);
        let heading = twin.body.lines().next().unwrap().trim_start_matches("# ").to_owned();
        let is_there = heading.replace('\\', "");
        assert!(page.body.contains(&is_there), "{is_there} in {page:?}");
        if path.starts_with(operation) {
            let twin = twin.says("## Responses").says("```sh\ncurl ");
            assert!(twin.body.contains("/acme/pets/v1/"), "{twin:?}");
        }
    }
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_have_twins() {
    let (product, _) = world().await;
    let mut reader = product.browser();
    let original = "/apis/acme/pets/v1/original";
    reader.get(original).await.expect(200);
    let original = &*format!("{original}.md");
    for path in [
        original,
        "/signin.md",
        "/apis.md",
        "/nothing.md",
        "/robots.txt.md",
        "/.md",
    ] {
        reader.get(path).await.expect(404);
    }
    reader
        .get("/problems/quota-exceeded.md")
        .await
        .expect(200)
        .says("## What to do");
    reader.post("/problems/quota-exceeded.md", &[]).await.expect(405);
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_catalog_is_a_linkset_of_what_answers() {
    let (product, provider) = world().await;
    for mut reader in [product.browser(), provider] {
        let catalog = reader.get("/.well-known/api-catalog").await.expect(200);
        says_nothing_hidden(&catalog);
        let media_type = "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"";
        assert_eq!(catalog.header("content-type"), media_type);
        let set: serde_json::Value = serde_json::from_str(&catalog.body).unwrap();
        let items = set["linkset"][0]["item"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{set}");
        let pets = &set["linkset"][1];
        assert_eq!(pets["anchor"], items[0]["href"]);
        let description = &pets["service-desc"][0];
        assert!(
            description["href"]
                .as_str()
                .unwrap()
                .ends_with("/apis/acme/pets/v1/openapi.json"),
            "{pets}"
        );
        let document = reader.get("/apis/acme/pets/v1/openapi.json").await.expect(200);
        assert_eq!(description["type"], document.header("content-type"), "{pets}");
        for link in ["service-desc", "service-doc", "service-meta"] {
            for target in pets[link].as_array().unwrap() {
                let path = Url::parse(target["href"].as_str().unwrap()).unwrap().path().to_owned();
                reader.get(&path).await.expect(200);
            }
        }
        let head = reader
            .send(Method::HEAD, "/.well-known/api-catalog", &[], bytes::Bytes::new())
            .await
            .expect(200);
        assert!(
            head.header("link")
                .ends_with("/.well-known/api-catalog>; rel=\"api-catalog\""),
            "{head:?}"
        );
    }
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changelogs_are_feeds_and_markdown_too() {
    let (product, mut provider) = world().await;
    let stricter = PETS.replace(
        "operationId: listPets",
        "operationId: listPets\n      x-note: changed\n      deprecated: true",
    );
    assert_ne!(stricter, PETS);
    provider
        .upload(
            "/console/acme/apis/pets/versions/v1/spec",
            &[],
            ("file", "pets.yaml", stricter.as_bytes()),
        )
        .await
        .expect(303);
    let page = "/apis/acme/pets/changelog";
    let mut reader = product.browser();
    let shown = reader.get(page).await.expect(200).says("application/atom+xml");
    assert!(shown.header("link").contains(&format!("<{page}.md>")), "{shown:?}");
    let twin = reader.get(&format!("{page}.md")).await.expect(200);
    let twin = twin.says("# Changelog of Petstore").says("Published.");
    assert!(twin.body.contains("- `GET /pets`: "), "{twin:?}");
    for mut reader in [reader, provider.clone()] {
        let feed = reader.get("/feeds/acme/pets").await.expect(200);
        assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
        assert_eq!(feed.body.matches("<entry>").count(), 2, "{feed:?}");
        let feed = feed.says("<title>v1 published</title>").says("<title>v1 changed: ");
        assert!(feed.body.contains("&lt;li&gt;GET /pets: "), "{feed:?}");
        for hidden in ["/feeds/acme/secret", "/feeds/acme/unready", "/feeds/acme/nothing"] {
            reader.get(hidden).await.expect(404);
        }
    }
    product.stop().await;
}
