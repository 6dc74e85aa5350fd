//! What a version claims beside its address, and when two claims are in each other's way.

use super::routing::{HeaderMatch, Routing};
use crate::error::FieldError;

/// A version and where it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Short name of the organization.
    pub organization: String,
    /// Short name of the api.
    pub api: String,
    /// Name of the version.
    pub version: String,
    /// Where it answers.
    pub routing: Routing,
}

impl Claim {
    fn is_of_same_version(&self, other: &Self) -> bool {
        self.version == other.version && self.api == other.api && self.organization == other.organization
    }

    /// Whether both are for one host and base path; a place is shared by versions that a field tells apart.
    fn is_at_same_place(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.routing, &other.routing);
        ours.base_path.is_some() && ours.base_path == theirs.base_path && ours.host == theirs.host
    }

    /// What the organization of this claim is told of another version.
    fn tell(&self, other: &Self) -> String {
        if self.organization == other.organization {
            format!("{}/{}", other.api, other.version)
        } else {
            "A version of another organization".into()
        }
    }

    /// Judges this claim against those of all versions; what the same version claimed before does not count.
    ///
    /// # Errors
    /// At `host`, where another organization has it or another version answers; at `base_path`, `match.header` and
    /// `match.value`, where another version answers or is told apart by another field.
    pub fn check<'c>(&self, all: impl Iterator<Item = &'c Self> + Clone) -> Result<(), FieldError> {
        let others = || all.clone().filter(|other| !self.is_of_same_version(other));
        if let Some(host) = &self.routing.host {
            let is_taken = |other: &Self| {
                other.organization != self.organization
                    && other.routing.host.as_ref().is_some_and(|other| other.overlaps(host))
            };
            if others().any(is_taken) {
                return Err(FieldError::new("host", "This host belongs to another organization."));
            }
        }
        for other in others().filter(|other| self.is_at_same_place(other)) {
            let who = self.tell(other);
            let (ours, theirs) = (&self.routing.header, &other.routing.header);
            if ours.as_ref().map(told_apart) == theirs.as_ref().map(told_apart) {
                return Err(match (ours, &self.routing.host) {
                    (Some(field), _) => {
                        FieldError::new("match.value", format!("{who} answers calls with `{field}` there."))
                    }
                    (None, Some(_)) => FieldError::new("host", format!("{who} answers there.")),
                    (None, None) => FieldError::new("base_path", format!("{who} answers there.")),
                });
            }
            if let (Some(ours), Some(theirs)) = (ours, theirs)
                && !ours.header.eq_ignore_ascii_case(&theirs.header)
            {
                let message = format!("{who} is told apart by `{}` there. Use the same field.", theirs.header);
                return Err(FieldError::new("match.header", message));
            }
        }
        Ok(())
    }
}

/// Names of fields have no case (RFC 9110 §5.1); their values do.
fn told_apart(field: &HeaderMatch) -> (String, &str) {
    (field.header.to_ascii_lowercase(), &field.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::routing::RoutingInput;

    fn claim(name: &str, host: &str, base_path: &str, (header, value): (&str, &str)) -> Claim {
        let mut names = name.split('/').map(ToOwned::to_owned);
        let mut name = || names.next().unwrap();
        let input = RoutingInput {
            host: host.into(),
            base_path: base_path.into(),
            header: header.into(),
            value: value.into(),
            ..RoutingInput::default()
        };
        Claim {
            organization: name(),
            api: name(),
            version: name(),
            routing: Routing::read(&input).unwrap(),
        }
    }

    #[test]
    fn claims_are_in_the_way_of_each_other_where_a_call_would_have_two_answers() {
        let none = ("", "");
        let there = [
            claim("acme/pets/v1", "api.acme.example", "/pets", none),
            claim("acme/pets/v2", "api.acme.example", "/pets", ("Api-Version", "2")),
            claim("acme/pets/v3", "", "/acme/pets", none),
            claim("acme/pets/v4", "", "", none),
            claim("other/shop/v1", "*.other.example", "", none),
        ];
        for (claim, expected) in [
            (claim("acme/pets/v1", "api.acme.example", "/pets", none), None),
            (claim("acme/shop/v1", "api.acme.example", "/shop", none), None),
            (claim("acme/shop/v1", "", "", none), None),
            (
                claim("acme/shop/v1", "api.acme.example", "/pets/", none),
                Some("host: pets/v1 answers there."),
            ),
            (
                claim("acme/shop/v1", "api.acme.example", "/pets", ("api-version", "2")),
                Some("match.value: pets/v2 answers calls with `api-version: 2` there."),
            ),
            (
                claim("acme/shop/v1", "api.acme.example", "/pets", ("api-version", "3")),
                None,
            ),
            (
                claim("acme/shop/v1", "api.acme.example", "/pets", ("X-Release", "3")),
                Some("match.header: pets/v2 is told apart by `Api-Version` there. Use the same field."),
            ),
            (
                claim("acme/shop/v1", "", "/acme/pets", none),
                Some("base_path: pets/v3 answers there."),
            ),
            (
                claim("third/shop/v1", "", "/acme/pets", none),
                Some("base_path: A version of another organization answers there."),
            ),
            (
                claim("other/shop/v2", "api.acme.example", "/other", none),
                Some("host: This host belongs to another organization."),
            ),
            (
                claim("acme/shop/v1", "api.other.example", "", none),
                Some("host: This host belongs to another organization."),
            ),
            (claim("other/shop/v2", "api.other.example", "", none), None),
        ] {
            let found = claim.check(there.iter()).err();
            let found = found.map(|error| format!("{}: {}", error.field, error.message));
            assert_eq!(found.as_deref(), expected, "{claim:?}");
        }
    }
}
