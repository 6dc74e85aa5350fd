//! Upstreams: where the calls of a version go.

pub mod address;
pub mod balance;
pub mod canary;
pub mod failure;
pub mod health;
#[cfg(feature = "store")]
pub mod resolve;
pub mod settings;
pub mod span;
mod text;
pub mod transport;

use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use self::settings::{NOT_CARRIED_OUT, Settings};
use crate::{error::FieldError, plan::grouped};

/// Targets of one upstream; a larger pool belongs behind a balancer or a name.
pub const MAX_TARGETS: usize = 32;
/// Shares that a target can have.
pub const WEIGHTS: RangeInclusive<u16> = 1..=1_000;
/// How long a connection can be waited for, in milliseconds: a host that needs a minute is not there.
pub const CONNECT_TIMEOUTS_MS: RangeInclusive<u32> = 1..=60_000;
/// How long the first byte of an answer can be waited for, in milliseconds: one hour, for reports that take their time.
pub const RESPONSE_TIMEOUTS_MS: RangeInclusive<u32> = 1..=3_600_000;

/// Name of the field that messages about targets are at.
const FIELD: &str = "upstream";
/// Length of a target's URL, in bytes.
const MAX_URL: usize = 2_000;

/// The pool of targets that a version is proxied to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// One to [`MAX_TARGETS`]; calls are spread by weight.
    pub targets: Vec<Target>,
    /// How long to wait for a connection, in milliseconds; one of [`CONNECT_TIMEOUTS_MS`].
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u32,
    /// How long to wait for the first byte of an answer, in milliseconds; one of [`RESPONSE_TIMEOUTS_MS`].
    #[serde(default = "default_response_timeout_ms")]
    pub response_timeout_ms: u32,
    /// Whether its targets may be in loopback and private ranges although the installation forbids them: set for
    /// upstreams that the operator wrote into a manifest. Nobody can say it of their own upstream.
    #[serde(default)]
    pub allow_private: bool,
    /// Everything that may be left out.
    #[serde(flatten)]
    pub settings: Settings,
}

/// One address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://host[:port][/path]` or `https://…`; the path is put before the operation's path.
    pub url: Url,
    /// Share of the calls, one of [`WEIGHTS`].
    #[serde(default = "default_weight")]
    pub weight: u16,
}

fn default_weight() -> u16 {
    1
}

/// 5 s: a healthy host answers a connection within milliseconds, a lost packet is sent again after 1 and 3 s.
fn default_connect_timeout_ms() -> u32 {
    5_000
}

/// 30 s, as most proxies have it.
fn default_response_timeout_ms() -> u32 {
    30_000
}

impl Upstream {
    /// An upstream of one target with the default time-outs.
    pub fn single(url: Url) -> Self {
        Self {
            targets: vec![Target { url, weight: 1 }],
            connect_timeout_ms: default_connect_timeout_ms(),
            response_timeout_ms: default_response_timeout_ms(),
            allow_private: false,
            settings: Settings::default(),
        }
    }

    /// Every address that calls or copies of them are sent to, with the field that names it.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        let Settings { canary, mirror, .. } = &self.settings;
        let canary = canary.iter().flat_map(|canary| &canary.targets);
        let own = self.targets.iter().map(|target| (FIELD, &target.url));
        own.chain(canary.map(|target| ("canary.targets", &target.url)))
            .chain(mirror.iter().map(|mirror| ("mirror.target", &mirror.target)))
    }

    /// Checks everything that can be judged without looking names up; where the targets lead to is another question.
    ///
    /// # Errors
    /// Messages at `upstream`, `connect_timeout_ms` and `response_timeout_ms`, one each at most, and at the fields of the
    /// settings: `health.active.path`.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let any = |is_wrong: fn(&Target) -> bool| self.targets.iter().any(is_wrong);
        let mut errors = Vec::new();
        let mut say = |field: &str, message: String| errors.push(FieldError::new(field, message));
        if self.targets.is_empty() {
            say(FIELD, NO_TARGET.into());
        } else if self.targets.len() > MAX_TARGETS {
            say(FIELD, format!("Use at most {MAX_TARGETS} targets."));
        } else if any(|target| target.url.as_str().len() > MAX_URL) {
            say(
                FIELD,
                format!("Use addresses of at most {} characters.", grouped(MAX_URL as u64)),
            );
        } else if any(|target| !WEIGHTS.contains(&target.weight)) {
            say(FIELD, format!("Give each target a share {}.", between(&WEIGHTS)));
        }
        for (field, ms, range) in [
            ("connect_timeout_ms", self.connect_timeout_ms, CONNECT_TIMEOUTS_MS),
            ("response_timeout_ms", self.response_timeout_ms, RESPONSE_TIMEOUTS_MS),
        ] {
            if !range.contains(&ms) {
                say(field, format!("Use a number of milliseconds {}.", between(&range)));
            }
        }
        self.settings.check(&self.targets, &mut say);
        for name in self.settings.given().filter(|name| NOT_CARRIED_OUT.contains(name)) {
            say(
                name,
                "The gateway of this version cannot do this yet. Leave it out.".into(),
            );
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// How long to wait for a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms.into())
    }

    /// How long to wait for the first byte of an answer.
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms.into())
    }
}

/// Takes a message at a field.
type Say<'a> = &'a mut dyn FnMut(&str, String);

/// What is wrong with a number, if it is not in a range.
fn wrong_number<T: Copy + Into<u64> + PartialOrd>(number: T, range: &RangeInclusive<T>) -> Option<String> {
    (!range.contains(&number)).then(|| format!("Use a number {}.", between(range)))
}

const NO_TARGET: &str = "Enter the address of your server, for example https://api.internal.example.";

fn between<T: Copy + Into<u64>>(range: &RangeInclusive<T>) -> String {
    let (first, last) = (grouped((*range.start()).into()), grouped((*range.end()).into()));
    format!("between {first} and {last}")
}

/// Reads the URL of a target as typed. Only the text is judged here; where it leads to is judged by
/// [`address::AddressPolicy`] when it is saved and again at each connection.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn parse_target_url(field: &str, text: &str) -> Result<Url, FieldError> {
    let text = text.trim();
    let fail = |message: &str| Err(FieldError::new(field, message));
    if text.is_empty() {
        return fail(NO_TARGET);
    }
    let Ok(url) = Url::parse(text) else {
        return fail("This is not a URL. Write it with its scheme, for example https://api.internal.example.");
    };
    match url.scheme() {
        "http" | "https" => {}
        other => return fail(&format!("`{other}` is not supported. Use an http or https address.")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return fail("The address has no host.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail("Leave the user name and password out of the address.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("Leave out what follows `?` or `#`: the caller's query is passed on.");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_are_judged_at_their_fields() {
        let with = |connect_timeout_ms, response_timeout_ms| Upstream {
            connect_timeout_ms,
            response_timeout_ms,
            ..Upstream::single("http://127.0.0.1".parse().unwrap())
        };
        for (upstream, fields) in [
            (with(1, 1), &[][..]),
            (with(60_000, 3_600_000), &[]),
            (with(0, 1), &["connect_timeout_ms"]),
            (with(60_001, 3_600_001), &["connect_timeout_ms", "response_timeout_ms"]),
        ] {
            let errors = upstream.check().err().unwrap_or_default();
            assert_eq!(
                errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
                fields,
                "{errors:?}"
            );
        }
        let errors = with(1, 0).check().unwrap_err();
        assert_eq!(
            errors[0].message,
            "Use a number of milliseconds between 1 and 3,600,000."
        );
    }

    #[test]
    fn only_plain_http_addresses_are_targets() {
        for (text, ok) in [
            ("http://127.0.0.1:9000", true),
            ("https://api.example/base/", true),
            ("ftp://api.example", false),
            ("file:///etc/passwd", false),
            ("api.example", false),
            ("http://user:pw@api.example", false),
            ("http://api.example?x=1", false),
            ("http://", false),
            ("", false),
        ] {
            assert_eq!(parse_target_url("upstream", text).is_ok(), ok, "{text}");
        }
    }
}
