//! Rehearsals: what a configuration would say to calls of an access log.

use domain::{
    gateway_config::{ConfigUpdate, GatewayConfig},
    plan::{Period, Quota},
    policy::{PolicyName, PolicySet},
};
use gateway::rehearsal::{Outcome, RecordedRequest, Rehearsal, not_rehearsed};
use serde_json::{Value, json};

use crate::world::{PORTAL, Setup, application_id, key_id};

const PETS: &str = "/acme/petstore/v1/pets";

fn policies(json: Value) -> PolicySet {
    serde_json::from_value(json).unwrap()
}

fn config(setup: &Setup) -> GatewayConfig {
    match setup.config() {
        ConfigUpdate::Full(config) => *config,
        ConfigUpdate::Changes(changes) => panic!("{changes:?}"),
    }
}

/// A rehearsal of a version with policies.
fn rehearsal(json: Value) -> Rehearsal {
    let mut setup = Setup::new(Some("http://127.0.0.1:9"));
    setup.version.policies = policies(json);
    Rehearsal::new(config(&setup), PORTAL)
}

/// A line of the log of a call with the key, with some fields changed.
fn line(changes: Value) -> RecordedRequest {
    let mut line = json!({
        "time": "2026-11-20T10:00:00Z", "request_id": "0", "client_ip": "203.0.113.7", "protocol": "HTTP/1.1",
        "method": "GET", "host": "gateway.test", "path": PETS, "status": 200, "reason": null, "organization": "acme",
        "api": "petstore", "version": "v1", "operation": "list-pets", "application": application_id(), "key": key_id(),
        "credential": "key", "bytes_in": 0, "sampled_one_in": 1,
    });
    for (name, value) in changes.as_object().unwrap() {
        line[name] = value.clone();
    }
    RecordedRequest::parse(line.to_string().as_bytes()).unwrap()
}

/// A call whose caller the log does not have.
fn nobody(reason: Value) -> RecordedRequest {
    line(json!({ "application": null, "key": null, "credential": null, "reason": reason }))
}

fn refused(status: u16, reason: &'static str) -> Outcome {
    Outcome::Refused { status, reason }
}

#[test]
fn the_caller_is_whom_the_log_names() {
    let mut plain = rehearsal(json!({}));
    assert_eq!(plain.warnings(), []);
    let judged = plain.judge(&line(json!({})));
    assert_eq!(judged.outcome, Outcome::Passes);
    assert_eq!(
        (judged.version(), judged.operation()),
        (Some("acme/petstore/v1"), Some("list-pets"))
    );
    let other = line(json!({ "application": "app_00000000000000000000000000000009" }));
    for (record, expected) in [
        (other, refused(403, "not-subscribed")),
        (nobody(json!("missing-key")), refused(401, "missing-key")),
        (nobody(json!("unknown-key")), refused(401, "unknown-key")),
        // It was kept out before anybody asked for a key; here it would come further.
        (nobody(json!("address-forbidden")), Outcome::Undecided),
        (
            line(json!({ "path": "/acme/petstore/v1/dogs" })),
            refused(404, "unknown-operation"),
        ),
        (
            line(json!({ "path": "/acme/petstore/v2/pets" })),
            refused(404, "unknown-api"),
        ),
        (line(json!({ "method": "PUT" })), refused(405, "method-not-allowed")),
    ] {
        assert_eq!(plain.judge(&record).outcome, expected, "{record:?}");
    }
}

#[test]
fn kinds_of_credentials_are_judged_by_the_policy() {
    let mut tokens = rehearsal(json!({
        "access": { "accept": ["client_credentials", "mtls"] }, "scopes": { "required": ["pets:read"] },
    }));
    let token = json!({ "credential": "client_credentials", "key": null });
    for (record, expected) in [
        (line(json!({})), refused(401, "missing-credential")),
        (
            line(json!({ "credential": "jwt", "key": null })),
            refused(401, "invalid-token"),
        ),
        // Nothing was granted to the subscription.
        (line(token.clone()), refused(403, "insufficient-scope")),
        (nobody(json!("missing-key")), refused(401, "missing-credential")),
    ] {
        assert_eq!(tokens.judge(&record).outcome, expected, "{record:?}");
    }
    let mut setup = Setup::new(Some("http://127.0.0.1:9"));
    setup.scopes = vec!["pets:read".into()];
    setup.version.policies = policies(json!({
        "access": { "accept": ["client_credentials"], "anonymous": true }, "scopes": { "required": ["pets:read"] },
    }));
    let mut granted = Rehearsal::new(config(&setup), PORTAL);
    assert_eq!(granted.judge(&line(token)).outcome, Outcome::Passes);
    assert_eq!(
        granted.judge(&nobody(Value::Null)).outcome,
        refused(401, "missing-credential")
    );
}

#[test]
fn limits_run_in_the_time_of_the_log() {
    let mut limited = rehearsal(json!({ "rate_limits": [{ "by": "application", "requests": 1, "per": "1m" }] }));
    let at = |time: &str| line(json!({ "time": time }));
    for (time, expected) in [
        ("2026-11-20T10:00:00Z", Outcome::Passes),
        ("2026-11-20T10:00:30Z", refused(429, "calls-limited")),
        ("2026-11-20T10:01:00.5Z", Outcome::Passes),
        ("2026-11-20T10:01:30Z", refused(429, "calls-limited")),
    ] {
        assert_eq!(limited.judge(&at(time)).outcome, expected, "{time}");
    }
    let mut setup = Setup::new(Some("http://127.0.0.1:9"));
    // What the ledger has may be the calls of the log.
    setup.used.units = 2;
    setup.quota = Some(Quota {
        requests: 2,
        per: Period::Day,
    });
    let mut quota = Rehearsal::new(config(&setup), PORTAL);
    let outcomes = [
        "2026-11-20T10:00:00Z",
        "2026-11-20T23:00:00Z",
        "2026-11-20T23:59:59Z",
        "2026-11-21T00:00:00Z",
    ]
    .map(|time| quota.judge(&at(time)).outcome == Outcome::Passes);
    assert_eq!(outcomes, [true, true, false, true]);
}

#[test]
fn what_was_refused_elsewhere_neither_passes_nor_takes_from_limits() {
    let elsewhere = |reason| Outcome::RefusedElsewhere { reason };
    let mut one = rehearsal(json!({ "rate_limits": [{ "by": "ip", "requests": 1, "per": "1h" }] }));
    for reason in [
        "invalid-request",
        "suspicious-request",
        "body-shape",
        "headers-too-large",
        "too-many-concurrent",
        "upstream-busy",
    ] {
        let judged = one.judge(&line(json!({ "reason": reason })));
        assert_eq!(judged.outcome, elsewhere(reason));
        assert_eq!(judged.version(), Some("acme/petstore/v1"), "{reason}");
    }
    // What never came to a phase that is replayed is judged by none.
    let malformed = json!({ "reason": "malformed-request", "application": null, "key": null, "version": null });
    assert_eq!(one.judge(&line(malformed)).outcome, elsewhere("malformed-request"));
    // A call whose upstream failed was passed on and counts.
    let broken = line(json!({ "reason": "upstream-broken" }));
    assert_eq!(one.judge(&broken).outcome, Outcome::Passes);
    assert_eq!(one.judge(&broken).outcome, refused(429, "calls-limited"));
    // Something that is replayed goes before what is not.
    let mut none = rehearsal(json!({ "ip": { "deny": ["203.0.113.0/24"] } }));
    let invalid = line(json!({ "reason": "invalid-request" }));
    assert_eq!(none.judge(&invalid).outcome, refused(403, "address-forbidden"));
}

#[test]
fn a_draft_lifts_only_the_bounds_that_are_replayed() {
    let mut now = rehearsal(json!({ "limits": { "url_bytes": 16 } }));
    let mut draft = rehearsal(json!({}));
    let mut judge = |record: RecordedRequest| {
        let as_it_is = now.judge(&record);
        (as_it_is.outcome, draft.judge_as_draft(&record, &as_it_is).outcome)
    };
    // By its path alone, which the log has.
    let long = line(json!({ "reason": "url-too-long" }));
    assert_eq!(judge(long), (refused(414, "url-too-long"), Outcome::Passes));
    // By its body, which it has not.
    let large = line(json!({ "reason": "body-too-large", "path": "/acme/petstore/v1/pets" }));
    assert_eq!(judge(large.clone()).0, refused(414, "url-too-long"));
    let elsewhere = Outcome::RefusedElsewhere {
        reason: "body-too-large",
    };
    assert_eq!(draft.judge(&large).outcome, elsewhere);
    let unsaid = nobody(json!("body-too-large"));
    assert_eq!(draft.judge(&unsaid).outcome, elsewhere);
}

#[test]
fn addresses_and_conditions_are_judged_as_far_as_the_log_goes() {
    let mut judging = rehearsal(json!({
        "ip": { "deny": ["198.51.100.0/24"] },
        "expression": [
            { "when": "\"x-legacy\" in request.headers", "status": 410 },
            { "when": "!(\"page\" in request.query)" },
            { "when": "request.method == \"DELETE\" && plan.slug == \"free\"", "status": 451 },
            { "when": "request.host == \"old.test\" && now < timestamp(\"2027-01-01T00:00:00Z\")" },
        ],
        "limits": { "body_bytes": "10B" },
    }));
    for (changes, expected) in [
        (json!({}), Outcome::Passes),
        (
            json!({ "client_ip": "198.51.100.9" }),
            refused(403, "address-forbidden"),
        ),
        (
            json!({ "method": "DELETE", "path": format!("{PETS}/1") }),
            refused(451, "not-permitted"),
        ),
        (json!({ "host": "old.test:8080" }), refused(403, "not-permitted")),
        (json!({ "method": "POST", "bytes_in": 10 }), Outcome::Passes),
        (
            json!({ "method": "POST", "bytes_in": 11 }),
            refused(413, "body-too-large"),
        ),
    ] {
        assert_eq!(judging.judge(&line(changes.clone())).outcome, expected, "{changes}");
    }
}

#[test]
fn what_is_not_judged_is_said() {
    for name in PolicyName::ALL {
        let is_whole = matches!(name, PolicyName::Ip | PolicyName::RateLimits | PolicyName::Expression);
        assert_eq!(
            not_rehearsed(*name, &PolicySet::default()).is_none(),
            is_whole,
            "{name}"
        );
    }
    let asks = policies(json!({ "expression": [{ "when": "\"x\" in request.headers" }] }));
    assert!(
        not_rehearsed(PolicyName::Expression, &asks)
            .unwrap()
            .contains("request.headers")
    );
}

#[test]
fn other_lines_are_refused() {
    for (text, says) in [
        ("", "no line of an access log"),
        ("[]", "no line of an access log"),
        ("{\"time\":\"2026-11-20T10:00:00Z\"}", "missing field"),
        (
            "{\"time\":\"2026-11-20T10:00:00Z\",\"client_ip\":\"::1\",\"method\":\"A B\",\"path\":\"/\"}",
            "its method",
        ),
        (
            "{\"time\":\"2026-11-20T10:00:00Z\",\"client_ip\":\"::1\",\"method\":\"GET\",\"path\":\"/\",\"reason\":\"x\"}",
            "no reason `x`",
        ),
    ] {
        let error = RecordedRequest::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
