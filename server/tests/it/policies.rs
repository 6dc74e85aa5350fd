//! Policies in the console: what is in force and where it comes from, the editor, off, removed.

use domain::policy::{ENFORCED, MASK};

use crate::{
    product::{PETS, Product, create_api},
    upstream,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_are_saved_inherited_switched_off_and_removed() {
    let product = Product::start().await;
    let (address, _) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    let organization = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &organization).await.expect(303);
    crate::product::publish(
        &mut owner,
        "acme",
        "pets",
        PETS.as_bytes(),
        &format!("http://{address}"),
    )
    .await;
    let (of_org, of_api) = ("/console/acme/policies", "/console/acme/apis/pets/policies");
    let of_version = "/console/acme/apis/pets/versions/v1/policies";
    owner.get(&format!("{of_org}/corz")).await.expect(404);
    for page in [
        "/console/acme",
        "/console/acme/apis/pets",
        "/console/acme/apis/pets/versions/v1",
    ] {
        owner.get(page).await.expect(200).says("/policies\"");
    }
    let Some(name) = ENFORCED.first() else {
        owner.get(of_org).await.expect(200).says("act on no policies");
        owner.get(&format!("{of_org}/cors")).await.expect(404);
        product.stop().await;
        return;
    };
    let editor = |base: &str| format!("{base}/{name}");
    owner.get(of_org).await.expect(200).says("Not set").says(name.summary());
    let first_line = name.example().lines().next().unwrap();
    owner.get(&editor(of_org)).await.expect(200).says(first_line);

    // Refused: what was typed stays, the line is named.
    let typed = [("action", "save"), ("body", "nonsense: 1\n")];
    let answer = owner.post(&editor(of_org), &typed).await.expect(422);
    answer.says("nonsense: 1").says("Line 1").says("aria-invalid");

    let fields = [("action", "save"), ("body", name.example())];
    let to = owner.post(&editor(of_org), &fields).await.location();
    assert_eq!(to, of_org);
    owner
        .get(of_org)
        .await
        .expect(200)
        .says("In force")
        .says("This organization");
    owner
        .get(of_api)
        .await
        .expect(200)
        .says("In force")
        .says("Inherited from the organization");
    owner
        .get(&editor(of_version))
        .await
        .expect(200)
        .says("Inherited")
        .says(first_line);

    owner.post(&editor(of_version), &[("action", "off")]).await.expect(303);
    let page = owner.get(of_version).await.expect(200).says("Off").says("This version");
    let operation = page.body.split("<option value=\"").nth(2).unwrap();
    let operation = operation.split('"').next().unwrap();
    let of_operation = format!("{of_version}?operation={operation}");
    owner
        .get(&of_operation)
        .await
        .expect(200)
        .says("Inherited from the version");
    let to = owner
        .post(&format!("{}?operation={operation}", editor(of_version)), &fields)
        .await
        .location();
    assert_eq!(to, of_operation);
    owner
        .get(&of_operation)
        .await
        .expect(200)
        .says("In force")
        .says("This operation");
    owner
        .get(of_version)
        .await
        .expect(200)
        .says(&format!("operation={operation}\""));
    owner.get(&format!("{of_version}?operation=nonsense")).await.expect(404);

    owner
        .post(&editor(of_version), &[("action", "remove")])
        .await
        .expect(303);
    owner
        .get(of_version)
        .await
        .expect(200)
        .says("Inherited from the organization");
    owner.post(&editor(of_org), &[("action", "remove")]).await.expect(303);
    owner.get(of_version).await.expect(200).says("Not set");
    let log = owner.get("/console/acme/audit").await.expect(200);
    log.says("policy.save")
        .says("policy.remove")
        .says(&format!("pets/v1: {name} off"));
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_not_shown_again() {
    let Some(name) = ENFORCED.iter().find(|name| name.as_str() == "introspection") else {
        return;
    };
    let product = Product::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    let organization = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &organization).await.expect(303);
    create_api(&mut owner, "acme", "pets", PETS.as_bytes())
        .await
        .expect(303);
    let editor = format!("/console/acme/policies/{name}");
    let secret = name.example().replace("change-me", "s3cret-of-ours");
    owner
        .post(&editor, &[("action", "save"), ("body", &secret)])
        .await
        .expect(303);
    for page in [&editor, "/console/acme/apis/pets/policies/introspection"] {
        let page = owner.get(page).await.expect(200).says(MASK);
        assert!(!page.body.contains("s3cret-of-ours"), "{page:?}");
    }
    let masked = secret
        .replace("s3cret-of-ours", MASK)
        .replace("timeout: 2s", "timeout: 5s");
    owner
        .post(&editor, &[("action", "save"), ("body", &masked)])
        .await
        .expect(303);
    let moved = masked.replace("login.example.com", "evil.example.com");
    let answer = owner
        .post(&editor, &[("action", "save"), ("body", &moved)])
        .await
        .expect(422);
    answer.says("There is no saved secret").says("client_secret");
    product.stop().await;
}
