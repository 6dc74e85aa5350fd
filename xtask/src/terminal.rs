//! What the person in front sees: headings and progress on standard error, results on standard output.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

/// Starts a step with a heading and ends it with the time it took.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    note(&format!("\n== {title}"));
    let start = Instant::now();
    let result = work()?;
    note(&format!("-- {title}: {}", seconds(start.elapsed())));
    Ok(result)
}

/// A line of progress.
pub(crate) fn note(text: &str) {
    // A closed standard error must not end the work.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A line of the result.
pub(crate) fn result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// The last line of a failed command: what failed, and why.
pub(crate) fn error(error: &anyhow::Error) {
    note(&format!("\nxtask: {error:#}"));
}

/// `0.4 s`, `12.3 s`, `2 min 05 s`
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}
