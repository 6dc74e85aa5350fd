//! The suites: what each one starts, and what it reports.

use std::{path::Path, process::Command};

use anyhow::Context as _;

use super::{
    Score, Scores, Suite, origins,
    product::{self, Api, PREFIX, Product, Started},
    read, stress,
};
use crate::{
    process,
    server::{Ready, Scratch, Server, free_port},
    terminal::note,
    workspace::Workspace,
};

/// Every method that tests for caches use; the last is not one of those that documents have a field for.
const CACHE_METHODS: &[&str] = &["get", "head", "post", "put", "delete", "options", "patch", "M-SEARCH"];

const CACHE: Api = Api {
    operations: &[
        (CACHE_METHODS, "/test/{id}"),
        (CACHE_METHODS, "/test/{id}/{file}"),
        (&["put"], "/config/{id}"),
        (&["get"], "/state/{id}"),
    ],
    upstream: "",
    // "As a shared cache in front of everything", in docs/policies/cache.md.
    policies: " cache: { share: allowed, heuristic: true, stale_if_error: 1h } ",
};

const GRPC: Api = Api {
    operations: &[
        (&["post"], "/echo.Echo/Unary"),
        (&["post"], "/echo.Echo/Server"),
        (&["post"], "/echo.Echo/Client"),
        (&["post"], "/echo.Echo/Both"),
        (&["post"], "/echo.Echo/Fail"),
        (&["post"], "/echo.Echo/Missing"),
    ],
    upstream: ", protocol: http2",
    policies: "",
};

const WEBSOCKET: Api = Api {
    operations: &[(&["get"], "/echo")],
    upstream: "",
    policies: "",
};

const INTERRUPTION: Api = Api {
    operations: &[(&["get", "post"], "/items/{id}")],
    upstream: "",
    policies: "",
};

impl Suite {
    /// Runs all of it.
    pub(super) fn run(self, workspace: &Workspace, binary: &Path) -> anyhow::Result<Scores> {
        match self {
            Self::Framing => framing(workspace),
            Self::Cache => cache(workspace, binary),
            Self::Grpc => checked(
                workspace,
                binary,
                "grpc",
                &GRPC,
                "grpc_check.py",
                |check, _, gateway| {
                    check.args(["check", gateway, PREFIX]);
                },
            ),
            Self::Websocket => {
                let script = "websocket_check.py";
                checked(
                    workspace,
                    binary,
                    "websocket",
                    &WEBSOCKET,
                    script,
                    |check, upstream, gateway| {
                        check.args(["check", upstream, gateway, PREFIX]);
                    },
                )
            }
            Self::Interruption => interruption(workspace, binary),
            Self::Load => Ok(one("load", stress::load(workspace, binary)?)),
            Self::Slow => Ok(one("slow", stress::slow(binary)?)),
            Self::Tls => Ok(one("tls", stress::tls(binary)?)),
        }
    }
}

fn one(name: &str, score: Score) -> Scores {
    Scores::from([(name.to_owned(), score)])
}

/// What a suite is worth that the gateway has no feature for yet.
fn not_supported(name: &str, said: &str) -> Scores {
    note(&format!("{name}: not supported yet: {said}"));
    let failed = vec!["all of it: not supported yet".to_owned()];
    one(name, Score { passed: 0, failed })
}

/// The vectors are part of the gateway's own tests; a vector is a line.
fn framing(workspace: &Workspace) -> anyhow::Result<Scores> {
    let vectors = std::fs::read_to_string(workspace.root.join("gateway/tests/it/framing/vectors.txt"))?;
    let cases = vectors.lines().filter(|line| !line.starts_with('#')).count();
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--package", "gateway", "--test", "it", "--", "framing_vectors"]);
    let (status, report) = process::tee(&mut cargo)?;
    // `name (verdict, byte by byte: false): outcome`
    let wrong: std::collections::BTreeSet<String> = report
        .lines()
        .filter_map(|line| Some(line.split_once(" (")?.0.to_owned()).filter(|_| line.contains(", byte by byte: ")))
        .collect();
    let failed: Vec<String> = match (status.success(), wrong.is_empty()) {
        (true, _) => Vec::new(),
        (false, false) => wrong.into_iter().collect(),
        (false, true) => anyhow::bail!("the test of the vectors did not run"),
    };
    let passed = cases - failed.len();
    Ok(one("framing", Score { passed, failed }))
}

/// A suite of one script that is both the origin (`serve PORT`) and the check.
fn checked(
    workspace: &Workspace,
    binary: &Path,
    name: &str,
    api: &Api,
    script: &str,
    arguments: impl Fn(&mut Command, &str, &str),
) -> anyhow::Result<Scores> {
    let scratch = Scratch::new(name)?;
    let upstream = free_port()?;
    let mut serve = origins::python(workspace, script);
    serve.args(["serve", &upstream.to_string()]);
    let _origin = Server::start("origin", &mut serve, &scratch, upstream, Ready::Listens)?;
    let gateway = match product::start(binary, &scratch, api, upstream)? {
        Started::Running(product) => product,
        Started::NotSupported(said) => return Ok(not_supported(name, &said)),
    };
    let mut check = origins::python(workspace, script);
    arguments(&mut check, &upstream.to_string(), &gateway.port.to_string());
    Ok(one(name, read(&process::output(&mut check)?)))
}

/// The script starts, kills and restarts the upstream itself.
fn interruption(workspace: &Workspace, binary: &Path) -> anyhow::Result<Scores> {
    let scratch = Scratch::new("interruption")?;
    let upstream = free_port()?;
    let gateway = running(product::start(binary, &scratch, &INTERRUPTION, upstream)?)?;
    let mut check = origins::python(workspace, "interruption_check.py");
    check.args([upstream.to_string(), gateway.port.to_string(), PREFIX.to_owned()]);
    Ok(one("interruption", read(&process::output(&mut check)?)))
}

fn running(started: Started) -> anyhow::Result<Product> {
    match started {
        Started::Running(product) => Ok(product),
        Started::NotSupported(said) => anyhow::bail!("turnpike refuses the manifest: {said}"),
    }
}

fn cache(workspace: &Workspace, binary: &Path) -> anyhow::Result<Scores> {
    let scratch = Scratch::new("cache")?;
    let upstream = free_port()?;
    let suite = origins::cache_tests(workspace);
    let mut serve = Command::new("node");
    serve.arg("server/server.mjs").current_dir(&suite);
    // Its own way of being told.
    serve
        .env("npm_config_port", upstream.to_string())
        .env("npm_config_protocol", "http");
    serve.env("npm_config_pidfile", scratch.path().join("origin.pid"));
    let _origin = Server::start("origin", &mut serve, &scratch, upstream, Ready::Listens)?;
    let gateway = match product::start(binary, &scratch, &CACHE, upstream)? {
        Started::Running(product) => product,
        Started::NotSupported(said) => return Ok(not_supported("cache-required", &said)),
    };
    let mut client = Command::new("node");
    client.args(["--no-warnings", "cli.mjs"]).current_dir(&suite);
    client.env("npm_config_base", format!("http://127.0.0.1:{}{PREFIX}", gateway.port));
    client.env("npm_config_id", "").env("npm_package_config_id", "");
    let found = process::output(&mut client)?;
    let found = scratch.write("result.json", &found).context("can't keep the result")?;
    let report = process::output(origins::cache_score(workspace).arg(found))?;
    Ok(["required", "optimal"]
        .into_iter()
        .map(|kind| {
            let lines: Vec<&str> = report
                .lines()
                .filter(|line| line.split(' ').nth(1) == Some(kind))
                .collect();
            (format!("cache-{kind}"), read(&lines.join("\n")))
        })
        .collect())
}
