//! Cross-origin calls from browsers (the CORS protocol of the Fetch standard).

use domain::policy::cors::{ANY, Cors};
use http::{HeaderName, HeaderValue, header};

use crate::message::{Fields, Known, vary_by};

/// Who may call from a browser, compiled.
#[derive(Debug)]
pub(crate) struct CorsRule {
    origins: Origins,
    methods: HeaderValue,
    method_list: Box<[String]>,
    /// `None` is any.
    headers: Option<Box<[String]>>,
    exposed: Option<HeaderValue>,
    has_credentials: bool,
    max_age: HeaderValue,
}

#[derive(Debug)]
enum Origins {
    Any,
    /// Origins, and parts of those with a wildcard: `https://` and `.example.com`.
    Some {
        exact: Box<[String]>,
        below: Box<[(String, String)]>,
    },
}

/// A question of a browser before a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preflight<'a> {
    origin: &'a [u8],
    /// Method of the call that will follow.
    pub(crate) method: &'a [u8],
    headers: &'a [u8],
}

const REQUEST_METHOD: &[u8] = b"access-control-request-method";
const REQUEST_HEADERS: &[u8] = b"access-control-request-headers";
/// What answers say; only we do.
const ANSWER_FIELDS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

impl<'a> Preflight<'a> {
    /// The question, if the fields of an `OPTIONS` request ask one.
    pub(crate) fn of(fields: &'a Fields) -> Option<Self> {
        Some(Self {
            origin: fields.get(Known::Origin)?,
            method: fields.all_named(REQUEST_METHOD).next()?,
            headers: fields.all_named(REQUEST_HEADERS).next().unwrap_or_default(),
        })
    }
}

impl CorsRule {
    pub(super) fn compile(cors: &Cors) -> Result<Self, String> {
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|_| "its policy `cors` can't be sent in headers".to_owned())
        };
        let origins = if cors.origins.iter().any(|origin| origin == ANY) {
            Origins::Any
        } else {
            let (below, exact): (Vec<_>, Vec<_>) = cors.origins.iter().partition(|origin| origin.contains("://*."));
            let split = |origin: &String| {
                let (scheme, domain) = origin.split_once('*')?;
                Some((scheme.to_owned(), domain.to_owned()))
            };
            Origins::Some {
                exact: exact.into_iter().cloned().collect(),
                below: below.into_iter().filter_map(split).collect(),
            }
        };
        let is_any = cors.headers.iter().any(|header| header == ANY);
        Ok(Self {
            origins,
            methods: value(cors.methods.join(", "))?,
            method_list: cors.methods.clone().into(),
            headers: (!is_any).then(|| cors.headers.iter().map(|name| name.to_ascii_lowercase()).collect()),
            exposed: (!cors.exposed_headers.is_empty())
                .then(|| value(cors.exposed_headers.join(", ")))
                .transpose()?,
            has_credentials: cors.credentials,
            max_age: HeaderValue::from(cors.max_age.as_seconds()),
        })
    }

    fn permits(&self, origin: &[u8]) -> bool {
        let Origins::Some { exact, below } = &self.origins else {
            return true;
        };
        let Ok(origin) = std::str::from_utf8(origin) else {
            return false;
        };
        let is_below = |(scheme, domain): &(String, String)| {
            let name = origin
                .strip_prefix(scheme.as_str())
                .and_then(|rest| rest.strip_suffix(domain.as_str()));
            // One or more labels, and nothing else before the domain.
            name.is_some_and(|name| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            })
        };
        exact.iter().any(|one| one == origin) || below.iter().any(is_below)
    }

    /// Says on an answer who may read it. What an upstream says about it is taken out: the policy decides.
    pub(crate) fn say(&self, origin: Option<&[u8]>, fields: &mut Fields) {
        for name in &ANSWER_FIELDS {
            fields.remove_named(name.as_str().as_bytes());
        }
        if !matches!(self.origins, Origins::Any) {
            // Also where the caller named none: otherwise a cache could give this answer to one that does.
            vary_by(fields, b"Origin");
        }
        if let Some(origin) = origin {
            self.say_origin(origin, fields);
            if let Some(exposed) = &self.exposed
                && self.permits(origin)
            {
                fields.append_named(&header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
            }
        }
    }

    fn say_origin(&self, origin: &[u8], fields: &mut Fields) -> bool {
        let allowed = match &self.origins {
            Origins::Any => Some(HeaderValue::from_static(ANY)),
            Origins::Some { .. } => HeaderValue::from_bytes(origin).ok().filter(|_| self.permits(origin)),
        };
        let Some(allowed) = allowed else { return false };
        fields.append_named(&header::ACCESS_CONTROL_ALLOW_ORIGIN, &allowed);
        if self.has_credentials {
            let credentials = HeaderValue::from_static("true");
            fields.append_named(&header::ACCESS_CONTROL_ALLOW_CREDENTIALS, &credentials);
        }
        true
    }

    /// The answer to a browser's question. What is not allowed is not said; the browser then refuses the call and tells
    /// its developer why.
    pub(crate) fn answer(&self, asked: &Preflight<'_>, fields: &mut Fields) {
        vary_by(
            fields,
            b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        );
        if !self.say_origin(asked.origin, fields) {
            return;
        }
        if self.method_list.iter().any(|method| method.as_bytes() == asked.method) {
            fields.append_named(&header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods);
        }
        if let Some(headers) = self.allowed_headers(asked.headers) {
            fields.append_named(&header::ACCESS_CONTROL_ALLOW_HEADERS, &headers);
        }
        fields.append_named(&header::ACCESS_CONTROL_MAX_AGE, &self.max_age);
    }

    /// Those of the headers asked for that are allowed. Named one by one, also where any is: `*` does not cover
    /// `Authorization`, nor anything in a call with credentials.
    fn allowed_headers(&self, asked: &[u8]) -> Option<HeaderValue> {
        let asked = std::str::from_utf8(asked).ok()?;
        let allowed: Vec<&str> = asked
            .split(',')
            .map(str::trim)
            .filter(|name| HeaderName::try_from(*name).is_ok())
            .filter(|name| match &self.headers {
                None => true,
                Some(list) => list.iter().any(|one| one.eq_ignore_ascii_case(name)),
            })
            .collect();
        if allowed.is_empty() {
            return None;
        }
        HeaderValue::try_from(allowed.join(", ")).ok()
    }
}
