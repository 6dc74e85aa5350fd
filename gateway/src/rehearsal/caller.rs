//! Who called, as a record has it.

use std::sync::Arc;

use domain::{
    id::{ApplicationId, KeyId},
    policy::access::CredentialKind,
};

use super::RecordedRequest;
use crate::{
    decision::{CredentialFields, Refusal, RequestFacts},
    identity::{Vouched, claims::Claims},
    phase::credential::{self, Identified, Identity},
    problem::Reason,
    rules::AccessRule,
    snapshot::{Snapshot, Version},
};

/// Who called, in place of a credential.
#[derive(Debug)]
pub(super) struct Recorded<'a> {
    who: Who,
    /// What a token counts as good for.
    scopes: &'a [String],
    was_asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// An application.
    Application(ApplicationId, CredentialKind, Option<KeyId>),
    /// Somebody without a credential.
    Anonymous,
    /// Somebody whose credential was not accepted.
    NotAccepted(Reason),
    /// The call was refused before anybody asked.
    NotSaid,
}

impl<'a> Recorded<'a> {
    pub(super) fn of(request: &RecordedRequest, scopes: &'a [String]) -> Self {
        let who = match (request.application, request.reason) {
            (Some(id), _) => Who::Application(id, request.credential.unwrap_or(CredentialKind::Key), request.key),
            (None, Some(reason)) => refused(reason),
            (None, None) => Who::Anonymous,
        };
        Self {
            who,
            scopes,
            was_asked: false,
        }
    }

    /// Whether the decision depends on who called, and the record does not say it.
    pub(super) fn was_asked_in_vain(&self) -> bool {
        self.was_asked && self.who == Who::NotSaid
    }

    /// In place of [`credential::identify`]. `head` has no credential.
    pub(super) fn identify(
        &mut self,
        snapshot: &Snapshot,
        version: &Version,
        access: Option<&Arc<AccessRule>>,
        head: &RequestFacts<'_>,
    ) -> Result<Identified, Box<Refusal>> {
        self.was_asked = true;
        let without = || credential::identify(snapshot, version, access, head);
        match self.who {
            Who::Application(id, kind, key) if accepts(access, kind) => {
                let identity = Identity {
                    application_id: id,
                    kind,
                    key_id: key,
                    token: self.token(id, kind),
                };
                Ok(Identified::As(identity, CredentialFields::default()))
            }
            // A token is looked at wherever `Authorization: Bearer` is for the gateway.
            Who::Application(_, kind, _) if is_token(kind) => match access {
                Some(rule) if !rule.accepts_bearer() => without(),
                Some(rule) if rule.tokens.is_some() => Err(Refusal::new(Reason::InvalidToken).into()),
                _ => Err(Refusal::new(Reason::UnknownKey).into()),
            },
            Who::NotAccepted(reason) => Err(Refusal::new(reason).into()),
            Who::Application(..) | Who::Anonymous | Who::NotSaid => without(),
        }
    }

    fn token(&self, application: ApplicationId, kind: CredentialKind) -> Option<Arc<Vouched>> {
        is_token(kind).then(|| {
            Arc::new(Vouched {
                kind,
                issuer: String::new(),
                name: application.to_string(),
                scopes: self.scopes.to_vec(),
                claims: Claims::default(),
                certificate: None,
            })
        })
    }
}

/// Whether a credential of the kind is accepted; without a policy only keys are.
fn accepts(access: Option<&Arc<AccessRule>>, kind: CredentialKind) -> bool {
    access.map_or(kind == CredentialKind::Key, |rule| rule.accepts(kind))
}

fn is_token(kind: CredentialKind) -> bool {
    match kind {
        CredentialKind::Jwt | CredentialKind::Oauth2 | CredentialKind::ClientCredentials => true,
        CredentialKind::Key | CredentialKind::Basic | CredentialKind::Mtls => false,
    }
}

/// What is known of who called from why a call of nobody in particular was refused.
fn refused(reason: Reason) -> Who {
    match reason {
        Reason::UnknownKey
        | Reason::ConflictingKeys
        | Reason::InvalidToken
        | Reason::TokenNotChecked
        | Reason::TooManyTokens
        | Reason::UnknownConsumer => Who::NotAccepted(reason),
        // Before the credential.
        Reason::NotReady
        | Reason::Malformed
        | Reason::HeadersTooLarge
        | Reason::TargetTooLong
        | Reason::HeadersTooSlow
        | Reason::BodyTooLarge
        | Reason::AmbiguousPath
        | Reason::UnknownVersion
        | Reason::UnknownOperation
        | Reason::MethodNotAllowed
        | Reason::Retired
        | Reason::AddressForbidden => Who::NotSaid,
        // None was sent, or the call came further without one.
        _ => Who::Anonymous,
    }
}
