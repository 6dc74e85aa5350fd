//! Reading a request for a token (RFC 6749 §4.4.2) and who asks (§2.3.1).

use std::borrow::Cow;

use domain::{client::scope::is_scope, key::KeyHash};
use percent_encoding::percent_decode;
use ring::digest::{SHA256, digest};

use super::answer::TokenError;
use crate::{
    identity::basic::BasicCredentials,
    message::{Fields, Known},
};

/// Scopes in one request.
const MAX_SCOPES: usize = 100;

/// A request for a token, as it was sent.
pub(super) struct TokenRequest {
    pub(super) client_id: String,
    secret: String,
    grant_type: Option<String>,
    /// What was asked for; `None` asks for all there is.
    pub(super) scopes: Option<Vec<String>>,
}

impl TokenRequest {
    /// Reads header and body.
    pub(super) fn read(fields: &Fields, body: &[u8]) -> Result<Self, TokenError> {
        use TokenError::{InvalidClient, InvalidRequest};
        let content_type = fields.get(Known::ContentType).unwrap_or_default();
        let media_type = content_type.split(|b| *b == b';').next().unwrap_or_default();
        if !media_type
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        {
            return Err(InvalidRequest(
                "Send the parameters as application/x-www-form-urlencoded.",
            ));
        }
        let form = Form::read(body)?;
        let mut authorizations = fields.all(Known::Authorization);
        let authorization = authorizations.next();
        if authorizations.next().is_some() {
            return Err(InvalidRequest("There is more than one Authorization header."));
        }
        let (client_id, secret) = match authorization {
            Some(value) => {
                if form.client_secret.is_some() {
                    return Err(InvalidRequest("Authenticate in one way: by the header or in the body."));
                }
                let credentials = BasicCredentials::parse(value)
                    .map_err(|_| InvalidClient("The Authorization header has no Basic credentials."))?;
                let decoded = decode(credentials.user()).zip(decode(credentials.password()));
                let (user, password) =
                    decoded.ok_or(InvalidClient("Encode client id and secret as form values, in UTF-8."))?;
                if form.client_id.as_deref().is_some_and(|id| id != user) {
                    return Err(InvalidRequest("Header and body name different clients."));
                }
                (user, password)
            }
            None => form.client_id.zip(form.client_secret).ok_or(InvalidClient(
                "Send client id and secret by HTTP Basic, or as client_id and client_secret in the body.",
            ))?,
        };
        let scopes = form.scope.map(|scope| split(&scope)).transpose()?;
        Ok(Self {
            client_id,
            secret,
            grant_type: form.grant_type,
            scopes: scopes.filter(|scopes| !scopes.is_empty()),
        })
    }

    /// Whether the secret is the one with this hash. It takes as long for a client that is not known.
    pub(super) fn is_by(&self, hash: Option<&KeyHash>) -> bool {
        const NOBODY: KeyHash = KeyHash([0; 32]);
        let presented = digest(&SHA256, self.secret.as_bytes());
        let pairs = presented.as_ref().iter().zip(hash.unwrap_or(&NOBODY).0);
        let difference = pairs.fold(0, |difference, (a, b)| difference | (a ^ b));
        std::hint::black_box(difference) == 0 && hash.is_some()
    }

    /// Whether the way to ask is the one there is.
    pub(super) fn check_grant(&self) -> Result<(), TokenError> {
        match self.grant_type.as_deref() {
            Some("client_credentials") => Ok(()),
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("The parameter grant_type is missing.")),
        }
    }
}

/// The parameters that mean something; none may be there twice (RFC 6749 §3.2).
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, TokenError> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let place = match &*name {
                "grant_type" => &mut form.grant_type,
                "scope" => &mut form.scope,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                // Unknown ones are ignored, as the standard says.
                _ => continue,
            };
            if place.is_some() {
                return Err(TokenError::InvalidRequest("A parameter is there more than once."));
            }
            // A parameter without a value is as one that is not there (RFC 6749 §3.2).
            if !value.is_empty() {
                *place = Some(value.into_owned());
            }
        }
        Ok(form)
    }
}

/// A form value: `+` is a space, and the rest is percent-encoded. `None` if it is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded: Cow<'_, [u8]> = percent_decode(spaced.as_bytes()).into();
    String::from_utf8(decoded.into_owned()).ok()
}

fn split(scope: &str) -> Result<Vec<String>, TokenError> {
    let scopes: Vec<String> = scope
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(Into::into)
        .collect();
    if scopes.len() > MAX_SCOPES || !scopes.iter().all(|scope| is_scope(scope)) {
        return Err(TokenError::InvalidScope("The parameter scope is not a list of scopes."));
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: Option<&str>, body: &str) -> Result<TokenRequest, TokenError> {
        let mut fields = Fields::default();
        let form = "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap();
        fields.append(Known::ContentType, &form);
        if let Some(value) = authorization {
            fields.append(Known::Authorization, &value.parse().unwrap());
        }
        TokenRequest::read(&fields, body.as_bytes())
    }

    #[test]
    fn a_client_says_who_it_is_in_one_of_two_ways() {
        // `my+app:p%3Aw` in Base64.
        let basic = read(
            Some("basic bXkrYXBwOnAlM0F3"),
            "grant_type=client_credentials&client_id=my+app",
        );
        let post = read(None, "client_id=my+app&client_secret=p%3Aw&resource=x&scope=");
        for request in [basic, post] {
            let Ok(request) = request else { panic!("refused") };
            assert_eq!((request.client_id.as_str(), request.scopes.as_ref()), ("my app", None));
            assert!(request.is_by(Some(&KeyHash::of(b"p:w"))));
            assert!(!request.is_by(Some(&KeyHash::of(b"p:W"))) && !request.is_by(None));
        }
    }

    #[test]
    fn requests_that_can_be_read_in_two_ways_are_refused() {
        const BASIC: &str = "Basic YTpi";
        for (authorization, body, error) in [
            (Some(BASIC), "client_secret=b", "invalid_request"),
            (Some(BASIC), "client_id=c", "invalid_request"),
            (Some(BASIC), "scope=a&scope=b", "invalid_request"),
            (Some("Bearer x"), "client_id=a", "invalid_client"),
            (Some("Basic !"), "", "invalid_client"),
            // `%FF:b` is not UTF-8.
            (Some("Basic JUZGOmI="), "", "invalid_client"),
            (None, "client_id=a", "invalid_client"),
            (None, "client_id=a&client_secret=b&scope=%22", "invalid_scope"),
        ] {
            let refused = read(authorization, body).err().map(|error| error.outcome());
            assert_eq!(refused, Some(error), "{authorization:?} {body}");
        }
        let bare = TokenRequest::read(&Fields::default(), b"client_id=a&client_secret=b");
        assert_eq!(bare.err().map(|error| error.outcome()), Some("invalid_request"));
    }
}
