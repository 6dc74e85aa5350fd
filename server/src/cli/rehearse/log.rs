//! Reading an access log: line by line, and in the order of time.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use gateway::rehearsal::RecordedRequest;

use super::comparison::Comparison;

/// Longest line that is read, in bytes; the gateway writes shorter ones.
const MAX_LINE: u64 = 64 * 1_024;
/// Lines that are put in order: calls are logged when they are over, by several workers, and judged by when they began.
const REORDERED: usize = 65_536;

/// Opens a log; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Has every line compared.
pub(super) fn read(log: &mut dyn BufRead, comparison: &mut Comparison) -> io::Result<()> {
    let mut waiting: BinaryHeap<Reverse<Waiting>> = BinaryHeap::new();
    let mut line = Vec::new();
    let mut number = 0;
    while next_line(log, &mut line)? {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let record = if line.len() as u64 > MAX_LINE {
            Err("it is too long".to_owned())
        } else {
            RecordedRequest::parse(&line).map_err(|error| error.to_string())
        };
        match record {
            Ok(record) => waiting.push(Reverse(Waiting { number, record })),
            Err(why) => comparison.unreadable(number, why),
        }
        if waiting.len() > REORDERED
            && let Some(Reverse(first)) = waiting.pop()
        {
            comparison.judge(&first.record);
        }
    }
    while let Some(Reverse(next)) = waiting.pop() {
        comparison.judge(&next.record);
    }
    Ok(())
}

/// Reads a line; of one that is too long, a byte more than is allowed, and the rest is passed over. `false` at the end.
fn next_line(log: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = log.take(MAX_LINE + 1).read_until(b'\n', line)?;
    if read as u64 > MAX_LINE && line.last() != Some(&b'\n') {
        log.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

struct Waiting {
    number: u64,
    record: RecordedRequest,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.record.time, self.number).cmp(&(other.record.time, other.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_passed_over() {
        let long = "x".repeat(3 * MAX_LINE as usize);
        let text = format!("one\n{long}\n\nlast");
        let mut log = text.as_bytes();
        let mut line = Vec::new();
        let mut lengths = Vec::new();
        while next_line(&mut log, &mut line).unwrap() {
            lengths.push(line.len() as u64);
        }
        assert_eq!(lengths, [4, MAX_LINE + 1, 1, 4]);
    }
}
