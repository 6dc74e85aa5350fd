//! Whom credentials other than keys speak for.

use std::collections::{HashMap, HashSet};

use domain::{
    gateway_config::{Identity, IdentityRecord},
    id::ApplicationId,
    key::KeyHash,
};
use ring::digest::{Context, SHA256};

use super::compile::Warning;
use crate::fast_hash::IdMap;

/// Clients of the token endpoint, and whom subjects and certificates belong to.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    clients: HashMap<Box<str>, Client>,
    /// Hashes of their secrets, also of those that are refused.
    secrets: HashSet<KeyHash>,
    /// Subjects and certificates: a hash is smaller than an address with a name, and nobody can choose one.
    others: IdMap<Digest, ApplicationId>,
}

/// A client of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) application_id: ApplicationId,
    /// Hash of its secret.
    pub(crate) secret: KeyHash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Digest([u8; 32]);

impl Digest {
    /// Of parts, each behind its length: the same texts cut elsewhere are something else.
    fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }

    fn of_subject(organization: &str, issuer: &str, name: &str) -> Self {
        Self::of(&[b"subject", organization.as_bytes(), issuer.as_bytes(), name.as_bytes()])
    }

    fn of_certificate(organization: &str, thumbprint: &[u8; 32]) -> Self {
        Self::of(&[b"certificate", organization.as_bytes(), thumbprint])
    }
}

impl Identities {
    /// What two applications claim is nobody's, with a warning.
    pub(super) fn compile(records: &[IdentityRecord], warnings: &mut Vec<Warning>) -> Self {
        let mut all = Self::default();
        let mut disputed_clients = HashSet::new();
        let mut disputed = HashSet::new();
        for record in records {
            let application_id = record.application_id;
            let organization = record.organization.as_deref().unwrap_or_default();
            let is_disputed = match &record.identity {
                Identity::Client { id, secret } => {
                    let client = Client {
                        application_id,
                        secret: *secret,
                    };
                    all.secrets.insert(*secret);
                    let other = all.clients.insert(id.as_str().into(), client);
                    let is_disputed = other.is_some_and(|other| other != client);
                    is_disputed && disputed_clients.insert(id.as_str())
                }
                Identity::Subject { issuer, name } => {
                    let digest = Digest::of_subject(organization, issuer, name);
                    let other = all.others.insert(digest, application_id);
                    other.is_some_and(|other| other != application_id) && disputed.insert(digest)
                }
                Identity::Certificate { thumbprint } => {
                    let digest = Digest::of_certificate(organization, thumbprint);
                    let other = all.others.insert(digest, application_id);
                    other.is_some_and(|other| other != application_id) && disputed.insert(digest)
                }
            };
            if is_disputed {
                warnings.push(Warning {
                    subject: format!("application {application_id}"),
                    reason: format!(
                        "another application has the same identity {:?}; it is refused",
                        record.identity
                    ),
                });
            }
        }
        all.clients.retain(|id, _| !disputed_clients.contains(&**id));
        all.others.retain(|digest, _| !disputed.contains(digest));
        all
    }

    /// A client of the token endpoint.
    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    /// Whether this is the hash of a client's secret.
    pub(crate) fn is_secret(&self, hash: &KeyHash) -> bool {
        self.secrets.contains(hash)
    }

    /// Whose calls those of an issuer's subject are, in an organization.
    pub(crate) fn subject(&self, organization: &str, issuer: &str, name: &str) -> Option<ApplicationId> {
        self.first(organization, |organization| {
            Digest::of_subject(organization, issuer, name)
        })
    }

    /// Whose calls those with a certificate are, in an organization.
    pub(crate) fn certificate(&self, organization: &str, thumbprint: &[u8; 32]) -> Option<ApplicationId> {
        self.first(organization, |organization| {
            Digest::of_certificate(organization, thumbprint)
        })
    }

    /// What the organization says, or what holds everywhere.
    fn first(&self, organization: &str, digest: impl Fn(&str) -> Digest) -> Option<ApplicationId> {
        let own = self.others.get(&digest(organization));
        own.or_else(|| self.others.get(&digest(""))).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(number: u128) -> ApplicationId {
        format!("app_{number:032x}").parse().unwrap()
    }

    fn record(number: u128, organization: Option<&str>, identity: Identity) -> IdentityRecord {
        IdentityRecord {
            application_id: application(number),
            organization: organization.map(str::to_owned),
            identity,
        }
    }

    fn subject(name: &str) -> Identity {
        Identity::Subject {
            issuer: "https://id.example".into(),
            name: name.into(),
        }
    }

    #[test]
    fn identities_hold_where_they_were_mapped() {
        let certificate = |first| Identity::Certificate {
            thumbprint: [first; 32],
        };
        let client = Identity::Client {
            id: "c".into(),
            secret: KeyHash::of(b"s"),
        };
        let mut warnings = Vec::new();
        let all = Identities::compile(
            &[
                record(1, Some("acme"), subject("a")),
                record(2, Some("globex"), subject("a")),
                record(3, None, subject("b")),
                record(4, Some("acme"), certificate(1)),
                record(5, None, client),
                // Said twice, it is the same.
                record(1, Some("acme"), subject("a")),
            ],
            &mut warnings,
        );
        assert!(warnings.is_empty(), "{warnings:?}");
        let issuer = "https://id.example";
        for (organization, name, expected) in [
            ("acme", "a", Some(1)),
            ("globex", "a", Some(2)),
            ("initech", "a", None),
            ("initech", "b", Some(3)),
            ("acme", "c", None),
        ] {
            let found = all.subject(organization, issuer, name);
            assert_eq!(found, expected.map(application), "{organization} {name}");
        }
        assert_eq!(all.subject("acme", "https://id.example/", "a"), None);
        assert_eq!(all.certificate("acme", &[1; 32]), Some(application(4)));
        assert_eq!(all.certificate("globex", &[1; 32]), None);
        assert_eq!(
            all.client("c").map(|client| client.application_id),
            Some(application(5))
        );
        assert!(all.client("d").is_none());
        assert!(all.is_secret(&KeyHash::of(b"s")) && !all.is_secret(&KeyHash::of(b"c")));
    }

    #[test]
    fn what_two_claim_is_nobodys() {
        let mut warnings = Vec::new();
        let twice = [1, 2, 3].map(|number| record(number, Some("acme"), subject("a")));
        let all = Identities::compile(&twice, &mut warnings);
        assert_eq!(all.subject("acme", "https://id.example", "a"), None);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}
