//! `turnpike gateway rehearse`: what drafts of policies would change about calls that were recorded.
//!
//! The configuration as it is and the same with the drafts in place both judge every call of an access log, at the time of its
//! line. Nothing is written.

mod comparison;
mod log;
mod report;

use anyhow::{Context as _, Result, bail};
use domain::{services::Services, upstream::address::AddressPolicy};
use gateway::rehearsal::Rehearsal;

use crate::{
    cli::{apply, output},
    config::{MissingKey, RehearseArgs, Store},
};
use comparison::Comparison;
use report::Report;

/// Nothing is sent that could have a link.
const NO_PORTAL: &str = "http://127.0.0.1:3000";

/// Runs the command.
pub(super) async fn run(args: RehearseArgs) -> Result<()> {
    let sources = apply::read_all(&args.files)?;
    let mut log = log::open(&args.log)?;
    let store = Store::try_from(args.store)?;
    if let Store::Folder(folder) = &store
        && !folder.is_dir()
    {
        bail!("there is no data folder {}", folder.display());
    }
    let database = store.prepare()?;
    let key = args.secret_key.read(&store, MissingKey::Pretend)?;
    let services = Services::open(&database, NO_PORTAL, AddressPolicy::default(), key).await?;
    let read = async {
        let draft = apply::draft::draft(&services, &sources).await?;
        let configs = services.gateway_config.rehearsal(&draft.policies).await?;
        anyhow::Ok((draft, configs))
    };
    let read = read.await;
    services.context.db.close().await;
    let (draft, (now, drafted)) = read?;
    let mut comparison = Comparison::new(
        Rehearsal::new(now, NO_PORTAL),
        Rehearsal::new(drafted, NO_PORTAL),
        args.examples,
    );
    log::read(&mut log, &mut comparison).with_context(|| format!("{} cannot be read", args.log.display()))?;
    let report = Report::new(&draft, comparison);
    if args.json {
        output::json(&serde_json::to_string_pretty(&report)?);
    } else {
        output::line(report.to_string().trim_end());
    }
    Ok(())
}
