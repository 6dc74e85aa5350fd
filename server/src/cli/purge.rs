//! `turnpike gateway purge`.

use anyhow::{Result, anyhow};
use domain::{actor::Actor, error::DomainError, services::Services, upstream::address::AddressPolicy};

use crate::{
    cli::{apply, output},
    config::{PurgeArgs, Store},
};

/// Makes every gateway forget answers of a version.
pub(super) async fn run(args: PurgeArgs) -> Result<()> {
    let store = Store::try_from(args.store.clone())?;
    let services = Services::open(&store.prepare()?, "", AddressPolicy::default(), None).await?;
    let done = purge(&services, &args).await;
    services.context.db.close().await;
    output::line(done?);
    Ok(())
}

async fn purge(services: &Services, args: &PurgeArgs) -> Result<String> {
    let PurgeArgs { address, path, .. } = args;
    let prefix = path.as_deref().unwrap_or_default();
    let detail = services
        .catalog_reads
        .console_version(&Actor::System, &address.organization, &address.api, &address.version)
        .await
        .map_err(|error| anyhow!("{address}: {error}"))?;
    services
        .catalog
        .purge_cache(&Actor::System, detail.version.id, prefix)
        .await
        .map_err(refusal)?;
    let which = match prefix {
        "" => "all answers".to_owned(),
        prefix => format!("answers at {prefix}…"),
    };
    if args.wait {
        apply::wait(services).await?;
        return Ok(format!("Every running gateway has forgotten {which} of {address}."));
    }
    Ok(format!("Gateways forget {which} of {address}."))
}

/// Names the flag that a refused field came from.
fn refusal(error: DomainError) -> anyhow::Error {
    match error {
        DomainError::Invalid(errors) => {
            let messages: Vec<_> = errors
                .iter()
                .map(|error| format!("--path: {}", error.message))
                .collect();
            anyhow!(messages.join("; "))
        }
        error => error.into(),
    }
}
