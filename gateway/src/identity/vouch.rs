//! Who vouches for a token: the installation's own endpoint, an issuer by its signature, or a server that is asked.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{clock::Clock, policy::access::CredentialKind};
use serde_json::Value;

use super::{
    TokenRule, TokenVerifier,
    askers::TooMany,
    claims::{ClaimRules, Claims},
    fetch::{FetchRequest, HttpFetch},
    introspection::{MAX_ANSWER_BYTES, request_body},
    introspector::NoAnswer,
    jwt::claimed_issuer,
    key_source::KeyError,
    own::CLIENT_CLAIM,
    token_rule::{IntrospectionRule, IssuerRule, JwtRule, MAX_TOKEN_BYTES},
};

/// How far clocks may differ from that of a server that judges tokens, in seconds.
const INTROSPECTION_LEEWAY_S: u32 = 30;

/// A token, and who may be asked about it.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) rule: Arc<TokenRule>,
    pub(crate) token: Box<[u8]>,
    /// Where it came from.
    pub(crate) address: IpAddr,
}

/// What is needed to answer questions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Witnesses<'a> {
    /// The installation's token endpoint, if it has one.
    pub(crate) own: Option<&'a TokenVerifier>,
    pub(crate) fetch: &'a HttpFetch,
    pub(crate) clock: &'a Clock,
}

/// What a token says, for which somebody vouches.
#[derive(Clone, Debug)]
pub(crate) struct Vouched {
    pub(crate) kind: CredentialKind,
    /// Who vouches.
    pub(crate) issuer: String,
    /// Whom for.
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) claims: Claims,
    /// SHA-256 of the only certificate that it may come with (RFC 8705 §3.1).
    pub(crate) certificate: Option<[u8; 32]>,
}

/// Why nobody vouches for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    /// It is not accepted; why, in a sentence without a full stop.
    Refused(String),
    /// Nobody can say now; why, in the same form.
    Unavailable(String),
    /// So many tokens from the same address were not known that nobody is asked about more.
    TooMany(TooMany),
}

/// What came of a question.
pub(crate) type Vouching = Result<Arc<Vouched>, TokenProblem>;

/// Asks whoever may vouch for a token. Waits only for what was not fetched before.
pub(crate) async fn vouch(question: &Question, witnesses: Witnesses<'_>) -> Vouching {
    let Question { rule, token, address } = question;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(refused("the token is too long"));
    }
    let claimed = claimed_issuer(token);
    if let Some(claimed) = &claimed {
        let own = witnesses.own.filter(|own| own.issuer() == claimed);
        if rule.accepts_own
            && let Some(own) = own
        {
            return of_own(own, token, witnesses.clock);
        }
        // An issuer that is named here answers for its tokens alone: what its keys refuse no other server may let in.
        if let Some(jwt) = &rule.jwt
            && let Some(issuer) = jwt.issuer(claimed)
        {
            return signed(jwt, issuer, token, witnesses).await;
        }
        // No other server is shown a token of ours: it opens the APIs of others too.
        if own.is_some() {
            return Err(refused("the token is of an issuer that is not accepted here"));
        }
    }
    match &rule.introspection {
        Some(introspection) => introspected(introspection, token, *address, witnesses).await,
        None if claimed.is_some() => Err(refused("the token is of an issuer that is not accepted here")),
        None => Err(refused("the token is malformed")),
    }
}

fn of_own(own: &TokenVerifier, token: &[u8], clock: &Clock) -> Vouching {
    let claims = own.verify(token, clock.now().unix_timestamp()).map_err(refused)?;
    let kind = CredentialKind::ClientCredentials;
    Vouched::read(kind, own.issuer(), CLIENT_CLAIM, "scope", claims)
}

async fn signed(rule: &JwtRule, issuer: &IssuerRule, token: &[u8], witnesses: Witnesses<'_>) -> Vouching {
    let verified = issuer
        .keys
        .verify(token, &issuer.rules, witnesses.fetch, witnesses.clock);
    let claims = verified.await.map_err(|error| match error {
        KeyError::Unavailable => TokenProblem::Unavailable(error.to_string()),
        KeyError::Token(error) => refused(error),
    })?;
    let kind = CredentialKind::Jwt;
    Vouched::read(kind, &issuer.issuer, &rule.consumer_claim, &rule.scope_claim, claims)
}

async fn introspected(rule: &IntrospectionRule, token: &[u8], address: IpAddr, witnesses: Witnesses<'_>) -> Vouching {
    // RFC 6750 §2.1: what else is no token.
    let text = std::str::from_utf8(token)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| refused("the token is malformed"))?;
    let request = || FetchRequest {
        url: rule.endpoint.clone(),
        form: Some(request_body(text)),
        authorization: Some(rule.authorization.clone()),
    };
    let fetch = witnesses.fetch.within(rule.timeout, MAX_ANSWER_BYTES);
    let asked = rule.introspector.ask(token, address, request, fetch, witnesses.clock);
    let answer = asked.await.map_err(|error| match error {
        NoAnswer::Silent => TokenProblem::Unavailable(error.to_string()),
        NoAnswer::NotAsked(too_many) => TokenProblem::TooMany(too_many),
    })?;
    let rules = ClaimRules {
        leeway_s: INTROSPECTION_LEEWAY_S,
        ..ClaimRules::default()
    };
    let judged = answer.judge(&rules, witnesses.clock.now().unix_timestamp());
    let claims = Claims::clone(&*judged.map_err(refused)?);
    Vouched::read(
        CredentialKind::Oauth2,
        &rule.issuer,
        &rule.consumer_claim,
        "scope",
        claims,
    )
}

impl Vouched {
    fn read(kind: CredentialKind, issuer: &str, consumer_claim: &str, scope_claim: &str, claims: Claims) -> Vouching {
        let name = match claims.get(consumer_claim) {
            Some(Value::String(name)) if !name.is_empty() => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => {
                return Err(refused(format!(
                    "the token does not say whom it is for: its `{consumer_claim}` is missing"
                )));
            }
        };
        let certificate = match claims.get("cnf").and_then(|confirmation| confirmation.get("x5t#S256")) {
            None => None,
            Some(thumbprint) => {
                let thumbprint = thumbprint.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
                let thumbprint = thumbprint.and_then(|bytes| bytes.try_into().ok());
                Some(thumbprint.ok_or_else(|| refused("the token's certificate is malformed"))?)
            }
        };
        Ok(Arc::new(Self {
            kind,
            issuer: issuer.to_owned(),
            name,
            scopes: claims.scopes(scope_claim).map(str::to_owned).collect(),
            claims,
            certificate,
        }))
    }
}

fn refused(why: impl ToString) -> TokenProblem {
    TokenProblem::Refused(why.to_string())
}
