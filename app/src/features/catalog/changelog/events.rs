//! What happened to an api, as its callers notice it.

use domain::{
    catalog::{
        Version,
        report::{ChangeLevel, RevisionChanges},
        reports::{Changelog, ChangelogEntry},
    },
    clock::Timestamp,
};

use crate::{document::level_in_words, ui::text::counted};

/// Something that callers notice.
pub(super) enum Event {
    Published(Version),
    Deprecated(Version),
    Ends(Version),
    Changed(ChangelogEntry),
}

/// Everything, newest first.
pub(super) fn events(changelog: Changelog) -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    for version in changelog.detail.versions {
        if let Some(at) = version.published_at {
            events.push((at, Event::Published(version.clone())));
        }
        if let Some(deprecation) = &version.deprecation {
            events.push((deprecation.since, Event::Deprecated(version.clone())));
            if let Some(sunset) = deprecation.sunset {
                events.push((sunset, Event::Ends(version.clone())));
            }
        }
    }
    let changed = |entry: ChangelogEntry| (entry.at, Event::Changed(entry));
    events.extend(changelog.entries.into_iter().map(changed));
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    events
}

/// How many changes of each level, as text: `2 breaking changes, 1 other change`.
pub(super) fn counts_in_words(changes: &RevisionChanges) -> String {
    let counts: Vec<String> = ChangeLevel::ALL
        .into_iter()
        .filter(|level| changes.count(*level) > 0)
        .map(|level| {
            let (one, many) = level_in_words(level);
            counted(changes.count(level) as u64, one, many)
        })
        .collect();
    if counts.is_empty() {
        "nothing changed for callers".to_owned()
    } else {
        counts.join(", ")
    }
}
