//! The targets of an upstream, compiled, and the order in which calls go to them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::upstream::{Upstream, transport::Protocol};
use http::HeaderValue;

/// Where connections lead to: the same for all targets with one scheme, host and port. Connections are kept by its
/// number, so they survive a change of configuration.
#[derive(Debug)]
pub(crate) struct Authority {
    /// No other authority of the process ever has it.
    pub(crate) number: u64,
    pub(crate) is_tls: bool,
    /// Host name or address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Value of `Host`.
    pub(crate) header: HeaderValue,
    /// Whether private addresses are permitted here whatever the installation's policy. Part of what makes two
    /// authorities the same: otherwise a forbidden upstream could ride on the connections of a permitted one.
    pub(crate) allow_private: bool,
    /// The version of HTTP that it is spoken to with.
    pub(crate) protocol: Protocol,
}

/// The authorities that the newest catalog names. Those of the one before are remembered for as long as the next is
/// compiled, so that what is named again keeps its number and with it its connections; the rest is forgotten.
#[derive(Debug, Default)]
pub(crate) struct AuthorityBook {
    named: HashMap<AuthorityKey, Arc<Authority>>,
    before: HashMap<AuthorityKey, Arc<Authority>>,
    next_number: u64,
}

/// Whether it speaks TLS, host, port, whether private addresses are permitted, and the version of HTTP.
type AuthorityKey = (bool, String, u16, bool, Protocol);

impl AuthorityBook {
    /// A new catalog begins.
    pub(crate) fn turn(&mut self) {
        self.before = std::mem::take(&mut self.named);
    }

    /// The authority of a key. `header` is the value of `Host`.
    fn authority(&mut self, key: AuthorityKey, header: HeaderValue) -> Arc<Authority> {
        if let Some(known) = self.named.get(&key) {
            return Arc::clone(known);
        }
        let authority = self.before.remove(&key).unwrap_or_else(|| {
            let (is_tls, host, port, allow_private, protocol) = key.clone();
            let number = self.next_number;
            self.next_number += 1;
            Arc::new(Authority {
                number,
                is_tls,
                host,
                port,
                header,
                allow_private,
                protocol,
            })
        });
        self.named.insert(key, Arc::clone(&authority));
        authority
    }
}

/// One target.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) authority: Arc<Authority>,
    /// Put before the operation's path; empty or begins with a slash, and never ends with one.
    pub(crate) base_path: Box<str>,
}

/// The targets of a version.
#[derive(Debug)]
pub(crate) struct Targets {
    all: Box<[Target]>,
    /// Indexes of targets, each as often as its weight says, spread evenly.
    schedule: Box<[u16]>,
    turn: AtomicUsize,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
}

/// Longest schedule; weights are scaled down to fit.
const MAX_SCHEDULE: u32 = 4_096;
/// Most targets of one upstream.
const MAX_TARGETS: usize = 256;

impl Targets {
    /// Compiles an upstream.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(crate) fn compile(upstream: &Upstream, book: &mut AuthorityBook) -> Result<Self, String> {
        if upstream.targets.is_empty() || upstream.targets.len() > MAX_TARGETS {
            return Err(format!(
                "its upstream has {} targets instead of 1 to {MAX_TARGETS}",
                upstream.targets.len()
            ));
        }
        let mut targets = Vec::with_capacity(upstream.targets.len());
        for target in &upstream.targets {
            let url = &target.url;
            let unusable = || format!("its target {url} is not an http or https address");
            let is_tls = match url.scheme() {
                "http" => false,
                "https" => true,
                _ => return Err(unusable()),
            };
            let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(unusable)?;
            let port = url.port_or_known_default().ok_or_else(unusable)?;
            let header = match url.port() {
                Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
                None => HeaderValue::try_from(host),
            };
            let header = header.map_err(|_| unusable())?;
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let authority = book.authority(
                (is_tls, host, port, upstream.allow_private, upstream.settings.protocol),
                header,
            );
            let base_path = url.path().trim_end_matches('/').into();
            targets.push(Target { authority, base_path });
        }
        let weights: Vec<u32> = upstream
            .targets
            .iter()
            .map(|target| u32::from(target.weight.clamp(1, 1_000)))
            .collect();
        Ok(Self {
            all: targets.into(),
            schedule: schedule(&weights).into(),
            turn: AtomicUsize::new(0),
            connect_timeout: upstream.connect_timeout(),
            response_timeout: upstream.response_timeout(),
        })
    }

    /// Whether the protocol of a connection to a target can be changed to WebSocket: HTTP/2 has no such change.
    pub(crate) fn may_switch(&self) -> bool {
        self.all
            .iter()
            .all(|target| target.authority.protocol != Protocol::Http2)
    }

    /// The target whose turn it is, and after it the others in order, each once.
    pub(crate) fn next(&self) -> impl Iterator<Item = &Target> {
        let first = if self.schedule.len() == 1 {
            0
        } else {
            self.turn.fetch_add(1, Relaxed) % self.schedule.len()
        };
        let first = usize::from(self.schedule[first]);
        (0..self.all.len()).map(move |offset| &self.all[(first + offset) % self.all.len()])
    }
}

/// Smooth weighted round robin (as nginx has it), written out for one whole turn.
fn schedule(weights: &[u32]) -> Vec<u16> {
    let divisor = weights.iter().copied().fold(0, gcd).max(1);
    let mut weights: Vec<u32> = weights.iter().map(|weight| weight / divisor).collect();
    let total: u32 = weights.iter().sum();
    if total > MAX_SCHEDULE {
        let scale = total.div_ceil(MAX_SCHEDULE);
        weights = weights.iter().map(|weight| (weight / scale).max(1)).collect();
    }
    let total: u32 = weights.iter().sum();
    let mut current = vec![0_i64; weights.len()];
    (0..total)
        .map(|_| {
            let mut best = 0;
            for (i, weight) in weights.iter().enumerate() {
                current[i] += i64::from(*weight);
                if current[i] > current[best] {
                    best = i;
                }
            }
            current[best] -= i64::from(total);
            best as u16
        })
        .collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(json: serde_json::Value) -> Upstream {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn weights_are_kept_and_spread() {
        assert_eq!(schedule(&[1]), [0]);
        assert_eq!(schedule(&[500, 500]), [0, 1]);
        assert_eq!(schedule(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert!(schedule(&[1_000; 200]).len() == 200);
        assert!(schedule(&[999, 1_000, 997, 991, 983]).len() <= MAX_SCHEDULE as usize + 5);
    }

    #[test]
    fn every_target_is_tried_once() {
        let mut book = AuthorityBook::default();
        let targets = Targets::compile(
            &upstream(serde_json::json!({"targets": [{"url": "http://a.test/base/", "weight": 2}, {"url": "https://[::1]:8443"}]})),
            &mut book,
        )
        .unwrap();
        let hosts = |targets: &Targets| targets.next().map(|t| t.authority.host.clone()).collect::<Vec<_>>();
        assert_eq!(hosts(&targets), ["a.test", "::1"]);
        assert_eq!(hosts(&targets), ["::1", "a.test"]);
        let first = targets.next().next().unwrap();
        assert_eq!(
            (
                &*first.base_path,
                first.authority.port,
                first.authority.header.to_str().unwrap()
            ),
            ("/base", 80, "a.test")
        );
        assert_eq!(targets.all[1].authority.header, "[::1]:8443");
    }

    #[test]
    fn authorities_keep_their_number_while_they_are_named() {
        let mut book = AuthorityBook::default();
        let mut numbers = |urls: &[&str]| -> Vec<u64> {
            book.turn();
            let targets: Vec<_> = urls.iter().map(|url| serde_json::json!({ "url": url })).collect();
            let targets = upstream(serde_json::json!({ "targets": targets }));
            let targets = Targets::compile(&targets, &mut book).unwrap();
            assert!(book.named.len() + book.before.len() <= 3, "{book:?}");
            targets.all.iter().map(|target| target.authority.number).collect()
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
    fn an_unusable_upstream_is_told() {
        let mut book = AuthorityBook::default();
        for json in [
            serde_json::json!({"targets": []}),
            serde_json::json!({"targets": [{"url": "ftp://a.test"}]}),
        ] {
            assert!(Targets::compile(&upstream(json.clone()), &mut book).is_err(), "{json}");
        }
    }
}
