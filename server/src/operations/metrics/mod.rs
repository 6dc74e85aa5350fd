//! Every metric, from the counters of whoever counts. Labels are few: reasons, classes, tasks, and the versions of the
//! catalog.

mod gateway;
mod portal;
mod versions;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use ::gateway::AccessLogCounters;
use domain::{services::Services, store::Engine};

pub use self::{gateway::GatewaySources, portal::PortalCounters};
use super::{
    exposition::{Exposition, Form},
    health::Readiness,
    process,
};
use crate::{
    access_log::AccessLogWriter,
    tasks::{Task, TaskRecords},
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
            gateway.write(&mut exposition, &sources.services);
        }
        if let Some(portal) = &sources.portal {
            portal.write(&mut exposition);
        }
        if let Some(log) = &sources.access_log {
            write_access_log(&mut exposition, log);
        }
        write_tasks(&mut exposition, &sources.tasks);
        write_database(&mut exposition, &sources.services).await;
    }
    exposition.finish()
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
}
