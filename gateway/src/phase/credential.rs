//! Who calls: finding the credential in a request and looking up whose it is.

use std::{borrow::Cow, sync::Arc};

use domain::{
    catalog::version::Access,
    id::{ApplicationId, KeyId},
    key::{KeyHash, KeyPlaintext},
    policy::access::CredentialKind,
};
use http::{
    HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
use ring::digest::{SHA256, digest};

use crate::{
    decision::{CredentialFields, Refusal, RequestFacts},
    identity::{Question, TokenProblem, Vouched, askers::TooMany, basic::BasicCredentials},
    message::Known,
    problem::Reason,
    rules::AccessRule,
    snapshot::{KeyEntry, Snapshot, Version},
};

/// Longest name of somebody that an answer repeats, in bytes.
const MAX_NAME: usize = 200;

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
    let Credential { text, fields } = present(snapshot, head)?;
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

/// The key that a request carries, as it was sent.
#[derive(Debug)]
struct Credential<'a> {
    text: Option<&'a [u8]>,
    fields: CredentialFields,
}

/// Finds the key. Authorization with another scheme is the upstream's business and passes through, unless there is a key in
/// it, which opens the APIs of others too.
fn present<'a>(snapshot: &Snapshot, head: &RequestFacts<'a>) -> Result<Credential<'a>, Box<Refusal>> {
    let value = only(head.fields.all(Known::Authorization))?;
    let authorization = value.and_then(bearer_token);
    let stray = value.filter(|_| authorization.is_none()).and_then(basic_key);
    let has_stray = stray.is_some_and(|text| snapshot.key(&hash(&text)).is_some());
    let api_key = only(head.fields.all(Known::XApiKey))?.filter(|key| !key.is_empty());
    let fields = CredentialFields {
        authorization: authorization.is_some() || has_stray,
        key_header: api_key.is_some(),
        has_stray_key: false,
        access: None,
    };
    match (authorization, api_key) {
        (Some(one), Some(other)) if one != other => Err(conflict().into()),
        (one, other) => Ok(Credential {
            text: one.or(other),
            fields,
        }),
    }
}

/// The value of what may stand once; an error when it stands there twice with different values.
fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Result<Option<T>, Box<Refusal>> {
    let first = values.next();
    if values.all(|other| Some(&other) == first.as_ref()) {
        Ok(first)
    } else {
        Err(conflict().into())
    }
}

fn conflict() -> Refusal {
    Refusal::new(Reason::ConflictingKeys)
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let token = rest.strip_prefix(b" ")?.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

fn is_basic(value: &[u8]) -> bool {
    let scheme = value.split_at_checked(6);
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(b"basic "))
}

/// The password, or the user name where there is none.
fn key_in(credentials: &BasicCredentials) -> &str {
    if credentials.password().is_empty() {
        credentials.user()
    } else {
        credentials.password()
    }
}

/// What would be the key in `Basic` credentials.
fn basic_key(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let read = BasicCredentials::parse(value).ok().filter(|_| is_basic(value))?;
    Some(Cow::Owned(key_in(&read).as_bytes().to_vec()))
}

/// With the policy `access`.
struct Accepting<'a> {
    snapshot: &'a Snapshot,
    version: &'a Version,
    rule: &'a Arc<AccessRule>,
    head: &'a RequestFacts<'a>,
}

impl Accepting<'_> {
    fn identify(&self) -> Result<Identified, Box<Refusal>> {
        let Self { rule, head, .. } = self;
        let authorization = only(head.fields.all(Known::Authorization))?;
        let bearer = authorization.filter(|_| rule.accepts_bearer()).and_then(bearer_token);
        let basic = authorization.filter(|value| rule.accepts(CredentialKind::Basic) && is_basic(value));
        let basic = basic.map(|value| self.basic(value)).transpose()?;
        let (in_header, in_query) = if rule.accepts(CredentialKind::Key) {
            let in_header = only(rule.key_values(head.fields))?.filter(|key| !key.is_empty());
            (in_header, self.in_query()?)
        } else {
            (None, None)
        };
        // A key opens the APIs of others too: no upstream may see one, whatever is accepted here.
        // What is judged here is taken away, or known not to be one.
        let unjudged = authorization.filter(|_| bearer.is_none() && basic.is_none());
        let stray = unjudged.and_then(|value| bearer_token(value).map(Cow::Borrowed).or_else(|| basic_key(value)));
        let has_stray_bearer = stray.is_some_and(|text| self.is_key(&text));
        let is_usual_place_judged = in_header.is_some() && rule.has_usual_header();
        let fields = CredentialFields {
            authorization: bearer.is_some() || basic.is_some() || has_stray_bearer,
            key_header: in_header.is_some(),
            has_stray_key: !is_usual_place_judged && head.fields.all(Known::XApiKey).any(|text| self.is_key(text)),
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
        match &rule.tokens {
            // A key is shown to no server that judges tokens.
            Some(tokens) if may_be_token && !self.is_key(text) => match head.vouching {
                None => Ok(Identified::Unknown(Question {
                    rule: Arc::clone(tokens),
                    token: text.into(),
                    address: self.head.address(),
                })),
                Some(Ok(vouched)) => self.vouched(vouched, fields),
                Some(Err(TokenProblem::Refused(why))) => Err(self.invalid(why).into()),
                Some(Err(TokenProblem::Unavailable(why))) => {
                    Err(Box::new(Refusal::new(Reason::TokenNotChecked).detail(sentence(why))))
                }
                Some(Err(TokenProblem::TooMany(TooMany { retry_s }))) => {
                    let refusal = Refusal::new(Reason::TooManyTokens);
                    Err(Box::new(refusal.field(RETRY_AFTER, HeaderValue::from(*retry_s))))
                }
            },
            _ => {
                let parameters = ", error=\"invalid_token\", error_description=\"The key is not known or was revoked\"";
                Err(self.challenged(Refusal::new(Reason::UnknownKey), parameters).into())
            }
        }
    }

    /// Whether a text is a key, or looks like one that was revoked.
    fn is_key(&self, text: &[u8]) -> bool {
        text.starts_with(KeyPlaintext::PREFIX.as_bytes()) || self.snapshot.key(&hash(text)).is_some()
    }

    /// The key in HTTP Basic credentials: the password, or the user name where there is none.
    fn basic(&self, value: &[u8]) -> Result<Vec<u8>, Box<Refusal>> {
        let read = BasicCredentials::parse(value).map_err(|error| {
            let refusal = Refusal::new(Reason::UnknownKey).detail(sentence(&error.to_string()));
            self.challenged(refusal, "")
        })?;
        Ok(key_in(&read).as_bytes().to_vec())
    }

    /// The key in the query.
    fn in_query(&self) -> Result<Option<Cow<'_, str>>, Box<Refusal>> {
        let Some(name) = &self.rule.key_query else {
            return Ok(None);
        };
        let pairs = form_urlencoded::parse(self.head.query.as_bytes());
        let values = pairs.filter(|(found, value)| **found == **name && !value.is_empty());
        only(values.map(|(_, value)| value))
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
    fn vouched(&self, token: &Arc<Vouched>, mut fields: CredentialFields) -> Result<Identified, Box<Refusal>> {
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
        fields.authorization = *kind == CredentialKind::ClientCredentials;
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

fn challenge(reason: Reason, challenge: &'static str) -> Refusal {
    Refusal::new(reason).field(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// The same hash as [`KeyHash::of`], by assembly that is several times faster.
fn hash(text: &[u8]) -> KeyHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text).as_ref());
    KeyHash(hash)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::message::Fields;

    fn found(fields: &[(&str, &str)]) -> Result<(Option<Vec<u8>>, bool, bool), Reason> {
        let mut section = Fields::default();
        for (name, value) in fields {
            section.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        let head = RequestFacts {
            method: &Method::GET,
            path: "/",
            query: "",
            version: http::Version::HTTP_11,
            authority: None,
            target_bytes: 1,
            fields: &section,
            body_bytes: None,
            max_body_bytes: None,
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
            trusted_proxies: &[],
            certificate: None,
            vouching: None,
        };
        present(&Snapshot::default(), &head)
            .map(|c| (c.text.map(<[u8]>::to_vec), c.fields.authorization, c.fields.key_header))
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_key_is_found_in_either_place() {
        let key = Some(b"key1".to_vec());
        assert_eq!(found(&[]), Ok((None, false, false)));
        assert_eq!(
            found(&[("authorization", "Bearer key1")]),
            Ok((key.clone(), true, false))
        );
        assert_eq!(
            found(&[("authorization", "bEARER  key1 ")]),
            Ok((key.clone(), true, false))
        );
        assert_eq!(found(&[("x-api-key", "key1")]), Ok((key.clone(), false, true)));
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Bearer key1")]),
            Ok((key.clone(), true, true))
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Basic eDp5")]),
            Ok((key, false, true))
        );
        assert_eq!(
            found(&[("authorization", "Bearer"), ("x-api-key", "")]),
            Ok((None, false, false))
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Bearer key2")]),
            Err(Reason::ConflictingKeys)
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("x-api-key", "key2")]),
            Err(Reason::ConflictingKeys)
        );
    }

    #[test]
    fn both_hashes_are_the_same() {
        assert_eq!(hash(b"tp_live_x"), KeyHash::of(b"tp_live_x"));
    }
}
