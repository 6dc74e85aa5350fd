//! A call on its way into the access log.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use domain::{
    clock::Timestamp,
    id::{ApplicationId, KeyId, SubscriptionId},
};
use http::{Method, Version};

use super::{failure::FirstFailure, metering::micros};
use crate::{
    AccessRecord,
    decision::Known,
    limit::Moment,
    message::{self, RequestHead},
    problem::Reason,
    trace_context::TraceContext,
};

/// What is known of a call that is to be logged. Only made for those: it copies what the connection forgets.
#[derive(Debug)]
pub(crate) struct LoggedCall {
    time: Timestamp,
    request_id: TraceContext,
    client: String,
    protocol: Version,
    method: Method,
    path: String,
    host: Option<String>,
    started: Instant,
    sent: Option<Instant>,
    upstream: Option<Duration>,
    pub(super) reason: Option<Reason>,
    /// How often the upstream was tried.
    pub(super) tries: u16,
    /// Why it was tried more than once.
    pub(super) first_failure: Option<FirstFailure>,
    status: u16,
    latency_us: u64,
    known: Known,
    /// What is not as the document says in the answer.
    pub(super) answer_mistakes: Vec<String>,
}

impl LoggedCall {
    pub(super) fn new(
        started: Instant,
        now: &Moment,
        request: &RequestHead,
        trace: &TraceContext,
        client: IpAddr,
    ) -> Self {
        Self {
            time: now.timestamp(),
            request_id: *trace,
            client: client.to_string(),
            protocol: request.version,
            method: request.method.clone(),
            path: request.path().to_owned(),
            host: host(request),
            started,
            sent: None,
            upstream: None,
            reason: None,
            tries: 0,
            first_failure: None,
            status: 0,
            latency_us: 0,
            known: Known::default(),
            answer_mistakes: Vec::new(),
        }
    }

    /// The request goes to an upstream.
    pub(super) fn sent(&mut self) {
        self.sent = Some(Instant::now());
    }

    /// The head of the upstream's answer is there.
    pub(super) fn received(&mut self) {
        self.upstream = self.sent.map(|sent| sent.elapsed());
    }

    pub(super) fn counted(&mut self, status: u16, latency_us: u64, known: &Known) {
        self.status = status;
        self.latency_us = latency_us;
        self.known = known.clone();
    }

    /// The line, when the call is over.
    pub(super) fn record(&self, bytes_in: u64, bytes_out: u64) -> AccessRecord<'_> {
        let known = &self.known;
        let operation = known.version.as_ref().zip(known.operation);
        let findings = known.findings.as_deref();
        AccessRecord {
            time: self.time,
            request_id: self.request_id.trace_id(),
            client_ip: &self.client,
            protocol: self.protocol,
            method: &self.method,
            path: &self.path,
            host: self.host.as_deref(),
            status: self.status,
            reason: self.reason,
            address: known.version.as_ref().map(|version| &*version.address),
            operation: operation.map(|(version, number)| &*version.operations[number as usize].slug),
            application: known.application_id.unwrap_or(ApplicationId::NIL),
            subscription: known
                .subscription
                .as_ref()
                .map_or(SubscriptionId::NIL, |holder| holder.id),
            key: known.key_id.unwrap_or(KeyId::NIL),
            credential: known.credential,
            bytes_in,
            bytes_out,
            duration_us: micros(self.started.elapsed()),
            latency_us: self.latency_us,
            upstream_latency_us: self.upstream.map(micros),
            tries: self.tries,
            first_failure: self.first_failure.map(FirstFailure::word),
            signatures: findings.map_or(&[], |findings| &findings.signatures),
            request_mistakes: findings.map_or(&[], |findings| &findings.request),
            answer_mistakes: &self.answer_mistakes,
        }
    }
}

/// Where a request says it is for.
fn host(request: &RequestHead) -> Option<String> {
    request.authority.clone().or_else(|| {
        let host = request.fields.get(message::Known::Host)?;
        Some(String::from_utf8_lossy(host).into_owned())
    })
}
