//! `cargo xtask bench …`: what the product costs, beside other programs doing the same work in the same run where there are
//! any. Nothing here passes or fails: it prints figures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    build::{self, Profile},
    server::Ready,
    terminal::step,
    workspace::Workspace,
};

mod bodies;
mod calls;
mod documents;
mod idle;
mod load;
mod peers;
mod product;
mod scale;

#[derive(Subcommand)]
pub(crate) enum Subject {
    /// Small calls: the gateway against nginx and HAProxy
    Gateway(calls::Options),
    /// Many keys and many routes against few: CPU per call, memory per key, start, and a new key
    Scale(scale::Options),
    /// Large bodies in both directions: the gateway against nginx
    Bodies(bodies::Options),
    /// Connections that wait: what one costs in memory
    Idle(idle::Options),
    /// A large document read, linted and compared: the OpenAPI engine beside Spectral, Redocly and oasdiff
    Spec(documents::Options),
}

pub(crate) fn run(workspace: &Workspace, subject: &Subject) -> anyhow::Result<()> {
    match subject {
        Subject::Gateway(options) => calls::run(workspace, options),
        Subject::Scale(options) => scale::run(workspace, options),
        Subject::Bodies(options) => bodies::run(workspace, options),
        Subject::Idle(options) => idle::run(workspace, options),
        Subject::Spec(options) => documents::run(workspace, options),
    }
}

/// What is measured.
#[derive(Args)]
struct Binary {
    /// A `turnpike` to measure; by default an optimised one is built
    #[arg(long)]
    binary: Option<PathBuf>,
}

impl Binary {
    fn find(&self, workspace: &Workspace) -> anyhow::Result<PathBuf> {
        match &self.binary {
            Some(binary) => Ok(std::path::absolute(binary)?),
            None => step("turnpike, optimised", || build::binary(workspace, Profile::Release)),
        }
    }
}

/// How many keys each knows.
const KEYS: usize = 10_000;

/// The `index`th key. Any of them serves; one is driven.
fn key(index: usize) -> String {
    format!("bench-key-{index:05}")
}

/// Any path, with one of the keys.
fn ready<'a>(path: &'a str, key: &'a str) -> Ready<'a> {
    Ready::Answers { path, key }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
