//! Turnpike itself, as it comes out of the release build, over a manifest with the same work.

use std::{fmt::Write as _, path::Path, process::Command};

use super::{KEYS, key, ready};
use crate::{
    process,
    server::{Scratch, Server, free_port},
};

/// Where the gateway has the driven operation: organization, api, version, path.
pub(super) const PATH: &str = "/bench/pets/v1/pets/1";

const SPEC: &str = "openapi: 3.1.0
info: { title: Pets, version: '1' }
paths:
  /pets/{id}:
    get:
      operationId: getPet
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
      responses:
        '200': { description: The pet }
";

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
  - slug: driver
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: bench/wide }]
    keys:
"#;

/// Applies the manifest to a new installation and serves it with one gateway thread.
pub(super) fn turnpike(binary: &Path, scratch: &Scratch, upstream: u16) -> anyhow::Result<(Server, u16)> {
    let data = scratch.path().join("data");
    scratch.write("pets.yaml", SPEC)?;
    let manifest = scratch.write("manifest.yaml", &manifest(upstream))?;
    // Private targets are refused by default; the upstream runs on this machine.
    let mut apply = Command::new(binary);
    apply.args(["apply", "--data"]).arg(&data).arg(manifest);
    // Its list of changes is no result of ours.
    process::output(&mut apply)?;

    let port = free_port()?;
    let gateway = format!("127.0.0.1:{port}");
    let portal = format!("127.0.0.1:{}", free_port()?);
    let mut serve = Command::new(binary);
    serve.args(["serve", "--allow-private-upstreams", "--gateway-threads", "1"]);
    serve
        .args(["--gateway", &gateway, "--portal", &portal, "--data"])
        .arg(&data);
    Ok((
        Server::start("turnpike", &mut serve, scratch, port, ready(PATH, &key(77)))?,
        port,
    ))
}

fn manifest(upstream: u16) -> String {
    let mut text = MANIFEST.replace("{upstream}", &upstream.to_string());
    for index in 0..KEYS {
        let _ = writeln!(text, "      - {{ value: {} }}", key(index));
    }
    text
}
