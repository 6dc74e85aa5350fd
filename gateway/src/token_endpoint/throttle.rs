//! How often tokens may be asked for.

use std::{net::IpAddr, time::Duration};

use super::answer::TokenError;
use crate::limit::{Crowd, Forgettable, Gcra, GcraCell, network};

/// Limits on requests for tokens. A client that uses its tokens until they expire needs four an hour.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Requests of one address.
    per_peer: Gcra,
    /// Requests of one address that failed to say who they are: secrets cannot be tried out.
    failures: Gcra,
    /// Requests of one client that said who it is. Only these: nobody can use up what is another's.
    per_client: Gcra,
    peers: Crowd<IpAddr, Cells>,
    clients: Crowd<String, Cells>,
}

#[derive(Debug, Default)]
struct Cells {
    requests: GcraCell,
    failures: GcraCell,
}

impl Forgettable for Cells {
    fn is_blank_at(&self, now_ns: u64) -> bool {
        self.requests.is_empty_at(now_ns) && self.failures.is_empty_at(now_ns)
    }
}

impl Default for Throttle {
    fn default() -> Self {
        let a_minute = |requests, burst| Gcra::new(requests, Duration::from_mins(1), burst);
        Self {
            per_peer: a_minute(300, 100),
            failures: a_minute(10, 10),
            per_client: a_minute(60, 30),
            peers: Crowd::default(),
            clients: Crowd::default(),
        }
    }
}

impl Throttle {
    /// Takes a request of an address.
    pub(super) fn request(&self, peer: IpAddr, now_ns: u64) -> Result<(), TokenError> {
        self.peers.with(network(peer), now_ns, |cells| {
            self.failures
                .look(&cells.failures, now_ns)
                .and_then(|_| self.per_peer.take(&cells.requests, now_ns))
                .map(|_| ())
                .map_err(|early| TokenError::Throttled(Gcra::seconds(early.retry_in_ns)))
        })
    }

    /// Notes that a request of an address failed to say who it is.
    pub(super) fn failed(&self, peer: IpAddr, now_ns: u64) {
        self.peers.with(network(peer), now_ns, |cells| {
            // Too many already: the next request is refused.
            let _ = self.failures.take(&cells.failures, now_ns);
        });
    }

    /// Takes a request of a client that said who it is.
    pub(super) fn client(&self, id: &str, now_ns: u64) -> Result<(), TokenError> {
        self.clients.with(id.to_owned(), now_ns, |cells| {
            self.per_client
                .take(&cells.requests, now_ns)
                .map(|_| ())
                .map_err(|early| TokenError::Throttled(Gcra::seconds(early.retry_in_ns)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn secrets_cannot_be_tried_out() {
        let throttle = Throttle::default();
        let now = 1_000 * SECOND;
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        for last in 1..=10 {
            // Addresses of one network are one.
            let address = peer(&format!("2001:db8::{last}"));
            assert_eq!(throttle.request(address, now), Ok(()));
            throttle.failed(address, now);
        }
        let next = peer("2001:db8::99");
        assert_eq!(throttle.request(next, now), Err(TokenError::Throttled(6)));
        assert_eq!(throttle.request(peer("2001:db8:0:1::1"), now), Ok(()));
        assert_eq!(throttle.request(next, now + 6 * SECOND), Ok(()));
    }

    #[test]
    fn a_client_has_a_limit_of_its_own() {
        let throttle = Throttle::default();
        for _ in 0..30 {
            assert_eq!(throttle.client("a", SECOND), Ok(()));
        }
        assert_eq!(throttle.client("a", SECOND), Err(TokenError::Throttled(1)));
        assert_eq!(throttle.client("b", SECOND), Ok(()));
    }
}
