//! Which answers are kept, for whom and for how long (RFC 9111 §3, §4.2).

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Version};

use super::{
    date,
    directives::AnswerDirectives,
    key::{Partition, Selecting, selecting},
    settings::CacheSettings,
    status::NotKept,
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

/// Judges the answer to a GET, or one like it.
///
/// # Errors
/// Why it is not kept.
pub(crate) fn judge(
    settings: &CacheSettings,
    asked: Asked<'_>,
    answer: &AnswerHead,
    exchange: Exchange,
) -> Result<Keepable, NotKept> {
    let status = answer.status;
    let said = AnswerDirectives::of(&answer.fields);
    if !is_final(status) {
        return Err(NotKept::Status);
    }
    if said.is_private {
        return Err(NotKept::Private);
    }
    // What is understood need not heed `no-store` beside `must-understand` (RFC 9111 §5.2.2.3).
    let is_store_forbidden = said.no_store && !(said.must_understand && is_understood(status));
    if is_store_forbidden {
        return Err(NotKept::NoStore);
    }
    if said.must_understand && !is_understood(status) {
        return Err(NotKept::Status);
    }
    let partition = if said.is_shareable() {
        Partition::Shared
    } else {
        asked.own.ok_or(NotKept::Share)?
    };
    let date_s = answer.fields.get(Known::Date).and_then(date::parse);
    let lifetime_s = match explicit_lifetime_s(&said, &answer.fields, date_s.unwrap_or(exchange.response_s)) {
        Some(lifetime_s) => lifetime_s,
        None if asked.must_name_time => return Err(NotKept::NoTime),
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
        return Err(NotKept::Stale);
    }
    Ok(Keepable {
        partition,
        status,
        version: answer.version,
        selecting: selecting(settings, asked.fields, &answer.fields).ok_or(NotKept::Vary)?,
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
/// (RFC 9111 §4.2.2); 0 when it is only kept to be validated.
///
/// # Errors
/// Why it is not kept.
fn implied_lifetime_s(
    settings: &CacheSettings,
    said: &AnswerDirectives,
    request: &Fields,
    answer: &AnswerHead,
    date_s: i64,
) -> Result<i64, NotKept> {
    if !is_heuristic(answer.status) && !said.is_public {
        return Err(NotKept::Status);
    }
    if said.no_cache {
        return Ok(0);
    }
    let fields = &answer.fields;
    // Cookies make it likely that the answer is for one person.
    if request.contains(Known::Cookie) || fields.contains(Known::SetCookie) {
        return Err(NotKept::Cookie);
    }
    if let Some(time) = settings.default_ttl_s {
        return Ok(time);
    }
    let changed_s = fields.get(Known::LastModified).and_then(date::parse);
    let since_s = changed_s.map(|changed_s| (date_s - changed_s).max(0));
    match since_s {
        Some(since_s) if settings.is_heuristic => Ok((since_s / 10).min(MAX_HEURISTIC_S)),
        None if !fields.contains(Known::Etag) => Err(NotKept::NoTime),
        _ => Ok(0),
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
#[path = "storability_tests.rs"]
mod tests;
