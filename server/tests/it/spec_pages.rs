//! What pages say of documents: checks, changes, the rules of an organization, the changelog, the document at the gateway.

use http::Method;
use serde_json::Value;

use crate::{
    product::{Product, publish},
    upstream,
};

const VERSION: &str = "/console/acme/apis/pets/versions/v1";

const DOCUMENT: &str = "\
openapi: 3.1.0
info: { title: Pets, version: 1.2.0 }
paths:
  /pets:
    get:
      operationId: listPets
      responses: { '200': { description: The pets } }
";

/// The document with a parameter that must be given now.
fn stricter() -> String {
    DOCUMENT.to_owned() + "      parameters: [{ name: kind, in: query, required: true, schema: { type: string } }]\n"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_checked_compared_and_told_of() {
    let product = Product::start().await;
    let (address, _) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    owner
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    publish(
        &mut owner,
        "acme",
        "pets",
        DOCUMENT.as_bytes(),
        &format!("http://{address}"),
    )
    .await;

    owner
        .get(VERSION)
        .await
        .expect(200)
        .says("Quality")
        .says("of 100")
        .says("/checks\"");
    owner
        .get(&format!("{VERSION}/checks"))
        .await
        .expect(200)
        .says("Score by area")
        .says("info-contact");
    let errors = owner.get(&format!("{VERSION}/checks?severity=error")).await.expect(200);
    assert!(!errors.body.contains("info-contact"), "it is a warning");
    owner
        .get(&format!("{VERSION}/changes"))
        .await
        .expect(200)
        .says("Nothing to compare with yet");

    // The rules of the organization: refused with the line, saved, and the report is old.
    let rules = "/console/acme/rules";
    owner
        .get(rules)
        .await
        .expect(200)
        .says("default rules")
        .says("operation-operationId");
    let typed = [
        ("action", "save"),
        ("ruleset", "extends: turnpike\nrules:\n  no-such-rule: error\n"),
    ];
    owner
        .post(rules, &typed)
        .await
        .expect(422)
        .says("Line 3")
        .says("no-such-rule");
    let typed = [
        ("action", "save"),
        ("ruleset", "extends: turnpike\nrules:\n  info-contact: error\n"),
    ];
    assert_eq!(owner.post(rules, &typed).await.location(), rules);
    owner.get(rules).await.expect(200).says("rules of its own");
    owner
        .get(VERSION)
        .await
        .expect(200)
        .says("rules have changed")
        .says("Check again");
    assert_eq!(
        owner.post(&format!("{VERSION}/checks"), &[]).await.location(),
        format!("{VERSION}/checks")
    );
    owner
        .get(&format!("{VERSION}/checks?severity=error"))
        .await
        .expect(200)
        .says("info-contact");
    assert_eq!(owner.post(rules, &[("action", "default")]).await.location(), rules);
    owner.get(rules).await.expect(200).says("default rules");

    // A new revision that breaks callers.
    let document = stricter();
    let file = ("file", "pets.yaml", document.as_bytes());
    owner.upload(&format!("{VERSION}/spec"), &[], file).await.expect(303);
    owner
        .get(VERSION)
        .await
        .expect(200)
        .says("Changes since revision 1")
        .says("breaking change");
    let changes = owner.get(&format!("{VERSION}/changes")).await.expect(200);
    changes
        .says("new-required-request-parameter")
        .says("Suggested version")
        .says("GET /pets");
    owner
        .get(&format!("{VERSION}/changes?against=revision:1"))
        .await
        .expect(200)
        .says("GET /pets");
    owner
        .get(&format!("{VERSION}/changes?against=revision:99"))
        .await
        .expect(404);

    let mut visitor = product.browser();
    let changelog = visitor.get("/apis/acme/pets/changelog").await.expect(200);
    changelog
        .says("Published.")
        .says("breaking change")
        .says("Breaks callers");
    visitor
        .get("/apis/acme/pets")
        .await
        .expect(200)
        .says("/apis/acme/pets/changelog");

    // The document as it holds at the gateway, and what is added.
    let path = "/apis/acme/pets/v1/openapi.json";
    let enriched = visitor.get(path).await.expect(200);
    let tag = enriched.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");
    for known in [tag.clone(), format!("\"other\", W/{tag}")] {
        let headers = [("if-none-match", known.as_str())];
        let again = visitor
            .send(Method::GET, path, &headers, bytes::Bytes::new())
            .await
            .expect(304);
        assert_eq!((again.body.as_str(), again.header("etag")), ("", tag.as_str()));
    }
    let headers = [("if-none-match", "\"other\"")];
    visitor
        .send(Method::GET, path, &headers, bytes::Bytes::new())
        .await
        .expect(200);
    let enriched: Value = serde_json::from_str(&enriched.body).unwrap();
    let server = enriched["servers"][0]["url"].as_str().unwrap();
    assert!(server.ends_with("/acme/pets/v1"), "{server}");
    let operation = &enriched["paths"]["/pets"]["get"];
    assert!(operation["responses"]["401"].is_object(), "{operation:#}");
    assert_eq!(
        enriched["components"]["securitySchemes"]["keyInHeader"]["name"],
        "X-Api-Key"
    );
    let overlay = visitor.get("/apis/acme/pets/v1/overlay.json").await.expect(200);
    let overlay: Value = serde_json::from_str(&overlay.body).unwrap();
    assert!(
        overlay["overlay"].is_string() && overlay["actions"].is_array(),
        "{overlay:#}"
    );
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_and_overlays_are_uploaded() {
    let product = Product::start().await;
    let (address, _) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    owner
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    let document = DOCUMENT.as_bytes();
    publish(&mut owner, "acme", "pets", document, &format!("http://{address}")).await;
    let spec = format!("{VERSION}/spec");

    // An overlay for the document that is there.
    let overlay = |update: &str| {
        format!(
            "overlay: 1.0.0\ninfo: {{ title: Words, version: '1' }}\nactions:\n  - target: $.info\n    update: {update}\n"
        )
    };
    let (fits, wrong) = (overlay("{ title: Animals }"), overlay("text"));
    let refused = owner
        .upload(&spec, &[], ("overlays", "wrong.yaml", wrong.as_bytes()))
        .await;
    refused.expect(422).says("$.info").says("wrong.yaml").says("line 4");
    let file = ("overlays", "words.yaml", fits.as_bytes());
    owner.upload(&spec, &[], file).await.expect(303);
    owner.get(VERSION).await.expect(200).says("Animals").says("words.yaml");
    let mut visitor = product.browser();
    visitor.get("/apis/acme/pets/v1").await.expect(200).says("Animals");
    // What was uploaded stays, and what an overlay may have taken out of it is for members only.
    let original = "/apis/acme/pets/v1/original";
    visitor.get(original).await.expect(404);
    let page = visitor.get("/apis/acme/pets").await.expect(200);
    assert!(!page.body.contains(original), "{page:?}");
    assert_eq!(owner.get(original).await.expect(200).body, DOCUMENT);

    // An archive, to which the overlay is applied too.
    let mut files = openapi::files::FileSet::default();
    let entry = DOCUMENT.to_owned() + "components: { schemas: { Pet: { $ref: Pet.yaml } } }\n";
    files.insert("openapi.yaml", entry.into_bytes()).unwrap();
    files.insert("Pet.yaml", b"type: object\n".to_vec()).unwrap();
    let zip = files.to_zip().unwrap();
    owner.upload(&spec, &[], ("file", "pets.zip", &zip)).await.expect(303);
    owner.get(VERSION).await.expect(200).says("Animals").says("words.yaml");
    let archive = owner.get(original).await.expect(200);
    assert_eq!(archive.header("content-type"), "application/zip");

    let none = [("no_overlays", "on")];
    owner.upload(&spec, &none, ("file", "pets.zip", &zip)).await.expect(303);
    let page = owner.get(VERSION).await.expect(200);
    assert!(!page.body.contains("words.yaml") && !page.body.contains("Animals"));
    let damaged = ("file", "pets.zip", &zip[..40]);
    owner.upload(&spec, &[], damaged).await.expect(422).says("zip archive");
    product.stop().await;
}
