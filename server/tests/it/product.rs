//! A running product of a test's own.

use std::{net::SocketAddr, num::NonZeroUsize, path::Path};

use clap::Parser as _;
use domain::{
    account::SignUp,
    actor::Actor,
    fixture::{Engine, World},
    upstream::address::AddressPolicy,
};
use server::{
    boot::{self, MailPlan, Plan, Running},
    config::{Arguments, Command, Role, ServeArgs, Store},
    tasks::mail::{MailSink, Transport},
    temporary::TemporaryFolder,
};

use crate::browser::{Answer, Browser};

/// Password of every account that tests make.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Two operations.
pub(crate) const PETS: &str = include_str!("../../src/demo/specs/petstore.yaml");

/// A running product. Stops when it is dropped; [`Product::stop`] does so in order.
pub(crate) struct Product {
    pub(crate) running: Running,
    pub(crate) mails: MailSink,
    /// Keeps the database.
    _place: Place,
}

enum Place {
    Folder { _folder: TemporaryFolder },
    World { _world: Box<World> },
    Elsewhere,
}

impl Product {
    /// Over a new data folder.
    pub(crate) async fn start() -> Self {
        let folder = TemporaryFolder::new("turnpike-it").unwrap();
        let store = Store::Folder(folder.path().join("data"));
        Self::over(store, Place::Folder { _folder: folder }).await
    }

    /// Over a database of an engine; `None` where PostgreSQL is left out.
    pub(crate) async fn on(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::start().await),
            Engine::Postgres => {
                World::start(engine).await?;
                let world = World::empty(engine).await;
                let store = Store::Postgres(world.url().to_owned());
                Some(
                    Self::over(
                        store,
                        Place::World {
                            _world: Box::new(world),
                        },
                    )
                    .await,
                )
            }
        }
    }

    /// Over a data folder that somebody else keeps.
    pub(crate) async fn start_in(data: &Path) -> Self {
        Self::over(Store::Folder(data.to_owned()), Place::Elsewhere).await
    }

    /// A process of one role, over a database that somebody else keeps.
    pub(crate) async fn with_role(store: Store, role: Role) -> Self {
        Self::start_with(store, Place::Elsewhere, vec![role], None).await
    }

    /// Over a data folder that somebody else keeps, with mails that leave the process.
    pub(crate) async fn with_mail(data: &Path, transport: Transport) -> Self {
        let store = Store::Folder(data.to_owned());
        Self::start_with(store, Place::Elsewhere, vec![Role::All], Some(transport)).await
    }

    async fn over(store: Store, place: Place) -> Self {
        Self::start_with(store, place, vec![Role::All], None).await
    }

    async fn start_with(store: Store, place: Place, roles: Vec<Role>, transport: Option<Transport>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mails = MailSink::new(domain::clock::Clock::System);
        let mail = transport.map_or_else(|| MailPlan::Sink(mails.clone()), MailPlan::Transport);
        let arguments = arguments();
        let plan = Plan {
            store,
            secret_key: arguments.secret_key,
            lost: std::env::temp_dir().join("turnpike-it-lost"),
            network: arguments.network,
            operations: arguments.operations,
            roles,
            addresses: AddressPolicy { allow_private: true },
            mail,
            extra_pages: axum::Router::new(),
        };
        Self {
            running: boot::start(plan).await.unwrap(),
            mails,
            _place: place,
        }
    }

    pub(crate) fn portal(&self) -> SocketAddr {
        self.running.portal_addr().unwrap()
    }

    pub(crate) fn gateway(&self) -> SocketAddr {
        self.running.gateway_addr().unwrap()
    }

    /// Where metrics and health checks are.
    pub(crate) fn operations(&self) -> SocketAddr {
        self.running.operations_addr().unwrap()
    }

    /// A browser nobody has used.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.portal())
    }

    /// A browser of a new, verified account.
    pub(crate) async fn signed_in(&self, email: &str) -> Browser {
        self.account(email).await;
        let mut browser = self.browser();
        browser
            .post("/signin", &[("email", email), ("password", PASSWORD)])
            .await
            .expect(303);
        browser
    }

    /// A new, verified account.
    pub(crate) async fn account(&self, email: &str) {
        let input = SignUp {
            email: email.into(),
            name: "Some Body".into(),
            password: PASSWORD.into(),
        };
        self.running
            .services()
            .accounts
            .create_verified(&Actor::System, input, false)
            .await
            .unwrap();
    }

    /// The path in the newest mail to `to`, once it has arrived.
    pub(crate) async fn mailed_path(&self, to: &str, path: &str) -> String {
        let mut arrivals = self.mails.arrivals();
        let arrived = async {
            loop {
                arrivals.borrow_and_update();
                let newest = self.mails.newest().into_iter().find(|stored| stored.mail.to == to);
                if let Some(stored) = newest.filter(|stored| stored.mail.body.contains(path)) {
                    let body = stored.mail.body;
                    let rest = &body[body.find(path).unwrap()..];
                    return rest.split_whitespace().next().unwrap().to_owned();
                }
                arrivals.changed().await.unwrap();
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), arrived)
            .await
            .expect("the mail arrives")
    }

    /// Stops in order.
    pub(crate) async fn stop(self) {
        assert!(self.running.stop().await, "everything that was under way finished");
    }
}

/// The form of an upstream with one target.
pub(crate) const fn upstream_fields(url: &str) -> [(&str, &str); 3] {
    [
        ("upstream", url),
        ("connect_timeout_ms", "5000"),
        ("response_timeout_ms", "30000"),
    ]
}

/// An api with a published version and an open plan, made over forms.
pub(crate) async fn publish(provider: &mut Browser, org: &str, api: &str, spec: &[u8], upstream: &str) {
    create_api(provider, org, api, spec).await.expect(303);
    let version = format!("/console/{org}/apis/{api}/versions/v1");
    provider
        .post(&format!("{version}/upstream"), &upstream_fields(upstream))
        .await
        .expect(303);
    provider.post(&format!("{version}/publish"), &[]).await.expect(303);
}

pub(crate) async fn create_api(provider: &mut Browser, org: &str, api: &str, spec: &[u8]) -> Answer {
    let fields = [
        ("name", ""),
        ("slug", api),
        ("version", "v1"),
        ("summary", ""),
        ("visibility", "public"),
        ("tags", ""),
    ];
    provider
        .upload(
            &format!("/console/{org}/apis/new"),
            &fields,
            ("file", "spec.yaml", spec),
        )
        .await
}

/// Free ports on loopback and two gateway threads.
fn arguments() -> ServeArgs {
    let arguments = [
        "turnpike",
        "serve",
        "--portal",
        "127.0.0.1:0",
        "--gateway",
        "127.0.0.1:0",
        "--operations",
        "127.0.0.1:0",
    ];
    let Command::Serve(serve) = Arguments::parse_from(arguments).command else {
        unreachable!("it says serve")
    };
    let mut serve = *serve;
    serve.network.gateway_threads = NonZeroUsize::new(2);
    serve
}
