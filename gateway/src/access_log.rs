//! The access log: a line of JSON a call, without secrets: no query, no header, no body; keys are ids.
//!
//! Workers put lines into a buffer of their own and hand it over when it is large enough, and a few times a second. Nothing
//! here waits: when whoever writes the lines is behind and the buffer is full, lines are dropped and counted.
//!
//! What the request path does: a worker asks [`AccessLog::worker`] for its [`WorkerLog`] once; a call asks
//! [`WorkerLog::wants`] once, and if so [`WorkerLog::record`] when it is over; the worker calls [`WorkerLog::offer`] with
//! each hand-over of usage and [`WorkerLog::finish`] as the last thing it does.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use domain::{
    clock::Timestamp,
    id::{ApplicationId, KeyId, SubscriptionId},
    policy::access::CredentialKind,
};
use http::{Method, Version};
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;

use crate::problem::Reason;

/// A buffer of this many bytes is handed over without waiting for the next tick.
const HAND_OVER_AT: usize = 32 * 1_024;
/// A buffer takes no line beyond this while nobody takes it: about a thousand lines.
const MAX_BUFFER: usize = 256 * 1_024;
/// Bytes of a path that are logged.
const MAX_PATH: usize = 2_048;

/// Whole lines, each with a line feed at its end.
pub type AccessLines = Vec<u8>;

/// What a gateway logs of its calls, and where it goes. Clones share it.
#[derive(Clone, Debug)]
pub struct AccessLog {
    one_in: NonZeroU32,
    sender: mpsc::Sender<AccessLines>,
    counters: Arc<AccessLogCounters>,
}

/// How the access log fares.
#[derive(Debug, Default)]
pub struct AccessLogCounters {
    lines: AtomicU64,
    dropped: AtomicU64,
}

impl AccessLogCounters {
    /// Lines that were handed over or wait for it.
    pub fn lines(&self) -> u64 {
        self.lines.load(Relaxed)
    }

    /// Lines that were dropped because whoever writes them was behind.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

/// One call, when it is over. What is not known is `None` or the nil id.
#[derive(Clone, Debug)]
pub struct AccessRecord<'a> {
    /// When the head of the request was read.
    pub time: Timestamp,
    /// The trace id, as in `traceparent` and `X-Request-Id`.
    pub request_id: &'a str,
    /// The caller's address.
    pub client_ip: &'a str,
    /// Version of the protocol that the caller speaks.
    pub protocol: Version,
    /// As sent.
    pub method: &'a Method,
    /// As sent, without the query.
    pub path: &'a str,
    /// Host and port that the call was for, as sent.
    pub host: Option<&'a str>,
    /// Status that the caller saw; 499 if it left before.
    pub status: u16,
    /// Why the gateway answered itself.
    pub reason: Option<Reason>,
    /// `organization/api/version`.
    pub address: Option<&'a str>,
    /// Slug of the operation.
    pub operation: Option<&'a str>,
    /// Whose key it was.
    pub application: ApplicationId,
    /// Whose budgets it took from.
    pub subscription: SubscriptionId,
    /// The key, by its id.
    pub key: KeyId,
    /// What the caller's identity rests on.
    pub credential: Option<CredentialKind>,
    /// Body bytes from the caller.
    pub bytes_in: u64,
    /// Body bytes to the caller.
    pub bytes_out: u64,
    /// From the head of the request to the end of the answer, in microseconds.
    pub duration_us: u64,
    /// From the head of the request to the head of the answer, in microseconds.
    pub latency_us: u64,
    /// From when the request went to the upstream to the head of its answer, in microseconds; the last try's.
    pub upstream_latency_us: Option<u64>,
    /// How often the upstream was tried; 0 when it was not asked.
    pub tries: u16,
    /// Why the first try failed, where another followed: the reason that the caller would have been told, or `status-503`.
    pub first_failure: Option<Cow<'static, str>>,
    /// Groups of the policy `signatures` that the request matches.
    pub signatures: &'a [&'static str],
    /// The first things of the request that are not as the version's document says; no value that was sent is in them.
    pub request_mistakes: &'a [String],
    /// The same of the answer.
    pub answer_mistakes: &'a [String],
}

/// The line; every field is in every line, in this order.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(with = "time::serde::rfc3339")]
    time: Timestamp,
    request_id: &'a str,
    client_ip: &'a str,
    protocol: &'static str,
    method: &'a str,
    host: Option<&'a str>,
    path: &'a str,
    status: u16,
    reason: Option<&'static str>,
    organization: Option<&'a str>,
    api: Option<&'a str>,
    version: Option<&'a str>,
    operation: Option<&'a str>,
    #[serde(serialize_with = "known")]
    application: (ApplicationId, ApplicationId),
    #[serde(serialize_with = "known")]
    subscription: (SubscriptionId, SubscriptionId),
    #[serde(serialize_with = "known")]
    key: (KeyId, KeyId),
    credential: Option<&'static str>,
    bytes_in: u64,
    bytes_out: u64,
    duration_us: u64,
    latency_us: u64,
    upstream_latency_us: Option<u64>,
    tries: u16,
    first_failure: Option<Cow<'static, str>>,
    signatures: &'a [&'static str],
    request_mistakes: &'a [String],
    answer_mistakes: &'a [String],
    sampled_one_in: NonZeroU32,
}

/// An id, or null where it is the nil id beside it.
fn known<T: Serialize + PartialEq, S: Serializer>((id, nil): &(T, T), serializer: S) -> Result<S::Ok, S::Error> {
    if id == nil {
        serializer.serialize_none()
    } else {
        id.serialize(serializer)
    }
}

impl AccessLog {
    /// A log of one in so many calls, and its receiving end. `capacity` is the number of hand-overs that may wait, at
    /// least 1; each is 32 kB, and 256 kB at most.
    pub fn channel(one_in: NonZeroU32, capacity: usize) -> (Self, mpsc::Receiver<AccessLines>) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        let log = Self {
            one_in,
            sender,
            counters: Arc::default(),
        };
        (log, receiver)
    }

    /// How it fares; does not keep the channel open.
    pub fn counters(&self) -> Arc<AccessLogCounters> {
        Arc::clone(&self.counters)
    }

    /// The log of one worker.
    pub fn worker(&self) -> WorkerLog {
        WorkerLog {
            log: self.clone(),
            calls: Cell::new(0),
            buffer: RefCell::default(),
        }
    }
}

/// The access log of one worker, which only its thread uses.
#[derive(Debug)]
pub struct WorkerLog {
    log: AccessLog,
    calls: Cell<u32>,
    buffer: RefCell<AccessLines>,
}

impl WorkerLog {
    /// Whether a call is logged; asked once for each. Of a sample it is every so many calls of the worker, whatever they
    /// are.
    pub fn wants(&self) -> bool {
        let one_in = self.log.one_in.get();
        let calls = self.calls.get();
        self.calls.set(if calls + 1 >= one_in { 0 } else { calls + 1 });
        calls == 0
    }

    /// Adds a line. Never waits.
    pub fn record(&self, record: &AccessRecord<'_>) {
        let mut buffer = self.buffer.borrow_mut();
        if buffer.len() >= MAX_BUFFER {
            // One that writes may have caught up since the last try.
            self.try_hand_over(&mut buffer);
        }
        if buffer.len() >= MAX_BUFFER {
            self.log.counters.dropped.fetch_add(1, Relaxed);
            return;
        }
        let before = buffer.len();
        if serde_json::to_writer(&mut *buffer, &self.line(record)).is_err() {
            // Only a time that no calendar has.
            buffer.truncate(before);
            self.log.counters.dropped.fetch_add(1, Relaxed);
            return;
        }
        buffer.push(b'\n');
        self.log.counters.lines.fetch_add(1, Relaxed);
        if before < HAND_OVER_AT && buffer.len() >= HAND_OVER_AT {
            self.try_hand_over(&mut buffer);
        }
    }

    /// Hands over what is there if there is room, otherwise leaves it.
    pub fn offer(&self) {
        self.try_hand_over(&mut self.buffer.borrow_mut());
    }

    /// Hands over what is there and waits for room; for the end of a worker.
    pub async fn finish(&self) {
        let lines = std::mem::take(&mut *self.buffer.borrow_mut());
        if !lines.is_empty() && self.log.sender.send(lines).await.is_err() {
            tracing::warn!("the last lines of the access log are lost: nobody takes them any more");
        }
    }

    fn try_hand_over(&self, buffer: &mut AccessLines) {
        if !buffer.is_empty()
            && let Ok(slot) = self.log.sender.try_reserve()
        {
            slot.send(std::mem::take(buffer));
        }
    }

    fn line<'a>(&self, record: &AccessRecord<'a>) -> Line<'a> {
        let mut parts = record.address.map(|address| address.splitn(3, '/'));
        let mut part = || parts.as_mut().and_then(Iterator::next);
        Line {
            time: record.time,
            request_id: record.request_id,
            client_ip: record.client_ip,
            protocol: match record.protocol {
                Version::HTTP_09 => "HTTP/0.9",
                Version::HTTP_10 => "HTTP/1.0",
                Version::HTTP_2 => "HTTP/2",
                Version::HTTP_3 => "HTTP/3",
                _ => "HTTP/1.1",
            },
            method: record.method.as_str(),
            host: record.host.map(shortened),
            path: shortened(record.path),
            status: record.status,
            reason: record.reason.map(Reason::slug),
            organization: part(),
            api: part(),
            version: part(),
            operation: record.operation,
            application: (record.application, ApplicationId::NIL),
            subscription: (record.subscription, SubscriptionId::NIL),
            key: (record.key, KeyId::NIL),
            credential: record.credential.map(CredentialKind::as_str),
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            duration_us: record.duration_us,
            latency_us: record.latency_us,
            upstream_latency_us: record.upstream_latency_us,
            tries: record.tries,
            first_failure: record.first_failure.clone(),
            signatures: record.signatures,
            request_mistakes: record.request_mistakes,
            answer_mistakes: record.answer_mistakes,
            sampled_one_in: self.log.one_in,
        }
    }
}

fn shortened(path: &str) -> &str {
    &path[..path.floor_char_boundary(MAX_PATH)]
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn record(path: &str) -> AccessRecord<'_> {
        AccessRecord {
            time: datetime!(2026-11-21 12:00:00.25 UTC),
            request_id: "4bf92f3577b34da6a3ce929d0e0e4736",
            client_ip: "::1",
            protocol: Version::HTTP_2,
            method: &Method::POST,
            path,
            host: None,
            status: 429,
            reason: Some(Reason::RateLimited),
            address: Some("acme/petstore/v1"),
            operation: None,
            application: ApplicationId::NIL,
            subscription: SubscriptionId::NIL,
            key: "key_00000000000000000000000000000007".parse().unwrap(),
            credential: Some(CredentialKind::Key),
            bytes_in: 1,
            bytes_out: 2,
            duration_us: 4,
            latency_us: 3,
            upstream_latency_us: None,
            tries: 2,
            first_failure: Some("status-503".into()),
            signatures: &["sql_injection"],
            request_mistakes: &[],
            answer_mistakes: &[],
        }
    }

    fn one_in(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    #[test]
    fn a_line_has_every_field_in_its_place() {
        let (log, mut lines) = AccessLog::channel(one_in(1), 1);
        let worker = log.worker();
        assert!(worker.wants() && worker.wants());
        worker.record(&record("/acme/\"\n\u{7f}é"));
        worker.offer();
        let line = String::from_utf8(lines.try_recv().unwrap()).unwrap();
        assert_eq!(
            line,
            "{\"time\":\"2026-11-21T12:00:00.25Z\",\"request_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\
             \"client_ip\":\"::1\",\"protocol\":\"HTTP/2\",\"method\":\"POST\",\"host\":null,\"path\":\"/acme/\\\"\\n\u{7f}é\",\
             \"status\":429,\"reason\":\"rate-limited\",\"organization\":\"acme\",\"api\":\"petstore\",\
             \"version\":\"v1\",\"operation\":null,\"application\":null,\"subscription\":null,\
             \"key\":\"key_00000000000000000000000000000007\",\"credential\":\"key\",\"bytes_in\":1,\"bytes_out\":2,\"duration_us\":4,\
             \"latency_us\":3,\"upstream_latency_us\":null,\"tries\":2,\
             \"first_failure\":\"status-503\",\"signatures\":[\"sql_injection\"],\"request_mistakes\":[],\
             \"answer_mistakes\":[],\"sampled_one_in\":1}\n"
        );
        assert_eq!(shortened(&"é".repeat(2_000)).len(), MAX_PATH);
    }

    #[test]
    fn a_sample_is_one_in_so_many() {
        let (log, _lines) = AccessLog::channel(one_in(10), 1);
        let worker = log.worker();
        assert_eq!((0..1_000).filter(|_| worker.wants()).count(), 100);
        assert_eq!(log.worker().log.one_in.get(), 10);
    }

    #[tokio::test]
    async fn lines_are_dropped_and_counted_when_nobody_takes_them() {
        let (log, mut lines) = AccessLog::channel(one_in(1), 1);
        let (worker, counters) = (log.worker(), log.counters());
        for _ in 0..2_000 {
            worker.record(&record("/a"));
        }
        let (kept, dropped) = (counters.lines(), counters.dropped());
        assert!(dropped > 0 && kept + dropped == 2_000, "{kept} kept, {dropped} dropped");
        // Nothing is lost beyond what was counted, and lines come whole.
        let mut bytes = lines.recv().await.unwrap();
        assert!(bytes.len() < HAND_OVER_AT + 1_000);
        let finishing = worker.finish();
        let (rest, ()) = tokio::join!(lines.recv(), finishing);
        bytes.extend(rest.unwrap());
        assert_eq!(memchr::memchr_iter(b'\n', &bytes).count() as u64, kept);
        assert_eq!(bytes.last(), Some(&b'\n'));
        worker.record(&record("/b"));
        assert_eq!(counters.dropped(), dropped, "there is room again");
    }
}
