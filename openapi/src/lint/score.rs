//! The score: one number for how good a document is, that anybody can work out again.
//!
//! For each area, every rule costs `(10 × errors + 3 × warnings + 1 × notes)` divided by ten, where no rule counts more findings
//! of one severity than the document has operations and named schemas (its size `n`, at least 10). With the costs of an area
//! added to `c`, its score is `100 × n / (n + c)`, rounded down. The total is the mean of the areas by weight, rounded down: structure 30,
//! documentation 20, schemas 20, security 20, design 10. A document that can't be read has 0. Findings that are accepted as
//! exceptions don't count, nor do rules of a ruleset's own, which belong to no area.

use std::collections::BTreeMap;

use super::catalogue::{self, Area};
use super::report::{AreaScore, Finding, Score};
use crate::diagnostics::Severity;

const LEAST_SIZE: usize = 10;

const fn weight(area: Area) -> u8 {
    match area {
        Area::Structure => 30,
        Area::Documentation | Area::Schemas | Area::Security => 20,
        Area::Design => 10,
    }
}

/// The score of a document of this size; `None` is one that can't be read.
pub(super) fn score(findings: &[Finding], size: Option<usize>) -> Score {
    let is_readable = size.is_some();
    let size = size.unwrap_or_default().max(LEAST_SIZE);
    let mut counts: BTreeMap<(Area, &str), [usize; 3]> = BTreeMap::new();
    for finding in findings {
        let Some(rule) = catalogue::rule(&finding.rule) else {
            continue;
        };
        let place = match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Info | Severity::Hint => 2,
        };
        counts.entry((rule.area, rule.name)).or_default()[place] += 1;
    }
    let mut areas = Vec::new();
    let mut total = 0;
    for area in Area::ALL {
        let rules = || {
            counts
                .range((area, "")..)
                .take_while(|((known, _), _)| *known == area)
                .map(|(_, counts)| counts)
        };
        // In tenths, so that everything stays a whole number.
        let cost: usize = rules()
            .map(|[errors, warnings, notes]| 10 * errors.min(&size) + 3 * warnings.min(&size) + notes.min(&size))
            .sum();
        let score = if is_readable {
            100 * 10 * size / (10 * size + cost)
        } else {
            0
        };
        let sum = |place: usize| rules().map(|counts| counts[place]).sum();
        areas.push(AreaScore {
            area,
            score: score as u8,
            weight: weight(area),
            errors: sum(0),
            warnings: sum(1),
            notes: sum(2),
        });
        total += score * usize::from(weight(area));
    }
    Score {
        total: (total / 100) as u8,
        size,
        areas,
    }
}
