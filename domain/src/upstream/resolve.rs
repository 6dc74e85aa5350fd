//! Judging an upstream as it is saved: its numbers, its URLs, and every address that its hosts lead to.
//!
//! The gateway judges again at each connection, because a name can lead elsewhere later. This check exists to tell the
//! person who types it what is wrong while they can still fix it.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use tokio::task::JoinSet;
use url::Host;

use super::{
    Upstream,
    address::{AddressClass, AddressPolicy, classify, embedded_v4},
    parse_target_url,
};
use crate::error::{DomainError, FieldError, Result};

/// How long to wait for a name: resolvers repeat a lost packet after 1 to 2 s.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

/// Checks an upstream. Looks its hosts up, which takes up to three seconds.
///
/// # Errors
/// `Invalid` at `upstream`, with one message for each target that cannot be used, and where [`Upstream::check`] says.
pub async fn check(upstream: &Upstream, policy: AddressPolicy) -> Result<()> {
    upstream.check().map_err(DomainError::Invalid)?;
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (field, url) in upstream.addresses() {
        match parse_target_url(field, url.as_str()) {
            Err(error) => errors.push(error),
            Ok(url) => match url.host() {
                Some(Host::Domain(name)) => {
                    names.insert((field, name.to_owned(), url.port_or_known_default().unwrap_or(80)));
                }
                Some(Host::Ipv4(ip)) => errors.extend(refusal(field, None, ip.into(), policy)),
                Some(Host::Ipv6(ip)) => errors.extend(refusal(field, None, ip.into(), policy)),
                None => errors.push(FieldError::new(field, "The address has no host.")),
            },
        }
    }
    let mut lookups = JoinSet::new();
    for (field, name, port) in names {
        lookups.spawn(judge_name(field, name, port, policy));
    }
    while let Some(judged) = lookups.join_next().await {
        errors.extend(judged.map_err(DomainError::internal)?);
    }
    errors.sort_by(|a, b| a.message.cmp(&b.message));
    errors.dedup();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(DomainError::Invalid(errors))
    }
}

async fn judge_name(field: &'static str, name: String, port: u16, policy: AddressPolicy) -> Option<FieldError> {
    let addresses = match tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((name.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect::<Vec<_>>(),
        Ok(Err(_)) => Vec::new(),
        Err(_) => {
            let message = format!("The name `{name}` was not resolved within 3 seconds. Try again or use an address.");
            return Some(FieldError::new(field, message));
        }
    };
    if addresses.is_empty() {
        return Some(FieldError::new(
            field,
            format!("The name `{name}` cannot be resolved. Check its spelling."),
        ));
    }
    addresses
        .into_iter()
        .find_map(|ip| refusal(field, Some(&name), ip, policy))
}

/// Why a connection to `ip` is not made, in words; `None` if it is.
fn refusal(field: &str, name: Option<&str>, ip: IpAddr, policy: AddressPolicy) -> Option<FieldError> {
    if policy.permits(ip) {
        return None;
    }
    let kind = kind(ip);
    let advice = match classify(ip) {
        AddressClass::Private => "; the operator of this installation allows public addresses only",
        AddressClass::Public | AddressClass::Forbidden => "; it is never connected to",
    };
    let message = match name {
        Some(name) => format!("`{name}` resolves to {ip}, {kind}{advice}."),
        None => format!("{ip} is {kind}{advice}."),
    };
    Some(FieldError::new(field, message))
}

/// What an address that is not public is for, in words.
fn kind(ip: IpAddr) -> &'static str {
    match ip {
        IpAddr::V4(v4) => match v4.octets() {
            [127, ..] => "a loopback address, this machine itself",
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address",
            [100, 64..=127, ..] => "an address of a carrier's shared network",
            [169, 254, ..] => "a link-local address where cloud metadata lives",
            [0, ..] => "an unspecified address",
            [224..=239, ..] => "a multicast address",
            _ => "a reserved address",
        },
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(
            || match v6.segments() {
                [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address, this machine itself",
                [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => "the address where cloud metadata lives",
                [0xfc00..=0xfdff, ..] => "a private address",
                [0xfe80..=0xfebf, ..] => "a link-local address where cloud metadata lives",
                [0xff00..=0xffff, ..] => "a multicast address",
                _ => "a reserved address",
            },
            |v4| kind(v4.into()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: AddressPolicy = AddressPolicy { allow_private: true };
    const CLOSED: AddressPolicy = AddressPolicy { allow_private: false };

    async fn message(url: &str, policy: AddressPolicy) -> Option<String> {
        let upstream = Upstream::single(url.parse().unwrap());
        check(&upstream, policy).await.err().map(|error| error.to_string())
    }

    #[tokio::test]
    async fn metadata_is_refused_in_every_spelling() {
        for url in [
            "http://169.254.169.254/latest",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[fe80::1]/",
        ] {
            for policy in [OPEN, CLOSED] {
                let message = message(url, policy)
                    .await
                    .unwrap_or_else(|| panic!("{url} was accepted"));
                assert!(
                    message.contains("a link-local address where cloud metadata lives"),
                    "{url}: {message}"
                );
            }
        }
    }

    #[tokio::test]
    async fn private_ranges_need_the_operators_word() {
        for (url, words) in [
            ("http://127.0.0.1:9000", "127.0.0.1 is a loopback address"),
            ("http://127.1", "127.0.0.1 is a loopback address"),
            ("http://[::1]", "::1 is a loopback address"),
            ("http://10.1.2.3", "10.1.2.3 is a private address"),
            ("http://localhost:9000", "`localhost` resolves to "),
        ] {
            assert_eq!(message(url, OPEN).await, None, "{url}");
            let message = message(url, CLOSED).await.unwrap_or_default();
            assert!(message.contains(words), "{url}: {message}");
        }
        assert_eq!(message("https://1.1.1.1/base", CLOSED).await, None);
    }

    #[tokio::test]
    async fn numbers_have_ranges_and_names_must_exist() {
        let url: url::Url = "http://127.0.0.1".parse().unwrap();
        let with = |change: fn(&mut Upstream)| {
            let mut upstream = Upstream::single(url.clone());
            change(&mut upstream);
            upstream
        };
        for (name, upstream) in [
            ("no target", with(|u| u.targets.clear())),
            ("33 targets", with(|u| u.targets = vec![u.targets[0].clone(); 33])),
            (
                "a long address",
                with(|u| u.targets[0].url.set_path(&"x".repeat(2_000))),
            ),
            ("weight 0", with(|u| u.targets[0].weight = 0)),
            ("weight 1001", with(|u| u.targets[0].weight = 1_001)),
            (
                "scheme",
                with(|u| u.targets[0].url = "ftp://127.0.0.1".parse().unwrap()),
            ),
            (
                "unknown name",
                with(|u| u.targets[0].url = "http://no-such-host.invalid".parse().unwrap()),
            ),
        ] {
            let error = check(&upstream, OPEN).await.expect_err(name);
            assert!(
                matches!(&error, DomainError::Invalid(e) if e.iter().all(|e| e.field == "upstream")),
                "{name}: {error:?}"
            );
        }
        let error = check(&with(|u| u.connect_timeout_ms = 0), OPEN).await.unwrap_err();
        assert!(
            matches!(&error, DomainError::Invalid(e) if e[0].field == "connect_timeout_ms"),
            "{error:?}"
        );
        let heavy = with(|u| {
            u.targets[0].weight = 1_000;
            u.targets = vec![u.targets[0].clone(); 32];
        });
        assert!(check(&heavy, OPEN).await.is_ok());
    }
}
