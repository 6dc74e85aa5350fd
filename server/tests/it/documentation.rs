//! What the documentation says is true: its manifests apply, its command lines parse, its links lead somewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Parser as _, error::ErrorKind};
use server::{config::Arguments, temporary::TemporaryFolder};

use crate::command_line::{run, stderr, stdout};

/// The document that manifests name.
const PETSTORE: &str = include_str!("../../../openapi/tests/specs/real/petstore-3.0.yaml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every document for readers: the path from the root, and the text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut documents = Vec::new();
    for folder in [root(), root().join("docs"), root().join("docs/policies")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap();
                documents.push((path, text));
            }
        }
    }
    assert!(documents.len() >= 8, "{documents:?}");
    documents
}

/// The fenced blocks of a language, without the indentation of their fence.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(opened) = line.trim_start().strip_prefix("```").filter(|rest| !rest.is_empty()) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim() != "```")
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        if opened == language {
            blocks.push(block.join("\n") + "\n");
        }
    }
    blocks
}

#[test]
fn manifests_apply_and_a_second_time_change_nothing() {
    let mut count = 0;
    for (path, text) in documents() {
        for manifest in blocks(&text, "yaml")
            .iter()
            .filter(|block| block.starts_with("turnpike: 1"))
        {
            count += 1;
            let folder = TemporaryFolder::new("turnpike-it").unwrap();
            fs::write(folder.path().join("petstore.yaml"), PETSTORE).unwrap();
            fs::write(folder.path().join("v1-to-v2.md"), "# From v1 to v2\n").unwrap();
            let file = folder.path().join("world.yaml");
            fs::write(&file, manifest).unwrap();
            let (file, data) = (file.to_str().unwrap(), folder.path().join("data"));
            let apply = || run(&["apply", file, "--data", data.to_str().unwrap()]);
            let first = apply();
            assert!(first.status.success(), "{}: {}", path.display(), stderr(&first));
            assert!(stdout(&first).ends_with("changes made.\n"), "{}", stdout(&first));
            assert_eq!(stdout(&apply()), "No changes.\n", "{}", path.display());
        }
    }
    assert!(count > 0, "the documentation has a manifest");
}

/// The words of a line as a shell has them; variables stay as they are written.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            '#' if !is_quoted && words.last().is_some_and(String::is_empty) => break,
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn command_lines_parse() {
    let mut count = 0;
    for (path, text) in documents() {
        for line in blocks(&text, "sh").iter().flat_map(|block| {
            block
                .replace("\\\n", " ")
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        }) {
            let Some(command) = line
                .split("| ")
                .map(str::trim)
                .find(|part| part.starts_with("turnpike "))
            else {
                continue;
            };
            count += 1;
            if let Err(error) = Arguments::try_parse_from(words(command)) {
                panic!("{}: `{command}`: {error}", path.display());
            }
        }
        // Commands in a sentence may leave out what the sentence is not about, but name nothing that is not there.
        for code in text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|code| code.starts_with("turnpike "))
        {
            count += 1;
            if let Err(error) = Arguments::try_parse_from(words(&code.replace('\n', " "))) {
                let is_short = matches!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument
                        | ErrorKind::DisplayHelp
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                );
                assert!(is_short, "{}: `{code}`: {error}", path.display());
            }
        }
    }
    assert!(count >= 8, "only {count} commands");
}

#[test]
fn flags_of_the_tables_are_there() {
    let help = stdout(&run(&["help", "serve"]));
    let text = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let flags: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `--")?.split([' ', '`']).next())
        .collect();
    assert!(flags.len() >= 8, "{flags:?}");
    for flag in flags {
        assert!(help.contains(&format!("--{flag}")), "--{flag}");
    }
}

#[test]
fn relative_links_lead_somewhere() {
    let mut count = 0;
    for (path, text) in documents() {
        for (start, _) in text.match_indices("](") {
            let target = text[start + 2..].split([')', ' ']).next().unwrap();
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let there = path.parent().unwrap().join(target);
            assert!(there.exists(), "{}: {target}", path.display());
        }
    }
    assert!(count >= 8, "only {count} links");
}
