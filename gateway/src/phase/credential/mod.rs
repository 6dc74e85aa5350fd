//! Who calls: finding the credential in a request and looking up whose it is.

mod accepting;
mod ours;
mod places;

use std::sync::Arc;

use domain::{
    catalog::version::Access,
    id::{ApplicationId, KeyId},
    policy::access::CredentialKind,
};
use http::{HeaderValue, header::WWW_AUTHENTICATE};

use self::{
    accepting::Accepting,
    ours::{Ours, hash},
    places::{Presented, present},
};
use crate::{
    decision::{CredentialFields, Refusal, RequestFacts},
    identity::{Question, Vouched},
    message::Known,
    problem::Reason,
    rules::AccessRule,
    snapshot::{KeyEntry, Snapshot, Version},
};

/// Who calls.
#[derive(Debug)]
pub(crate) enum Identified {
    /// Somebody known.
    As(Identity, CredentialFields),
    /// Nobody in particular, where that is allowed.
    Anonymous(CredentialFields),
    /// Only others can say it.
    Unknown(Question),
}

/// One consumer, whatever the credential.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) application_id: ApplicationId,
    pub(crate) kind: CredentialKind,
    pub(crate) key_id: Option<KeyId>,
    pub(crate) token: Option<Arc<Vouched>>,
}

impl Identity {
    fn of_key(key: KeyEntry, kind: CredentialKind) -> Self {
        Self {
            application_id: key.application_id,
            kind,
            key_id: Some(key.id),
            token: None,
        }
    }
}

/// Finds out who calls. A credential that is sent is checked, also where anonymous calls pass.
pub(crate) fn identify(
    snapshot: &Snapshot,
    version: &Version,
    access: Option<&Arc<AccessRule>>,
    head: &RequestFacts<'_>,
) -> Result<Identified, Box<Refusal>> {
    match access {
        None => by_key(snapshot, version, head),
        Some(rule) => Accepting {
            snapshot,
            version,
            rule,
            head,
        }
        .identify(),
    }
}

/// Without a policy: by a key in one of its usual places.
fn by_key(snapshot: &Snapshot, version: &Version, head: &RequestFacts<'_>) -> Result<Identified, Box<Refusal>> {
    let Presented {
        text,
        is_in_authorization,
        is_in_key_header,
    } = present(head)?;
    let are_ours = |value: &[u8]| Ours::new(snapshot, head).are_in(value);
    let fields = CredentialFields {
        // With another scheme it is the upstream's business, but for what is ours.
        authorization: is_in_authorization || head.fields.get(Known::Authorization).is_some_and(are_ours),
        key_header: is_in_key_header,
        has_stray_key: false,
        access: None,
    };
    let Some(text) = text else {
        return match version.access {
            Access::Anonymous => Ok(Identified::Anonymous(fields)),
            Access::Key => Err(Box::new(challenge(Reason::MissingKey, "Bearer realm=\"turnpike\""))),
        };
    };
    match snapshot.key(&hash(text)) {
        Some(key) => Ok(Identified::As(Identity::of_key(*key, CredentialKind::Key), fields)),
        None => Err(Box::new(challenge(
            Reason::UnknownKey,
            "Bearer realm=\"turnpike\", error=\"invalid_token\", error_description=\"The key is not known or was revoked\"",
        ))),
    }
}

fn challenge(reason: Reason, challenge: &'static str) -> Refusal {
    Refusal::new(reason).field(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
