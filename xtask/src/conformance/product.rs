//! The product, over a manifest with one API that anybody may call.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Output},
};

use anyhow::Context as _;

use crate::server::{Ready, Scratch, Server, free_port};

/// Where the gateway has the API: organization, api, version.
pub(super) const PREFIX: &str = "/conformance/api/v1";

const MANIFEST: &str = "turnpike: 1
organizations:
  - slug: conformance
    name: Conformance
    members: [{ email: owner@conformance.example, role: owner, password: \"correct horse battery\" }]
    apis:
      - slug: api
        name: API
        versions:
          - name: v1
            spec: ./api.yaml
            access: anonymous
            upstream: { targets: [{ url: \"http://127.0.0.1:{port}\" }]{upstream} }
            policies: {{policies}}
";

/// An API that a suite calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api {
    /// Its operations: methods, in lower case where documents have a field for them, and a path.
    pub(super) operations: &'static [(&'static [&'static str], &'static str)],
    /// Settings of the upstream in the manifest's form, each after a comma.
    pub(super) upstream: &'static str,
    /// Policies in the manifest's form.
    pub(super) policies: &'static str,
}

/// A gateway that runs.
pub(super) struct Product {
    pub(super) port: u16,
    _server: Server,
}

/// How a start ended.
pub(super) enum Started {
    Running(Product),
    /// The binary refuses the manifest: it has no such feature yet. What it said.
    NotSupported(String),
}

/// Applies a manifest with the API to a new installation and serves it.
pub(super) fn start(binary: &Path, scratch: &Scratch, api: &Api, upstream: u16) -> anyhow::Result<Started> {
    start_with(binary, scratch, api, upstream, &[])
}

/// As [`start`], with further arguments of `serve`.
pub(super) fn start_with(
    binary: &Path,
    scratch: &Scratch,
    api: &Api,
    upstream: u16,
    arguments: &[String],
) -> anyhow::Result<Started> {
    let data = scratch.path().join("data");
    scratch.write("api.yaml", &document(api))?;
    let manifest = MANIFEST
        .replace("{port}", &upstream.to_string())
        .replace("{upstream}", api.upstream)
        .replace("{policies}", api.policies);
    let manifest = scratch.write("manifest.yaml", &manifest)?;
    let mut apply = Command::new(binary);
    apply.args(["apply", "--data"]).arg(&data).arg(manifest);
    let Output { status, stdout, stderr } = apply.output().context("can't start turnpike")?;
    if !status.success() {
        let said = [stdout, stderr].concat();
        return Ok(Started::NotSupported(String::from_utf8_lossy(&said).trim().to_owned()));
    }
    let port = free_port()?;
    let mut serve = Command::new(binary);
    serve.args(["serve", "--allow-private-upstreams", "--gateway-threads", "2"]);
    serve.args(["--gateway", &format!("127.0.0.1:{port}")]);
    serve
        .args(["--portal", &format!("127.0.0.1:{}", free_port()?), "--data"])
        .arg(&data);
    // Several installations may run side by side.
    serve.args(["--operations", "off"]).args(arguments);
    let server = Server::start(
        "turnpike",
        &mut serve,
        scratch,
        port,
        Ready::IsConfigured { path: PREFIX },
    )?;
    Ok(Started::Running(Product { port, _server: server }))
}

/// What a document says of every operation.
const OPERATION: &str = "{ responses: { '200': { description: OK } } }";

fn document(api: &Api) -> String {
    let mut text = "openapi: 3.2.0\ninfo: { title: API, version: '1' }\npaths:\n".to_owned();
    for (methods, path) in api.operations {
        let _ = writeln!(text, "  {path}:");
        let names: Vec<&str> = path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split('}').next())
            .collect();
        if !names.is_empty() {
            text.push_str("    parameters:\n");
        }
        for name in names {
            let _ = writeln!(
                text,
                "      - {{ name: {name}, in: path, required: true, schema: {{ type: string }} }}"
            );
        }
        let (own, others): (Vec<_>, Vec<_>) = methods
            .iter()
            .partition::<Vec<&&str>, _>(|method| method.chars().all(char::is_lowercase));
        for method in own {
            let _ = writeln!(text, "    {method}: {OPERATION}");
        }
        if !others.is_empty() {
            text.push_str("    additionalOperations:\n");
        }
        for method in others {
            let _ = writeln!(text, "      {method}: {OPERATION}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_name_their_parameters() {
        let api = Api {
            operations: &[(&["get", "put", "M-SEARCH"], "/test/{id}/{file}")],
            upstream: "",
            policies: "",
        };
        let text = document(&api);
        assert!(
            text.contains("  /test/{id}/{file}:\n    parameters:\n      - { name: id,"),
            "{text}"
        );
        assert!(text.contains("{ name: file,") && text.contains("    put: {"), "{text}");
        assert!(
            text.contains("\n    additionalOperations:\n      M-SEARCH: {"),
            "{text}"
        );
    }
}
