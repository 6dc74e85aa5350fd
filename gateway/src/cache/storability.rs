//! Which answers are kept, for whom and for how long (RFC 9111 §3, §4.2).

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Version};

use super::{
    date,
    directives::AnswerDirectives,
    key::{Partition, Selecting, selecting},
    settings::CacheSettings,
    stored::{Exchange, Freshness, Stored},
};
use crate::{
    message::{AnswerHead, Fields, Known, strip_hop_by_hop},
    snapshot::http_date,
};

/// Longest time that an answer is fresh by its last change alone.
const MAX_HEURISTIC_S: i64 = 86_400;

/// An answer that is to be kept, without its body.
#[derive(Debug)]
pub(crate) struct Keepable {
    pub(crate) partition: Partition,
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(super) selecting: Box<[Selecting]>,
    pub(crate) freshness: Freshness,
}

impl Keepable {
    /// The answer with its body.
    pub(crate) fn with(self, body: Bytes) -> Stored {
        Stored {
            status: self.status,
            version: self.version,
            fields: self.fields,
            body,
            selecting: self.selecting,
            freshness: self.freshness,
        }
    }
}

/// What keeping depends on, of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// As the caller sent them.
    pub(crate) fields: &'a Fields,
    /// Where answers are kept that only this caller may see.
    pub(crate) own: Option<Partition>,
    /// Whether only an answer is kept that names its time.
    pub(crate) must_name_time: bool,
}

/// Judges the answer to a GET, or one like it. `None` when it is not kept.
pub(crate) fn judge(
    settings: &CacheSettings,
    asked: Asked<'_>,
    answer: &AnswerHead,
    exchange: Exchange,
) -> Option<Keepable> {
    let status = answer.status;
    let said = AnswerDirectives::of(&answer.fields);
    if !is_final(status) || said.is_private {
        return None;
    }
    // What is understood need not heed `no-store` beside `must-understand` (RFC 9111 §5.2.2.3).
    let is_store_forbidden = said.no_store && !(said.must_understand && is_understood(status));
    if is_store_forbidden || (said.must_understand && !is_understood(status)) {
        return None;
    }
    let partition = if said.is_shareable() {
        Partition::Shared
    } else {
        asked.own?
    };
    let date_s = answer.fields.get(Known::Date).and_then(date::parse);
    let lifetime_s = match explicit_lifetime_s(&said, &answer.fields, date_s.unwrap_or(exchange.response_s)) {
        Some(lifetime_s) => lifetime_s,
        None if asked.must_name_time => return None,
        None => implied_lifetime_s(
            settings,
            &said,
            asked.fields,
            answer,
            date_s.unwrap_or(exchange.response_s),
        )?,
    };
    let initial_age_s = exchange.initial_age_s(&answer.fields, date_s);
    let defaults = (settings.stale_while_revalidate_s, settings.stale_if_error_s);
    let freshness = Freshness::new(&said, lifetime_s, initial_age_s, exchange, defaults);
    let has_validator = answer.fields.contains(Known::Etag) || answer.fields.contains(Known::LastModified);
    let is_fresh = lifetime_s > initial_age_s && !freshness.must_validate;
    let is_useful_stale = [said.stale_while_revalidate, said.stale_if_error]
        .iter()
        .any(|time| time.is_some_and(|time| time > 0));
    let is_useful = is_fresh || has_validator || (is_useful_stale && !freshness.must_validate);
    if !is_useful {
        return None;
    }
    Some(Keepable {
        partition,
        status,
        version: answer.version,
        selecting: selecting(settings, asked.fields, &answer.fields)?,
        fields: kept_fields(&answer.fields, &said, exchange.response_s),
        freshness,
    })
}

/// Whether answers with a status can be kept at all: neither parts nor answers to conditions.
fn is_final(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(
            status,
            StatusCode::PARTIAL_CONTENT
                | StatusCode::NOT_MODIFIED
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::RANGE_NOT_SATISFIABLE
        )
}

/// Whether we know what a status asks of caches.
fn is_understood(status: StatusCode) -> bool {
    is_heuristic(status)
        || matches!(
            status.as_u16(),
            302 | 303 | 307 | 400 | 401 | 403 | 500 | 502 | 503 | 504
        )
}

/// Whether answers with a status may be kept that say nothing about it (RFC 9110 §15.1).
fn is_heuristic(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// The time that an answer names (RFC 9111 §4.2.1).
fn explicit_lifetime_s(said: &AnswerDirectives, fields: &Fields, date_s: i64) -> Option<i64> {
    if let Some(time) = said.s_maxage.or(said.max_age) {
        return Some(time);
    }
    if said.is_targeted || !fields.contains(Known::Expires) {
        return None;
    }
    // Several, or one that can't be read, are over (RFC 9111 §5.3).
    let mut values = fields.all(Known::Expires);
    let expires_s = values.next().and_then(date::parse).filter(|_| values.next().is_none());
    Some(expires_s.map_or(0, |expires_s| (expires_s - date_s).max(0)))
}

/// The time of an answer that names none: the policy's, or a tenth of the time since it was last changed
/// (RFC 9111 §4.2.2). `None` when it is not kept; 0 when it is only kept to be validated.
fn implied_lifetime_s(
    settings: &CacheSettings,
    said: &AnswerDirectives,
    request: &Fields,
    answer: &AnswerHead,
    date_s: i64,
) -> Option<i64> {
    if !is_heuristic(answer.status) && !said.is_public {
        return None;
    }
    if said.no_cache {
        return Some(0);
    }
    let fields = &answer.fields;
    // Cookies make it likely that the answer is for one person.
    if request.contains(Known::Cookie) || fields.contains(Known::SetCookie) {
        return None;
    }
    if let Some(time) = settings.default_ttl_s {
        return Some(time);
    }
    let changed_s = fields.get(Known::LastModified).and_then(date::parse);
    let since_s = changed_s.map(|changed_s| (date_s - changed_s).max(0));
    match since_s {
        Some(since_s) if settings.is_heuristic => Some((since_s / 10).min(MAX_HEURISTIC_S)),
        _ => fields.contains(Known::Etag).then_some(0).or(since_s.map(|_| 0)),
    }
}

/// The fields that are kept: those for one connection are not, nor those that the answer names itself.
fn kept_fields(fields: &Fields, said: &AnswerDirectives, response_s: i64) -> Fields {
    let mut kept = fields.clone();
    strip_hop_by_hop(&mut kept);
    kept.remove(Known::Age);
    kept.remove(Known::Trailer);
    kept.remove_named(b"proxy-authentication-info");
    for name in &said.omitted {
        kept.remove_named(name);
    }
    if !kept.contains(Known::Date)
        && let Some(date) = date_field(response_s)
    {
        kept.append(Known::Date, &date);
    }
    kept.compacted()
}

fn date_field(at_s: i64) -> Option<HeaderValue> {
    http_date(time::OffsetDateTime::from_unix_timestamp(at_s).ok()?)
}

#[cfg(test)]
mod tests {
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
    ) -> Option<Keepable> {
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
        found.map(|found| found.freshness.lifetime_s)
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
    fn answers_to_credentials_are_shared_when_they_say_so() {
        let kept = |own, value: &str| {
            let answer = answer(200, &[("cache-control", value)]);
            judged(serde_json::json!({}), own, &[], &answer).map(|kept| kept.partition)
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
}
