//! Comparing pairs of documents with what oasdiff 1.15 found in them.

use std::collections::BTreeMap;

use openapi::diff::rules::Origin;
use openapi::diff::{Level, diff_with};
use serde_json::Value;

use crate::diff::{file, options};
use crate::specs;

/// oasdiff's own pairs: everything that oasdiff 1.15 reports, and nothing else under its names.
#[test]
fn pairs_of_oasdiff() {
    let Some(folder) = specs::shared().map(|shared| shared.join("oasdiff-pairs")) else {
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(expected) = std::fs::read_to_string(folder.join("expected.json")) else {
            continue;
        };
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut wanted: Vec<String> = expected["all_findings_cli_1_15_0"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let operation = format!("{} {}", text(&entry["operation"]), text(&entry["path"]));
                format!("{} {} {}", text(&entry["level"]), text(&entry["id"]), operation.trim())
            })
            .collect();
        wanted.sort();
        let changes = diff_with(
            &file(&folder.join("base.yaml")),
            &file(&folder.join("revision.yaml")),
            &options(),
        );
        let mut have: Vec<String> = changes
            .list()
            .iter()
            .filter(|change| change.rule.origin == Origin::Oasdiff)
            .map(|change| {
                let operation = change.operation.as_deref().unwrap_or_default();
                format!("{} {} {operation}", level(change.level), change.rule.name)
            })
            .collect();
        have.sort();
        assert_eq!(have, wanted, "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 20);
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "ERR",
        Level::Warning => "WARN",
        Level::Info => "INFO",
    }
}

/// Real pairs: what oasdiff 1.15 calls breaking is found rule by rule, and nothing else under its names. Of Swagger 2.0 it
/// reads paths and parameters only; docs/spec-diff.md has that comparison.
#[test]
fn real_pairs() {
    let Some(folder) = specs::shared().map(|shared| shared.join("pairs")) else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let expected: Value =
            serde_json::from_slice(&std::fs::read(folder.join("oasdiff-expected.json")).unwrap()).unwrap();
        let document = |name: &str| {
            let path = ["json", "yaml"].map(|ending| folder.join(format!("{name}.{ending}")));
            file(path.iter().find(|path| path.exists()).unwrap())
        };
        let (old, new) = (document("base"), document("revision"));
        if old.format() == openapi::Document::format(&new) && old.format().label() == "swagger-2.0" {
            continue;
        }
        let changes = diff_with(&old, &new, &options());
        assert!(changes.is_complete());
        let mut have: BTreeMap<String, u64> = BTreeMap::new();
        let known = changes
            .list()
            .iter()
            .filter(|change| change.rule.origin == Origin::Oasdiff);
        for change in known.filter(|change| change.is_breaking()) {
            *have
                .entry(format!("{} {}", change.rule.name, level(change.level)))
                .or_default() += 1;
        }
        let by_rule = expected["by_rule"].as_object().unwrap();
        let wanted: BTreeMap<String, u64> = by_rule
            .iter()
            .filter(|(rule, _)| !rule.ends_with("INFO"))
            .map(|(rule, count)| (rule.clone(), count.as_u64().unwrap()))
            .collect();
        // The recording lists the most frequent rules of some pairs only.
        for (rule, count) in &wanted {
            assert_eq!(have.get(rule), Some(count), "{rule} in {}", folder.display());
        }
        let breaking = ["ERR", "WARN"].map(|level| expected["totals"][level].as_u64().unwrap_or(0));
        assert_eq!(
            have.values().sum::<u64>(),
            breaking.iter().sum::<u64>(),
            "{}",
            folder.display()
        );
    }
}
