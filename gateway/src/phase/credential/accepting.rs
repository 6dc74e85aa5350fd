//! Who calls, with the policy `access`.

use std::sync::Arc;

use domain::policy::access::CredentialKind;
use http::{
    HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{
    Identified, Identity,
    ours::{Ours, hash},
    places::{bearer_token, in_query, is_basic, key_in, only},
};
use crate::{
    decision::{CredentialFields, Refusal, RequestFacts},
    identity::{Question, TokenProblem, TokenRule, Vouched, askers::TooMany, basic::BasicCredentials, is_signed},
    message::Known,
    problem::Reason,
    rules::AccessRule,
    snapshot::{Snapshot, Version},
};

/// Longest name of somebody that an answer repeats, in bytes.
const MAX_NAME: usize = 200;

/// A request at a version with the policy.
pub(super) struct Accepting<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) version: &'a Version,
    pub(super) rule: &'a Arc<AccessRule>,
    pub(super) head: &'a RequestFacts<'a>,
}

impl Accepting<'_> {
    /// Finds out who calls.
    pub(super) fn identify(&self) -> Result<Identified, Box<Refusal>> {
        let Self { rule, head, .. } = self;
        let ours = self.ours();
        let authorization = only(head.fields.all(Known::Authorization))?;
        let bearer = authorization.filter(|_| rule.accepts_bearer()).and_then(bearer_token);
        let basic = authorization.filter(|value| rule.accepts(CredentialKind::Basic) && is_basic(value));
        let basic = basic.map(|value| self.basic(value)).transpose()?;
        let (in_header, in_query) = if rule.accepts(CredentialKind::Key) {
            let in_header = only(rule.key_values(head.fields))?.filter(|key| !key.is_empty());
            let name = rule.key_query.as_deref();
            let in_query = name.map(|name| in_query(head.query, name)).transpose()?;
            (in_header, in_query.flatten())
        } else {
            (None, None)
        };
        // What is judged here is taken away, or known to be none of ours.
        let are_ours = |value: &[u8]| ours.are_in(value);
        let fields = CredentialFields {
            authorization: basic.is_some() || bearer.is_some() || authorization.is_some_and(are_ours),
            key_header: in_header.is_some() || rule.key_values(head.fields).any(are_ours),
            has_stray_key: !rule.has_usual_header() && head.fields.all(Known::XApiKey).any(are_ours),
            access: Some(Arc::clone(rule)),
        };
        let texts = [
            bearer,
            basic.as_deref(),
            in_header,
            in_query.as_deref().map(str::as_bytes),
        ];
        let Some(text) = only(texts.into_iter().flatten())? else {
            return self.without_text(fields);
        };
        // What is in a place for keys can be nothing else.
        let may_be_token = basic.is_none() && in_header.is_none() && in_query.is_none();
        if !may_be_token || rule.accepts(CredentialKind::Key) {
            let kind = if basic.is_some() {
                CredentialKind::Basic
            } else {
                CredentialKind::Key
            };
            if let Some(key) = self.snapshot.key(&hash(text)) {
                return Ok(Identified::As(Identity::of_key(*key, kind), fields));
            }
        }
        let tokens = rule.tokens.as_ref().filter(|_| may_be_token);
        // A key is shown to no server that judges tokens, and what can be no token is taken for a key.
        let is_key =
            |tokens: &TokenRule| ours.is_key(text) || (rule.accepts(CredentialKind::Key) && !tokens.may_judge(text));
        match tokens.filter(|tokens| !is_key(tokens)) {
            Some(tokens) => self.by_token(tokens, text, fields),
            None => Err(Box::new(self.unknown_key())),
        }
    }

    fn ours(&self) -> Ours<'_> {
        Ours::new(self.snapshot, self.head)
    }

    /// By a token that somebody has vouched for, or is to.
    fn by_token(
        &self,
        tokens: &Arc<TokenRule>,
        text: &[u8],
        fields: CredentialFields,
    ) -> Result<Identified, Box<Refusal>> {
        match self.head.vouching {
            None => Ok(Identified::Unknown(Question {
                rule: Arc::clone(tokens),
                token: text.into(),
                address: self.head.address(),
            })),
            Some(Ok(vouched)) => self.vouched(vouched, text, fields),
            Some(Err(TokenProblem::Refused(why))) if self.rule.accepts(CredentialKind::Key) && !is_signed(text) => {
                Err(self.invalid(&format!("{why}; nor is it a key that is known")).into())
            }
            Some(Err(TokenProblem::Refused(why))) => Err(self.invalid(why).into()),
            Some(Err(TokenProblem::Unavailable(why))) => {
                Err(Box::new(Refusal::new(Reason::TokenNotChecked).detail(sentence(why))))
            }
            Some(Err(TokenProblem::TooMany(TooMany { retry_s }))) => {
                let refusal = Refusal::new(Reason::TooManyTokens);
                Err(Box::new(refusal.field(RETRY_AFTER, HeaderValue::from(*retry_s))))
            }
        }
    }

    /// What was sent as a key, or can be nothing else, lets nobody in.
    fn unknown_key(&self) -> Refusal {
        let refusal = Refusal::new(Reason::UnknownKey);
        if self.rule.accepts(CredentialKind::Key) || self.rule.accepts(CredentialKind::Basic) && self.is_basic() {
            let parameters = ", error=\"invalid_token\", error_description=\"The key is not known or was revoked\"";
            return self.challenged(refusal, parameters);
        }
        // Whether it is a good one is nobody's business here.
        let detail = format!("A key is not accepted in this place. Send {}.", self.rule.kinds());
        let parameters = ", error=\"invalid_token\", error_description=\"A key is not accepted in this place\"";
        self.challenged(refusal.detail(detail), parameters)
    }

    fn is_basic(&self) -> bool {
        self.head.fields.get(Known::Authorization).is_some_and(is_basic)
    }

    /// The key in HTTP Basic credentials: the password, or the user name where there is none.
    fn basic(&self, value: &[u8]) -> Result<Vec<u8>, Box<Refusal>> {
        let read = BasicCredentials::parse(value).map_err(|error| {
            let refusal = Refusal::new(Reason::UnknownKey).detail(sentence(&error.to_string()));
            self.challenged(refusal, "")
        })?;
        Ok(key_in(&read).as_bytes().to_vec())
    }

    /// By the certificate of the connection, or anonymously.
    fn without_text(&self, fields: CredentialFields) -> Result<Identified, Box<Refusal>> {
        if self.rule.accepts(CredentialKind::Mtls)
            && let Some(certificate) = self.head.certificate
        {
            let organization = self.version.organization();
            let application = self
                .snapshot
                .identities
                .certificate(organization, &certificate.thumbprint);
            let application_id = application.ok_or_else(|| {
                let (subject, fingerprint) = (shortened(&certificate.subject), certificate.fingerprint());
                Box::new(Refusal::new(Reason::UnknownConsumer).detail(format!(
                    "The certificate of \"{subject}\" with the SHA-256 thumbprint {fingerprint} is trusted, but belongs to no application."
                )))
            })?;
            let identity = Identity {
                application_id,
                kind: CredentialKind::Mtls,
                key_id: None,
                token: None,
            };
            return Ok(Identified::As(identity, fields));
        }
        if self.rule.is_anonymous {
            return Ok(Identified::Anonymous(fields));
        }
        let detail = format!("Send {}.", self.rule.kinds());
        let refusal = Refusal::new(Reason::MissingCredential).detail(detail);
        Err(match self.rule.challenge("") {
            Some(value) => Box::new(refusal.field(WWW_AUTHENTICATE, value)),
            // There is no scheme to challenge with (RFC 9110 §15.5.2).
            None => Box::new(refusal.status(403)),
        })
    }

    /// Whose calls those with the token are.
    fn vouched(
        &self,
        token: &Arc<Vouched>,
        text: &[u8],
        mut fields: CredentialFields,
    ) -> Result<Identified, Box<Refusal>> {
        let Vouched { kind, issuer, name, .. } = &**token;
        if !self.rule.accepts(*kind) {
            return Err(self.invalid("the token is of a kind that is not accepted here").into());
        }
        let shown = self.head.certificate.map(|certificate| certificate.thumbprint);
        if token.certificate.is_some() && token.certificate != shown {
            let why = "the token only serves on connections with the certificate that it was issued for";
            return Err(self.invalid(why).into());
        }
        let identities = &self.snapshot.identities;
        let application_id = if *kind == CredentialKind::ClientCredentials {
            let client = identities.client(name);
            client
                .ok_or_else(|| self.invalid("the client that the token was issued for exists no more"))?
                .application_id
        } else {
            let application = identities.subject(self.version.organization(), issuer, name);
            application.ok_or_else(|| {
                let (name, issuer) = (shortened(name), shortened(issuer));
                Box::new(Refusal::new(Reason::UnknownConsumer).detail(format!(
                    "The token is good, but the provider has mapped its subject \"{name}\" of \"{issuer}\" to no application."
                )))
            })?
        };
        // Tokens of others may say more to the upstream than the gateway reads; ours say nothing to it.
        // A provider may have our own judged as those of any issuer.
        fields.authorization = *kind == CredentialKind::ClientCredentials || self.ours().is_token(text);
        let identity = Identity {
            application_id,
            kind: *kind,
            key_id: None,
            token: Some(Arc::clone(token)),
        };
        Ok(Identified::As(identity, fields))
    }

    fn invalid(&self, why: &str) -> Refusal {
        let refusal = Refusal::new(Reason::InvalidToken).detail(sentence(why));
        self.challenged(refusal, ", error=\"invalid_token\"")
    }

    fn challenged(&self, refusal: Refusal, parameters: &str) -> Refusal {
        match self.rule.challenge(parameters) {
            Some(value) => refusal.field(WWW_AUTHENTICATE, value),
            None => refusal,
        }
    }
}

/// The same words with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME)]
}
