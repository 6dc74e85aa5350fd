//! The engine against whole documents: real ones of every version and size, hostile ones, and damaged ones.

#![expect(clippy::unwrap_used, reason = "what the tests share may fail like a test does")]

mod compared;
mod corpus;
mod diff;
mod diff_hostile;
mod diff_pairs;
mod examples;
mod file_set_limits;
mod file_sets;
mod hostile;
mod json_schema;
mod lifted;
mod lint;
mod lint_hostile;
mod lint_rulesets;
mod long_keys;
mod mock;
mod mutations;
mod overlay_additions;
mod overlays;
mod recorder;
mod reports;
mod round_trip;
mod same;
mod search;
mod search_speed;
mod snippets;
mod specs;
mod validate;
mod validate_corpus;
mod validate_evasions;
mod validate_hostile;
mod validate_parameters;
mod vectors;
mod walk;
mod watch;
mod zips;
