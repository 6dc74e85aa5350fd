//! `turnpike account create`.

use std::io::BufRead as _;

use anyhow::{Context as _, Result, anyhow, bail};
use domain::{
    account::{SignUp, normalize_email},
    actor::Actor,
    error::DomainError,
    services::Services,
    upstream::address::AddressPolicy,
};

use crate::{
    cli::output,
    config::{CreateAccountArgs, Store},
};

/// Makes an account with a verified address. An address that is taken is an error: its password was not changed.
pub(super) async fn create(args: CreateAccountArgs) -> Result<()> {
    let password = match args.password {
        Some(password) => password.into_exposed(),
        None => read_password()?,
    };
    let store = Store::try_from(args.store)?;
    let services = Services::open(&store.prepare()?, "", AddressPolicy::default(), None).await?;
    let input = SignUp {
        email: args.email,
        name: args.name,
        password,
    };
    let made = make(&services, input, args.operator).await;
    services.context.db.close().await;
    output::line(made?);
    Ok(())
}

async fn make(services: &Services, input: SignUp, is_operator: bool) -> Result<String> {
    let email = normalize_email(&input.email);
    if services.accounts.by_email(&Actor::System, &email).await?.is_some() {
        bail!("there is already an account {email}; it was left as it is");
    }
    let account = services
        .accounts
        .create_verified(&Actor::System, input, is_operator)
        .await
        .map_err(refusal)?;
    let role = if account.is_operator { "operator " } else { "" };
    Ok(format!("Made the {role}account {}.", account.email))
}

/// Names the flag that a refused field came from.
fn refusal(error: DomainError) -> anyhow::Error {
    match error {
        DomainError::Invalid(errors) => {
            let lines: Vec<_> = errors
                .iter()
                .map(|error| format!("--{}: {}", error.field, error.message))
                .collect();
            anyhow!(lines.join("; "))
        }
        error => error.into(),
    }
}

fn read_password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the password cannot be read from standard input")?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        bail!("standard input has no password");
    }
    Ok(password.to_owned())
}
