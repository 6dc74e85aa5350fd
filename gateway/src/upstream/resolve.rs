//! What the name of an authority leads to. Names are looked up for each connection, or remembered for a while and looked
//! up again beside the calls. Whether an address may be connected to is judged at each connection, after this.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwapOption;

use super::{Authority, tick::Tick};

/// Addresses of an authority; shared by all workers.
#[derive(Debug)]
pub(super) struct Addresses {
    /// The host, where it is an address itself.
    literal: Option<IpAddr>,
    known: ArcSwapOption<Known>,
    /// Whether somebody looks the name up again.
    is_looking: AtomicBool,
    /// Which of several addresses is first.
    turn: AtomicUsize,
}

/// What a name led to.
#[derive(Debug)]
struct Known {
    addresses: Box<[IpAddr]>,
    since: Tick,
}

impl Addresses {
    pub(super) fn new(host: &str) -> Self {
        Self {
            literal: host.parse().ok(),
            known: ArcSwapOption::empty(),
            is_looking: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
        }
    }
}

/// Addresses to try in this order; connections of remembered names begin with another one each time. Must be called on a
/// worker's runtime. Safe to cancel.
///
/// # Errors
/// The name can't be resolved, and nothing is remembered.
pub(crate) async fn resolve(authority: &Arc<Authority>, now: Tick) -> io::Result<Vec<SocketAddr>> {
    resolve_with(authority, now, look_up).await
}

async fn look_up(authority: Arc<Authority>) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((authority.host.as_str(), authority.port)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

async fn resolve_with<F>(
    authority: &Arc<Authority>,
    now: Tick,
    look_up: impl FnOnce(Arc<Authority>) -> F,
) -> io::Result<Vec<SocketAddr>>
where
    F: Future<Output = io::Result<Vec<IpAddr>>> + 'static,
{
    let Addresses {
        literal, known, turn, ..
    } = &authority.addresses;
    let at_port = |address: &IpAddr| SocketAddr::new(*address, authority.port);
    if let Some(address) = literal {
        return Ok(vec![at_port(address)]);
    }
    let Some(refresh) = authority.connecting.refresh else {
        let found = look_up(Arc::clone(authority)).await?;
        return some(found).map(|found| found.iter().map(at_port).collect());
    };
    let Some(remembered) = known.load_full() else {
        let found = some(look_up(Arc::clone(authority)).await?)?;
        let addresses = found.iter().map(at_port).collect();
        remember(authority, found, now);
        return Ok(addresses);
    };
    if now.since(remembered.since) >= refresh
        && let Some(looking) = Looking::begin(authority)
    {
        let looked_up = look_up(Arc::clone(authority));
        tokio::task::spawn_local(async move {
            let authority = &looking.0;
            match looked_up.await.and_then(some) {
                Ok(found) => remember(authority, found, Tick::now().max(now)),
                Err(error) => {
                    tracing::warn!(host = %authority.host, %error, "a name can't be resolved; what it led to is used on");
                }
            }
        });
    }
    let mut addresses: Vec<_> = remembered.addresses.iter().map(at_port).collect();
    let first = turn.fetch_add(1, Relaxed) % addresses.len().max(1);
    addresses.rotate_left(first);
    Ok(addresses)
}

fn some(found: Vec<IpAddr>) -> io::Result<Vec<IpAddr>> {
    if found.is_empty() {
        Err(io::ErrorKind::NotFound.into())
    } else {
        Ok(found)
    }
}

fn remember(authority: &Authority, found: Vec<IpAddr>, since: Tick) {
    authority.addresses.known.store(Some(Arc::new(Known {
        addresses: found.into(),
        since,
    })));
}

/// The one that looks a name up again.
struct Looking(Arc<Authority>);

impl Looking {
    fn begin(authority: &Arc<Authority>) -> Option<Self> {
        let others = authority.addresses.is_looking.swap(true, Relaxed);
        (!others).then(|| Self(Arc::clone(authority)))
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.addresses.is_looking.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use tokio::task::{LocalSet, yield_now};

    use super::*;
    use crate::upstream::book::{AuthorityBook, AuthorityKey};

    fn authority(host: &str, refresh: Option<&str>) -> Arc<Authority> {
        let mut upstream = domain::upstream::Upstream::single("http://a.test".parse().unwrap());
        upstream.settings.dns.refresh = refresh.map(|text| text.parse().unwrap());
        let key = AuthorityKey::new(false, host.into(), 80, &upstream);
        AuthorityBook::default()
            .authority(key, "a.test".parse().unwrap())
            .unwrap()
    }

    /// A resolver that counts how often it was asked.
    #[derive(Clone, Default)]
    struct Resolver {
        asked: Rc<Cell<usize>>,
        last: Rc<Cell<Option<[u8; 2]>>>,
    }

    impl Resolver {
        async fn ask(&self, authority: &Arc<Authority>, now: Tick) -> Option<Vec<u8>> {
            let resolver = self.clone();
            let found = resolve_with(authority, now, move |_| async move {
                resolver.asked.set(resolver.asked.get() + 1);
                let last = resolver.last.get().ok_or(io::ErrorKind::TimedOut)?;
                Ok(last.map(|last| IpAddr::from([10, 0, 0, last])).to_vec())
            });
            let found = found.await.ok()?;
            let last = |address: &SocketAddr| match address.ip() {
                IpAddr::V4(ip) => ip.octets()[3],
                IpAddr::V6(_) => 0,
            };
            Some(found.iter().map(last).collect())
        }
    }

    #[tokio::test]
    async fn names_are_looked_up_for_each_connection_and_addresses_never() {
        let resolver = Resolver::default();
        assert_eq!(resolver.ask(&authority("a.test", None), Tick(1)).await, None);
        resolver.last.set(Some([1, 2]));
        let named = authority("a.test", None);
        for _ in 0..3 {
            assert_eq!(resolver.ask(&named, Tick(1)).await, Some(vec![1, 2]));
        }
        assert_eq!(resolver.asked.get(), 4);
        assert_eq!(
            resolver.ask(&authority("10.0.0.7", Some("1s")), Tick(1)).await,
            Some(vec![7])
        );
        assert_eq!(resolver.asked.get(), 4);
    }

    #[tokio::test]
    async fn remembered_names_are_looked_up_again_beside_the_calls() {
        LocalSet::new()
            .run_until(async {
                let resolver = Resolver::default();
                let named = authority("a.test", Some("1s"));
                assert_eq!(resolver.ask(&named, Tick(1)).await, None, "nothing to fall back to");
                resolver.last.set(Some([1, 2]));
                for expected in [[1, 2], [1, 2], [2, 1], [1, 2]] {
                    assert_eq!(resolver.ask(&named, Tick(10)).await.unwrap(), expected);
                }
                assert_eq!(resolver.asked.get(), 2);

                let late = Tick(2_000_000);
                resolver.last.set(None);
                assert!(
                    resolver.ask(&named, late).await.is_some(),
                    "nobody waits for the look-up"
                );
                assert!(resolver.ask(&named, late).await.is_some());
                yield_now().await;
                assert_eq!(resolver.asked.get(), 3, "one look-up at a time");
                resolver.last.set(Some([3, 3]));
                assert!(
                    resolver.ask(&named, late).await.unwrap().contains(&1),
                    "the last good ones"
                );
                yield_now().await;
                assert_eq!(resolver.ask(&named, late).await.unwrap(), [3, 3]);
                assert_eq!(resolver.asked.get(), 4);
            })
            .await;
    }
}
