//! Counts test cases in what test programs print.

use std::{fmt, ops::AddAssign};

/// How many test cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cases {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl AddAssign for Cases {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// From lines like `test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; …`, one a test binary.
pub(super) fn of_cargo(output: &str) -> Cases {
    let mut cases = Cases::default();
    for line in output.lines().filter_map(|line| line.split_once("test result: ")) {
        for part in line.1.split([';', '.']) {
            match number_and_word(part) {
                Some((count, "passed")) => cases.passed += count,
                Some((count, "failed")) => cases.failed += count,
                Some((count, "ignored")) => cases.skipped += count,
                _ => {}
            }
        }
    }
    cases
}

/// From the lines at the end: `  2 failed`, `  1 skipped`, `  14 passed (32.1s)`. A flaky test has passed in the end.
pub(super) fn of_playwright(output: &str) -> Cases {
    let mut cases = Cases::default();
    for line in output.lines() {
        match number_and_word(line) {
            Some((count, "passed" | "flaky")) => cases.passed += count,
            Some((count, "failed" | "interrupted")) => cases.failed += count,
            Some((count, "skipped")) => cases.skipped += count,
            _ => {}
        }
    }
    cases
}

/// `  14 passed (32.1s)` → 14 and `passed`
fn number_and_word(text: &str) -> Option<(u64, &str)> {
    let mut words = text.split_whitespace();
    let count = words.next()?.parse().ok()?;
    Some((count, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_binary_counts() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 41 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(
            of_cargo(output),
            Cases {
                passed: 43,
                failed: 1,
                skipped: 3
            }
        );
    }

    #[test]
    fn playwright_summary_counts() {
        let output = "Running 17 tests using 1 worker\n  ✓  1 [js] › a.spec.ts:3:1 › signs up (1.2s)\n\n\
            2 failed\n    [js] › a.spec.ts:3:1 › b\n  1 skipped\n  14 passed (32.1s)\n";
        assert_eq!(
            of_playwright(output),
            Cases {
                passed: 14,
                failed: 2,
                skipped: 1
            }
        );
    }
}
