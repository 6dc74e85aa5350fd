//! The rules that an organization holds its documents to.

use anyhow::Result;
use domain::{actor::Actor, id::OrganizationId, organization::ruleset};

use super::{
    Run,
    at::At,
    check::read_guide,
    manifest::{OrganizationEntry, RulesetEntry},
    read::Source,
};

/// The ruleset of an entry as it is kept; `None` if the entry has none.
///
/// # Errors
/// What is wrong with it, at its field.
pub(super) fn text(source: &Source, at: &At<'_>, entry: &OrganizationEntry) -> Result<Option<String>> {
    let Some(entry) = &entry.ruleset else { return Ok(None) };
    let text = match entry {
        RulesetEntry::File(name) => read_guide(&at.field(ruleset::FIELD), &source.neighbour(name))?,
        RulesetEntry::Inline(rules) => serde_json::to_string_pretty(rules)? + "\n",
    };
    ruleset::check(&text).map_err(|error| at.field(&error.field).error(error.message))?;
    Ok(Some(text))
}

impl Run<'_> {
    /// Sets the rules that the entry names. Where it names none, those that are there stay, unless the run prunes.
    pub(super) async fn ruleset(
        &mut self,
        source: &Source,
        at: &At<'_>,
        id: Option<OrganizationId>,
        entry: &OrganizationEntry,
    ) -> Result<()> {
        let organizations = &self.services.organizations;
        let there = match id {
            Some(id) => organizations
                .ruleset(&Actor::System, id)
                .await
                .map_err(|error| at.refused(error))?,
            None => None,
        };
        let there = there.map(|there| there.source);
        let wanted = text(source, at, entry)?;
        let (verb, wanted) = match wanted {
            Some(wanted) if there.as_ref() != Some(&wanted) => ("set", wanted),
            None if there.is_some() && self.mode.prunes => ("remove", String::new()),
            _ => return Ok(()),
        };
        if self.makes(verb, format!("rules of {}", entry.slug))
            && let Some(id) = id
        {
            let set = self
                .services
                .organizations
                .set_ruleset(&Actor::System, id, &wanted)
                .await;
            set.map_err(|error| at.refused(error))?;
        }
        Ok(())
    }
}
