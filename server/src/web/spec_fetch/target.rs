//! Where a spec is fetched from: the URL as typed or redirected to, and the addresses its host leads to.

use std::net::{IpAddr, SocketAddr};

use domain::upstream::address::AddressPolicy;
use url::{Host, Url};

use super::Sentence;

/// A URL that may be fetched as far as its text goes.
pub(super) struct Target {
    url: Url,
}

impl Target {
    /// Reads what a person typed.
    pub(super) fn parse(text: &str) -> Result<Self, Sentence> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Enter the address of a document, for example https://api.example/openapi.json.".into());
        }
        let url = Url::parse(text).map_err(
            |_| "This is not a URL. Write it with its scheme, for example https://api.example/openapi.json.",
        )?;
        Self::check(url)
    }

    /// The target that a redirect names.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, Sentence> {
        let url = self
            .url
            .join(location)
            .map_err(|_| "The address redirects to something that is not a URL.")?;
        if self.is_tls() && url.scheme() == "http" {
            return Err(format!(
                "The address redirects from https to http ({url}), which could be tampered with."
            ));
        }
        Self::check(url)
    }

    fn check(url: Url) -> Result<Self, Sentence> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "`{}` is not supported. Use an http or https address.",
                url.scheme()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Leave the user name and password out of the address, or upload the document.".into());
        }
        Ok(Self { url })
    }

    /// Whether the connection is protected.
    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Host without brackets, as TLS wants it.
    pub(super) fn server_name(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Value of the `Host` header.
    pub(super) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Request target: path and query.
    pub(super) fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Looks the host up and judges every address: one that is not allowed spoils the whole name.
    pub(super) async fn resolve(&self, policy: AddressPolicy) -> Result<Vec<SocketAddr>, Sentence> {
        let port = self.url.port_or_known_default().unwrap_or(80);
        let ips: Vec<IpAddr> = match self.url.host() {
            Some(Host::Ipv4(ip)) => vec![ip.into()],
            Some(Host::Ipv6(ip)) => vec![ip.into()],
            Some(Host::Domain(name)) => {
                let unknown = || format!("The name `{name}` cannot be resolved. Check its spelling.");
                let found = tokio::net::lookup_host((name, port)).await.map_err(|_| unknown())?;
                let ips: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                if ips.is_empty() {
                    return Err(unknown());
                }
                ips
            }
            None => return Err("The address has no host.".into()),
        };
        match ips.iter().find(|ip| !policy.permits(**ip)) {
            Some(ip) => Err(format!(
                "The address leads to {ip}, which is not allowed here. Upload the document instead."
            )),
            None => Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_keep_to_the_rules() {
        let target = Target::parse("https://a.example/x/y?z").unwrap();
        assert_eq!(
            target.redirected("../w").map(|t| t.url.to_string()).as_deref(),
            Ok("https://a.example/w")
        );
        for location in [
            "http://a.example/",
            "gopher://a.example",
            "https://u@b.example/",
            "https://",
        ] {
            assert!(target.redirected(location).is_err(), "{location}");
        }
    }

    #[test]
    fn the_request_line_has_no_fragment() {
        let target = Target::parse(" http://a.example:81/x?y=1#part ").unwrap();
        assert_eq!(
            (target.authority().as_str(), target.path_and_query()),
            ("a.example:81", "/x?y=1")
        );
        assert_eq!(
            Target::parse("https://[2606:4700::1111]/").unwrap().server_name(),
            "2606:4700::1111"
        );
    }
}
