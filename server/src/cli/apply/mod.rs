//! `turnpike apply`: makes an installation match manifests.
//!
//! Everything goes through the use cases that the pages use, as the installation itself. What is there already is left
//! alone, so a second run changes nothing.
//!
//! A manifest is judged as a whole before its first change: first by itself ([`check`]), then by a plan of the whole run,
//! which makes the same decisions without acting on them and judges them against what is there.

mod applications;
mod at;
mod catalog;
mod changes;
mod check;
mod clients;
mod documents;
pub(crate) mod draft;
mod ending;
mod lines;
pub(crate) mod manifest;
mod organizations;
mod planned;
mod plans;
mod policies;
mod prune;
pub(crate) mod read;
mod routing;
mod ruleset;
mod upstreams;
mod values;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use domain::{
    account::{Account, SignUp},
    actor::Actor,
    error::DomainError,
    services::Services,
    upstream::address::AddressPolicy,
};

use crate::{
    cli::output,
    config::{ApplyArgs, MissingKey, Store},
    temporary::TemporaryFolder,
};
use at::At;
pub(crate) use changes::Changes;
use planned::Planned;
use read::Source;

/// How long `--wait` waits for gateways.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How often it looks.
const WAIT_STEP: Duration = Duration::from_millis(50);

/// Runs the command.
pub(super) async fn run(args: ApplyArgs) -> Result<()> {
    let sources = read_all(&args.files)?;
    let store = Store::try_from(args.store)?;
    // What is not there is planned for as if it were empty, and stays not there.
    let (store, _nowhere) = match store {
        Store::Folder(folder) if args.dry_run && !folder.exists() => {
            let nowhere = TemporaryFolder::new("turnpike-plan")?;
            (Store::Folder(nowhere.path().to_owned()), Some(nowhere))
        }
        store => (store, None),
    };
    // Its upstreams may be private whatever is said here: whoever holds the database says where calls go.
    let database = store.prepare()?;
    let missing = if args.dry_run {
        MissingKey::Pretend
    } else {
        MissingKey::Make
    };
    let key = args.secret_key.read(&store, missing)?;
    let services = Services::open(&database, &args.portal_url, AddressPolicy::default(), key).await?;
    let done = apply(
        &services,
        &sources,
        Mode {
            is_dry_run: args.dry_run,
            prunes: args.prune,
        },
    )
    .await;
    let done = match done {
        Ok(changes) if args.wait => wait(&services).await.map(|()| changes),
        done => done,
    };
    services.context.db.close().await;
    report(&done?, args.dry_run);
    Ok(())
}

fn report(changes: &Changes, is_dry_run: bool) {
    for change in changes.iter() {
        output::line(change);
    }
    for warning in changes.warnings() {
        output::line(format_args!("warning: {warning}"));
    }
    match (changes.len(), is_dry_run) {
        (0, _) => output::line("No changes."),
        (1, true) => output::line("1 change would be made."),
        (n, true) => output::line(format_args!("{n} changes would be made.")),
        (1, false) => output::line("1 change made."),
        (n, false) => output::line(format_args!("{n} changes made.")),
    }
}

/// Reads and judges manifests.
pub(crate) fn read_all(files: &[PathBuf]) -> Result<Vec<Source>> {
    let sources = files
        .iter()
        .map(|file| Source::read(file))
        .collect::<Result<Vec<_>>>()?;
    check::check(&sources)?;
    Ok(sources)
}

/// Waits until every gateway that runs serves the newest configuration.
pub(super) async fn wait(services: &Services) -> Result<()> {
    let revision = services.gateway_config.revision().await?;
    let waiting = async {
        loop {
            let behind = services
                .gateway_config
                .nodes()
                .await?
                .into_iter()
                .filter(|node| node.served < revision)
                .count();
            if behind == 0 {
                return anyhow::Ok(());
            }
            tokio::time::sleep(WAIT_STEP).await;
        }
    };
    let waited = tokio::time::timeout(WAIT_MAX, waiting).await;
    waited.with_context(|| {
        format!(
            "the changes were made, but not every gateway serves them after {} s",
            WAIT_MAX.as_secs()
        )
    })?
}

/// How a manifest is applied.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mode {
    /// Whether changes are only planned.
    pub(crate) is_dry_run: bool,
    /// Whether what is not named goes.
    pub(crate) prunes: bool,
}

/// Applies manifests in order and tells what was changed.
///
/// # Errors
/// What is wrong; nothing was changed then, unless the installation changed between plan and run.
pub(crate) async fn apply(services: &Services, sources: &[Source], mode: Mode) -> Result<Changes> {
    let plan = Mode {
        is_dry_run: true,
        ..mode
    };
    let planned = run_once(services, sources, plan).await?;
    if mode.is_dry_run || planned.len() == 0 {
        return Ok(planned);
    }
    run_once(services, sources, mode).await
}

async fn run_once(services: &Services, sources: &[Source], mode: Mode) -> Result<Changes> {
    let claims = if mode.is_dry_run {
        services.catalog.claims(&Actor::System).await?
    } else {
        Vec::new()
    };
    let mut run = Run {
        services,
        mode,
        changes: Changes::default(),
        planned: Planned::new(claims),
    };
    for source in sources {
        run.organizations(source).await?;
    }
    // After all organizations: an application may subscribe to plans of another file.
    for source in sources {
        run.applications(source).await?;
    }
    if mode.prunes {
        run.prune(sources).await?;
    }
    Ok(run.changes)
}

/// One application of manifests, or the plan of one.
struct Run<'a> {
    services: &'a Services,
    mode: Mode,
    changes: Changes,
    planned: Planned,
}

/// Whoever an entry names to act or to be made.
struct Person<'e> {
    email: &'e str,
    name: Option<&'e str>,
    password: Option<&'e str>,
}

impl Run<'_> {
    /// Notes a change; whether it is to be made.
    fn makes(&mut self, verb: &'static str, thing: impl Into<String>) -> bool {
        self.changes.note(verb, thing);
        !self.mode.is_dry_run
    }

    /// The account of an entry, made if it is new. `None` where a dry run would make it.
    async fn account(&mut self, at: &At<'_>, person: Person<'_>) -> Result<Option<Account>> {
        let email = domain::account::normalize_email(person.email);
        let found = self.services.accounts.by_email(&Actor::System, &email).await;
        if let Some(account) = found.map_err(|error| at.refused(error))? {
            return Ok(Some(account));
        }
        if !self.planned.accounts.insert(email.clone()) {
            return Ok(None);
        }
        let Some(password) = person.password else {
            return Err(at
                .field("password")
                .error(format!("there is no account {email}; give a password to make it")));
        };
        if !self.makes("create", format!("account {email}")) {
            return Ok(None);
        }
        let name = person.name.unwrap_or_else(|| email.split('@').next().unwrap_or(&email));
        let input = SignUp {
            email: email.clone(),
            name: name.to_owned(),
            password: password.to_owned(),
        };
        let made = self
            .services
            .accounts
            .create_verified(&Actor::System, input, false)
            .await;
        made.map(Some).map_err(|error| at.refused(error))
    }
}

/// "Not there" as an answer, not as an error.
fn found<T>(result: Result<T, DomainError>) -> Result<Option<T>, DomainError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(DomainError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
