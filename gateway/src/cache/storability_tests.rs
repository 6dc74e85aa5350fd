use domain::policy::cache::Cache;

use super::*;

/// Mon, 01 Jan 2024 00:00:00 GMT.
const NOW_S: i64 = 1_704_067_200;
const DATE: &str = "Mon, 01 Jan 2024 00:00:00 GMT";

fn settings(json: serde_json::Value) -> CacheSettings {
    CacheSettings::compile(&serde_json::from_value::<Cache>(json).unwrap())
}

fn answer(status: u16, lines: &[(&str, &str)]) -> AnswerHead {
    let mut head = AnswerHead {
        status: StatusCode::from_u16(status).unwrap(),
        ..AnswerHead::default()
    };
    head.fields
        .append_named(&"date".parse().unwrap(), &DATE.parse().unwrap());
    for (name, value) in lines {
        head.fields
            .append_named(&name.parse().unwrap(), &value.parse().unwrap());
    }
    head
}

fn judged(
    json: serde_json::Value,
    own: Option<Partition>,
    request: &[(&str, &str)],
    answer: &AnswerHead,
) -> Result<Keepable, NotKept> {
    let mut fields = Fields::default();
    for (name, value) in request {
        fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
    }
    let exchange = Exchange {
        request_s: NOW_S,
        response_s: NOW_S,
    };
    let asked = Asked {
        fields: &fields,
        own,
        must_name_time: false,
    };
    judge(&settings(json), asked, answer, exchange)
}

fn lifetime(status: u16, lines: &[(&str, &str)]) -> Option<i64> {
    let found = judged(
        serde_json::json!({ "heuristic": true }),
        Some(Partition::Anonymous),
        &[],
        &answer(status, lines),
    );
    found.ok().map(|found| found.freshness.lifetime_s)
}

#[test]
fn lifetimes_come_from_the_first_that_names_one() {
    const EXPIRES: (&str, &str) = ("expires", "Mon, 01 Jan 2024 01:00:00 GMT");
    assert_eq!(
        lifetime(200, &[("cache-control", "max-age=1, s-maxage=2"), EXPIRES]),
        Some(2)
    );
    assert_eq!(lifetime(200, &[("cache-control", "max-age=1"), EXPIRES]), Some(1));
    assert_eq!(lifetime(599, &[EXPIRES]), Some(3_600));
    assert_eq!(lifetime(200, &[("cdn-cache-control", "public"), EXPIRES]), None);
    assert_eq!(lifetime(200, &[EXPIRES, EXPIRES]), None, "two are none");
    assert_eq!(
        lifetime(200, &[("expires", "0"), ("etag", "\"1\"")]),
        Some(0),
        "only to be validated"
    );
    assert_eq!(lifetime(200, &[("cache-control", "max-age=5"), ("age", "5")]), None);
}

#[test]
fn what_says_nothing_is_fresh_by_its_last_change() {
    let changed = ("last-modified", "Sun, 31 Dec 2023 00:00:00 GMT");
    for (status, expected) in [
        (200, Some(8_640)),
        (404, Some(8_640)),
        (201, None),
        (502, None),
        (599, None),
    ] {
        assert_eq!(lifetime(status, &[changed]), expected, "{status}");
    }
    assert_eq!(lifetime(599, &[changed, ("cache-control", "public")]), Some(8_640));
    assert_eq!(
        lifetime(200, &[("last-modified", "Sat, 01 Jan 2000 00:00:00 GMT")]),
        Some(MAX_HEURISTIC_S)
    );
    assert_eq!(lifetime(200, &[]), None);
    assert_eq!(lifetime(200, &[changed, ("set-cookie", "a=b")]), None);
    let ttl = serde_json::json!({ "default_ttl": "1m" });
    let kept = |request: &[(&str, &str)], lines: &[(&str, &str)]| {
        judged(ttl.clone(), Some(Partition::Anonymous), request, &answer(200, lines))
            .map(|kept| kept.freshness.lifetime_s)
            .ok()
    };
    assert_eq!(kept(&[], &[]), Some(60));
    assert_eq!(kept(&[("cookie", "a=b")], &[]), None);
    assert_eq!(kept(&[("cookie", "a=b")], &[("cache-control", "max-age=5")]), Some(5));
    let off = judged(
        serde_json::json!({}),
        Some(Partition::Anonymous),
        &[],
        &answer(200, &[changed]),
    );
    assert_eq!(off.unwrap().freshness.lifetime_s, 0, "kept, but asked about each time");
}

#[test]
fn some_answers_are_not_kept() {
    for (status, value) in [
        (200, "max-age=60, no-store"),
        (200, "max-age=60, private"),
        (200, "max-age=0"),
        (206, "max-age=60"),
        (304, "max-age=60"),
        (599, "max-age=60, must-understand"),
        (599, "max-age=60, must-understand, no-store"),
    ] {
        assert_eq!(lifetime(status, &[("cache-control", value)]), None, "{status} {value}");
    }
    assert_eq!(
        lifetime(200, &[("cache-control", "max-age=60, must-understand, no-store")]),
        Some(60)
    );
    assert_eq!(lifetime(200, &[("cache-control", "max-age=60"), ("vary", "*")]), None);
}

#[test]
fn what_is_not_kept_says_why() {
    for (status, lines, own, why) in [
        (206, &[][..], true, NotKept::Status),
        (201, &[], true, NotKept::Status),
        (200, &[("cache-control", "no-store")], true, NotKept::NoStore),
        (200, &[("cache-control", "private")], true, NotKept::Private),
        (200, &[("cache-control", "max-age=60")], false, NotKept::Share),
        (200, &[], true, NotKept::NoTime),
        (200, &[("set-cookie", "a=b")], true, NotKept::Cookie),
        (200, &[("cache-control", "max-age=0")], true, NotKept::Stale),
        (
            200,
            &[("cache-control", "max-age=60"), ("vary", "*")],
            true,
            NotKept::Vary,
        ),
        (
            599,
            &[("cache-control", "max-age=60, must-understand")],
            true,
            NotKept::Status,
        ),
    ] {
        let own = own.then_some(Partition::Anonymous);
        let judged = judged(serde_json::json!({}), own, &[], &answer(status, lines));
        assert_eq!(judged.err(), Some(why), "{status} {lines:?}");
    }
}

#[test]
fn answers_to_credentials_are_shared_when_they_say_so() {
    let kept = |own, value: &str| {
        let answer = answer(200, &[("cache-control", value)]);
        judged(serde_json::json!({}), own, &[], &answer)
            .map(|kept| kept.partition)
            .ok()
    };
    for value in ["max-age=60, public", "max-age=60, must-revalidate", "s-maxage=60"] {
        assert_eq!(kept(None, value), Some(Partition::Shared), "{value}");
    }
    assert_eq!(kept(None, "max-age=60"), None);
    assert_eq!(
        kept(Some(Partition::Anonymous), "max-age=60"),
        Some(Partition::Anonymous)
    );
}

#[test]
fn fields_for_one_connection_are_not_kept() {
    let answer = answer(
        200,
        &[
            ("cache-control", "max-age=60, no-cache=\"x-once\""),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("x-once", "2"),
            ("x-kept", "3"),
            ("age", "7"),
            ("proxy-authentication-info", "x"),
        ],
    );
    let kept = judged(serde_json::json!({}), Some(Partition::Anonymous), &[], &answer).unwrap();
    let names: Vec<_> = kept
        .fields
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    assert_eq!(names, ["date", "cache-control", "x-kept"]);
    assert_eq!(kept.freshness.initial_age_s, 7);
}
