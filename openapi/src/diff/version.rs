//! Which version number the changes ask for.

use serde::Serialize;

use super::change::{Change, Level};
use super::changes::Changes;

/// How much of a version number has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Nothing changed.
    None,
    /// Only words for people changed.
    Patch,
    /// Something is new, and nobody breaks.
    Minor,
    /// Something breaks callers, or may do so.
    Major,
}

/// The next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// How much has to move.
    pub bump: Bump,
    /// The next version in the same form as the current one; `None` where its form says nothing of compatibility, as with
    /// dates: then the next one is the day of the release.
    pub version: Option<String>,
    /// Why, in one sentence.
    pub reason: String,
}

impl Changes {
    /// How much of a version number has to move for these changes.
    pub fn bump(&self) -> Bump {
        let bump = |change: &Change| match change.level {
            Level::Error | Level::Warning => Bump::Major,
            Level::Info if change.rule.name == "documentation-changed" => Bump::Patch,
            Level::Info => Bump::Minor,
        };
        self.list().iter().map(bump).max().unwrap_or(Bump::None)
    }

    /// The version that follows `current` with these changes.
    ///
    /// Semantic versions follow their rules, with any number of parts and with a `v` in front; below 1.0 a breaking change
    /// moves the minor number. A single number (`v1`, `66`) moves only if something breaks. Dates and other names don't
    /// say anything about compatibility.
    pub fn suggested_version(&self, current: &str) -> Suggestion {
        let bump = self.bump();
        let reason = match bump {
            Bump::None => "nothing changed",
            Bump::Patch => "only the documentation changed",
            Bump::Minor => "there is something new, and nothing that breaks callers",
            Bump::Major => "there are changes that break callers or may do so",
        };
        Suggestion {
            bump,
            version: next(current.trim(), bump),
            reason: reason.to_owned(),
        }
    }
}

fn next(current: &str, bump: Bump) -> Option<String> {
    let (sign, rest) = match current.strip_prefix(['v', 'V']) {
        Some(rest) => (&current[..1], rest),
        None => ("", current),
    };
    // What follows `-` or `+` belongs to this very version.
    let core = rest.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return None;
    }
    let mut numbers: Vec<u64> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    // Years: `2024-05-01`, `20240501`, `2024.5`.
    if numbers[0] >= 1900 {
        return None;
    }
    let is_prerelease = rest.len() > core.len() && rest[core.len()..].starts_with('-');
    if bump == Bump::None {
        return Some(current.to_owned());
    }
    // A pre-release becomes its release.
    let at = match bump {
        Bump::Major if numbers[0] == 0 && numbers.len() > 1 => 1,
        Bump::Major => 0,
        Bump::Minor => 1,
        Bump::Patch | Bump::None => 2,
    };
    if let Some(number) = numbers.get_mut(at) {
        let is_already = is_prerelease && numbers_after_are_zero(&parts, at);
        if !is_already {
            *number += 1;
            numbers.iter_mut().skip(at + 1).for_each(|number| *number = 0);
        }
    } else if numbers.len() == 2 && at == 2 {
        // Two numbers have none for a patch.
        return Some(format!("{sign}{core}"));
    }
    let text: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Some(format!("{sign}{}", text.join(".")))
}

/// Whether a pre-release already moved the number at `at`: everything behind it is zero.
fn numbers_after_are_zero(parts: &[&str], at: usize) -> bool {
    parts
        .iter()
        .skip(at + 1)
        .all(|part| part.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_move_as_far_as_the_changes_ask() {
        for (current, bump, expected) in [
            ("1.2.3", Bump::Major, Some("2.0.0")),
            ("1.2.3", Bump::Minor, Some("1.3.0")),
            ("1.2.3", Bump::Patch, Some("1.2.4")),
            ("1.2.3", Bump::None, Some("1.2.3")),
            ("v1.2.3", Bump::Minor, Some("v1.3.0")),
            ("0.4.1", Bump::Major, Some("0.5.0")),
            ("0.4.1", Bump::Minor, Some("0.5.0")),
            ("1.2", Bump::Minor, Some("1.3")),
            ("1.2", Bump::Patch, Some("1.2")),
            ("1.2", Bump::Major, Some("2.0")),
            ("v1", Bump::Major, Some("v2")),
            ("v1", Bump::Minor, Some("v1")),
            ("66", Bump::Major, Some("67")),
            ("2.0.0-rc.1", Bump::Major, Some("2.0.0")),
            ("1.2.3-rc.1", Bump::Minor, Some("1.3.0")),
            ("1.2.3+build", Bump::Patch, Some("1.2.4")),
            ("2024-05-01", Bump::Major, None),
            ("20240501", Bump::Minor, None),
            ("latest", Bump::Major, None),
            ("", Bump::Major, None),
            ("1.2.3.4", Bump::Major, None),
            ("99999999999999999999.0.0", Bump::Major, None),
            ("ü1", Bump::Major, None),
        ] {
            assert_eq!(next(current, bump).as_deref(), expected, "{current} {bump:?}");
        }
    }
}
