//! Active health checks: which target is asked when, and what its answers mean. One worker runs them for all.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::Arc,
    time::Duration,
};

use domain::upstream::health::ActiveHealth;
use tokio::task::JoinSet;

use super::{Authority, probe::Prober, state::TargetState, tick::Tick};
use crate::{SnapshotHandle, snapshot::Catalog};

/// Requests on their way at once; others wait for their turn.
const MAX_RUNNING: usize = 64;
/// New checks begin within this time, spread over it.
const FIRST_WITHIN: Duration = Duration::from_secs(1);

/// A check that a target wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(super) authority: Arc<Authority>,
    pub(super) path: String,
    pub(super) active: ActiveHealth,
    /// Told what was found.
    pub(super) state: Arc<TargetState>,
}

/// What makes two checks one: several versions with the same target ask once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CheckKey {
    authority: u64,
    path: String,
    active: ActiveHealth,
}

#[derive(Debug)]
struct Check {
    authority: Arc<Authority>,
    states: Vec<Arc<TargetState>>,
    due: Tick,
    is_running: bool,
    is_healthy: bool,
    /// Answers in a row that speak against `is_healthy`.
    against: u16,
}

/// Every check and when it is due.
#[derive(Debug, Default)]
struct Checker {
    checks: HashMap<CheckKey, Check>,
}

/// A request that is due.
#[derive(Debug)]
struct Due {
    key: CheckKey,
    authority: Arc<Authority>,
}

impl Checker {
    /// Takes the checks of a new configuration. Those that were there go on where they are.
    fn keep(&mut self, wanted: impl Iterator<Item = Wanted>, now: Tick) {
        let mut before = std::mem::take(&mut self.checks);
        for Wanted {
            authority,
            path,
            active,
            state,
        } in wanted
        {
            let key = CheckKey {
                authority: authority.number,
                path,
                active,
            };
            let check = self
                .checks
                .entry(key)
                .or_insert_with_key(|key| match before.remove(key) {
                    Some(check) => Check {
                        states: Vec::new(),
                        ..check
                    },
                    None => Check {
                        authority,
                        states: Vec::new(),
                        due: now.after(begins_after(key)),
                        is_running: false,
                        // What was known stays known until this check says otherwise.
                        is_healthy: state.is_healthy(),
                        against: 0,
                    },
                });
            state.set_healthy(check.is_healthy, now);
            check.states.push(state);
        }
    }

    /// Requests that are due, at most so many; they are on their way from now on.
    fn due(&mut self, most: usize, now: Tick) -> Vec<Due> {
        let is_due = |check: &&mut Check| !check.is_running && check.due <= now;
        let due = self.checks.iter_mut().filter(|(_, check)| is_due(check));
        due.take(most)
            .map(|(key, check)| {
                check.is_running = true;
                check.due = now.after(key.active.interval.duration());
                Due {
                    key: key.clone(),
                    authority: Arc::clone(&check.authority),
                }
            })
            .collect()
    }

    /// When the next request is due.
    fn next_due(&self) -> Option<Tick> {
        let waiting = self.checks.values().filter(|check| !check.is_running);
        waiting.map(|check| check.due).min()
    }

    /// A request ended with this status; with none when there was no answer.
    fn judge(&mut self, key: &CheckKey, status: Option<u16>, now: Tick) {
        // The configuration may have changed meanwhile.
        let Some(check) = self.checks.get_mut(key) else { return };
        check.is_running = false;
        let is_good = status.is_some_and(|status| key.active.expect.contains(status));
        if is_good == check.is_healthy {
            check.against = 0;
            return;
        }
        check.against += 1;
        let limit = if is_good {
            key.active.healthy_after
        } else {
            key.active.unhealthy_after
        };
        if check.against < limit {
            return;
        }
        check.against = 0;
        check.is_healthy = is_good;
        for state in &check.states {
            state.set_healthy(is_good, now);
        }
        let Authority { host, port, .. } = &*check.authority;
        if is_good {
            tracing::info!(%host, port, path = key.path, "a target is healthy again");
        } else {
            tracing::warn!(%host, port, path = key.path, ?status, "a target is unhealthy");
        }
    }
}

/// The same checks begin at different moments, so that their targets are not asked all at once.
fn begins_after(key: &CheckKey) -> Duration {
    let number = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
    let within = key.active.interval.duration().min(FIRST_WITHIN);
    within.mul_f64((number >> 40) as f64 / (1_u64 << 24) as f64)
}

/// Asks targets for as long as it is polled; on one worker.
pub(crate) async fn run(snapshots: SnapshotHandle, prober: Prober) {
    let prober = std::rc::Rc::new(prober);
    let mut changes = snapshots.subscribe();
    let mut reader = snapshots.reader();
    let mut catalog: Option<Arc<Catalog>> = None;
    let mut checker = Checker::default();
    let mut running = JoinSet::new();
    loop {
        changes.mark_unchanged();
        let current = Arc::clone(&reader.load().catalog);
        if catalog.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &current)) {
            checker.keep(current.checks(), Tick::now());
            catalog = Some(current);
        }
        let now = Tick::now();
        for Due { key, authority } in checker.due(MAX_RUNNING.saturating_sub(running.len()), now) {
            let prober = std::rc::Rc::clone(&prober);
            running.spawn_local(async move {
                let answer = prober.ask(&authority, &key.path, key.active.timeout.duration()).await;
                if let Err(error) = &answer {
                    tracing::debug!(host = %authority.host, port = authority.port, %error, "a health check had no answer");
                }
                (key, answer.ok().map(|status| status.as_u16()))
            });
        }
        let is_full = running.len() >= MAX_RUNNING;
        let until_next = checker.next_due().filter(|_| !is_full).map(|due| due.since(now));
        tokio::select! {
            Some(ended) = running.join_next() => {
                // A probe does not panic and is not aborted.
                if let Ok((key, status)) = ended {
                    checker.judge(&key, status, Tick::now());
                }
            }
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep(until_next.unwrap_or_default()), if until_next.is_some() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::book::AuthorityBook;

    fn wanted(book: &mut AuthorityBook, host: &str, interval: &str) -> Wanted {
        let active = serde_json::json!({"path": "/up", "interval": interval, "healthy_after": 2, "unhealthy_after": 3});
        Wanted {
            authority: book.plain(host),
            path: "/up".into(),
            active: serde_json::from_value(active).unwrap(),
            state: Arc::default(),
        }
    }

    fn keys(due: &[Due]) -> Vec<&str> {
        let mut hosts: Vec<_> = due.iter().map(|due| due.authority.host.as_str()).collect();
        hosts.sort_unstable();
        hosts
    }

    const S: fn(u64) -> Tick = |seconds| Tick(1_000 + seconds * 1_000);

    #[test]
    fn each_check_is_due_at_its_interval_and_once_at_a_time() {
        let mut book = AuthorityBook::default();
        let mut checker = Checker::default();
        let all = [wanted(&mut book, "a.test", "2s"), wanted(&mut book, "b.test", "5s")];
        checker.keep(all.into_iter(), S(0));
        assert!(checker.next_due().unwrap() < S(1));
        let first = checker.due(9, S(1));
        assert_eq!(keys(&first), ["a.test", "b.test"]);
        assert!(checker.due(9, S(100)).is_empty(), "both are on their way");
        for due in &first {
            checker.judge(&due.key, Some(200), S(1));
        }
        assert_eq!(checker.next_due(), Some(S(3)));
        assert!(checker.due(9, S(2)).is_empty());
        assert_eq!(keys(&checker.due(9, S(3))), ["a.test"]);
        assert_eq!(checker.next_due(), Some(S(6)));
        assert_eq!(checker.due(0, S(100)).len(), 0, "no more than there is room for");
        assert_eq!(keys(&checker.due(1, S(100))), ["b.test"]);
    }

    #[test]
    fn answers_in_a_row_decide() {
        let mut book = AuthorityBook::default();
        let mut checker = Checker::default();
        let (one, other) = (wanted(&mut book, "a.test", "1s"), wanted(&mut book, "a.test", "1s"));
        let states = [Arc::clone(&one.state), Arc::clone(&other.state)];
        checker.keep([one, other].into_iter(), S(0));
        assert_eq!(checker.checks.len(), 1, "one target, one check");
        let mut second = 0;
        for (status, is_available) in [
            (Some(500), true),
            (None, true),
            (Some(200), true),
            (Some(404), true),
            (Some(503), true),
            (None, false),
            (Some(301), false),
            (Some(500), false),
            (Some(204), false),
            (Some(200), true),
        ] {
            second += 1;
            let due = checker.due(9, S(second));
            checker.judge(&due[0].key, status, S(second));
            for state in &states {
                assert_eq!(state.is_available(S(second)), is_available, "{status:?} at {second}");
            }
        }
    }

    #[test]
    fn checks_go_on_over_a_change_of_configuration() {
        let mut book = AuthorityBook::default();
        let mut checker = Checker::default();
        checker.keep([wanted(&mut book, "a.test", "1s")].into_iter(), S(0));
        for second in 1..=3 {
            let due = checker.due(9, S(second));
            checker.judge(&due[0].key, None, S(second));
        }
        let again = wanted(&mut book, "a.test", "1s");
        let state = Arc::clone(&again.state);
        let due = checker.due(9, S(4));
        checker.keep([again].into_iter(), S(4));
        assert!(!state.is_available(S(4)), "what is known is told to whoever is new");
        assert!(checker.due(9, S(9)).is_empty(), "still on its way");
        checker.keep(std::iter::empty(), S(10));
        checker.judge(&due[0].key, Some(200), S(10));
        assert_eq!(checker.next_due(), None);
    }

    /// A configuration of one version with one target, which is asked all the time.
    fn config(revision: i64, port: u16, path: &str) -> domain::gateway_config::ConfigUpdate {
        let upstream = serde_json::json!({
            "targets": [{"url": format!("http://127.0.0.1:{port}")}],
            "health": {"active": {"path": path, "interval": "1ms", "timeout": "10s", "unhealthy_after": 2, "healthy_after": 2}},
        });
        let version = serde_json::json!({
            "id": "ver_00000000000000000000000000000001", "api_id": "api_00000000000000000000000000000001",
            "organization": "acme", "api": "pets", "name": "v1", "state": "published", "access": "key",
            "upstream": upstream, "deprecation": null, "operations": [],
        });
        let mut config = domain::gateway_config::GatewayConfig {
            revision,
            ..Default::default()
        };
        config.catalog.versions.push(serde_json::from_value(version).unwrap());
        domain::gateway_config::ConfigUpdate::Full(Box::new(config))
    }

    /// Answers 200 to `/good` and 500 to everything else, one request a connection.
    async fn serve(listener: tokio::net::TcpListener) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let status = if request.starts_with(b"GET /good ") { 200 } else { 500 };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    async fn until(is_reached: impl Fn() -> bool) {
        let waiting = async {
            while !is_reached() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap();
    }

    #[tokio::test]
    async fn targets_are_asked_and_a_new_configuration_is_followed() {
        let running = async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let serving = tokio::task::spawn_local(serve(listener));
            let snapshots = SnapshotHandle::new("http://portal.test");
            let prober = Prober::new(domain::upstream::address::AddressPolicy { allow_private: true }).unwrap();
            let checking = tokio::task::spawn_local(run(snapshots.clone(), prober));
            tokio::task::yield_now().await;
            snapshots.apply(config(1, port, "/bad"));
            let state = snapshots.reader().load().catalog.checks().next().unwrap().state;
            assert!(state.is_available(Tick::now()));
            until(|| !state.is_available(Tick::now())).await;
            snapshots.apply(config(2, port, "/good"));
            let again = snapshots.reader().load().catalog.checks().next().unwrap().state;
            assert!(Arc::ptr_eq(&state, &again), "the state outlives the configuration");
            until(|| state.is_available(Tick::now())).await;
            snapshots.apply(config(3, port, "/bad"));
            until(|| !state.is_available(Tick::now())).await;
            checking.abort();
            serving.abort();
        };
        tokio::task::LocalSet::new().run_until(Box::pin(running)).await;
    }
}
