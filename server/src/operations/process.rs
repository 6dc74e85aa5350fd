//! What the system knows of this process, from Linux' `/proc`; elsewhere nothing.

use std::fs;

use super::exposition::Exposition;

/// Ticks of `/proc/self/stat` in a second: `USER_HZ`, the same on every architecture that we run on.
const TICKS: f64 = 100.0;

/// Writes the standard metrics of a process.
pub(super) fn write(exposition: &mut Exposition) {
    let Some(stat) = fs::read_to_string("/proc/self/stat").ok() else {
        return;
    };
    // The second field is the program's name, which may hold anything, in parentheses.
    let Some((_, fields)) = stat.rsplit_once(") ") else {
        return;
    };
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    // Numbered from the third field on, as in proc_pid_stat(5).
    let field = |number: usize| -> Option<f64> { fields.get(number - 3)?.parse().ok() };
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        exposition
            .counter(
                "process_cpu_seconds",
                "CPU time of the process, in user and system mode.",
            )
            .sample(&[], (user + system) / TICKS);
    }
    if let (Some(started), Some(booted)) = (field(22), boot_time()) {
        exposition
            .gauge("process_start_time_seconds", "When the process began, in Unix seconds.")
            .sample(&[], booted + started / TICKS);
    }
    if let Some(threads) = field(20) {
        exposition
            .gauge("process_threads", "Threads of the process.")
            .sample(&[], threads);
    }
    if let Some(bytes) = field(23) {
        exposition
            .gauge("process_virtual_memory_bytes", "Virtual memory of the process.")
            .sample(&[], bytes);
    }
    if let Some(bytes) = resident() {
        exposition
            .gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.")
            .sample(&[], bytes);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        exposition
            .gauge("process_open_fds", "Open file descriptors, connections included.")
            // One is the folder that is being read.
            .sample(&[], open.count().saturating_sub(1));
    }
    if let Some(most) = most_files() {
        exposition
            .gauge("process_max_fds", "File descriptors that may be open.")
            .sample(&[], most);
    }
}

/// When the machine started, in Unix seconds.
fn boot_time() -> Option<f64> {
    word_after(&fs::read_to_string("/proc/stat").ok()?, "btime ")?
        .parse()
        .ok()
}

fn resident() -> Option<u64> {
    let kilobytes: u64 = word_after(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")?
        .parse()
        .ok()?;
    Some(kilobytes * 1_024)
}

fn most_files() -> Option<u64> {
    word_after(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")?
        .parse()
        .ok()
}

/// The first word after `start` on the line that begins with it.
fn word_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(start))?
        .split_ascii_whitespace()
        .next()
}
