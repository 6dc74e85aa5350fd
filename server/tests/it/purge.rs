//! Purging the response cache, from the console and from the command line, for gateways in this process and elsewhere.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use domain::fixture::{Engine, World};
use server::{
    config::{Role, Store},
    temporary::TemporaryFolder,
};

use crate::{
    browser::Browser,
    command_line::{run, stderr, stdout},
    product::{PETS, Product, publish},
    upstream,
};

const PAGE: &str = "/console/acme/apis/pets/versions/v1";
const PET: &str = "/acme/pets/v1/pets/pet_1";
const LIST: &str = "/acme/pets/v1/pets";

/// An api without keys whose answers are kept for an hour.
async fn cached_api(portal: &Product, upstream: &str) -> Browser {
    let mut owner = portal.signed_in("ada@acme.example").await;
    let acme = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &acme).await.expect(303);
    publish(&mut owner, "acme", "pets", PETS.as_bytes(), upstream).await;
    let access = [("access", "anonymous")];
    owner.post(&format!("{PAGE}/access"), &access).await.expect(303);
    let page = owner.get(PAGE).await.expect(200);
    assert!(!page.body.contains("Response cache"), "nothing is kept yet");
    let policy = [("action", "save"), ("body", "default_ttl: 1h\n")];
    owner.post(&format!("{PAGE}/policies/cache"), &policy).await.expect(303);
    owner.get(PAGE).await.expect(200).says("Response cache");
    owner
}

/// Calls both paths, and insists on how many of the calls reach the upstream.
async fn both(gateway: &Product, calls: &AtomicU64, expected: [u64; 2], when: &str) {
    gateway.running.wait_live().await.unwrap();
    let mut caller = Browser::new(gateway.gateway());
    for (path, expected) in [PET, LIST].into_iter().zip(expected) {
        let before = calls.load(Relaxed);
        caller.get(path).await.expect(200);
        assert_eq!(calls.load(Relaxed) - before, expected, "{path} {when}");
    }
}

/// The program beside the running one.
async fn purge(arguments: &'static [&'static str], store: [&str; 2]) -> (bool, String) {
    let store = store.map(ToOwned::to_owned);
    let output = tokio::task::spawn_blocking(move || {
        let mut all = vec!["gateway", "purge"];
        all.extend(arguments);
        all.extend(store.iter().map(String::as_str));
        run(&all)
    });
    let output = output.await.unwrap();
    (output.status.success(), stdout(&output) + &stderr(&output))
}

/// Purges over pages of `portal` and over the command line, for the gateway of `gateway`.
async fn purge_everywhere(portal: &Product, gateway: &Product, store: [&str; 2]) {
    let (address, calls) = upstream::start().await;
    let mut owner = cached_api(portal, &format!("http://{address}")).await;
    both(gateway, &calls, [1, 1], "at first").await;
    both(gateway, &calls, [0, 0], "from the cache").await;
    let metrics = Browser::new(gateway.operations()).get("/metrics").await.expect(200);
    assert!(
        metrics.body.contains("\nturnpike_gateway_cache_answers 2\n"),
        "{}",
        metrics.body
    );
    assert!(
        !metrics.body.contains("\nturnpike_gateway_cache_bytes 0\n"),
        "{}",
        metrics.body
    );

    let form = format!("{PAGE}/cache");
    let refused = owner.post(&form, &[("prefix", "pets")]).await.expect(422);
    refused.says("Begin with a slash").says("value=\"pets\"");
    both(gateway, &calls, [0, 0], "after a refused purge").await;
    let to = owner.submit(PAGE, &form, &[("prefix", "/pets/")]).await.location();
    assert_eq!(to, PAGE);
    // A gateway that is late does not hold up the page.
    let said = "the answers whose path begins with /pets/";
    owner.get(PAGE).await.expect(200).says(said);
    both(gateway, &calls, [1, 0], "after a purge of pets").await;
    owner.post(&form, &[("prefix", "")]).await.expect(303);
    owner.get(PAGE).await.expect(200).says("all answers of this version");
    both(gateway, &calls, [1, 1], "after a purge of everything").await;

    let said = purge(&["acme/pets/v1", "--path", "/pets/", "--wait"], store).await;
    assert_eq!(
        said,
        (
            true,
            "Every running gateway has forgotten answers at /pets/… of acme/pets/v1.\n".into()
        )
    );
    both(gateway, &calls, [1, 0], "after a purge by a command").await;
    let said = purge(&["acme/pets/v1", "--wait"], store).await;
    assert_eq!(
        said,
        (
            true,
            "Every running gateway has forgotten all answers of acme/pets/v1.\n".into()
        )
    );
    both(gateway, &calls, [1, 1], "after a purge of everything by a command").await;
    both(gateway, &calls, [0, 0], "kept again").await;
    let (is_done, said) = purge(&["acme/pets/v1"], store).await;
    assert!(
        is_done && said == "Gateways forget all answers of acme/pets/v1.\n",
        "{said}"
    );
    for (arguments, words) in [
        (&["acme/pets/v2"] as &[_], "acme/pets/v2"),
        (&["acme/pets/v1", "--path", "pets"], "--path: Begin with a slash"),
        (&["acme/pets"], "organization/api/version"),
    ] {
        let (is_done, said) = purge(arguments, store).await;
        assert!(!is_done && said.contains(words), "{said}");
    }
    let log = owner.get("/console/acme/audit").await.expect(200);
    log.says("version.purge_cache")
        .says("pets/v1: /pets/")
        .says("pets/v1: everything");
}

fn data(folder: &TemporaryFolder) -> String {
    let data: &Path = &folder.path().join("data");
    data.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_purged_is_asked_for_again() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let data = data(&folder);
    let product = Product::start_in(Path::new(&data)).await;
    product.account("first@turnpike.example").await;
    purge_everywhere(&product, &product, ["--data", &data]).await;
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_of_another_process_forgets_too() {
    if World::start(Engine::Postgres).await.is_none() {
        return;
    }
    let world = World::empty(Engine::Postgres).await;
    let start = |role| Product::with_role(Store::Postgres(world.url().to_owned()), role);
    let gateway = start(Role::Gateway).await;
    let portal = start(Role::Portal).await;
    portal.account("first@turnpike.example").await;
    purge_everywhere(&portal, &gateway, ["--database-url", world.url()]).await;
    portal.stop().await;
    gateway.stop().await;
}
