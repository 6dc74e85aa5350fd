//! How often one address may have a server asked about tokens. Whoever invents tokens would otherwise have it asked without
//! end, and keep the questions of others waiting.

use std::{net::IpAddr, time::Duration};

use crate::limit::{Crowd, Forgettable, Gcra, GcraCell, network};

/// Questions of one address that are on their way at the same time: half of all.
const MAX_RUNNING: u32 = 128;
/// Tokens of one address, in a minute, that may turn out to be none; as many at once that were good until a moment ago.
const IN_VAIN: u32 = 120;
const IN_VAIN_BURST: u32 = 100;

/// Why nothing is asked for an address now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// It has shown too many tokens that are none.
    InVain(TooMany),
    /// It has too many questions on their way, which may all be good.
    Busy,
}

/// An address has shown too many tokens that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tokens from this address were not known")]
pub(crate) struct TooMany {
    /// When the next is looked at, in seconds.
    pub(crate) retry_s: u64,
}

/// The addresses whose tokens a server was asked about.
#[derive(Debug)]
pub(crate) struct Askers {
    in_vain: Gcra,
    by_network: Crowd<IpAddr, Asker>,
}

#[derive(Debug, Default)]
struct Asker {
    running: u32,
    in_vain: GcraCell,
}

impl Forgettable for Asker {
    fn is_blank_at(&self, now_ns: u64) -> bool {
        self.running == 0 && self.in_vain.is_empty_at(now_ns)
    }

    fn is_held(&self) -> bool {
        self.running > 0
    }
}

impl Default for Askers {
    fn default() -> Self {
        Self {
            in_vain: Gcra::new(IN_VAIN, Duration::from_mins(1), IN_VAIN_BURST),
            by_network: Crowd::default(),
        }
    }
}

impl Askers {
    /// A question begins.
    ///
    /// # Errors
    /// [`NotNow`]; then it may not.
    pub(crate) fn begin(&self, address: IpAddr, now_ns: u64) -> Result<(), NotNow> {
        self.by_network.with(network(address), now_ns, |asker| {
            let looked = self.in_vain.look(&asker.in_vain, now_ns);
            looked.map_err(|early| {
                NotNow::InVain(TooMany {
                    retry_s: Gcra::seconds(early.retry_in_ns),
                })
            })?;
            if asker.running >= MAX_RUNNING {
                return Err(NotNow::Busy);
            }
            asker.running += 1;
            Ok(())
        })
    }

    /// The token was none.
    pub(crate) fn in_vain(&self, address: IpAddr, now_ns: u64) {
        self.by_network.with_known(&network(address), |asker| {
            // Too many already, as they ran at the same time: the next question is refused.
            let _ = self.in_vain.take(&asker.in_vain, now_ns);
        });
    }

    /// A question is over.
    pub(crate) fn end(&self, address: IpAddr) {
        self.by_network.with_known(&network(address), |asker| {
            asker.running = asker.running.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn an_address_asks_so_much_in_vain_and_no_more() {
        let askers = Askers::default();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let (one, neighbour, other) = (address("2001:db8::1"), address("2001:db8::2"), address("192.0.2.1"));
        for _ in 0..1_000 {
            askers.begin(one, SECOND).unwrap();
            askers.end(one);
        }
        for _ in 0..IN_VAIN_BURST {
            askers.begin(one, SECOND).unwrap();
            askers.in_vain(one, SECOND);
            askers.end(one);
        }
        let refused = NotNow::InVain(TooMany { retry_s: 1 });
        assert_eq!(askers.begin(neighbour, SECOND), Err(refused));
        assert_eq!(askers.begin(other, SECOND), Ok(()));
        assert_eq!(askers.begin(neighbour, 2 * SECOND), Ok(()));
    }

    #[test]
    fn an_address_asks_for_so_many_at_once() {
        let askers = Askers::default();
        let address = "192.0.2.1".parse().unwrap();
        for _ in 0..MAX_RUNNING {
            askers.begin(address, SECOND).unwrap();
        }
        assert_eq!(askers.begin(address, SECOND), Err(NotNow::Busy));
        askers.end(address);
        assert_eq!(askers.begin(address, SECOND), Ok(()));
    }
}
