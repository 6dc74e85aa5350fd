//! The demo: everything it prints works.

use clap::Parser as _;
use server::{
    config::{Arguments, Command, DemoArgs},
    demo::{self, CURL_PATH, PASSWORD, SIGN_INS, STOREFRONT_KEY, TOKEN_PATH},
};

use crate::browser::{Browser, call};

fn arguments() -> DemoArgs {
    let arguments = [
        "turnpike",
        "demo",
        "--portal",
        "127.0.0.1:0",
        "--gateway",
        "127.0.0.1:0",
        "--operations",
        "off",
        "--gateway-threads",
        "1",
    ];
    let Command::Demo(demo) = Arguments::parse_from(arguments).command else {
        unreachable!("it says demo")
    };
    *demo
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_demo_prints_works() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let demo = demo::start(arguments()).await.unwrap();
    demo.begin_calls();
    let (portal, gateway) = (
        demo.running.portal_addr().unwrap(),
        demo.running.gateway_addr().unwrap(),
    );
    let greeting = demo.greeting().join("\n");
    let curl = format!("curl -H 'Authorization: Bearer {STOREFRONT_KEY}' http://{gateway}{CURL_PATH}");
    assert!(greeting.contains(&curl), "{greeting}");
    call(gateway, STOREFRONT_KEY, CURL_PATH).await.expect(200).says("Rex");
    let [get_token, use_token] = demo.token_calls();
    assert!(
        greeting.contains(&get_token) && greeting.contains(&use_token),
        "{greeting}"
    );
    let script = format!("{get_token}\n{use_token} -s\necho \" $TOKEN\"\n");
    let shell = script.clone();
    let shell = move || std::process::Command::new("sh").args(["-c", &shell]).output();
    let printed = tokio::task::spawn_blocking(shell).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("\"available\":"), "{script}{printed}");
    let token = printed.trim().rsplit(' ').next().unwrap();
    call(gateway, token, TOKEN_PATH).await.expect(200).says("available");
    for path in [
        "/meridian/weather/v1/places/lisbon/current",
        "/meridian/weather/v1/places?q=lis",
        "/meridian/rates/v2/rates?symbols=USD,GBP",
        "/meridian/rates/v2/conversions?from=EUR&to=USD&amount=100.00",
    ] {
        call(gateway, STOREFRONT_KEY, path).await.expect(200);
    }
    let old = call(gateway, STOREFRONT_KEY, "/meridian/rates/v1/latest")
        .await
        .expect(200);
    assert!(
        old.header("deprecation").starts_with('@') && !old.header("sunset").is_empty(),
        "{old:?}"
    );
    assert!(
        old.header("link").contains("/apis/meridian/rates/v1/deprecation"),
        "{old:?}"
    );

    for person in SIGN_INS {
        assert!(greeting.contains(person.email), "{greeting}");
        let mut browser = Browser::new(portal);
        browser
            .post("/signin", &[("email", person.email), ("password", PASSWORD)])
            .await
            .expect(303);
        browser.get("/dashboard").await.expect(200);
    }
    let mut consumer = Browser::new(portal);
    consumer
        .post("/signin", &[("email", "dev@consumer.example"), ("password", PASSWORD)])
        .await
        .expect(303);
    consumer
        .get("/dashboard/usage?range=7d")
        .await
        .expect(200)
        .says("/pets/{petId}");
    let page = consumer.get("/dashboard").await.expect(200).says("Stock report");
    assert!(page.body.contains("/dashboard/applications/app_"), "{page:?}");
    let mut provider = Browser::new(portal);
    provider
        .post("/signin", &[("email", "noor@meridian.example"), ("password", PASSWORD)])
        .await
        .expect(303);
    provider
        .get("/console/meridian/subscribers")
        .await
        .expect(200)
        .says("Travel planner");

    // The petstore's document has a past, and Meridian has rules of its own.
    let mut visitor = Browser::new(portal);
    let changelog = visitor.get("/apis/acme/petstore/changelog").await.expect(200);
    changelog.says("breaking change").says("reptile");
    provider
        .get("/console/meridian/rules")
        .await
        .expect(200)
        .says("rules of its own");

    let weather = visitor.get("/apis/meridian/weather/v1/operations/searchPlaces").await;
    weather.expect(200).says("Type a few letters");
    let rates = visitor.get("/apis/meridian/rates/v2/openapi.json").await.expect(200);
    assert!(rates.body.contains("#/components/schemas/Rates"), "{}", rates.body);

    // A mail of the demo can be read, and its link followed.
    visitor.get("/demo/mail").await.expect(200);
    let fields = [
        ("name", "New"),
        ("email", "new@consumer.example"),
        ("password", PASSWORD),
    ];
    visitor.post("/signup", &fields).await.expect(303);
    demo.mails.arrivals().wait_for(|arrived| *arrived > 0).await.unwrap();
    let list = visitor.get("/demo/mail").await.expect(200).says("new@consumer.example");
    let mail = list.word("/demo/mail/");
    visitor.get(&mail).await.expect(200).says("/verify?token=");
    visitor.get("/demo/mail/999").await.expect(404);
}
