//! Compares our findings with those that another tool has recorded, rule by rule:
//!
//! ```text
//! spectral lint -r all.yaml -f json -q -o theirs.json FILE      # all.yaml: extends: [["spectral:oas", "all"]]
//! cargo run --release -p openapi --example lint_agreement -- FILE=theirs.json [FILE=theirs.json …]
//! ```
//!
//! A finding is the same if its rule, path and severity are. Ends with code 1 below 99 % or above nothing of our own.
#![expect(clippy::print_stdout, reason = "a command prints")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use openapi::lint::{Origin, Ruleset, lint_up_to, rule};
use serde_json::Value;

/// How often something was found by both, by them only, by us only.
#[derive(Default)]
struct Count([usize; 3]);

type Key = (String, String, u64);

fn theirs(text: &[u8]) -> Result<BTreeMap<Key, usize>, Box<dyn std::error::Error>> {
    let mut found = BTreeMap::new();
    for finding in serde_json::from_slice::<Vec<Value>>(text)? {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let path = finding["path"].as_array().into_iter().flatten().map(text);
        let path: Vec<String> = path.collect();
        let severity = finding["severity"].as_u64().unwrap_or_default();
        *found
            .entry((text(&finding["code"]), path.join("\n"), severity))
            .or_insert(0) += 1;
    }
    Ok(found)
}

fn ours(bytes: &[u8]) -> BTreeMap<Key, usize> {
    let mut found = BTreeMap::new();
    let report = lint_up_to(bytes, &openapi::Limits::default(), &Ruleset::spectral_all(), 1_000_000);
    for finding in report.findings {
        if rule(&finding.rule).is_some_and(|rule| rule.origin == Origin::Spectral) {
            let key = (finding.rule, finding.path.join("\n"), finding.severity as u64);
            *found.entry(key).or_insert(0) += 1;
        }
    }
    found
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut rules: BTreeMap<String, Count> = BTreeMap::new();
    for argument in std::env::args().skip(1) {
        let (file, recorded) = argument.split_once('=').ok_or("FILE=FINDINGS is expected")?;
        let (mut theirs, ours) = (theirs(&std::fs::read(recorded)?)?, ours(&std::fs::read(file)?));
        for (key, count) in ours {
            let other = theirs.remove(&key).unwrap_or_default();
            let both = count.min(other);
            for (place, more) in [both, other - both, count - both].into_iter().enumerate() {
                rules.entry(key.0.clone()).or_default().0[place] += more;
            }
            if other != count {
                println!(
                    "{file}: {} at /{}: they {other}, we {count}",
                    key.0,
                    key.1.replace('\n', "/")
                );
            }
        }
        for (key, count) in theirs {
            rules.entry(key.0.clone()).or_default().0[1] += count;
            println!("{file}: {} at /{}: they {count}, we 0", key.0, key.1.replace('\n', "/"));
        }
    }
    println!("{:45} {:>7} {:>7} {:>7}", "rule", "both", "theirs", "ours");
    let mut all = [0; 3];
    for (rule, Count(counts)) in &rules {
        println!("{rule:45} {:>7} {:>7} {:>7}", counts[0], counts[1], counts[2]);
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
    }
    let share = 100.0 * all[0] as f64 / (all[0] + all[1]).max(1) as f64;
    println!("{:45} {:>7} {:>7} {:>7}", "all", all[0], all[1], all[2]);
    println!("{share:.2} % of theirs found");
    Ok(if share >= 99.0 && all[2] == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
