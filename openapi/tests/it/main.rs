//! The engine against whole documents: real ones of every version and size, hostile ones, and damaged ones.

#![expect(clippy::unwrap_used, reason = "what the tests share may fail like a test does")]

mod corpus;
mod diff;
mod diff_hostile;
mod diff_pairs;
mod file_set_limits;
mod file_sets;
mod hostile;
mod json_schema;
mod lifted;
mod mock;
mod mutations;
mod overlay_additions;
mod overlays;
mod reports;
mod round_trip;
mod same;
mod specs;
mod validate;
mod validate_corpus;
mod validate_hostile;
mod validate_parameters;
mod vectors;
mod walk;
mod zips;
