//! A request as every language needs it: credentials in the places where they go.

use std::borrow::Cow;

use crate::sample::{SampleBody, SampleCredential, SampleRequest, Secret, percent_encode};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece<'r> {
    Text(Cow<'r, str>),
    /// The value of an environment variable.
    Variable(&'r str),
    /// The same, percent-encoded.
    Encoded(&'r str),
}

/// A text in pieces.
pub(super) type Text<'r> = Vec<Piece<'r>>;

/// A request ready to be written.
pub(super) struct Outgoing<'r> {
    pub(super) method: &'r str,
    pub(super) url: Text<'r>,
    pub(super) headers: Vec<(&'r str, Text<'r>)>,
    /// User name and password.
    pub(super) basic: Option<(Text<'r>, Text<'r>)>,
    /// Files of a certificate and its key.
    pub(super) certificate: Option<(&'r str, &'r str)>,
    pub(super) body: Option<&'r SampleBody>,
}

impl<'r> Outgoing<'r> {
    pub(super) fn of(request: &'r SampleRequest) -> Self {
        let mut outgoing = Self {
            method: &request.method,
            url: vec![Piece::Text(Cow::Borrowed(&request.url))],
            headers: Vec::new(),
            basic: None,
            certificate: None,
            body: request.body.as_ref(),
        };
        let mut cookies: Text<'r> = Vec::new();
        let mut has_query = request.url.contains('?');
        for credential in &request.credentials {
            match credential {
                SampleCredential::Header { name, prefix, secret } => {
                    let mut value = Vec::new();
                    push_text(&mut value, prefix);
                    push_secret(&mut value, secret, false);
                    outgoing.headers.push((name, value));
                }
                SampleCredential::Query { name, secret } => {
                    let separator = if has_query { '&' } else { '?' };
                    has_query = true;
                    push_text(&mut outgoing.url, format!("{separator}{}=", percent_encode(name)));
                    push_secret(&mut outgoing.url, secret, true);
                }
                SampleCredential::Cookie { name, secret } => {
                    push_cookie(&mut cookies, format!("{}=", percent_encode(name)));
                    push_secret(&mut cookies, secret, true);
                }
                SampleCredential::Basic { user, password } => {
                    let (mut name, mut word) = (Vec::new(), Vec::new());
                    push_secret(&mut name, user, false);
                    push_secret(&mut word, password, false);
                    outgoing.basic = Some((name, word));
                }
                SampleCredential::Certificate { certificate, key } => outgoing.certificate = Some((certificate, key)),
            }
        }
        for (name, value) in &request.headers {
            if name.eq_ignore_ascii_case("Cookie") {
                push_cookie(&mut cookies, value.clone());
            } else {
                let mut text = Vec::new();
                push_text(&mut text, value);
                outgoing.headers.push((name, text));
            }
        }
        if !cookies.is_empty() {
            let is_content_type = |(name, _): &(&str, Text<'r>)| name.eq_ignore_ascii_case("Content-Type");
            let at = outgoing.headers.iter().position(is_content_type);
            let at = at.unwrap_or(outgoing.headers.len());
            outgoing.headers.insert(at, ("Cookie", cookies));
        }
        outgoing
    }

    /// The media type of the body; empty if there is none.
    pub(super) fn content_type(&self) -> String {
        let own = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
        own.map(|(_, value)| plain(value)).unwrap_or_default()
    }

    /// The headers without the media type of the body.
    pub(super) fn other_headers(&self) -> impl Iterator<Item = &(&'r str, Text<'r>)> {
        let is_other = |(name, _): &&(&str, Text<'r>)| !name.eq_ignore_ascii_case("Content-Type");
        self.headers.iter().filter(is_other)
    }

    /// Whether an environment variable is needed anywhere.
    pub(super) fn has_variables(&self) -> bool {
        let basic = self.basic.iter().flat_map(|(user, password)| [user, password]);
        let headers = self.headers.iter().map(|(_, value)| value);
        headers
            .chain(basic)
            .chain([&self.url])
            .flatten()
            .any(|piece| !matches!(piece, Piece::Text(_)))
    }

    /// Whether a variable must be percent-encoded anywhere.
    pub(super) fn has_encoded(&self) -> bool {
        let headers = self.headers.iter().map(|(_, value)| value);
        headers
            .chain([&self.url])
            .flatten()
            .any(|piece| matches!(piece, Piece::Encoded(_)))
    }
}

/// The text of the pieces that are known.
pub(super) fn plain(text: &Text<'_>) -> String {
    let known = text.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(&**text),
        Piece::Variable(_) | Piece::Encoded(_) => None,
    });
    known.collect()
}

/// Pieces as one expression of a language that adds texts up.
pub(super) fn sum(
    text: &Text<'_>,
    plus: &str,
    quoted: impl Fn(&str) -> String,
    variable: impl Fn(&str) -> String,
    encoded: impl Fn(&str) -> String,
) -> String {
    let terms: Vec<String> = text
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => quoted(text),
            Piece::Variable(name) => variable(name),
            Piece::Encoded(name) => encoded(name),
        })
        .collect();
    if terms.is_empty() { quoted("") } else { terms.join(plus) }
}

fn push_text<'r>(text: &mut Text<'r>, more: impl Into<Cow<'r, str>>) {
    let more = more.into();
    match text.last_mut() {
        _ if more.is_empty() => {}
        Some(Piece::Text(last)) => last.to_mut().push_str(&more),
        _ => text.push(Piece::Text(more)),
    }
}

fn push_cookie(cookies: &mut Text<'_>, more: String) {
    if !cookies.is_empty() {
        push_text(cookies, "; ");
    }
    push_text(cookies, more);
}

fn push_secret<'r>(text: &mut Text<'r>, secret: &'r Secret, is_encoded: bool) {
    match secret {
        Secret::Variable(name) if is_encoded => text.push(Piece::Encoded(name)),
        Secret::Variable(name) => text.push(Piece::Variable(name)),
        Secret::Value(value) if is_encoded => push_text(text, percent_encode(value)),
        Secret::Value(value) => push_text(text, value),
    }
}
