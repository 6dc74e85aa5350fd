//! Turnpike itself, as it comes out of the release build, over a manifest with the same work.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{key, ready};
use crate::{
    process,
    server::{Scratch, Server, free_port},
};

/// Where the gateway has the driven operation: organization, api, version, path.
pub(super) const PATH: &str = "/bench/pets/v1/pets/1";

/// Limits that count every call and never refuse one.
const MANIFEST: &str = r#"turnpike: 1
organizations:
  - slug: bench
    name: Bench
    members: [{ email: owner@bench.example, role: owner, password: "correct horse battery" }]
    apis:
      - slug: pets
        name: Pets
        summary: What the benchmark calls.
        visibility: public
        versions:
          - name: v1
            state: published
            spec: ./pets.yaml
            upstream: { targets: [{ url: "http://127.0.0.1:{upstream}", weight: 1 }] }
    plans:
      - slug: wide
        name: Wide
        apis: [pets]
        price: { model: free }
        rate_limits: [{ requests: 1000000, per: 1s, burst: 1000000 }]
        quota: { requests: 1000000000, per: month }
        approval: automatic
applications:
"#;

/// An application whose keys are driven.
const DRIVER: &str = r#"turnpike: 1
applications:
  - slug: driver-{part}
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: bench/wide }]
    keys:
"#;
/// Keys of one of them.
const KEYS_PER_APPLICATION: usize = 200_000;

/// Another consumer with an application of their own, so that pages which list its keys stay small.
const NEWCOMER: &str = r#"  - slug: newcomer
    owner: { email: newcomer@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: bench/wide }]
"#;

/// E-mail of the owner of an application without keys.
pub(super) const NEWCOMER_EMAIL: &str = "newcomer@consumer.example";
/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery";

/// How much there is of everything.
pub(super) struct Contents {
    /// Keys, of as many applications as it takes.
    pub(super) keys: usize,
    /// Operations of the version; the first has the path [`PATH`].
    pub(super) operations: usize,
    /// Port of the upstream.
    pub(super) upstream: u16,
}

/// A data folder with something in it.
pub(super) struct Installation<'a> {
    name: &'static str,
    binary: &'a Path,
    scratch: &'a Scratch,
}

/// The product at work.
pub(super) struct Running {
    pub(super) server: Server,
    pub(super) gateway: u16,
    pub(super) portal: u16,
    /// From its start to its first answer of 200.
    pub(super) started_in: Duration,
}

impl<'a> Installation<'a> {
    /// Applies a manifest to an empty data folder. `name` is that of the folder.
    pub(super) fn make(
        name: &'static str,
        binary: &'a Path,
        scratch: &'a Scratch,
        contents: &Contents,
    ) -> anyhow::Result<Self> {
        let installation = Self { name, binary, scratch };
        scratch.write("pets.yaml", &document(contents.operations))?;
        for (part, text) in manifests(contents).iter().enumerate() {
            let manifest = scratch.write(&format!("{name}-{part}.yaml"), text)?;
            let mut apply = Command::new(binary);
            apply.args(["apply", "--data"]).arg(installation.data()).arg(manifest);
            // Its list of changes is no result of ours.
            process::output(&mut apply)?;
        }
        Ok(installation)
    }

    /// Serves it with one gateway thread, until `key` gets an answer at [`PATH`].
    pub(super) fn serve(&self, key: &str) -> anyhow::Result<Running> {
        let (gateway, portal) = (free_port()?, free_port()?);
        let mut serve = Command::new(self.binary);
        // Private targets are refused by default; the upstream runs on this machine.
        serve.args(["serve", "--allow-private-upstreams", "--gateway-threads", "1"]);
        serve.args(["--gateway", &format!("127.0.0.1:{gateway}")]);
        serve
            .args(["--portal", &format!("127.0.0.1:{portal}"), "--data"])
            .arg(self.data());
        let start = Instant::now();
        let server = Server::start(self.name, &mut serve, self.scratch, gateway, ready(PATH, key))?;
        Ok(Running {
            server,
            gateway,
            portal,
            started_in: start.elapsed(),
        })
    }

    fn data(&self) -> PathBuf {
        self.scratch.path().join(self.name)
    }
}

/// Path of the `index`th operation as it is called.
pub(super) fn path(index: usize) -> String {
    if index == 0 {
        PATH.to_owned()
    } else {
        format!("/bench/pets/v1/kinds/kind-{index}/pets/1/toys")
    }
}

/// A document with so many operations.
fn document(operations: usize) -> String {
    let mut text = "openapi: 3.1.0\ninfo: { title: Pets, version: '1' }\npaths:\n".to_owned();
    for index in 0..operations {
        let template = if index == 0 {
            "/pets/{id}".to_owned()
        } else {
            format!("/kinds/kind-{index}/pets/{{id}}/toys")
        };
        let _ = write!(
            text,
            "  {template}:\n    get:\n      operationId: get{index}\n      parameters:\n        \
             - {{ name: id, in: path, required: true, schema: {{ type: integer }} }}\n      responses:\n        \
             '200': {{ description: Found }}\n"
        );
    }
    text
}

/// What is applied, one after the other: a file has a largest size.
fn manifests(contents: &Contents) -> Vec<String> {
    let head = MANIFEST.replace("{upstream}", &contents.upstream.to_string());
    let mut parts = vec![format!("{head}{NEWCOMER}")];
    let keys: Vec<usize> = (0..contents.keys).collect();
    for (part, indices) in keys.chunks(KEYS_PER_APPLICATION).enumerate() {
        let mut text = DRIVER.replace("{part}", &part.to_string());
        for index in indices {
            let _ = writeln!(text, "      - {{ value: {} }}", key(*index));
        }
        parts.push(text);
    }
    parts
}
