//! The installation: what the manifest says, again and again with one thing changed.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, bail};

use super::judge::{Deaths, Generations};
use crate::{process, server::Scratch};

/// Where the gateway has the versions: organization, api.
pub(super) const PREFIX: &str = "/soak/api";
/// A key that is always there, without limits that refuse.
pub(super) const KEY: &str = "soak-key-of-everybody";
/// A key whose plan permits [`HASTY_PER_SECOND`].
pub(super) const HASTY: &str = "soak-key-of-the-hasty";
pub(super) const HASTY_PER_SECOND: u64 = 20;
/// What the policy of the version `limited` permits in all.
pub(super) const LIMITED_PER_SECOND: u64 = 30;

/// The targets of upstreams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets {
    /// Never dies.
    pub(super) first: u16,
    /// Dies and comes back.
    pub(super) mortal: u16,
    /// Never dies.
    pub(super) third: u16,
}

/// What all callers see.
pub(super) struct World {
    pub(super) gateway: u16,
    pub(super) until: Instant,
    pub(super) deaths: Deaths,
    pub(super) generations: Generations,
}

impl World {
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}

/// The key that only this configuration knows.
pub(super) fn passing_key(generation: u64) -> String {
    format!("soak-key-passing-{generation}")
}

/// Whether the version `moving` goes to the third target.
pub(super) fn is_moved(generation: u64) -> bool {
    generation % 2 == 1
}

/// Whether the document of the version `moving` describes `/season`.
pub(super) fn is_season(generation: u64) -> bool {
    generation / 3 % 2 == 1
}

const MANIFEST: &str = r#"turnpike: 1
organizations:
  - slug: soak
    name: Soak
    members: [{ email: owner@soak.example, role: owner, password: "correct horse battery" }]
    apis:
      - slug: api
        name: API
        policies:
          ip: { allow: [127.0.0.0/8] }
          expression: [{ when: "'x-forbidden' in request.headers", status: 418 }]
        versions:
          - name: steady
            spec: ./api.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{first}" }] }
            policies:
              headers:
                request: { set: { X-Release: "{generation}" } }
                response: { set: { X-Release: "{generation}" } }
              concurrency: { by: all, max: 1000 }
          - name: odd
            spec: ./api.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{first}" }] }
          - name: pair
            spec: ./api.yaml
            upstream:
              targets: [{ url: "http://127.0.0.1:{first}" }, { url: "http://127.0.0.1:{mortal}" }]
              balance: least_requests
              retry: { attempts: 2, on: [connect, reset], budget_percent: 50 }
              health:
                active: { path: /healthz, interval: 1s, timeout: 1s, healthy_after: 1, unhealthy_after: 2 }
                passive: { consecutive_failures: 3, ejection_time: 1s }
          - name: lone
            spec: ./api.yaml
            upstream:
              targets: [{ url: "http://127.0.0.1:{mortal}" }]
              breaker: { failure_percent: 50, window: 2s, min_requests: 10, open_time: 1s, half_open_probes: 1 }
          - name: limited
            spec: ./api.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{first}" }] }
            policies:
              rate_limits: [{ by: all, requests: {limited}, per: 1s }]
          - name: cached
            spec: ./api.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{first}" }] }
            policies:
              cache: { share: allowed, stale_while_revalidate: 1s }
          - name: moving
            spec: ./{season}.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{moving}" }] }
    plans:
      - slug: wide
        name: Wide
        apis: [api]
        price: { model: free }
        rate_limits: [{ requests: 1000000, per: 1s, burst: 1000000 }]
        quota: { requests: 1000000000, per: month }
        approval: automatic
      - slug: narrow
        name: Narrow
        apis: [api]
        price: { model: free }
        rate_limits: [{ requests: {hasty}, per: 1s }]
        approval: automatic
applications:
  - slug: everybody
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: soak/wide }]
    keys: [{ value: "{key}" }, { value: "{passing}" }]
  - slug: hasty
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: soak/narrow }]
    keys: [{ value: "{hasty-key}" }]
"#;

/// Rooms of the origin: method and path.
const OPERATIONS: [(&str, &str); 6] = [
    ("get", "/items/{id}"),
    ("get", "/cached/{id}"),
    ("get", "/large/{id}"),
    ("post", "/echo/{id}"),
    ("get", "/events/{id}"),
    ("get", "/socket/{id}"),
];

/// Applies configurations to one data folder.
pub(super) struct Installation<'a> {
    pub(super) binary: &'a Path,
    pub(super) scratch: &'a Scratch,
    pub(super) targets: Targets,
}

impl Installation<'_> {
    pub(super) fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// Writes what the manifests refer to and makes the first configuration.
    pub(super) fn make(&self) -> anyhow::Result<()> {
        self.scratch.write("api.yaml", &document(&[]))?;
        self.scratch
            .write("season.yaml", &document(&[("get", "/season/{id}")]))?;
        self.apply(0, false)
    }

    /// Makes it so; with `waits`, returns when the gateway serves it.
    pub(super) fn apply(&self, generation: u64, waits: bool) -> anyhow::Result<()> {
        let manifest = self.scratch.write("manifest.yaml", &self.manifest(generation))?;
        let mut apply = Command::new(self.binary);
        apply
            .args(["apply", "--prune", "--data"])
            .arg(self.data())
            .arg(manifest);
        if waits {
            apply.arg("--wait");
        }
        let output = apply.output().context("can't start turnpike")?;
        if !output.status.success() {
            bail!(
                "configuration {generation} was refused: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    fn manifest(&self, generation: u64) -> String {
        let Targets { first, mortal, third } = self.targets;
        let moving = if is_moved(generation) { third } else { first };
        let season = if is_season(generation) { "season" } else { "api" };
        MANIFEST
            .replace("{generation}", &generation.to_string())
            .replace("{first}", &first.to_string())
            .replace("{mortal}", &mortal.to_string())
            .replace("{moving}", &moving.to_string())
            .replace("{season}", season)
            .replace("{limited}", &LIMITED_PER_SECOND.to_string())
            .replace("{hasty}", &HASTY_PER_SECOND.to_string())
            .replace("{key}", KEY)
            .replace("{hasty-key}", HASTY)
            .replace("{passing}", &passing_key(generation))
    }

    /// What the ledger has: calls by name of the version and class of status.
    pub(super) fn ledger(&self) -> anyhow::Result<Vec<(String, u16, u64)>> {
        let query = "select v.name, r.status / 100, sum(r.calls) from usage_record r \
                     join version v on v.id = r.version_id group by 1, 2 order by 1, 2";
        let mut sqlite = Command::new("sqlite3");
        sqlite.arg("-readonly").arg(self.data().join("turnpike.db")).arg(query);
        let text = process::output(&mut sqlite)?;
        let row = |line: &str| {
            let mut fields = line.split('|');
            Some((
                fields.next()?.to_owned(),
                fields.next()?.parse().ok()?,
                fields.next()?.parse().ok()?,
            ))
        };
        text.lines()
            .map(|line| row(line).with_context(|| format!("the ledger has a strange row: {line:?}")))
            .collect()
    }
}

fn document(more: &[(&str, &str)]) -> String {
    let mut text = "openapi: 3.1.0\ninfo: { title: API, version: '1' }\npaths:\n".to_owned();
    for (method, path) in OPERATIONS.iter().chain(more) {
        let _ = write!(
            text,
            "  {path}:\n    parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]\n    \
             {method}: {{ responses: {{ '200': {{ description: OK }} }} }}\n"
        );
    }
    text
}
