use serde_json::{Value, json};

use super::*;
use crate::upstream::{group::Tried, outcome::Outcome};

fn version(number: u128) -> VersionId {
    format!("ver_{number:032x}").parse().unwrap()
}

fn compile(json: Value, book: &mut AuthorityBook) -> Result<Targets, String> {
    let upstream: Upstream = serde_json::from_value(json).unwrap();
    Targets::compile(version(1), &upstream, book)
}

#[test]
fn every_target_is_tried_once() {
    let mut book = AuthorityBook::default();
    let json = json!({"targets": [{"url": "http://a.test/base/", "weight": 2}, {"url": "https://[::1]:8443"}]});
    let targets = compile(json, &mut book).unwrap();
    let hosts = |targets: &Targets| {
        let mut tried = Tried::default();
        let mut next = || targets.stable().pick(None, 0, &mut tried, Tick::ZERO);
        let mut hosts = Vec::new();
        while let Some(pick) = next() {
            hosts.push(pick.target.authority.host.clone());
        }
        hosts
    };
    assert_eq!(hosts(&targets), ["a.test", "::1"]);
    assert_eq!(hosts(&targets), ["::1", "a.test"]);
    let first = &targets.stable().targets()[0];
    let authority = &first.authority;
    let parts = (&*first.base_path, authority.port, authority.header.to_str().unwrap());
    assert_eq!(parts, ("/base", 80, "a.test"));
    assert_eq!(targets.stable().targets()[1].authority.header, "[::1]:8443");
}

#[test]
fn authorities_keep_their_number_while_they_are_named() {
    let mut book = AuthorityBook::default();
    let mut numbers = |urls: &[&str]| -> Vec<u64> {
        book.turn();
        let targets: Vec<_> = urls.iter().map(|url| json!({ "url": url })).collect();
        let targets = compile(json!({ "targets": targets }), &mut book).unwrap();
        assert!(book.remembered() <= 3, "{book:?}");
        targets
            .stable()
            .targets()
            .iter()
            .map(|target| target.authority.number)
            .collect()
    };
    assert_eq!(numbers(&["http://a.test/x"]), [0]);
    assert_eq!(numbers(&["http://b.test", "http://a.test:80/y"]), [1, 0]);
    assert_eq!(numbers(&["http://b.test"]), [1]);
    assert_eq!(numbers(&["http://b.test"]), [1]);
    assert_eq!(
        numbers(&["http://a.test", "http://b.test"]),
        [2, 1],
        "never a number that was used"
    );
    for host in 0..100 {
        numbers(&[&format!("http://{host}.test")]);
    }
}

#[test]
fn another_manner_of_connecting_is_another_authority() {
    let mut book = AuthorityBook::default();
    let mut number = |settings: Value| {
        let mut json = json!({"targets": [{"url": "https://a.test"}]});
        json.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        compile(json, &mut book).unwrap().stable().targets()[0].authority.number
    };
    assert_eq!(number(json!({})), 0);
    assert_eq!(number(json!({"tls": {"verify": false}})), 1);
    assert_eq!(number(json!({"tls": {"server_name": "b.test"}})), 2);
    assert_eq!(number(json!({"protocol": "http1"})), 3);
    assert_eq!(number(json!({"connections": {"max": 1}})), 4);
    assert_eq!(number(json!({"dns": {"refresh": "30s"}})), 5);
    assert_eq!(number(json!({"allow_private": true})), 6);
    assert_eq!(number(json!({"balance": "least_requests", "retry": {}})), 0);
    let json = json!({"targets": [{"url": "http://a.test"}], "tls": {"verify": false}});
    let plain = compile(json, &mut book).unwrap();
    assert!(plain.stable().targets()[0].authority.connecting.tls.is_none());
}

#[test]
fn an_unusable_upstream_is_told() {
    let mut book = AuthorityBook::default();
    for (json, words) in [
        (json!({"targets": []}), "0 targets"),
        (json!({"targets": [{"url": "ftp://a.test"}]}), "ftp://a.test"),
        (
            json!({"targets": [{"url": "https://a.test"}], "tls": {"ca": "nonsense"}}),
            "tls.ca",
        ),
        (
            json!({"targets": [{"url": "https://a.test"}], "tls": {"ca": "-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE-----"}}),
            "tls.ca",
        ),
        (
            json!({"targets": [{"url": "http://a.test"}], "canary": {"targets": []}}),
            "0 targets",
        ),
    ] {
        let error = compile(json.clone(), &mut book).unwrap_err();
        assert!(error.contains(words), "{json}: {error}");
    }
}

fn all_on() -> Value {
    json!({
        "targets": [{"url": "http://a.test"}, {"url": "http://b.test"}],
        "health": {"active": {"path": "/up"}, "passive": {"consecutive_failures": 1}},
        "slow_start": "10s",
        "breaker": {"min_requests": 1, "failure_percent": 1},
        "retry": {"on": ["reset"]},
    })
}

#[test]
fn what_is_known_survives_a_change_of_configuration() {
    let mut book = AuthorityBook::default();
    book.turn();
    let before = compile(all_on(), &mut book).unwrap();
    let now = Tick::now();
    assert!(before.keeps_time());
    before.stable().observe(0, Outcome::Broken, now);
    before.admit(now).unwrap().unwrap().tell(true, now);
    while before.retries().unwrap().allow(1, Outcome::Broken, true) {}

    book.turn();
    let mut json = all_on();
    json["targets"] = json!([{"url": "http://c.test"}, {"url": "http://a.test"}]);
    let after = compile(json, &mut book).unwrap();
    assert!(after.admit(now).is_err(), "the breaker is still open");
    assert!(
        !after.retries().unwrap().allow(1, Outcome::Broken, true),
        "the budget is still spent"
    );
    let state = |i: usize| after.stable().targets()[i].state.as_ref().unwrap();
    assert!(state(1).is_ejected(now));
    assert!(
        state(0).warmth(Duration::from_secs(10), now) < 1_000,
        "a new target begins cold"
    );
    assert_eq!(after.checks().len(), 2);
    assert_eq!(after.checks()[0].path, "/up");

    book.turn();
    let mut json = all_on();
    json["health"] = json!({});
    json["breaker"]["min_requests"] = json!(2);
    let off = compile(json, &mut book).unwrap();
    assert!(off.admit(now).is_ok(), "other settings, another breaker");
    let mut states = off.stable().targets().iter().filter_map(|target| target.state.as_ref());
    assert!(
        states.all(|state| state.is_available(now)),
        "nobody counts failures any more"
    );
    assert!(off.checks().is_empty());
}

#[test]
fn states_belong_to_one_version() {
    let mut book = AuthorityBook::default();
    let upstream: Upstream = serde_json::from_value(all_on()).unwrap();
    let [first, second] = [1, 2].map(|id| Targets::compile(version(id), &upstream, &mut book).unwrap());
    let now = Tick::now();
    first.stable().observe(0, Outcome::Broken, now);
    let is_ejected = |targets: &Targets| targets.stable().targets()[0].state.as_ref().unwrap().is_ejected(now);
    assert!(is_ejected(&first) && !is_ejected(&second));
}

#[test]
fn what_is_off_asks_for_nothing() {
    let mut book = AuthorityBook::default();
    let targets = compile(
        json!({"targets": [{"url": "http://a.test"}, {"url": "http://b.test"}]}),
        &mut book,
    )
    .unwrap();
    assert!(!targets.keeps_time() && targets.retries().is_none() && targets.checks().is_empty());
    assert!(targets.admit(Tick::ZERO).unwrap().is_none());
    assert!(targets.group(|| panic!("nobody asks who calls")).1);
    assert_eq!(targets.hash(|| panic!("nobody asks who calls")), None);
    assert!(targets.mirror(|| panic!("nobody asks for a number")).is_none());
    let pick = targets
        .stable()
        .pick(None, 0, &mut Tried::default(), Tick::ZERO)
        .unwrap();
    assert!(pick.load.is_none() && pick.target.state.is_none());
}

#[test]
fn a_share_of_the_callers_and_those_with_the_header_go_to_the_canary() {
    let mut book = AuthorityBook::default();
    let json = json!({
        "targets": [{"url": "http://a.test"}],
        "canary": {"targets": [{"url": "http://b.test"}], "percent": 10, "by": "ip", "header": "X-Canary: yes"},
    });
    let targets = compile(json, &mut book).unwrap();
    let goes = |value: Option<&'static str>, address: u32| {
        let mut fields = crate::message::Fields::default();
        if let Some(value) = value {
            fields.append_named(
                &http::HeaderName::from_static("x-canary"),
                &HeaderValue::from_static(value),
            );
        }
        let caller = Caller {
            fields: &fields,
            key: None,
            address: std::net::Ipv4Addr::from(address).into(),
        };
        let (group, is_stable) = targets.group(|| caller);
        assert_eq!(
            group.targets()[0].authority.host,
            if is_stable { "a.test" } else { "b.test" }
        );
        !is_stable
    };
    let share = (0..20_000).filter(|address| goes(None, *address)).count();
    assert!((1_800..2_200).contains(&share), "{share}");
    for address in 0..200 {
        assert!(goes(Some("yes"), address));
        assert_eq!(
            goes(Some("no"), address),
            goes(None, address),
            "and a caller stays on one side"
        );
    }
}

#[test]
fn a_share_of_the_calls_is_copied() {
    let mut book = AuthorityBook::default();
    let json = json!({"targets": [{"url": "http://a.test"}], "mirror": {"target": "http://m.test/x", "percent": 25}});
    let targets = compile(json, &mut book).unwrap();
    let copied = (0..10_000)
        .filter(|i| targets.mirror(|| super::super::caller::mix(*i)).is_some())
        .count();
    assert!((2_350..2_650).contains(&copied), "{copied}");
    assert_eq!(&*targets.mirror(|| 0).unwrap().base_path, "/x");
}
