//! Arguments of `turnpike gateway purge`.

use std::{fmt, str::FromStr};

use clap::Args;

use super::store::StoreArgs;

/// Arguments of `turnpike gateway purge`.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Whose answers
    #[arg(value_name = "ORG/API/VERSION")]
    pub address: VersionAddress,
    /// Only answers whose path and query begin with this, below the version's own path
    #[arg(long, value_name = "PREFIX")]
    pub path: Option<String>,
    /// Returns when every running gateway has forgotten them
    #[arg(long)]
    pub wait: bool,
    /// Which installation.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// A version by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionAddress {
    /// Slug of the organization.
    pub organization: String,
    /// Slug of the api.
    pub api: String,
    /// Name of the version.
    pub version: String,
}

impl FromStr for VersionAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names: Vec<&str> = text.split('/').collect();
        match names.as_slice() {
            [organization, api, version] if names.iter().all(|name| !name.is_empty()) => Ok(Self {
                organization: (*organization).to_owned(),
                api: (*api).to_owned(),
                version: (*version).to_owned(),
            }),
            _ => Err("write it as organization/api/version, for example acme/petstore/v1"),
        }
    }
}

impl fmt::Display for VersionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.organization, self.api, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_three_names() {
        let address: VersionAddress = "acme/petstore/v1".parse().unwrap();
        assert_eq!(address.to_string(), "acme/petstore/v1");
        for text in [
            "",
            "acme",
            "acme/petstore",
            "acme//v1",
            "/acme/petstore/v1",
            "acme/petstore/v1/",
        ] {
            assert!(text.parse::<VersionAddress>().is_err(), "{text}");
        }
    }
}
