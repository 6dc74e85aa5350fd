//! Reading a manifest: from a file to values, with errors that name file, line and field.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::manifest::Manifest;
use crate::cli::file;

/// A manifest and where it was read from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file, as it was named.
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// One line: `FILE:LINE: FIELD: what is wrong`.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = file::read_text(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let manifest = parse(&text).map_err(|sentence| anyhow!("{}:{sentence}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            manifest,
        })
    }

    /// A file that the manifest names, relative to itself.
    pub(crate) fn neighbour(&self, name: &str) -> PathBuf {
        self.path
            .parent()
            .map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }
}

fn parse(text: &str) -> Result<Manifest, String> {
    yaml_serde::from_str(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let message = error.to_string();
        // The line is said already, and the end of the sentence is where the nearest field goes.
        let message = message.split(" at line ").next().unwrap_or(&message);
        match nearest(message) {
            Some((unknown, near)) => {
                let field = message.split("unknown field").next().unwrap_or_default();
                format!("{line}: {field}unknown field `{unknown}`; did you mean `{near}`?")
            }
            None => format!("{line}: {message}"),
        }
    })
}

/// The unknown word of an error of serde and the nearest known one. `None` for other errors and when nothing is near.
fn nearest(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    let (_, expected) = rest.split_once("expected ")?;
    let known = expected.split('`').skip(1).step_by(2);
    let closeness = |name: &&str| strsim::jaro_winkler(unknown, name);
    let near = known.max_by(|a, b| closeness(a).total_cmp(&closeness(b)))?;
    (strsim::jaro_winkler(unknown, near) > 0.7).then_some((unknown, near))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).err().unwrap_or_else(|| panic!("{text} was read"))
    }

    #[test]
    fn the_whole_format_is_read() {
        let text = r#"
turnpike: 1
organizations:
  - slug: acme
    name: Acme
    members: [{ email: owner@acme.example, role: owner, password: "only honoured when the account is new" }]
    apis:
      - slug: petstore
        name: Petstore
        summary: Pets, over HTTP.
        visibility: public
        tags: [animals]
        guides: []
        versions:
          - name: v1
            state: published
            spec: ./petstore.yaml
            access: key
            upstream: { targets: [{ url: "http://127.0.0.1:9000", weight: 1 }] }
            deprecation: { since: 2026-11-01T00:00:00Z, sunset: 2027-05-01T00:00:00Z, successor: v2, guide: ./v1-to-v2.md }
            policies: {}
    plans:
      - slug: free
        name: Free
        apis: [petstore]
        price: { model: free }
        rate_limits: [{ requests: 10, per: 1s, burst: 20 }]
        quota: { requests: 1000, per: month }
        approval: automatic
applications:
  - slug: demo-app
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: acme/free }]
    keys: [{ value: "tp_live_…" }]
"#;
        let manifest = parse(text).unwrap();
        let plan = &manifest.organizations[0].plans[0];
        assert_eq!(
            plan.rate_limits[0].to_limit(),
            domain::plan::RateLimit {
                requests: 10,
                per_s: 1,
                burst: 20
            }
        );
        let printed = format!("{manifest:?}");
        for secret in ["tp_live_", "only honoured", "correct horse"] {
            assert!(!printed.contains(secret), "{secret} is printed: {printed}");
        }
    }

    #[test]
    fn mistakes_are_named_with_line_and_field() {
        for (text, expected) in [
            (
                "turnpike: 1\norganizatons: []\n",
                "2: unknown field `organizatons`; did you mean `organizations`?",
            ),
            (
                "turnpike: 2\n",
                "1: this program reads manifests of version 1, and this one has version 2",
            ),
            ("organizations: []\n", "1: missing field `turnpike`"),
            (
                "turnpike: 1\norganizations:\n- slug: a\n  name: A\n  apis:\n  - slug: x\n    vesions: []\n",
                "7: organizations[0].apis[0]: unknown field `vesions`; did you mean `versions`?",
            ),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        let version = |line: &str| {
            format!(
                "turnpike: 1\norganizations:\n- slug: a\n  name: A\n  apis:\n  - slug: x\n    versions:\n    - name: v1\n      {line}\n"
            )
        };
        for (line, expected) in [
            ("host: [api.example]", "host"),
            ("match: { header: Api-Version }", "match"),
            ("paths: any", "paths"),
            ("policies: { cors: {} }", "policies"),
            ("state: live", "`live`"),
            ("upstream: { targets: [{ url: nowhere }] }", "targets[0]"),
            ("deprecation: { since: yesterday }", "deprecation"),
            ("zzzzzzzz: 1", "zzzzzzzz"),
        ] {
            let said = error(&version(line));
            assert!(
                said.contains(expected) && said.contains("organizations[0].apis[0].versions[0]"),
                "{line}: {said}"
            );
        }
        for model in ["flat", "per_unit", "tiered"] {
            let plan = format!(
                "turnpike: 1\norganizations: [{{ slug: a, name: A, plans: [{{ slug: p, name: P, apis: [], price: {{ model: {model} }} }}] }}]"
            );
            assert!(error(&plan).contains(&format!("`{model}` is not there yet")));
        }
    }
}
