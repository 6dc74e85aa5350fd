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
        let started = Instant::now();
        let document = openapi::read(&bytes, &limits)?;
        let elapsed = started.elapsed();
        println!(
            "turn {turn}: {} operations of {} bytes in {:.0} ms; {} findings; resident {} MB, of that the document {} MB",
            document.counts().operations,
            bytes.len(),
            elapsed.as_secs_f64() * 1000.0,
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

/// A line of the kernel's account of this process, in kibibytes; 0 where there is none.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default()
}
