//! Who may import whom: members among each other, what must never reach a member, and features of the user interface.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::{process, terminal::note, workspace::Workspace};

/// Member, and the members it may depend on outside of its tests.
const MEMBERS: [(&str, &[&str]); 8] = [
    ("openapi", &[]),
    ("migrations", &[]),
    ("xtask", &[]),
    ("domain", &["openapi", "migrations"]),
    ("app", &["domain", "openapi"]),
    ("app-hydrate", &["app"]),
    ("gateway", &["domain", "openapi"]),
    ("server", &["app", "domain", "gateway", "migrations", "openapi"]),
];

/// Member as others see it without extra features, and what its whole dependency tree must not hold.
const NEVER: [(&str, &[&str]); 3] = [
    ("gateway", &["sea-orm", "sqlx", "axum", "leptos", "migrations"]),
    (
        "domain",
        &["sea-orm", "sqlx", "tokio", "axum", "hyper", "leptos", "migrations"],
    ),
    ("openapi", &["sea-orm", "sqlx", "tokio", "axum", "hyper", "leptos"]),
];

/// Checks every rule and reports every offence.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let mut offences = members(workspace)?;
    for (member, banned) in NEVER {
        offences.extend(tree(workspace, member, banned)?);
    }
    offences.extend(features(&workspace.root.join("app/src/features"))?);
    for offence in &offences {
        note(offence);
    }
    if !offences.is_empty() {
        bail!("{} forbidden import(s)", offences.len());
    }
    Ok(())
}

fn members(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let text = process::output(
        workspace
            .cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"]),
    )?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let mut offences = Vec::new();
    for package in metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?
    {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = MEMBERS.iter().find(|(member, _)| *member == name) else {
            offences.push(format!("{name}: a new member needs a row in xtask/src/test/edges.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let target = dependency["name"].as_str().unwrap_or_default();
            let ours = dependency["path"].is_string() && dependency["kind"] != "dev";
            if ours && !allowed.contains(&target) {
                offences.push(format!("{name} must not import {target}"));
            }
        }
    }
    Ok(offences)
}

fn tree(workspace: &Workspace, member: &str, banned: &[&str]) -> anyhow::Result<Vec<String>> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "tree",
        "--locked",
        "--edges",
        "no-dev",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--package",
        member,
    ]);
    let tree = process::output(&mut cargo)?;
    let found = banned
        .iter()
        .filter(|name| tree.lines().any(|line| line.split(' ').next() == Some(name)));
    Ok(found
        .map(|name| format!("{name} must not be among the dependencies of {member}"))
        .collect())
}

/// A feature folder of the user interface imports no other feature. Folders of `console/` are features of their own.
fn features(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut offences = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let own = feature_of(path.strip_prefix(folder)?.parent().unwrap_or(Path::new("")));
            let text = fs::read_to_string(&path)?;
            for (index, line) in text.lines().enumerate() {
                for other in imported_features(line, folder) {
                    // The folder above assembles its features.
                    if !other.starts_with(&own) && !own.starts_with(&other) {
                        let place = format!("{}:{}", path.display(), index + 1);
                        offences.push(format!("{place}: imports the feature {}", other.display()));
                    }
                }
            }
        }
    }
    Ok(offences)
}

/// The feature that a folder below `features/` belongs to: its first part, or first two below `console`.
fn feature_of(folder: &Path) -> PathBuf {
    let parts = if folder.starts_with("console") { 2 } else { 1 };
    folder.iter().take(parts).collect()
}

/// Features that a line names by `features::NAME` (`features::console::NAME`).
fn imported_features<'a>(line: &'a str, folder: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    line.match_indices("features::").filter_map(move |(at, prefix)| {
        let path: PathBuf = line[at + prefix.len()..]
            .split("::")
            .map(|word| {
                word.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                    .next()
                    .unwrap_or_default()
            })
            .take_while(|word| !word.is_empty())
            .collect();
        let feature = feature_of(&path);
        // `features::console::Shell` is an item of `console`, no feature.
        let known = feature
            .ancestors()
            .find(|candidate| folder.join(candidate).is_dir())?
            .to_owned();
        (known.iter().count() > 0).then_some(known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_a_folder_and_console_has_features_of_its_own() {
        for (folder, feature) in [
            ("", ""),
            ("catalog", "catalog"),
            ("catalog/parts", "catalog"),
            ("console", "console"),
            ("console/apis", "console/apis"),
            ("console/apis/parts", "console/apis"),
        ] {
            assert_eq!(feature_of(Path::new(folder)), PathBuf::from(feature), "{folder}");
        }
    }

    #[test]
    fn imports_are_found_by_name() {
        let folder = std::env::temp_dir().join(format!("turnpike-edges-{}", std::process::id()));
        for feature in ["catalog", "keys", "console/apis"] {
            fs::create_dir_all(folder.join(feature)).unwrap();
        }
        fs::write(folder.join("catalog/mod.rs"), "use crate::features::keys::list;\n").unwrap();
        fs::write(
            folder.join("console/apis/mod.rs"),
            "use crate::features::console::Shell;\n",
        )
        .unwrap();
        fs::write(
            folder.join("mod.rs"),
            "pub use crate::features::{keys};\nuse crate::features::keys;\n",
        )
        .unwrap();
        let offences = features(&folder);
        fs::remove_dir_all(&folder).unwrap();
        let offences = offences.unwrap();
        assert_eq!(offences.len(), 1, "{offences:?}");
        assert!(
            offences[0].contains("catalog/mod.rs:1: imports the feature keys"),
            "{offences:?}"
        );
    }
}
