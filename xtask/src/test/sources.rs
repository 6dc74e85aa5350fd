//! Habits that no compiler checks: names that say nothing, files that grew too long, traces of one machine.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use anyhow::bail;

use crate::{process, terminal::note, workspace::Workspace};

/// A module is named for what it does.
const EMPTY_NAMES: [&str; 7] = ["common", "consts", "helper", "helpers", "misc", "util", "utils"];

/// One concern a file: above the first number a note, above the second an error.
const LINES: (usize, usize) = (400, 700);

/// Files of these kinds are written by hand.
const KINDS: [&str; 8] = ["css", "js", "md", "rs", "sh", "toml", "ts", "yaml"];

/// Below these, whatever is no code is a document of others, kept byte for byte for tests.
const FOREIGN: [&str; 3] = ["fixtures", "specs", "testdata"];
/// Code.
const CODE: [&str; 3] = ["js", "rs", "ts"];

/// What must stand in no file, and why. In two parts, so that this file is none of them.
const TRACES: [((&str, &str), &str); 4] = [
    (("/wo", "rk/"), "a path of one machine"),
    (("/ro", "ot/"), "a path of one machine"),
    (("://regi", "stry."), "a package registry's host: mirrors must work too"),
    (
        ("\"resol", "ved\": \"http"),
        "a package registry's host: mirrors must work too",
    ),
];

/// Checks every file that git tracks.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    let listed = process::output(git.args(["ls-files", "-z"]).current_dir(&workspace.root));
    let Ok(listed) = listed else {
        note("skipped: this is no git checkout");
        return Ok(());
    };
    let mut offences = Vec::new();
    for name in listed.split_terminator('\0') {
        let path = Path::new(name);
        let kind = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        let below_foreign = || {
            path.iter()
                .any(|part| FOREIGN.iter().any(|folder| part == OsStr::new(folder)))
        };
        if !CODE.contains(&kind) && below_foreign() {
            continue;
        }
        // Deleted but still tracked, or not text: nothing to read.
        let Ok(text) = fs::read_to_string(workspace.root.join(path)) else {
            continue;
        };
        if KINDS.contains(&kind) {
            offences.extend(empty_name(path));
            offences.extend(length(path, kind, &text));
        }
        offences.extend(traces(path, &text));
    }
    for offence in &offences {
        note(offence);
    }
    if !offences.is_empty() {
        bail!("{} file(s) break the habits of this repository", offences.len());
    }
    Ok(())
}

fn empty_name(path: &Path) -> Option<String> {
    let mut parts = path.iter().filter_map(|part| Path::new(part).file_stem()?.to_str());
    let name = parts.find(|part| EMPTY_NAMES.contains(part))?;
    Some(format!("{}: `{name}` does not say what it is for", path.display()))
}

fn length(path: &Path, kind: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    if matches!(kind, "md" | "toml") || lines <= LINES.0 {
        return None;
    }
    let message = format!("{}: {lines} lines are several concerns", path.display());
    if lines > LINES.1 {
        return Some(message);
    }
    note(&format!("note: {message}"));
    None
}

fn traces(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for ((start, end), what) in TRACES {
            if line
                .match_indices(start)
                .any(|(at, _)| line[at + start.len()..].starts_with(end))
            {
                found.push(format!("{}:{}: {what}", path.display(), index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_found() {
        for (path, offends) in [
            ("domain/src/utils.rs", true),
            ("domain/tests/common/mod.rs", true),
            ("domain/src/key/mod.rs", false),
            ("domain/src/commons.rs", false),
        ] {
            assert_eq!(empty_name(Path::new(path)).is_some(), offends, "{path}");
        }
    }

    #[test]
    fn traces_of_a_machine_are_found() {
        let line = format!("let x = \"{}{}main\";", "/wo", "rk/");
        assert_eq!(
            traces(Path::new("a.rs"), &format!("fine\n{line}\n")),
            ["a.rs:2: a path of one machine"]
        );
        assert!(traces(Path::new("a.rs"), "/work\n/ro /ot/\n").is_empty());
    }

    #[test]
    fn long_files_are_errors() {
        let lines = |count: usize| "x\n".repeat(count);
        assert!(length(Path::new("a.rs"), "rs", &lines(701)).is_some());
        assert!(length(Path::new("a.rs"), "rs", &lines(700)).is_none());
        assert!(length(Path::new("a.md"), "md", &lines(2000)).is_none());
    }
}
