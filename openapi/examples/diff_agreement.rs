//! How far a comparison agrees with what oasdiff found in the same two documents.
//!
//! `oasdiff changelog OLD NEW -f json --level INFO > FOUND.json`, then
//! `cargo run -p openapi --example diff_agreement -- OLD NEW FOUND.json`. Findings are compared by rule, level and operation;
//! rules that oasdiff 1.15 doesn't have are counted apart.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use openapi::diff::rules::Origin;
use openapi::diff::{Change, Date, Options, diff_with};
use openapi::{Limits, read};
use serde_json::{Value, json};

/// Rule, level and operation, and how often they were found.
type Findings = BTreeMap<(String, String, String), usize>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [old, new, found] = arguments.as_slice() else {
        let _ = writeln!(std::io::stderr(), "usage: diff_agreement OLD NEW FOUND.json");
        return ExitCode::from(2);
    };
    match run(old, new, found) {
        Ok(report) => {
            let _ = writeln!(std::io::stdout(), "{report:#}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(old: &str, new: &str, found: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let limits = Limits::default();
    let (old, new) = (
        read(&std::fs::read(old)?, &limits)?,
        read(&std::fs::read(new)?, &limits)?,
    );
    let options = Options {
        today: today(),
        ..Options::default()
    };
    let changes = diff_with(&old, &new, &options);
    let theirs = theirs(&serde_json::from_slice(&std::fs::read(found)?)?);
    let of = |wanted: &dyn Fn(&Change) -> bool| count(changes.list().iter().filter(|change| wanted(change)).map(key));
    let ours = of(&|change| change.rule.origin == Origin::Oasdiff);
    let beyond = of(&|change| change.rule.origin != Origin::Oasdiff);
    let mut report = serde_json::Map::new();
    for (name, levels) in [("breaking", &["error", "warning"][..]), ("info", &["info"][..])] {
        let pick = |findings: &Findings| -> Findings {
            let picked = findings
                .iter()
                .filter(|((_, level, _), _)| levels.contains(&level.as_str()));
            picked.map(|(key, count)| (key.clone(), *count)).collect()
        };
        let (ours, theirs) = (pick(&ours), pick(&theirs));
        report.insert(
            name.to_owned(),
            json!({
                "oasdiff": theirs.values().sum::<usize>(),
                "found": theirs.iter().map(|(key, count)| count.min(ours.get(key).unwrap_or(&0))).sum::<usize>(),
                "missing": by_rule(&theirs, &ours),
                "extra": by_rule(&ours, &theirs),
            }),
        );
    }
    report.insert("otherRules".to_owned(), by_rule(&beyond, &Findings::new()));
    Ok(Value::Object(report))
}

fn key(change: &Change) -> (String, String, String) {
    (
        change.rule.name.to_owned(),
        change.level.label().to_owned(),
        change.operation.clone().unwrap_or_default(),
    )
}

fn count(keys: impl Iterator<Item = (String, String, String)>) -> Findings {
    let mut findings = Findings::new();
    for key in keys {
        *findings.entry(key).or_default() += 1;
    }
    findings
}

/// What oasdiff printed, or a recording of it: `{"findings": [[rule, level, method, path]]}`.
fn theirs(found: &Value) -> Findings {
    let level = |value: &Value| {
        let word = match (value.as_u64(), value.as_str()) {
            (Some(3), _) | (_, Some("ERR")) => "error",
            (Some(2), _) | (_, Some("WARN")) => "warning",
            _ => "info",
        };
        word.to_owned()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = found.get("findings").unwrap_or(found).as_array();
    count(entries.into_iter().flatten().map(|entry| {
        let field = |name: &str, index: usize| {
            entry
                .get(name)
                .or_else(|| entry.get(index))
                .cloned()
                .unwrap_or_default()
        };
        let operation = format!("{} {}", text(&field("operation", 2)), text(&field("path", 3)));
        (
            text(&field("id", 0)),
            level(&field("level", 1)),
            operation.trim().to_owned(),
        )
    }))
}

/// What of one is not in the other, by rule.
fn by_rule(one: &Findings, other: &Findings) -> Value {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, count) in one {
        let rest = count.saturating_sub(*other.get(key).unwrap_or(&0));
        if rest > 0 {
            *rules.entry(&key.0).or_default() += rest;
        }
    }
    json!(rules)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program without a clock that could be passed to it"
)]
fn today() -> Option<Date> {
    let now = std::time::SystemTime::now();
    let passed = now.duration_since(std::time::UNIX_EPOCH).ok()?;
    Date::from_unix(i64::try_from(passed.as_secs()).ok()?)
}
