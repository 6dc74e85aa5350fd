//! Names for parts of other files that become components.

use std::collections::{HashMap, HashSet};

use crate::reference::unescape;

/// The names that are taken, by section.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<(&'static str, String)>,
    /// The last number that was given to a name.
    numbers: HashMap<(&'static str, String), usize>,
}

impl Names {
    pub(super) fn take(&mut self, section: &'static str, name: &str) {
        self.taken.insert((section, name.to_owned()));
    }

    /// A free name for a part: that of the part itself or of its file, then both, then with the folder, then with a number.
    pub(super) fn assign(&mut self, section: &'static str, file: &str, pointer: &str) -> String {
        let mut folders: Vec<&str> = file.split('/').collect();
        let file_name = folders.pop().unwrap_or(file);
        let stem = clean(stem(file_name));
        let token = pointer.rsplit('/').next().filter(|_| !pointer.is_empty());
        let own = token
            .filter(|token| token.chars().any(|character| character.is_ascii_alphanumeric()))
            .map(|token| clean(&unescape(token)));
        let mut wanted = Vec::new();
        let first = match &own {
            Some(own) => {
                wanted.push(own.clone());
                wanted.push(format!("{stem}_{own}"));
                format!("{stem}_{own}")
            }
            None => {
                wanted.push(stem.clone());
                stem
            }
        };
        let folder = folders.last().map(|folder| clean(folder));
        wanted.extend(folder.map(|folder| format!("{folder}_{first}")));
        let is_free = |name: &&String| !self.taken.contains(&(section, (*name).clone()));
        let name = match wanted.iter().find(is_free) {
            Some(name) => name.clone(),
            None => self.numbered(section, &wanted[0]),
        };
        self.take(section, &name);
        name
    }

    fn numbered(&mut self, section: &'static str, name: &str) -> String {
        let number = self.numbers.entry((section, name.to_owned())).or_insert(1);
        // The set is finite, so a number is free; looking goes on where it ended the last time.
        loop {
            *number += 1;
            let candidate = format!("{name}-{number}");
            if !self.taken.contains(&(section, candidate.clone())) {
                return candidate;
            }
        }
    }
}

/// A file name without its extension; `Pet.schema.json` is `Pet`.
fn stem(name: &str) -> &str {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = stem.strip_suffix(".schema").unwrap_or(stem);
    if stem.is_empty() { name } else { stem }
}

/// Letters, digits, dots, `-` and `_` only, at most 100 of them.
fn clean(name: &str) -> String {
    let mut clean = String::new();
    for character in name.chars().take(100) {
        let is_plain = character.is_ascii_alphanumeric() || "._-".contains(character);
        if is_plain {
            clean.push(character);
        } else if !clean.ends_with('_') {
            clean.push('_');
        }
    }
    if clean.is_empty() { "part".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_and_distinct() {
        let mut names = Names::default();
        names.take("s", "Pet");
        for (file, pointer, expected) in [
            ("a/Cat.yaml", "", "Cat"),
            ("a/Pet.yaml", "", "a_Pet"),
            ("b/a/Pet.yaml", "", "Pet-2"),
            ("c/a/Pet.yaml", "", "Pet-3"),
            ("common.yaml", "/definitions/Pet", "common_Pet"),
            ("common.yaml", "/definitions/~1a b~0", "_a_b_"),
            ("Dog.schema.json", "", "Dog"),
            ("common.yaml", "/", "common"),
            ("ü.yaml", "", "_"),
        ] {
            assert_eq!(names.assign("s", file, pointer), expected, "{file}{pointer}");
        }
        assert_eq!(names.assign("t", "Pet.yaml", ""), "Pet");
    }
}
