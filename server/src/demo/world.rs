//! The sample world: who is in it, and how it is made.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use domain::{account::SignUp, actor::Actor, clock::Timestamp, error::DomainError, plan::Period, services::Services};
use time::{Duration, format_description::well_known::Rfc3339};

use super::{history, upstreams::Upstreams};
use crate::{
    cli::apply::{self, Mode},
    config::{MissingKey, NetworkArgs, SecretKeyArgs, Store, local_url},
};

/// Password of every sample account.
pub const PASSWORD: &str = "turnpike-demo";
/// Key of the sample application that the printed call uses.
pub const STOREFRONT_KEY: &str = "tp_demo_storefront_7Qm2xVtR";
/// Key of the application whose calls go on while the demo runs.
pub(super) const LOBBY_KEY: &str = "tp_demo_lobby_screen_9Zc4bWnK";
/// Path of the printed call.
pub const CURL_PATH: &str = "/acme/petstore/v1/pets";
/// OAuth client of the application that calls with access tokens.
pub const REPORT_CLIENT: &str = "stock-report";
/// Its secret.
pub const REPORT_SECRET: &str = "tp_demo_stock_report_5Hd8yLsP";
/// Path of the printed call with a token: it needs the scope that the client has.
pub const TOKEN_PATH: &str = "/acme/petstore/v1/inventory";

/// Somebody to sign in as.
#[derive(Clone, Copy, Debug)]
pub struct SignIn {
    /// Address.
    pub email: &'static str,
    /// What they do.
    pub role: &'static str,
}

/// Who to sign in as.
pub const SIGN_INS: [SignIn; 4] = [
    SignIn {
        email: "olivia@acme.example",
        role: "provider: owner of Acme Pets",
    },
    SignIn {
        email: "noor@meridian.example",
        role: "provider: owner of Meridian Data, with a request to approve",
    },
    SignIn {
        email: "dev@consumer.example",
        role: "consumer: three applications, keys, an OAuth client and a week of traffic",
    },
    SignIn {
        email: OPERATOR,
        role: "operator of this installation",
    },
];

const OPERATOR: &str = "operator@turnpike.example";

/// What is different in the petstore's document of a version ago: now, and before.
const EARLIER_PETSTORE: [(&str, &str); 3] = [
    ("version: \"1.4\"", "version: \"1.3\""),
    (
        "        - name: tag
          in: query
          description: Only pets with **all** of these tags.
          explode: true
          schema: { type: array, items: { type: string }, maxItems: 5 }
          examples:
            one: { summary: One tag, value: [friendly] }
            two: { summary: Both of two, value: [friendly, indoor] }
",
        "",
    ),
    (
        "enum: [dog, cat, bird, fish, rabbit]",
        "enum: [dog, cat, bird, fish, rabbit, reptile]",
    ),
];

/// Name of the petstore's document among the files of the world.
const PETSTORE: &str = "petstore.yaml";

/// The files of the world, as they are in the data folder.
const FILES: [(&str, &str); 9] = [
    ("world.yaml", include_str!("world.yaml")),
    (PETSTORE, include_str!("specs/petstore.yaml")),
    ("weather.yaml", include_str!("specs/weather.yaml")),
    ("rates-v1.yaml", include_str!("specs/rates-v1.yaml")),
    ("weather.overlay.yaml", include_str!("specs/weather.overlay.yaml")),
    ("rates-v2/openapi.yaml", include_str!("specs/rates-v2/openapi.yaml")),
    ("rates-v2/schemas.yaml", include_str!("specs/rates-v2/schemas.yaml")),
    ("meridian-rules.yaml", include_str!("specs/meridian-rules.yaml")),
    ("rates-v1-to-v2.md", include_str!("specs/rates-v1-to-v2.md")),
];

/// Makes the world, or brings one that was kept up to this process's ports and this month's dates.
pub(super) async fn build(data: &Path, network: &NetworkArgs, upstreams: &Upstreams) -> Result<()> {
    let portal_url = network.portal_url.clone().unwrap_or_else(|| local_url(network.portal));
    let store = Store::Folder(data.to_owned());
    let database = store.prepare()?;
    let key = SecretKeyArgs::default().read(&store, MissingKey::Make)?;
    let services = Services::open(&database, &portal_url, super::ADDRESSES, key).await?;
    let built = fill(&services, data, upstreams).await;
    services.context.db.close().await;
    built
}

async fn fill(services: &Services, data: &Path, upstreams: &Upstreams) -> Result<()> {
    // First, as the first account of an installation runs it.
    let operator = SignUp {
        email: OPERATOR.into(),
        name: "Robin Vale".into(),
        password: PASSWORD.into(),
    };
    services
        .accounts
        .create_verified(&Actor::System, operator, true)
        .await?;
    let folder = data.join("sample-world");
    for folder in [folder.clone(), folder.join("rates-v2")] {
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let now = services.context.clock.now();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    };
    for (name, text) in FILES {
        if name == "world.yaml" {
            write(name, &filled(text, upstreams, now)?)?;
        } else {
            write(name, text)?;
        }
    }
    let manifest = [folder.join("world.yaml")];
    let is_new = services.catalog_reads.api(&Actor::System, "acme", "petstore").await;
    if matches!(is_new, Err(DomainError::NotFound { .. })) {
        // The document has a past, so that there are changes to be seen.
        write(PETSTORE, &earlier_petstore())?;
        apply::apply(services, &apply::read_all(&manifest)?, Mode::default()).await?;
        write(PETSTORE, include_str!("specs/petstore.yaml"))?;
    }
    apply::apply(services, &apply::read_all(&manifest)?, Mode::default()).await?;
    history::write(services).await
}

/// The document of the petstore as it was a version ago.
fn earlier_petstore() -> String {
    let text = include_str!("specs/petstore.yaml").to_owned();
    let edits = EARLIER_PETSTORE.iter();
    edits.fold(text, |text, (now, before)| text.replace(now, before))
}

/// The manifest with this process's ports and dates. The dates follow the month, so that a world that is kept does not
/// change every day.
fn filled(text: &str, upstreams: &Upstreams, now: Timestamp) -> Result<String> {
    let month = Period::Month.start(now);
    let since = month - Duration::days(30);
    let sunset = month + Duration::days(120);
    let values = [
        ("{password}", PASSWORD.to_owned()),
        ("{petstore}", upstreams.petstore.to_string()),
        ("{weather}", upstreams.weather.to_string()),
        ("{rates}", upstreams.rates.to_string()),
        ("{since}", since.format(&Rfc3339)?),
        ("{sunset}", sunset.format(&Rfc3339)?),
        ("{storefront_key}", STOREFRONT_KEY.to_owned()),
        ("{lobby_key}", LOBBY_KEY.to_owned()),
        ("{report_client}", REPORT_CLIENT.to_owned()),
        ("{report_secret}", REPORT_SECRET.to_owned()),
    ];
    Ok(values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_petstore_has_a_past() {
        let now = include_str!("specs/petstore.yaml");
        for (text, _) in EARLIER_PETSTORE {
            assert_eq!(now.matches(text).count(), 1, "{text}");
        }
        openapi::read(earlier_petstore().as_bytes(), &openapi::Limits::default()).unwrap();
    }
}
