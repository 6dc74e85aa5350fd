//! Everything about an upstream that may be left out.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{
    Say, Target,
    balance::Balance,
    canary::{Canary, Mirror},
    failure::{Breaker, Retry},
    health::Health,
    span::Span,
    transport::{Connections, Dns, Protocol, Tls},
};

/// How long a new target can take to its whole share.
pub const SLOW_STARTS: RangeInclusive<Span> = Span::s(1)..=Span::s(900);
/// How long an answer can pause.
pub const IDLE_TIMEOUTS: RangeInclusive<Span> = Span::ms(10)..=Span::s(3_600);
/// How long a call can take in all.
pub const TOTAL_TIMEOUTS: RangeInclusive<Span> = Span::ms(10)..=Span::s(86_400);

/// Settings that the gateway of this version does not carry out yet. They are refused, so that nobody believes that they
/// took effect. At present there are none.
pub const NOT_CARRIED_OUT: &[&str] = &[];

/// How calls are spread, what is done about failures, and how connections are made. What is left out is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which target a call goes to.
    #[serde(skip_serializing_if = "is_default")]
    pub balance: Balance,
    /// Which targets get calls.
    #[serde(skip_serializing_if = "is_default")]
    pub health: Health,
    /// Time in which a target that is new, or healthy again, comes to its whole share; one of [`SLOW_STARTS`].
    #[serde(skip_serializing_if = "is_default")]
    pub slow_start: Option<Span>,
    /// When calls are stopped.
    #[serde(skip_serializing_if = "is_default")]
    pub breaker: Option<Breaker>,
    /// How long calls may take, beside the time-outs of the upstream itself.
    #[serde(skip_serializing_if = "is_default")]
    pub timeouts: Timeouts,
    /// When calls are tried again.
    #[serde(skip_serializing_if = "is_default")]
    pub retry: Option<Retry>,
    /// How many connections there are.
    #[serde(skip_serializing_if = "is_default")]
    pub connections: Connections,
    /// How names are resolved.
    #[serde(skip_serializing_if = "is_default")]
    pub dns: Dns,
    /// Where a part of the calls goes.
    #[serde(skip_serializing_if = "is_default")]
    pub canary: Option<Canary>,
    /// Where copies of calls go.
    #[serde(skip_serializing_if = "is_default")]
    pub mirror: Option<Mirror>,
    /// What is trusted.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: Tls,
    /// Version of HTTP.
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: Protocol,
}

/// Time-outs after the first byte of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// How long an answer may pause between two pieces; one of [`IDLE_TIMEOUTS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Span>,
    /// From the beginning of a call to the end of its answer, tries included; one of [`TOTAL_TIMEOUTS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Span>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Settings {
    /// Names of the settings that are not left out, in the order of the documentation.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        [
            ("balance", !is_default(&self.balance)),
            ("health.active", self.health.active.is_some()),
            ("health.passive", self.health.passive.is_some()),
            ("slow_start", self.slow_start.is_some()),
            ("breaker", self.breaker.is_some()),
            ("timeouts.idle", self.timeouts.idle.is_some()),
            ("timeouts.total", self.timeouts.total.is_some()),
            ("retry", self.retry.is_some()),
            ("connections", !is_default(&self.connections)),
            ("dns", !is_default(&self.dns)),
            ("canary", self.canary.is_some()),
            ("mirror", self.mirror.is_some()),
            ("tls", !is_default(&self.tls)),
            ("protocol", !is_default(&self.protocol)),
        ]
        .into_iter()
        .filter_map(|(name, is_given)| is_given.then_some(name))
    }

    /// Says what is wrong, at the fields as they are written. `targets` are those of the upstream.
    pub(super) fn check(&self, targets: &[Target], say: Say<'_>) {
        self.health.check(say);
        if let Some(message) = self.slow_start.and_then(|span| span.outside(&SLOW_STARTS)) {
            say("slow_start", message);
        } else if self.slow_start.is_some() && matches!(self.balance, Balance::Hash(_)) {
            say(
                "slow_start",
                "Leave it out: with `hash` the share of a target is fixed.".into(),
            );
        }
        if let Some(breaker) = &self.breaker {
            breaker.check(say);
        }
        for (field, span, range) in [
            ("timeouts.idle", self.timeouts.idle, IDLE_TIMEOUTS),
            ("timeouts.total", self.timeouts.total, TOTAL_TIMEOUTS),
        ] {
            if let Some(message) = span.and_then(|span| span.outside(&range)) {
                say(field, message);
            }
        }
        if let Some(retry) = &self.retry {
            retry.check(say);
        }
        self.connections.check(say);
        self.dns.check(say);
        if let Some(canary) = &self.canary {
            canary.check(say);
        }
        if let Some(mirror) = &self.mirror {
            mirror.check(say);
        }
        self.tls.check(say);
        let urls = targets.iter().map(|target| &target.url);
        let urls = urls.chain(
            self.canary
                .iter()
                .flat_map(|canary| canary.targets.iter().map(|target| &target.url)),
        );
        if !is_default(&self.tls) && urls.into_iter().all(|url| url.scheme() != "https") {
            say("tls", "Leave it out: no target has an https address.".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::upstream::{Upstream, balance::HashBy, failure::RetryOn};

    fn upstream(settings: Value) -> Result<Upstream, serde_json::Error> {
        let mut upstream = json!({"targets": [{"url": "http://a.test/"}]});
        let Value::Object(settings) = settings else {
            panic!("{settings}")
        };
        upstream.as_object_mut().unwrap().extend(settings);
        serde_json::from_value(upstream)
    }

    /// Everything at once, as it is stored.
    fn everything() -> Value {
        json!({
            "targets": [{"url": "https://a.test/", "weight": 3}],
            "connect_timeout_ms": 500,
            "response_timeout_ms": 10_000,
            "allow_private": false,
            "balance": {"hash": "header X-User"},
            "health": {
                "active": {"path": "/healthz", "interval": "5s", "timeout": "1s", "healthy_after": 2, "unhealthy_after": 3, "expect": "200-299"},
                "passive": {"consecutive_failures": 5, "ejection_time": "30s", "max_ejected_percent": 50},
            },
            "breaker": {"failure_percent": 50, "window": "10s", "min_requests": 20, "open_time": "30s", "half_open_probes": 3},
            "timeouts": {"idle": "1m", "total": "10m"},
            "retry": {"attempts": 2, "on": ["connect", "reset", "502", "503", "504"], "budget_percent": 20, "per_try_timeout": "2s"},
            "connections": {"max": 100, "max_idle": 10, "max_age": "10m"},
            "dns": {"refresh": "30s"},
            "canary": {"targets": [{"url": "https://b.test/", "weight": 1}], "percent": 2.5, "header": "X-Canary: yes", "by": "key"},
            "mirror": {"target": "http://c.test/", "percent": 10},
            "tls": {"server_name": "a.internal", "verify": false},
            "protocol": "http2",
        })
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_is_written_for_what_is_off() {
        let stored = everything();
        let read: Upstream = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), stored);
        assert_eq!(read.settings.balance, Balance::Hash(HashBy::Header("X-User".into())));
        assert_eq!(read.settings.given().count(), 13, "all but slow_start");

        let before = json!({"targets": [{"url": "http://a.test/", "weight": 1}], "connect_timeout_ms": 5_000, "response_timeout_ms": 30_000, "allow_private": false});
        let read: Upstream = serde_json::from_value(before.clone()).unwrap();
        assert_eq!(read, Upstream::single("http://a.test".parse().unwrap()));
        assert_eq!(serde_json::to_value(&read).unwrap(), before);
    }

    #[test]
    fn short_forms_are_whole() {
        let read = upstream(json!({
            "balance": "least_requests",
            "health": {"active": {"expect": 204}, "passive": {}},
            "breaker": {},
            "retry": {"on": [502, "connect"]},
            "canary": {"targets": [{"url": "http://b.test"}], "header": "X-Canary"},
            "mirror": {"target": "http://c.test"},
        }))
        .unwrap();
        let settings = &read.settings;
        assert_eq!(
            settings.retry.as_ref().unwrap().on,
            [RetryOn::BadGateway, RetryOn::Connect]
        );
        assert_eq!(
            settings.mirror.as_ref().unwrap().percent,
            crate::upstream::canary::Percent::all()
        );
        let mut said = Vec::new();
        settings.check(&read.targets, &mut |field, message| {
            said.push(format!("{field}: {message}"));
        });
        assert_eq!(said, [""; 0]);
    }

    #[test]
    fn mistakes_are_named_at_their_fields() {
        for (settings, fields) in [
            (
                json!({"health": {"active": {"path": "healthz"}}}),
                &["health.active.path"][..],
            ),
            (
                json!({"health": {"active": {"interval": "2s", "timeout": "3s", "healthy_after": 0}}}),
                &["health.active.timeout", "health.active.healthy_after"],
            ),
            (
                json!({"health": {"passive": {"consecutive_failures": 0, "max_ejected_percent": 101}}}),
                &[
                    "health.passive.consecutive_failures",
                    "health.passive.max_ejected_percent",
                ],
            ),
            (json!({"slow_start": "1ms"}), &["slow_start"]),
            (json!({"slow_start": "10s", "balance": {"hash": "ip"}}), &["slow_start"]),
            (
                json!({"breaker": {"failure_percent": 0, "window": "1h"}}),
                &["breaker.failure_percent", "breaker.window"],
            ),
            (
                json!({"timeouts": {"idle": "1ms", "total": "25h"}}),
                &["timeouts.idle", "timeouts.total"],
            ),
            (
                json!({"retry": {"attempts": 6, "on": []}}),
                &["retry.attempts", "retry.on"],
            ),
            (
                json!({"connections": {"max": 0, "max_age": "0s"}}),
                &["connections.max", "connections.max_age"],
            ),
            (json!({"dns": {"refresh": "10ms"}}), &["dns.refresh"]),
            (json!({"canary": {"targets": [], "percent": 5}}), &["canary.targets"]),
            (
                json!({"canary": {"targets": [{"url": "ftp://b.test"}]}}),
                &["canary.targets", "canary.percent"],
            ),
            (json!({"mirror": {"target": "http://u:p@c.test"}}), &["mirror.target"]),
            (json!({"tls": {"server_name": "a.test"}}), &["tls"]),
            (
                json!({"targets": [{"url": "https://a.test"}], "tls": {"ca": "MIIB", "server_name": "no name"}}),
                &["tls.ca", "tls.server_name"],
            ),
        ] {
            let read = upstream(settings.clone()).unwrap_or_else(|error| panic!("{settings}: {error}"));
            let mut said = Vec::new();
            read.settings
                .check(&read.targets, &mut |field, _| said.push(field.to_owned()));
            assert_eq!(said, fields, "{settings}");
            assert!(read.check().is_err(), "{settings}");
        }
        for settings in [
            json!({"balance": "random"}),
            json!({"balance": {"hash": "cookie"}}),
            json!({"balance": {"hash": "header no name"}}),
            json!({"slow_start": 10}),
            json!({"retry": {"on": ["500"]}}),
            json!({"canary": {"targets": [], "percent": 0}}),
            json!({"canary": {"targets": [], "header": ": x"}}),
            json!({"health": {"active": {"expect": "299-200"}}}),
            json!({"health": {"activ": {}}}),
            json!({"protocol": "http3"}),
        ] {
            assert!(upstream(settings.clone()).is_err(), "{settings}");
        }
    }

    #[test]
    fn what_the_gateway_does_not_carry_out_is_refused_by_name() {
        let read: Upstream = serde_json::from_value(everything()).unwrap();
        let said: Vec<String> = read
            .check()
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|e| e.field)
            .collect();
        let expected: Vec<&str> = read
            .settings
            .given()
            .filter(|name| NOT_CARRIED_OUT.contains(name))
            .collect();
        assert_eq!(said, expected);
        assert!(Upstream::single("http://a.test".parse().unwrap()).check().is_ok());
    }

    #[test]
    fn authorities_are_certificates_in_pem() {
        use crate::upstream::transport::{AuthorityError, certificates};
        const REAL: &str = include_str!("authority.pem");
        let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        let cut: String = REAL
            .lines()
            .take(2)
            .chain(["-----END CERTIFICATE-----"])
            .fold(String::new(), |text, line| text + line + "\n");
        for (text, found) in [
            (REAL.to_owned(), Ok(1)),
            (format!("# ours\n{REAL}{}", REAL.replace('\n', "\r\n")), Ok(2)),
            (pem("!"), Err(AuthorityError::Pem(1))),
            (format!("{REAL}{}", pem("MAA=")), Err(AuthorityError::Certificate(2))),
            (cut, Err(AuthorityError::Certificate(1))),
            (REAL.replace("-----END", ""), Err(AuthorityError::Pem(1))),
            ("MAA=".into(), Err(AuthorityError::Missing)),
            (
                format!("{REAL}-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"),
                Err(AuthorityError::PrivateKey),
            ),
        ] {
            assert_eq!(certificates(&text).map(|found| found.len()), found, "{text}");
        }
        let upstream: Upstream = serde_json::from_value(serde_json::json!({
            "targets": [{ "url": "https://a.test" }], "tls": { "ca": pem("MAA=") },
        }))
        .unwrap();
        let errors = upstream.check().unwrap_err();
        assert!(errors.iter().any(|error| error.field.ends_with("tls.ca")), "{errors:?}");
    }
}
