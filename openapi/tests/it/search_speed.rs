//! How long a search takes. Prints; judges nothing.

use std::time::{Duration, Instant};

use openapi::{
    Limits,
    search::{IndexBuilder, Query},
};

use crate::specs;

/// What people type: whole words, beginnings, several words, names from code, mistakes, and what is not there.
const QUERIES: [&str; 24] = [
    "a",
    "cr",
    "issue",
    "create an issue",
    "creat isue",
    "issues/create",
    "list repository webhooks",
    "list repositroy webhoks",
    "pull request review comments",
    "merge pull request",
    "simple-user",
    "per_page",
    "GET /repos/{owner}/{repo}",
    "actions runner registration token",
    "code scanning alerts for an organization",
    "authenticated user",
    "the",
    "organisation",
    "dependabot secrets",
    "reposetories",
    "delete",
    "qwertzuiop",
    "rate limit remaining reset",
    "x y z a b c d e f g h i j k l m n o p",
];

#[test]
#[ignore = "a measurement, to be run by hand in a release build"]
fn measure_searching() {
    const ROUNDS: usize = 100;
    let bytes = std::fs::read(specs::own("real").join("github-api-16.6.0-3.0.json.gz")).unwrap();
    let document = openapi::read(&bytes, &Limits::default()).unwrap();
    let since = Instant::now();
    let mut builder = IndexBuilder::default();
    builder.document("github", &document);
    let index = builder.build();
    println!("the index of GitHub's document: {:.0?}", since.elapsed());
    let mut all = Vec::new();
    for text in QUERIES {
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let since = Instant::now();
                std::hint::black_box(index.search(&Query::new(text)));
                since.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!("{:>9.2?} {:>9.2?}  {text}", times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
        all.extend(times);
    }
    all.sort_unstable();
    println!(
        "{:>9.2?} {:>9.2?}  all, p50 and p99",
        all[all.len() / 2],
        all[all.len() * 99 / 100]
    );
}
