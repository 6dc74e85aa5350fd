//! How long reading a document takes, and how much memory: `cargo run --release -p openapi --example measure -- FILE [yaml]`.
//!
//! With `yaml`, the document is written as YAML first, and that is read.

use std::time::Instant;

use openapi::Limits;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return Err("usage: measure FILE [yaml]".into());
    };
    let mut bytes = std::fs::read(path)?;
    let limits = Limits {
        bytes: 64 * 1024 * 1024,
        ..Limits::default()
    };
    if arguments.next().is_some() {
        bytes = openapi::read(&bytes, &limits)?.to_yaml().into_bytes();
    }
    let before = memory("VmRSS:");
    for turn in 1..=5 {
        let (started, busy) = (Instant::now(), processor_time());
        let document = openapi::read(&bytes, &limits)?;
        let (elapsed, busy) = (started.elapsed(), processor_time() - busy);
        println!(
            "turn {turn}: {} operations of {} bytes in {:.0} ms, {} ms of the processor; {} findings; resident {} MB, of that the document {} MB",
            document.counts().operations,
            bytes.len(),
            elapsed.as_secs_f64() * 1000.0,
            busy / 1_000_000,
            document.diagnostics().len(),
            memory("VmRSS:") / 1024,
            document.weight() / (1024 * 1024),
        );
    }
    println!(
        "peak {} MB; before the first turn {} MB",
        memory("VmHWM:") / 1024,
        before / 1024
    );
    Ok(())
}

/// Nanoseconds that this thread was running: on a machine with other work it says more than the clock. 0 where it isn't known.
fn processor_time() -> u64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = statistics.split(' ').next();
    first.and_then(|time| time.parse().ok()).unwrap_or_default()
}

/// A line of the kernel's account of this process, in kibibytes; 0 where there is none.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default()
}
