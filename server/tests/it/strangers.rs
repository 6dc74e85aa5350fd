//! Every page of somebody: a stranger is told that there is no such thing, a visitor to sign in.

use crate::{
    browser::{Answer, Browser},
    product::{PASSWORD, PETS, Product, create_api, upstream_fields},
    routes::{self, Route},
    upstream,
};

/// Routes that everybody may ask for. What else there is belongs to somebody.
const FOR_EVERYBODY: [&str; 28] = [
    "/",
    "/.well-known/api-catalog",
    "/apis",
    "/apis/{organization}/{api}",
    "/apis/{organization}/{api}/changelog",
    "/apis/{organization}/{api}/{version}",
    "/apis/{organization}/{api}/{version}/deprecation",
    "/apis/{organization}/{api}/{version}/operations/{operation}",
    "/apis/{organization}/{api}/{version}/openapi.json",
    "/apis/{organization}/{api}/{version}/original",
    "/apis/{organization}/{api}/{version}/overlay.json",
    "/forgot-password",
    "/feeds/{organization}/{api}",
    "/llms.txt",
    "/problems",
    "/problems/{slug}",
    "/providers/{organization}",
    "/reset",
    "/robots.txt",
    "/signin",
    "/signout",
    "/signup",
    "/signup/check-mail",
    "/sitemap.xml",
    "/sitemaps/portal",
    "/sitemaps/{organization}/{api}",
    "/verify",
    "/verify/resend",
];

/// Routes with parameters that are not about something of somebody: whoever is signed in may subscribe.
const FOR_ACCOUNTS: [&str; 1] = ["/subscribe/{org}/{plan}"];

/// The parameters of routes, in the world of this test.
struct Things {
    application: String,
    key: String,
    client: String,
    identity: String,
    subscription: String,
    session: String,
}

impl Things {
    /// The paths of a route: of most there is one.
    fn paths(&self, route: &str) -> Vec<String> {
        let id = match route {
            _ if route.starts_with("/dashboard/applications/{id}") => &self.application,
            _ if route.starts_with("/dashboard/settings/sessions/{id}") => &self.session,
            _ if route.starts_with("/console/{org}/subscribers/{id}") => &self.subscription,
            _ => "",
        };
        let mut path = route.to_owned();
        for (name, value) in [
            ("{org}", "acme"),
            ("{api}", "pets"),
            ("{version}", "v1"),
            ("{plan}", "free"),
            ("{policy}", "cors"),
            ("{key}", self.key.as_str()),
            ("{client}", self.client.as_str()),
            ("{identity}", self.identity.as_str()),
            ("{subscription}", self.subscription.as_str()),
            ("{id}", id),
        ] {
            assert!(!path.contains(name) || !value.is_empty(), "{route}: what is {name}?");
            path = path.replace(name, value);
        }
        if path.contains("{action}") {
            let actions = ["approve", "refuse", "suspend", "resume"];
            return actions.map(|action| path.replace("{action}", action)).into();
        }
        assert!(
            !path.contains('{'),
            "{route} has a parameter that this test does not know"
        );
        vec![path]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yours_is_not_there() {
    let product = Product::start().await;
    // The first account of an installation is nobody a stranger is.
    product.account("first@turnpike.example").await;
    let (upstream, _) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    owner
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    create_api(&mut owner, "acme", "pets", PETS.as_bytes())
        .await
        .expect(303);
    let version = "/console/acme/apis/pets/versions/v1";
    let upstream = format!("http://{upstream}");
    owner
        .post(&format!("{version}/upstream"), &upstream_fields(&upstream))
        .await
        .expect(303);
    owner.post(&format!("{version}/publish"), &[]).await.expect(303);
    let api = owner.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("approval", "automatic"),
    ];
    owner.post("/console/acme/plans/new", &plan).await.expect(303);
    let application = owner.post("/subscribe/acme/free", &[("name", "Shop")]).await.location();
    owner
        .post(&format!("{application}/keys"), &[("name", "Key")])
        .await
        .expect(200);
    owner
        .post(&format!("{application}/clients"), &[("client_name", "Client")])
        .await
        .expect(200);
    let page = owner.get(&application).await.expect(200);
    let subscriber = format!("/console/acme/subscribers/{}", page.word("sub_"));
    let identity = [("issuer", "https://login.example.com/"), ("name", "billing")];
    owner
        .post(&format!("{subscriber}/identities"), &identity)
        .await
        .expect(303);
    // A browser can end the sessions of others only.
    product
        .browser()
        .post("/signin", &[("email", "ada@acme.example"), ("password", PASSWORD)])
        .await
        .expect(303);
    let things = Things {
        application: application.rsplit('/').next().unwrap().to_owned(),
        key: page.word("key_"),
        client: page.word("cli_"),
        identity: owner.get(&subscriber).await.expect(200).word("idn_"),
        subscription: page.word("sub_"),
        session: owner.get("/dashboard/settings").await.expect(200).word("ses_"),
    };

    let mut stranger = product.signed_in("eve@evil.example").await;
    let mut visitor = product.browser();
    let routes = routes::all();
    for path in FOR_EVERYBODY.iter().chain(&FOR_ACCOUNTS) {
        assert!(
            routes.iter().any(|route| route.path == *path),
            "there is no route {path}"
        );
    }
    let mut count = 0;
    for route in routes
        .iter()
        .filter(|route| !FOR_EVERYBODY.contains(&route.path.as_str()))
    {
        let is_owned = route.path.contains('{') && !FOR_ACCOUNTS.contains(&route.path.as_str());
        for path in things.paths(&route.path) {
            count += 1;
            ask(&mut stranger, &mut visitor, route, &path, is_owned).await;
        }
    }
    assert!(count > 35, "only {count} paths");
    // Nothing of it happened.
    owner.get(version).await.expect(200).says("Published");
    owner.get(&application).await.expect(200).says("Shop");
    product.stop().await;
}

/// Asks for one path as a stranger and as a visitor.
async fn ask(stranger: &mut Browser, visitor: &mut Browser, route: &Route, path: &str, is_owned: bool) {
    let fields = [("name", "Evil"), ("confirm", "v1")];
    let is_refused = |answer: &Answer| {
        // Organizations are looked up before the sign-in: a visitor learns no more than a stranger.
        let is_sign_in = answer.status == 303 && answer.header("location").starts_with("/signin");
        is_sign_in || (is_owned && answer.status == 404)
    };
    if route.gets {
        if is_owned {
            let answer = stranger.get(path).await;
            // A page that only takes forms sends back to the page that has the form.
            let leads_on = answer.status == 303 && answer.header("location").starts_with(&parent(path));
            assert!(
                answer.status == 404 || (leads_on && route.posts),
                "a stranger: {answer:?}"
            );
        }
        let answer = visitor.get(path).await;
        let leads_on = answer.status == 303 && answer.header("location").starts_with(&parent(path));
        assert!(
            is_refused(&answer) || (leads_on && route.posts),
            "a visitor: {answer:?}"
        );
    }
    if route.posts {
        if is_owned {
            let answer = stranger.post(path, &fields).await;
            assert_eq!(answer.status, 404, "a stranger: {answer:?}");
        }
        let answer = visitor.post(path, &fields).await;
        assert!(is_refused(&answer), "a visitor: {answer:?}");
    }
}

fn parent(path: &str) -> String {
    path.rsplit_once('/')
        .map_or(String::new(), |(parent, _)| parent.to_owned())
}
