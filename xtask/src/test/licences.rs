//! Licences we may link, and crates that must not come in through anybody's default features.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{
    terminal::note,
    workspace::{WASM, Workspace, host},
};

/// Permissive licences: keep the notice and you are fine.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Licences that are fine for these crates only. MPL-2.0 asks for changes to the crate's own files, and we make none.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("cssparser", "MPL-2.0"),
    ("cssparser-macros", "MPL-2.0"),
    ("dtoa-short", "MPL-2.0"),
    ("selectors", "MPL-2.0"),
];

/// One TLS stack (rustls on ring), built with a C compiler alone.
const BANNED: [&str; 4] = ["aws-lc-sys", "native-tls", "openssl", "openssl-sys"];

/// Checks every dependency of every member, here and in the browser.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let mut offences = BTreeSet::new();
    for platform in [&host()?, WASM] {
        offences.extend(offending(&workspace.metadata(platform)?)?);
    }
    for offence in &offences {
        note(offence);
    }
    if !offences.is_empty() {
        bail!("{} dependencies must not be used", offences.len());
    }
    Ok(())
}

fn offending(metadata: &Value) -> anyhow::Result<BTreeSet<String>> {
    let used = reachable(metadata)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let mut offences = BTreeSet::new();
    for package in packages
        .iter()
        .filter(|package| used.contains(package["id"].as_str().unwrap_or_default()))
    {
        let name = package["name"].as_str().unwrap_or_default();
        let version = package["version"].as_str().unwrap_or_default();
        if BANNED.contains(&name) {
            offences.insert(format!("{name} {version} is banned: it brings a second TLS stack"));
        }
        let licence = package["license"].as_str().unwrap_or("unknown");
        if !is_allowed(name, licence) {
            offences.insert(format!("{name} {version}: its licence, {licence}, is not allowed"));
        }
    }
    Ok(offences)
}

/// What members really use: the lockfile also names optional dependencies of dependencies.
fn reachable(metadata: &Value) -> anyhow::Result<HashSet<&str>> {
    let nodes = metadata["resolve"]["nodes"]
        .as_array()
        .context("cargo metadata resolves nothing")?;
    let edges: HashMap<&str, &Value> = nodes
        .iter()
        .map(|node| (node["id"].as_str().unwrap_or_default(), node))
        .collect();
    let members = metadata["workspace_members"]
        .as_array()
        .context("cargo metadata lists no members")?;
    let mut open: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let node = edges.get(id).with_context(|| format!("{id} is not resolved"))?;
            open.extend(
                node["dependencies"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str),
            );
        }
    }
    Ok(seen)
}

/// Whether the SPDX expression can be met with licences that we allow. `/` is an older way to write `OR`.
fn is_allowed(package: &str, expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(package, &mut rest) && rest.is_empty()
}

fn any_of(package: &str, rest: &mut &[&str]) -> bool {
    let mut met = all_of(package, rest);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        met |= all_of(package, rest);
    }
    met
}

fn all_of(package: &str, rest: &mut &[&str]) -> bool {
    let mut met = one(package, rest);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        met &= one(package, rest);
    }
    met
}

fn one(package: &str, rest: &mut &[&str]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let met = any_of(package, rest);
            match *rest {
                [")", tail @ ..] => {
                    *rest = tail;
                    met
                }
                _ => false,
            }
        }
        [name, "WITH", exception, tail @ ..] => {
            *rest = tail;
            ALLOWED.contains(&format!("{name} WITH {exception}").as_str())
        }
        [name, tail @ ..] => {
            *rest = tail;
            ALLOWED.contains(name) || EXCEPTIONS.contains(&(package, name))
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_or_not() {
        for (expression, expected) in [
            ("MIT", true),
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
            ("(GPL-3.0 OR AGPL-3.0) AND Unicode-3.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", false),
            ("MPL-2.0", false),
            ("MIT )", false),
            ("", false),
        ] {
            assert_eq!(is_allowed("some", expression), expected, "{expression}");
        }
        assert!(is_allowed("cssparser", "MPL-2.0"));
    }
}
