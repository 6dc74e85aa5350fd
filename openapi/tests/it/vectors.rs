//! The specification's own documents that are wrong: each gets at least one error. (Those that are right are in `corpus`.)

use openapi::{Limits, Severity};

use crate::specs;

/// Vectors that are accepted without an error, each for a reason.
const EXCEPTIONS: [(&str, &str); 0] = [];

#[test]
fn every_fail_vector_gets_an_error() {
    let Some(shared) = specs::shared() else { return };
    let mut quiet = Vec::new();
    for path in specs::files(&shared.join("oai-vectors")) {
        if !path.components().any(|part| part.as_os_str() == "fail") {
            continue;
        }
        let name = path
            .strip_prefix(shared.join("oai-vectors"))
            .unwrap()
            .display()
            .to_string();
        let found = match openapi::read(&std::fs::read(&path).unwrap(), &Limits::default()) {
            Ok(document) => document.diagnostics().to_vec(),
            Err(rejected) => rejected.diagnostics,
        };
        if !found.iter().any(|found| found.severity == Severity::Error) {
            quiet.push(name);
        }
    }
    let expected: Vec<&str> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(quiet, expected);
}
