//! Names of operations in URLs.

use std::collections::HashMap;

/// Longest slug in bytes, its suffix included.
const LONGEST: usize = 120;

/// Hands out slugs, each once.
#[derive(Default)]
pub(super) struct Slugs {
    used: HashMap<String, usize>,
}

impl Slugs {
    /// A URL-safe ASCII name made from the first candidate that leaves anything; `name`, `name-2`, `name-3`… when it is taken.
    pub(super) fn assign<'c>(&mut self, candidates: impl IntoIterator<Item = &'c str>) -> String {
        let slug = candidates
            .into_iter()
            .map(slug)
            .find(|slug| !slug.is_empty())
            .unwrap_or_else(|| "operation".to_owned());
        // Slugs that differ in case alone would share a file in an export on some systems.
        let key = slug.to_ascii_lowercase();
        let Some(count) = self.used.get(&key).copied() else {
            self.used.insert(key, 1);
            return slug;
        };
        let mut count = count;
        loop {
            count += 1;
            let suffix = format!("-{count}");
            let base = &slug[..slug.len().min(LONGEST - suffix.len())];
            let candidate = format!("{base}{suffix}");
            if !self.used.contains_key(&candidate.to_ascii_lowercase()) {
                self.used.insert(key, count);
                self.used.insert(candidate.to_ascii_lowercase(), 1);
                return candidate;
            }
        }
    }
}

/// ASCII letters, digits and `_` stay, everything else becomes one `-`. Nothing is left of a text without any.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut is_lossy = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            slug.push(character);
        } else {
            is_lossy |= !character.is_ascii();
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    // Texts that lost letters or their end keep apart by a hash of the whole.
    if slug.len() > LONGEST - 20 || (is_lossy && !slug.is_empty()) {
        slug.truncate(LONGEST - 20);
        let hash = format!("{:08x}", fnv(text));
        slug.push('-');
        slug.push_str(&hash);
    }
    slug
}

/// FNV-1a, 32 bits: the slug must be the same in every release, so no hasher of the standard library.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_url_safe_and_unique() {
        let mut slugs = Slugs::default();
        for (candidates, expected) in [
            (vec!["getPet"], "getPet"),
            (vec!["getPet"], "getPet-2"),
            (vec!["GETPET"], "GETPET-3"),
            (vec!["getPet-2"], "getPet-2-2"),
            (vec!["repos/list-branches"], "repos-list-branches"),
            (vec!["", "get /pets/{id}"], "get-pets-id"),
            (vec!["../../etc/passwd"], "etc-passwd"),
            (vec!["日本語", "get /x"], "get-x"),
            (vec!["日本語", "/"], "operation"),
        ] {
            assert_eq!(slugs.assign(candidates.iter().copied()), expected, "{candidates:?}");
        }
        let long = "a".repeat(9000);
        let first = slugs.assign([long.as_str()]);
        let second = slugs.assign([long.as_str()]);
        assert!(first.len() <= LONGEST && second.len() <= LONGEST && first != second);
    }
}
