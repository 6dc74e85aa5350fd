//! Every metric, from the counters of whoever counts. Labels are few: reasons, classes, tasks, and the versions of the
//! catalog.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use domain::{id::VersionId, services::Services, store::Engine};
use gateway::{
    AccessLogCounters, CacheHandle, Counters, Finding, LatencyHistogram, SnapshotHandle, TokenCounters, UsageBacklog,
};

use super::{
    exposition::{Exposition, Form, seconds},
    health::Readiness,
    process,
};
use crate::{
    access_log::AccessLogWriter,
    snapshot_file::SnapshotFileState,
    tasks::{ConfigStatus, Task, TaskRecords, UsageCounters},
};

/// Names of status classes, in the order in which they are counted.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Where the metrics of a process come from.
pub struct Sources {
    /// The database and its pools.
    pub services: Services,
    /// Whether the process can do its work.
    pub readiness: Readiness,
    /// The gateway, if the process has one.
    pub gateway: Option<GatewaySources>,
    /// The portal, if the process has one.
    pub portal: Option<Arc<PortalCounters>>,
    /// The background tasks.
    pub tasks: TaskRecords,
    /// The access log, if there is one.
    pub access_log: Option<AccessLogSources>,
}

/// Where the metrics of an access log come from.
pub struct AccessLogSources {
    counters: Arc<AccessLogCounters>,
    lost: Arc<AtomicU64>,
}

impl AccessLogSources {
    /// Those of a writer.
    pub fn of(writer: &AccessLogWriter) -> Self {
        Self {
            counters: writer.counters(),
            lost: writer.lost(),
        }
    }
}

/// Where the metrics of a gateway come from.
pub struct GatewaySources {
    /// What its workers count.
    pub counters: Counters,
    /// What its token endpoint did, where there is one.
    pub tokens: Option<TokenCounters>,
    /// Answers that it keeps.
    pub cache: CacheHandle,
    /// What it serves.
    pub snapshot: SnapshotHandle,
    /// How fresh that is.
    pub status: Arc<ConfigStatus>,
    /// How the last good configuration on disk fares, where it is kept.
    pub file: Option<Arc<SnapshotFileState>>,
    /// What waits for the ledger.
    pub backlog: UsageBacklog,
    /// What the ledger took.
    pub usage: Arc<UsageCounters>,
    /// Addresses of versions, also of those that are no longer served: a count keeps its name.
    pub addresses: Mutex<HashMap<VersionId, String>>,
}

/// What the portal counts.
#[derive(Debug, Default)]
pub struct PortalCounters {
    by_class: [AtomicU64; 5],
    in_flight: AtomicU64,
    latency: LatencyHistogram,
}

/// A request of the portal that is not answered; counts down when it is dropped.
pub struct PortalRequest<'a>(&'a AtomicU64);

impl Drop for PortalRequest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl PortalCounters {
    /// A request begins.
    pub fn begin(&self) -> PortalRequest<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        PortalRequest(&self.in_flight)
    }

    /// The head of an answer is known, so many microseconds after the request's.
    pub fn answered(&self, status: u16, micros: u64) {
        self.by_class[usize::from(status / 100).clamp(1, 5) - 1].fetch_add(1, Relaxed);
        self.latency.record_shared(micros);
    }
}

/// The text of all metrics; those of the process alone while it starts.
pub(super) async fn collect(sources: Option<&Sources>, form: Form) -> String {
    let mut exposition = Exposition::new(form);
    let version = env!("CARGO_PKG_VERSION");
    exposition
        .info("turnpike_build", "Which program this is.")
        .sample(&[("version", version)], 1);
    process::write(&mut exposition);
    if let Some(sources) = sources {
        let is_ready = sources.readiness.check().await.is_ok();
        exposition
            .gauge(
                "turnpike_ready",
                "1 if the process can do its work, as /health/ready says.",
            )
            .sample(&[], u8::from(is_ready));
        if let Some(gateway) = &sources.gateway {
            write_gateway(&mut exposition, gateway);
            write_configuration(&mut exposition, gateway, &sources.services);
            write_usage(&mut exposition, gateway);
        }
        if let Some(portal) = &sources.portal {
            write_portal(&mut exposition, portal);
        }
        if let Some(log) = &sources.access_log {
            write_access_log(&mut exposition, log);
        }
        write_tasks(&mut exposition, &sources.tasks);
        write_database(&mut exposition, &sources.services).await;
    }
    exposition.finish()
}

fn write_gateway(exposition: &mut Exposition, gateway: &GatewaySources) {
    let counters = gateway.counters.read();
    let mut answers = exposition.counter(
        "turnpike_gateway_requests",
        "Requests that were answered, by status class, refusals included.",
    );
    for (class, count) in CLASSES.iter().zip(counters.by_class) {
        answers.sample(&[("class", class)], count);
    }
    let mut refusals = exposition.counter(
        "turnpike_gateway_refusals",
        "Requests that the gateway answered itself, by the last segment of the problem's type.",
    );
    for (reason, count) in &counters.refusals {
        refusals.sample(&[("reason", reason)], count);
    }
    let mut findings = exposition.counter(
        "turnpike_gateway_findings",
        "Calls that a policy found something in: groups of signatures, requests and answers that are not as the document \
         says.",
    );
    for Finding {
        version,
        policy,
        finding,
        calls,
    } in &counters.findings
    {
        let mut parts = version.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (organization, api, name) = (part(), part(), part());
        let labels = [
            ("organization", organization),
            ("api", api),
            ("version", name),
            ("policy", policy),
            ("finding", finding),
        ];
        findings.sample(&labels, calls);
    }
    exposition.latencies(
        "turnpike_gateway_request_duration_seconds",
        "Time from the head of a request to the head of its answer.",
        &counters.latencies,
    );
    if let Some(tokens) = &gateway.tokens {
        let mut requests = exposition.counter(
            "turnpike_gateway_token_requests",
            "Requests for access tokens, by what became of them.",
        );
        for (outcome, count) in tokens.read() {
            requests.sample(&[("outcome", outcome)], count);
        }
    }
    exposition
        .gauge(
            "turnpike_gateway_requests_in_flight",
            "Requests whose answer is not over.",
        )
        .sample(&[], counters.in_flight);
    exposition
        .counter("turnpike_gateway_connections", "Connections accepted from callers.")
        .sample(&[], counters.connections);
    exposition
        .gauge("turnpike_gateway_connections_open", "Open connections of callers.")
        .sample(&[], counters.open_connections);
    exposition
        .counter(
            "turnpike_gateway_upstream_connections",
            "Connections made to upstreams.",
        )
        .sample(&[], counters.upstream_connections);
    exposition
        .counter(
            "turnpike_gateway_compression_bytes",
            "Bytes of answers that were compressed: before, and after.",
        )
        .sample(&[("side", "before")], counters.compressed_in)
        .sample(&[("side", "after")], counters.compressed_out);
    let cache = gateway.cache.usage();
    exposition
        .gauge(
            "turnpike_gateway_cache_answers",
            "Answers that the response cache keeps.",
        )
        .sample(&[], cache.answers);
    exposition
        .gauge("turnpike_gateway_cache_bytes", "Memory that they take.")
        .sample(&[], cache.bytes);
}

fn write_configuration(exposition: &mut Exposition, gateway: &GatewaySources, services: &Services) {
    if let Some(revision) = gateway.snapshot.revision() {
        exposition
            .gauge(
                "turnpike_gateway_configuration_revision",
                "Number of the configuration that is served.",
            )
            .sample(&[], revision);
    }
    let confirmed_ms = gateway.status.confirmed_at_ms();
    if confirmed_ms > 0 {
        let now_ms = (services.context.clock.now().unix_timestamp_nanos() / 1_000_000) as i64;
        let age_us = u64::try_from(now_ms - confirmed_ms).unwrap_or_default() * 1_000;
        exposition
            .gauge(
                "turnpike_gateway_configuration_age_seconds",
                "Since the database last confirmed that the served configuration is the newest.",
            )
            .sample(&[], seconds(age_us));
    }
    exposition
        .gauge(
            "turnpike_gateway_configuration_from_disk",
            "1 while the last good configuration is served from the disk because the database is away since the start.",
        )
        .sample(&[], u8::from(gateway.status.is_from_disk()));
    if let Some(file) = &gateway.file {
        exposition
            .gauge(
                "turnpike_gateway_snapshot_file_bytes",
                "Size of the last good configuration on disk; 0 while there is none of this process.",
            )
            .sample(&[], file.bytes());
        exposition
            .counter(
                "turnpike_gateway_snapshot_file_failures",
                "Writes of the last good configuration that failed.",
            )
            .sample(&[], file.failures());
    }
    exposition
        .gauge("turnpike_gateway_keys", "Keys that are accepted.")
        .sample(&[], gateway.snapshot.key_count());
}

fn write_usage(exposition: &mut Exposition, gateway: &GatewaySources) {
    let mut addresses = gateway.addresses.lock().unwrap_or_else(PoisonError::into_inner);
    addresses.extend(gateway.snapshot.versions());
    let mut calls: Vec<_> = gateway.usage.calls().into_iter().collect();
    calls.sort_unstable_by_key(|(version, _)| *version);
    let mut family = exposition.counter(
        "turnpike_gateway_version_requests",
        "Requests that were answered, by version and status class; without labels of a version where none matched.",
    );
    for (version, by_class) in calls {
        let address = addresses.get(&version).map_or("//", String::as_str);
        let mut parts = address.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (organization, api, name) = (part(), part(), part());
        for (class, count) in CLASSES.iter().zip(by_class).filter(|(_, count)| *count > 0) {
            let labels = [
                ("organization", organization),
                ("api", api),
                ("version", name),
                ("class", class),
            ];
            family.sample(&labels, count);
        }
    }
    drop(addresses);
    exposition
        .counter("turnpike_usage_rows", "Rows of usage that the ledger took.")
        .sample(&[], gateway.usage.rows());
    exposition
        .counter(
            "turnpike_usage_lost_rows",
            "Rows of usage that the ledger refused; they are files in the data folder.",
        )
        .sample(&[], gateway.usage.lost_rows());
    exposition
        .gauge(
            "turnpike_usage_handovers_waiting",
            "Hand-overs of usage that wait for the ledger.",
        )
        .sample(&[], gateway.backlog.waiting());
    exposition
        .gauge(
            "turnpike_usage_handovers_max",
            "Hand-overs that may wait; beyond that, usage stays with the workers and nothing is lost.",
        )
        .sample(&[], gateway.backlog.capacity());
}

fn write_portal(exposition: &mut Exposition, portal: &PortalCounters) {
    let mut answers = exposition.counter(
        "turnpike_portal_requests",
        "Requests to portal and console that were answered, by status class.",
    );
    for (class, count) in CLASSES.iter().zip(&portal.by_class) {
        answers.sample(&[("class", class)], count.load(Relaxed));
    }
    exposition.latencies(
        "turnpike_portal_request_duration_seconds",
        "Time from the head of a request to the head of its answer.",
        &portal.latency.read(),
    );
    exposition
        .gauge("turnpike_portal_requests_in_flight", "Requests that are not answered.")
        .sample(&[], portal.in_flight.load(Relaxed));
}

fn write_access_log(exposition: &mut Exposition, log: &AccessLogSources) {
    exposition
        .counter("turnpike_access_log_lines", "Lines of the access log.")
        .sample(&[], log.counters.lines());
    exposition
        .counter(
            "turnpike_access_log_dropped",
            "Lines that were dropped because their writer was behind, or could not write.",
        )
        .sample(&[("cause", "behind")], log.counters.dropped())
        .sample(&[("cause", "unwritable")], log.lost.load(Relaxed));
}

fn write_tasks(exposition: &mut Exposition, tasks: &TaskRecords) {
    let passes: Vec<_> = Task::ALL
        .into_iter()
        .map(|task| (task.as_str(), tasks.passes(task)))
        .filter(|(_, passes)| passes.succeeded + passes.failed > 0)
        .collect();
    let mut counts = exposition.counter("turnpike_task_passes", "Passes of background tasks, by outcome.");
    for (task, passes) in &passes {
        counts
            .sample(&[("task", task), ("outcome", "succeeded")], passes.succeeded)
            .sample(&[("task", task), ("outcome", "failed")], passes.failed);
    }
    let mut ends = exposition.gauge(
        "turnpike_task_last_success_timestamp_seconds",
        "When a background task last did what it should, in Unix seconds.",
    );
    for (task, passes) in passes.iter().filter(|(_, passes)| passes.last_success > 0) {
        ends.sample(&[("task", task)], passes.last_success);
    }
}

async fn write_database(exposition: &mut Exposition, services: &Services) {
    let db = &services.context.db;
    let engine = match db.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgresql",
    };
    let is_up = db.health().await.is_ok();
    exposition
        .gauge("turnpike_database_up", "1 if the database answered within two seconds.")
        .sample(&[("engine", engine)], u8::from(is_up));
    let pools = db.pools();
    let mut connections = exposition.gauge("turnpike_database_connections", "Open connections to the database.");
    for pool in &pools {
        connections
            .sample(&[("pool", pool.pool), ("state", "busy")], pool.busy)
            .sample(&[("pool", pool.pool), ("state", "idle")], pool.idle);
    }
    let mut most = exposition.gauge(
        "turnpike_database_connections_max",
        "Connections to the database that may be open.",
    );
    for pool in &pools {
        most.sample(&[("pool", pool.pool)], pool.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_starts_has_metrics_of_its_own() {
        let text = collect(None, Form::OpenMetrics).await;
        assert!(text.contains("turnpike_build_info{version="), "{text}");
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_start_time_seconds",
        ] {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            let value: f64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
            assert!(value >= 0.0, "{line:?}");
        }
    }

    #[test]
    fn a_request_counts_while_it_runs() {
        let counters = PortalCounters::default();
        let request = counters.begin();
        assert_eq!(counters.in_flight.load(Relaxed), 1);
        counters.answered(404, 20);
        drop(request);
        assert_eq!(counters.in_flight.load(Relaxed), 0);
        assert_eq!(
            (counters.by_class[3].load(Relaxed), counters.latency.read().count()),
            (1, 1)
        );
    }
}
