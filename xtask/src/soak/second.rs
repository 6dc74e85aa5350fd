//! Callers over HTTP/2: h2load, with prior knowledge, many streams a connection.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    callers::Kind,
    judge::Tally,
    kinds::PAIR,
    origin::SMALL,
    world::{KEY, PREFIX, World},
};
use crate::{process, server::program, terminal::note};

/// Requests of one run.
const REQUESTS: u64 = 1_000;

/// What h2load reports.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    /// Whole answers.
    succeeded: u64,
    /// Streams and connections that broke.
    errored: u64,
    /// Answers by class of status, from 2xx on.
    classes: [u64; 4],
    /// Bytes of bodies.
    data: u64,
}

impl Report {
    fn parse(text: &str) -> Option<Self> {
        let line = |label: &str| text.lines().find_map(|line| line.trim().strip_prefix(label));
        let number = |part: &str| part.split_whitespace().next()?.parse::<u64>().ok();
        let requests: Vec<u64> = line("requests:")?.split(',').filter_map(number).collect();
        let classes: Vec<u64> = line("status codes:")?.split(',').filter_map(number).collect();
        let data = line("traffic:")?.rsplit_once('(')?.1.split_once(')')?.0.parse().ok()?;
        // total, started, done, succeeded, failed, errored, timeout
        let &[_, _, _, succeeded, _, errored, timeout] = requests.as_slice() else {
            return None;
        };
        Some(Self {
            succeeded,
            errored: errored + timeout,
            classes: classes.try_into().ok()?,
            data,
        })
    }
}

/// The kind, the version that it calls, and whether one of its targets is mortal.
pub(super) const KINDS: [(Kind, &str, bool); 2] = [
    (kind("HTTP/2"), "steady", false),
    (kind("HTTP/2 to a pair"), "pair", true),
];

const fn kind(name: &'static str) -> Kind {
    Kind {
        name,
        callers: 1,
        pause: Duration::ZERO,
        // h2load calls in its place.
        call: |_| (),
        seen: (&[200], &[]),
    }
}

/// Calls `version` until the time is over; `is_mortal` where one of its targets is.
pub(super) fn run(world: &World, name: &str, version: &'static str, is_mortal: bool) -> Tally {
    let mut tally = Tally::default();
    while !world.is_over() {
        let started = Instant::now();
        let wrong = match load(world, version) {
            Ok(report) => {
                for (class, count) in (2..).zip(report.classes) {
                    tally.count(version, class * 100, count);
                }
                // Reset before there was a status: nobody knows how it was counted.
                let answered: u64 = report.classes.iter().sum();
                *tally.left.entry(version).or_default() += REQUESTS.saturating_sub(answered);
                judge(&report, is_mortal && world.deaths.excuse(started, PAIR), &mut tally).err()
            }
            Err(error) => Some(format!("{error:#}")),
        };
        if let Some(wrong) = wrong {
            tally.wrong(name, &wrong);
        }
    }
    tally
}

fn judge(report: &Report, is_excused: bool, tally: &mut Tally) -> Result<(), String> {
    let [good, moved, refused, failed] = report.classes;
    if is_excused && moved == 0 && refused == 0 {
        tally.excused += failed;
        tally.broken += report.errored;
        return Ok(());
    }
    if good == REQUESTS && report.succeeded == REQUESTS && report.data == REQUESTS * SMALL as u64 {
        return Ok(());
    }
    Err(format!("{report:?}"))
}

fn load(world: &World, version: &str) -> anyhow::Result<Report> {
    let mut h2load: Command = program("h2load")?;
    h2load.args(["-c", "4", "-m", "8", "-n", &REQUESTS.to_string()]);
    h2load.args(["-H", &format!("x-api-key: {KEY}")]);
    h2load.arg(format!("http://127.0.0.1:{}{PREFIX}/{version}/items/h2", world.gateway));
    let text = process::output(&mut h2load)?;
    let report = Report::parse(&text);
    if report.is_none() {
        note(&text);
    }
    report.context("can't read h2load's report")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_h2load() {
        let text = "finished in 12.41ms, 8056.06 req/s, 2.66MB/s\n\
            requests: 100 total, 100 started, 100 done, 98 succeeded, 2 failed, 1 errored, 0 timeout\n\
            status codes: 98 2xx, 0 3xx, 0 4xx, 1 5xx\n\
            traffic: 33.83KB (34640) total, 2.01KB (2060) headers (space savings 92.42%), 29.30KB (30000) data\n";
        let report = Report::parse(text).unwrap();
        assert_eq!((report.succeeded, report.errored, report.data), (98, 1, 30_000));
        assert_eq!(report.classes, [98, 0, 0, 1]);
        assert_eq!(Report::parse("nothing"), None);
    }
}
