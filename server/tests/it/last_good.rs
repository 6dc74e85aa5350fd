//! A gateway whose database is away: it restarts from the disk, refuses what was revoked, and catches up.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use domain::fixture::{Engine, World};
use server::{
    config::{Role, Store},
    temporary::TemporaryFolder,
};
use tokio::{
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
};

use crate::{
    browser::{Browser, call},
    command_line::turnpike,
    product::{PETS, Product, publish},
    upstream,
};

const PETS_PATH: &str = "/acme/petstore/v1/pets/pet_1";

/// The way to the database, which can be cut.
struct Way {
    address: SocketAddr,
    socket: String,
    running: Option<JoinSet<()>>,
}

impl Way {
    async fn open(socket: String) -> Self {
        let mut way = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            socket,
            running: None,
        };
        way.restore().await;
        way
    }

    async fn restore(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let socket = self.socket.clone();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut caller, _) = listener.accept().await.unwrap();
                let socket = socket.clone();
                connections.spawn(async move {
                    let mut server = UnixStream::connect(socket).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut caller, &mut server).await;
                });
            }
        });
        self.running = Some(running);
    }

    async fn cut(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.shutdown().await;
        }
        while TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

/// A process of the role `gateway`.
struct Gateway {
    child: Child,
    address: SocketAddr,
    operations: SocketAddr,
    log: Arc<Mutex<String>>,
}

fn command(database: &str, data: &Path) -> Command {
    let mut command = turnpike();
    command
        .args(["serve", "--role", "gateway", "--allow-private-upstreams"])
        .args(["--gateway", "127.0.0.1:0", "--operations", "127.0.0.1:0"])
        .args(["--gateway-threads", "1", "--database-url", database])
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Gateway {
    fn start(database: &str, data: &Path) -> Self {
        let mut child = command(database, data).spawn().unwrap();
        let log = Arc::<Mutex<String>>::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut at = |name: &str| {
            let line = said
                .find_map(|line| Some(line.unwrap().strip_prefix(name)?.trim().to_owned()))
                .unwrap_or_else(|| panic!("{}", log.lock().unwrap()));
            line.trim_start_matches("http://")
                .trim_end_matches("/metrics")
                .parse()
                .unwrap()
        };
        let (address, operations) = (at("Gateway"), at("Metrics"));
        Self {
            child,
            address,
            operations,
            log,
        }
    }

    async fn metric(&self, name: &str) -> u64 {
        let text = Browser::new(self.operations).get("/metrics").await.expect(200).body;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Waits until a metric is as wanted.
    async fn wait_for(&self, name: &str, is_wanted: impl Fn(u64) -> bool) {
        let since = Instant::now();
        while !is_wanted(self.metric(name).await) {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "{name}: {}",
                self.log.lock().unwrap()
            );
            tokio::task::yield_now().await;
        }
    }

    /// As a power cut does.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_restarts_without_its_database() {
    if World::start(Engine::Postgres).await.is_none() {
        return;
    }
    let world = World::empty(Engine::Postgres).await;
    let (name, folder) = world.url().rsplit_once('/').map_or(("", ""), |_| {
        let (url, folder) = world.url().split_once("?host=").unwrap();
        (url.rsplit_once('/').unwrap().1, folder)
    });
    let mut way = Way::open(format!("{folder}/.s.PGSQL.5432")).await;
    let database = format!("postgres://turnpike@{}/{name}", way.address);
    let data = TemporaryFolder::new("turnpike-it").unwrap();
    let file = data.path().join("gateway-snapshot");

    let portal = Product::with_role(Store::Postgres(world.url().to_owned()), Role::Portal).await;
    let mut gateway = Gateway::start(&database, data.path());
    let mut consumer = keys(&portal).await;
    let (good, revoked) = (consumer.key().await, consumer.key().await);
    for key in [&good, &revoked] {
        call(gateway.address, key, PETS_PATH).await.expect(200);
    }
    let size = "turnpike_gateway_snapshot_file_bytes";
    let before = gateway.metric(size).await;
    consumer.revoke(1).await;
    call(gateway.address, &revoked, PETS_PATH).await.expect(401);
    gateway.wait_for(size, |bytes| bytes > before).await;

    way.cut().await;
    gateway.kill();
    let mut gateway = Gateway::start(&database, data.path());
    call(gateway.address, &good, PETS_PATH).await.expect(200);
    call(gateway.address, &revoked, PETS_PATH).await.expect(401);
    call(gateway.address, "tp_live_nobody", PETS_PATH).await.expect(401);
    Browser::new(gateway.operations).get("/health/ready").await.expect(200);
    let from_disk = "turnpike_gateway_configuration_from_disk";
    assert_eq!(gateway.metric(from_disk).await, 1);
    let log = gateway.log.lock().unwrap().clone();
    assert!(
        log.contains("serving the last good configuration from the disk"),
        "{log}"
    );

    // It cannot know of this before the database is back.
    consumer.revoke(0).await;
    way.restore().await;
    gateway.wait_for(from_disk, |from_disk| from_disk == 0).await;
    call(gateway.address, &good, PETS_PATH).await.expect(401);
    let last = consumer.key().await;
    call(gateway.address, &last, PETS_PATH).await.expect(200);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(last.len()).any(|part| part == last.as_bytes()));

    // A damaged file lets nobody in.
    way.cut().await;
    gateway.kill();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let output = command(&database, data.path()).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(
        log.contains("on disk is not used") && log.contains("it is damaged"),
        "{log}"
    );
    portal.stop().await;
}

/// Somebody with an application that may call the sample api.
struct Consumer {
    browser: Browser,
    application: String,
}

impl Consumer {
    async fn key(&mut self) -> String {
        let keys = format!("{}/keys", self.application);
        let shown = self.browser.post(&keys, &[("name", "Key")]).await.expect(200);
        shown.word("tp_live_")
    }

    /// Revokes the active key with this number, oldest first.
    async fn revoke(&mut self, number: usize) {
        let page = self.browser.get(&self.application).await.expect(200).body;
        let mut actions: Vec<&str> = page
            .split('"')
            .filter(|text| text.contains("/keys/key_") && text.ends_with("/revoke"))
            .collect();
        // Ids begin with the time.
        actions.sort_unstable();
        actions.dedup();
        let confirm = [("confirm", "Key")];
        self.browser.post(actions[number], &confirm).await.expect(303);
    }
}

async fn keys(portal: &Product) -> Consumer {
    let (upstream, _) = upstream::start().await;
    portal.account("first@turnpike.example").await;
    let mut provider = portal.signed_in("ada@acme.example").await;
    let acme = [("name", "Acme"), ("slug", "acme")];
    provider.post("/console/new", &acme).await.expect(303);
    let url = format!("http://{upstream}");
    publish(&mut provider, "acme", "petstore", PETS.as_bytes(), &url).await;
    let api = provider.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("quota", "1000"),
        ("quota_per", "month"),
        ("approval", "automatic"),
    ];
    provider.post("/console/acme/plans/new", &plan).await.expect(303);
    let mut browser = portal.signed_in("dev@consumer.example").await;
    let subscribed = browser.post("/subscribe/acme/free", &[("name", "Shop")]).await;
    let application = subscribed.location();
    Consumer { browser, application }
}
