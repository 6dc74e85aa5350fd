//! What lets the caller of a sample in.

use super::encode;
use crate::operation::{Operation, SecurityAlternative, SecuritySchemeKind};

/// How the caller of a sample is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'c> {
    /// Not at all.
    None,
    /// By a key, sent as `Authorization: Bearer`: the key itself, or `$NAME` for the environment variable `NAME`.
    Key(&'c str),
    /// As the document says: the first of the operation's alternatives that can be written, with environment variables for
    /// what only the caller knows.
    Document,
}

/// Something that only the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The name of an environment variable that has it: letters, digits and underscores, no digit first.
    Variable(String),
    /// The secret itself, visible ASCII only.
    Value(String),
}

impl Secret {
    fn of(text: &str) -> Self {
        match text.strip_prefix('$').filter(|name| is_variable(name)) {
            Some(name) => Self::Variable(name.to_owned()),
            None => Self::Value(encode::header(text)),
        }
    }
}

/// A credential and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleCredential {
    /// A header: `Authorization`, with `Bearer ` before the secret, or one of the document's choice.
    Header {
        /// Name of the header.
        name: String,
        /// What stands before the secret.
        prefix: String,
        /// The secret.
        secret: Secret,
    },
    /// A query parameter.
    Query {
        /// Its name.
        name: String,
        /// The secret.
        secret: Secret,
    },
    /// A cookie.
    Cookie {
        /// Its name.
        name: String,
        /// The secret.
        secret: Secret,
    },
    /// User name and password (RFC 7617).
    Basic {
        /// The name.
        user: Secret,
        /// The password.
        password: Secret,
    },
    /// A certificate of the caller, in files that the caller has to provide.
    Certificate {
        /// The certificate, in PEM.
        certificate: String,
        /// Its key, in PEM.
        key: String,
    },
}

/// Whether it can be the name of an environment variable.
pub(crate) fn is_variable(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

pub(super) fn of(operation: &Operation<'_>, access: Access<'_>) -> Vec<SampleCredential> {
    match access {
        Access::None => Vec::new(),
        Access::Key(key) => vec![SampleCredential::Header {
            name: "Authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
            secret: Secret::of(key),
        }],
        Access::Document => {
            let alternatives = operation.security();
            let written = alternatives.iter().filter_map(of_alternative);
            let mut written: Vec<Vec<SampleCredential>> = written.collect();
            // To be let in as nobody is shown only where there is no other way.
            let at = written.iter().position(|credentials| !credentials.is_empty());
            at.map(|at| written.swap_remove(at)).unwrap_or_default()
        }
    }
}

/// What one alternative needs; `None` if one of its schemes isn't known.
fn of_alternative(alternative: &SecurityAlternative<'_>) -> Option<Vec<SampleCredential>> {
    let mut names = Names::default();
    alternative
        .schemes
        .iter()
        .map(|scheme| credential(scheme.scheme.as_ref()?.kind, &mut names))
        .collect()
}

fn credential(kind: SecuritySchemeKind<'_>, names: &mut Names) -> Option<SampleCredential> {
    let authorization = |prefix: &str, secret| SampleCredential::Header {
        name: "Authorization".to_owned(),
        prefix: prefix.to_owned(),
        secret,
    };
    Some(match kind {
        SecuritySchemeKind::ApiKey { location, name } => {
            let (name, secret) = (name.to_owned(), names.variable("API_KEY"));
            match location {
                "query" => SampleCredential::Query { name, secret },
                "cookie" => SampleCredential::Cookie { name, secret },
                "header" if crate::model::is_token(&name) => SampleCredential::Header {
                    name,
                    prefix: String::new(),
                    secret,
                },
                _ => return None,
            }
        }
        SecuritySchemeKind::Http { scheme, .. } if scheme.eq_ignore_ascii_case("basic") => SampleCredential::Basic {
            user: names.variable("API_USERNAME"),
            password: names.variable("API_PASSWORD"),
        },
        SecuritySchemeKind::Http { scheme, .. } if scheme.eq_ignore_ascii_case("bearer") => {
            authorization("Bearer ", names.variable("ACCESS_TOKEN"))
        }
        SecuritySchemeKind::Http { scheme, .. } if crate::model::is_token(scheme) => {
            authorization(&format!("{scheme} "), names.variable("API_CREDENTIALS"))
        }
        SecuritySchemeKind::OAuth2 | SecuritySchemeKind::OpenIdConnect { .. } => {
            authorization("Bearer ", names.variable("ACCESS_TOKEN"))
        }
        SecuritySchemeKind::MutualTls => SampleCredential::Certificate {
            certificate: "client.pem".to_owned(),
            key: "client.key".to_owned(),
        },
        SecuritySchemeKind::Http { .. } | SecuritySchemeKind::Unknown => return None,
    })
}

/// Names of environment variables that were given out.
#[derive(Default)]
struct Names(Vec<&'static str>);

impl Names {
    fn variable(&mut self, name: &'static str) -> Secret {
        let count = self.0.iter().filter(|known| **known == name).count();
        self.0.push(name);
        Secret::Variable(if count == 0 {
            name.to_owned()
        } else {
            format!("{name}_{}", count + 1)
        })
    }
}
