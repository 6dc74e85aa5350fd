//! Calls by the document, through the whole product: uploaded, a policy set in the console, and a call that does not fit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;

use crate::{
    browser::Browser,
    product::{PETS, Product, publish},
    upstream,
};

const VERSION: &str = "/console/acme/apis/petstore/versions/v1";

/// Calls until the gateway knows the newest configuration and answers so.
async fn call_until(caller: &mut Browser, path: &str, status: u16) -> String {
    let since = Instant::now();
    loop {
        let answer = caller.send(Method::GET, path, &[], Bytes::new()).await;
        if answer.status == status {
            return answer.body;
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "{} {}",
            answer.status,
            answer.body
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_does_not_fit_the_uploaded_document_is_refused() {
    let product = Product::start().await;
    let (address, count) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    let organization = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &organization).await.expect(303);
    publish(
        &mut owner,
        "acme",
        "petstore",
        PETS.as_bytes(),
        &format!("http://{address}"),
    )
    .await;
    owner
        .post(&format!("{VERSION}/access"), &[("access", "anonymous")])
        .await
        .expect(303);
    let mut caller = Browser::new(product.gateway());
    let odd = "/acme/petstore/v1/pets?limit=many";
    call_until(&mut caller, odd, 200).await;

    let save = |body: &'static str| [("action", "save"), ("body", body)];
    owner
        .post(&format!("{VERSION}/policies/validation"), &save("request: block\n"))
        .await
        .expect(303);
    let refused = call_until(&mut caller, odd, 400).await;
    assert!(
        refused.contains("invalid-request") && refused.contains("query"),
        "{refused}"
    );
    let before = count.load(std::sync::atomic::Ordering::Relaxed);
    call_until(&mut caller, odd, 400).await;
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), before);
    call_until(&mut caller, "/acme/petstore/v1/pets?limit=7", 200).await;

    owner
        .post(&format!("{VERSION}/policies/mock"), &save("from: examples\n"))
        .await
        .expect(303);
    let since = Instant::now();
    loop {
        let answer = caller
            .send(Method::GET, "/acme/petstore/v1/pets?limit=7", &[], Bytes::new())
            .await;
        if !answer.body.contains("\"ok\"") {
            assert_eq!(answer.status, 200, "{}", answer.body);
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{}", answer.body);
    }
    call_until(&mut caller, odd, 400).await;

    // The problem has a page, and the finding a number.
    let mut visitor = product.browser();
    visitor.get("/problems/invalid-request").await.expect(200);
    let mut operator = Browser::new(product.operations());
    let metrics = operator.get("/metrics").await.expect(200).body;
    let sample = "turnpike_gateway_findings_total{organization=\"acme\",api=\"petstore\",version=\"v1\",\
                  policy=\"validation\",finding=\"request\"}";
    assert!(metrics.contains(sample), "{metrics}");
    product.stop().await;
}
