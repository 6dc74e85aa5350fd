//! Upstreams of a manifest.

use domain::{
    error::{DomainError, FieldError},
    upstream::{
        Target, Upstream,
        balance::Balance,
        canary::{Canary, Mirror},
        failure::{Breaker, Retry},
        health::Health,
        parse_target_url,
        settings::{Settings, Timeouts},
        span::Span,
        transport::{Connections, Dns, Protocol, Tls},
    },
};
use serde::Deserialize;

/// An upstream; what may be left out has the form that it is stored in, and is listed here so that a wrong name is
/// answered with the nearest right one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamEntry {
    pub(crate) targets: Vec<Target>,
    connect_timeout_ms: Option<u32>,
    response_timeout_ms: Option<u32>,
    #[serde(default)]
    balance: Balance,
    #[serde(default)]
    health: Health,
    slow_start: Option<Span>,
    breaker: Option<Breaker>,
    #[serde(default)]
    timeouts: TimeoutsEntry,
    retry: Option<Retry>,
    #[serde(default)]
    connections: Connections,
    #[serde(default)]
    dns: Dns,
    canary: Option<Canary>,
    mirror: Option<Mirror>,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    protocol: Protocol,
}

/// All time-outs; the first two are also known as `connect_timeout_ms` and `response_timeout_ms`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeoutsEntry {
    connect: Option<Span>,
    first_byte: Option<Span>,
    idle: Option<Span>,
    total: Option<Span>,
}

impl UpstreamEntry {
    /// As the domain has it, judged by itself.
    ///
    /// # Errors
    /// Messages at the fields of the manifest, without the `upstream` before them.
    pub(crate) fn to_upstream(&self) -> Result<Upstream, Vec<FieldError>> {
        let Some(first) = self.targets.first() else {
            return Err(vec![FieldError::new("targets", "an upstream has at least one target")]);
        };
        let mut errors = Vec::new();
        for (i, target) in self.targets.iter().enumerate() {
            errors.extend(parse_target_url(&format!("targets[{i}].url"), target.url.as_str()).err());
        }
        let mut upstream = Upstream::single(first.url.clone());
        upstream.targets.clone_from(&self.targets);
        // The permission that the installation itself has; whoever writes manifests holds the database.
        upstream.allow_private = true;
        for (ms, span, names, place) in [
            (
                self.connect_timeout_ms,
                self.timeouts.connect,
                ("timeouts.connect", "connect_timeout_ms"),
                &mut upstream.connect_timeout_ms,
            ),
            (
                self.response_timeout_ms,
                self.timeouts.first_byte,
                ("timeouts.first_byte", "response_timeout_ms"),
                &mut upstream.response_timeout_ms,
            ),
        ] {
            if ms.is_some() && span.is_some() {
                let message = format!("this is also said by `{}`; leave one of them out", names.1);
                errors.push(FieldError::new(names.0, message));
            }
            *place = ms.or(span.map(Span::as_ms)).unwrap_or(*place);
        }
        upstream.settings = self.settings();
        errors.extend(upstream.check().err().unwrap_or_default());
        if errors.is_empty() { Ok(upstream) } else { Err(errors) }
    }

    fn settings(&self) -> Settings {
        Settings {
            balance: self.balance.clone(),
            health: self.health.clone(),
            slow_start: self.slow_start,
            breaker: self.breaker.clone(),
            timeouts: Timeouts {
                idle: self.timeouts.idle,
                total: self.timeouts.total,
            },
            retry: self.retry.clone(),
            connections: self.connections.clone(),
            dns: self.dns.clone(),
            canary: self.canary.clone(),
            mirror: self.mirror.clone(),
            tls: self.tls.clone(),
            protocol: self.protocol,
        }
    }
}

/// The same refusal with its fields named as the manifest has them: `upstream`, `upstream.connect_timeout_ms`.
pub(super) fn within_upstream(error: DomainError) -> DomainError {
    match error {
        DomainError::Invalid(mut errors) => {
            for error in errors.iter_mut().filter(|error| error.field != "upstream") {
                error.field = format!("upstream.{}", error.field);
            }
            DomainError::Invalid(errors)
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> UpstreamEntry {
        yaml_serde::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}\n{error}"))
    }

    /// Fields that are wrong in themselves, beside those that the gateway does not carry out.
    fn fields(yaml: &str) -> Vec<String> {
        let errors = read(yaml).to_upstream().err().unwrap_or_default();
        let is_wrong = |error: &FieldError| !error.message.starts_with("The gateway of this version");
        errors.into_iter().filter(is_wrong).map(|error| error.field).collect()
    }

    #[test]
    fn time_outs_have_two_names_and_one_value() {
        let short = read("{ targets: [{ url: 'http://127.0.0.1' }], timeouts: { connect: 1s, first_byte: 2m } }");
        let long =
            read("{ targets: [{ url: 'http://127.0.0.1' }], connect_timeout_ms: 1000, response_timeout_ms: 120000 }");
        assert_eq!(short.to_upstream().unwrap(), long.to_upstream().unwrap());
        let both = "{ targets: [{ url: 'http://127.0.0.1' }], connect_timeout_ms: 1, timeouts: { connect: 1s } }";
        assert_eq!(fields(both), ["timeouts.connect"]);
    }

    #[test]
    fn mistakes_are_named_as_they_are_written() {
        for (yaml, wrong) in [
            ("{ targets: [] }", "targets"),
            (
                "{ targets: [{ url: 'http://a.test' }, { url: 'ftp://b.test' }] }",
                "targets[1].url",
            ),
            (
                "{ targets: [{ url: 'http://a.test' }], breaker: { window: 1h } }",
                "breaker.window",
            ),
        ] {
            assert_eq!(fields(yaml), [wrong], "{yaml}");
        }
        for (yaml, words) in [
            ("{ targets: [{ url: 'http://a.test', wieght: 1 }] }", "wieght"),
            (
                "{ targets: [{ url: 'http://a.test' }], slow_start: 10 }",
                "write it with its unit",
            ),
            (
                "{ targets: [{ url: 'http://a.test' }], allow_private: true }",
                "allow_private",
            ),
        ] {
            let error = yaml_serde::from_str::<UpstreamEntry>(yaml).expect_err(yaml).to_string();
            assert!(error.contains(words), "{yaml}: {error}");
        }
    }

    #[test]
    fn the_examples_of_the_documentation_are_right() {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Example {
            upstream: UpstreamEntry,
        }
        let text = include_str!("../../../../docs/upstreams.md");
        let examples: Vec<&str> = text
            .split("```yaml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        let mut given = std::collections::BTreeSet::new();
        for yaml in &examples {
            let Example { upstream } = yaml_serde::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}\n{error}"));
            let errors = upstream.to_upstream().err().unwrap_or_default();
            let is_wrong = |error: &&FieldError| !error.message.starts_with("The gateway of this version");
            assert_eq!(errors.iter().find(is_wrong), None, "{yaml}");
            given.extend(upstream.settings().given());
        }
        assert_eq!(
            (examples.len(), given.len()),
            (13, 14),
            "every setting has an example: {given:?}"
        );
    }

    #[test]
    fn what_is_applied_is_what_is_stored() {
        let entry = read(
            r"
targets: [{ url: 'https://a.test/base', weight: 3 }, { url: 'https://b.test' }]
balance: { hash: header X-User }
health:
  active: { path: /healthz, expect: 204 }
  passive: {}
breaker: { failure_percent: 20 }
timeouts: { idle: 1m, total: 10m }
retry: { attempts: 2, on: [connect, 503] }
connections: { max: 100 }
dns: { refresh: 30s }
canary: { targets: [{ url: 'https://c.test' }], percent: 2.5, header: 'X-Canary: yes' }
mirror: { target: 'http://d.test', percent: 1 }
tls: { server_name: a.internal }
protocol: http2
",
        );
        let mut upstream = Upstream::single("https://a.test".parse().unwrap());
        upstream.settings = entry.settings();
        let stored = serde_json::to_value(&upstream).unwrap();
        assert_eq!(serde_json::from_value::<Upstream>(stored).unwrap(), upstream);
        let written = yaml_serde::to_string(&upstream.settings).unwrap();
        assert_eq!(
            yaml_serde::from_str::<Settings>(&written).unwrap(),
            upstream.settings,
            "{written}"
        );
    }
}
