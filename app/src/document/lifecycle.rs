//! Where a version stands, as its readers must know it: a draft, on its way out, or gone.

use domain::{
    catalog::{Version, VersionState, query::ApiDetail},
    clock::Timestamp,
};
use leptos::prelude::*;

use crate::{
    href,
    ui::{Barrier, ButtonRow, Callout, LinkButton, Tone, moment::long_date, text::counted},
};

/// The version that a reader should start with: the newest published one, else deprecated, else retired, else a draft.
/// `versions` come newest first.
pub fn shown_version(versions: &[Version]) -> Option<&Version> {
    [
        VersionState::Published,
        VersionState::Deprecated,
        VersionState::Retired,
        VersionState::Draft,
    ]
    .into_iter()
    .find_map(|state| versions.iter().find(|version| version.state == state))
}

/// The version to move to, if the announcement names one that the reader can see.
pub fn successor<'v>(versions: &'v [Version], version: &Version) -> Option<&'v Version> {
    let name = version.deprecation.as_ref()?.successor.as_deref()?;
    versions
        .iter()
        .find(|other| other.name.as_str() == name && other.id != version.id)
}

/// Whether a version no longer answers.
pub fn has_ended(version: &Version, now: Timestamp) -> bool {
    version.state == VersionState::Retired
        || version.state == VersionState::Deprecated && version.deprecation.as_ref().is_some_and(|end| end.is_over(now))
}

/// A barrier for a version that ends or has ended, a note for a draft, nothing for a published one.
///
/// `links_to_guide` is false on the guide itself.
pub fn lifecycle_notice(
    detail: &ApiDetail,
    version: &Version,
    now: Timestamp,
    links_to_guide: bool,
) -> Option<AnyView> {
    let (organization, api, name) = (&detail.organization.slug, &detail.api.slug, &version.name);
    match version.state {
        VersionState::Published => None,
        VersionState::Draft => {
            let title = format!("Draft: only members of {} see this page", detail.organization.name);
            let console = href::console_version(organization, api, name);
            Some(
                view! {
                    <Callout tone=Tone::Info title=title>
                        <p>"The gateway does not answer for it until it is published."</p>
                        <ButtonRow>
                            <LinkButton href=console>"Open in the console"</LinkButton>
                        </ButtonRow>
                    </Callout>
                }
                .into_any(),
            )
        }
        VersionState::Deprecated | VersionState::Retired => {
            let to = successor(&detail.versions, version).map(|next| {
                let words = format!("Go to {}", next.name);
                view! { <LinkButton href=href::reference(organization, api, &next.name)>{words}</LinkButton> }
            });
            let guide = (links_to_guide && version.deprecation.is_some()).then(|| {
                view! { <LinkButton href=href::deprecation_guide(organization, api, name)>"How to move"</LinkButton> }
            });
            let (title, text) = lifecycle_in_words(version, now);
            let is_closed = has_ended(version, now);
            let actions = view! { {guide} {to} }.into_any();
            Some(
                view! {
                    <Barrier title=title id="lifecycle" is_closed=is_closed actions=actions>
                        <p>{text}</p>
                    </Barrier>
                }
                .into_any(),
            )
        }
    }
}

/// What ends and when, then what that means: for versions that are deprecated or retired.
pub fn lifecycle_in_words(version: &Version, now: Timestamp) -> (String, String) {
    let name = &version.name;
    let Some(end) = version.deprecation.as_ref().filter(|_| !has_ended(version, now)) else {
        return (
            format!("Version {name} has ended"),
            "Every call to it is answered with 410 Gone.".to_owned(),
        );
    };
    let since = if end.since > now {
        "It counts as deprecated from"
    } else {
        "Deprecated since"
    };
    let since = format!("{since} {}.", long_date(end.since));
    match end.sunset {
        Some(sunset) => {
            let left = match (sunset - now).whole_days() {
                0 => "Less than a day is left.".to_owned(),
                days => format!("{} left.", counted(days.unsigned_abs(), "day", "days")),
            };
            let text = format!("{since} {left} After that, calls are answered with 410 Gone.");
            (format!("Version {name} ends on {}", long_date(sunset)), text)
        }
        None => (
            format!("Version {name} is deprecated"),
            format!("{since} Its last day is not set yet."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        catalog::{VersionName, routing::Routing, version::Access},
        deprecation::Deprecation,
        id::{ApiId, VersionId},
    };
    use time::macros::datetime;

    use super::*;

    fn version(name: &str, state: VersionState, sunset: Option<Timestamp>) -> Version {
        let is_announced = matches!(state, VersionState::Deprecated | VersionState::Retired);
        Version {
            id: VersionId::generate(),
            api_id: ApiId::generate(),
            name: name.parse::<VersionName>().unwrap(),
            state,
            revision_id: None,
            upstream: None,
            access: Access::Key,
            routing: Routing::default(),
            deprecation: is_announced.then(|| Deprecation {
                since: datetime!(2026-11-01 0:00 UTC),
                sunset,
                successor: Some("v2".into()),
                guide: None,
            }),
            created_at: datetime!(2026-01-01 0:00 UTC),
            published_at: None,
        }
    }

    #[test]
    fn announcements_count_the_days() {
        let now = datetime!(2026-11-20 9:00 UTC);
        for (sunset, title, left) in [
            (
                Some(datetime!(2027-03-31 0:00 UTC)),
                "Version v1 ends on 31 March 2027",
                "130 days left.",
            ),
            (
                Some(datetime!(2026-11-21 10:00 UTC)),
                "Version v1 ends on 21 November 2026",
                "1 day left.",
            ),
            (
                Some(datetime!(2026-11-20 10:00 UTC)),
                "Version v1 ends on 20 November 2026",
                "Less than a day",
            ),
            (Some(datetime!(2026-11-20 8:00 UTC)), "Version v1 has ended", "410 Gone"),
            (None, "Version v1 is deprecated", "not set yet"),
        ] {
            let (shown, text) = lifecycle_in_words(&version("v1", VersionState::Deprecated, sunset), now);
            assert_eq!(shown, title);
            assert!(text.contains(left), "{title}: {text}");
        }
    }

    #[test]
    fn readers_start_with_the_newest_version_that_answers() {
        let v = |name, state| version(name, state, None);
        for (versions, shown) in [
            (
                vec![
                    v("v3", VersionState::Draft),
                    v("v2", VersionState::Published),
                    v("v1", VersionState::Published),
                ],
                "v2",
            ),
            (
                vec![
                    v("v3", VersionState::Draft),
                    v("v2", VersionState::Retired),
                    v("v1", VersionState::Deprecated),
                ],
                "v1",
            ),
            (vec![v("v3", VersionState::Draft), v("v1", VersionState::Retired)], "v1"),
            (vec![v("v3", VersionState::Draft)], "v3"),
        ] {
            assert_eq!(shown_version(&versions).unwrap().name.as_str(), shown);
        }
        assert!(shown_version(&[]).is_none());
    }

    #[test]
    fn a_successor_must_be_there() {
        let versions = [
            version("v2", VersionState::Published, None),
            version("v1", VersionState::Deprecated, None),
        ];
        assert_eq!(successor(&versions, &versions[1]).unwrap().name.as_str(), "v2");
        assert!(successor(&versions[1..], &versions[1]).is_none());
        assert!(
            successor(&versions, &versions[0]).is_none(),
            "a version that goes on has none"
        );
    }
}
