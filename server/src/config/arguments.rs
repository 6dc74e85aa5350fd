//! The commands and their arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    operations::OperationsArgs,
    purge::PurgeArgs,
    secret::Secret,
    secret_key::SecretKeyArgs,
    serve::{NetworkArgs, ServeArgs},
    spec::SpecCommand,
    store::StoreArgs,
};

/// Self-hosted API management: developer portal, provider console and gateway in one process.
#[derive(Debug, Parser)]
#[command(name = "turnpike", version, propagate_version = true, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs portal, console, gateway and background tasks
    Serve(Box<ServeArgs>),
    /// Runs a sample world: apis with real upstreams, plans, accounts, traffic
    Demo(Box<DemoArgs>),
    /// Makes an installation match a manifest; running it again changes nothing
    Apply(ApplyArgs),
    /// Manages accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Looks after gateways
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Works on OpenAPI documents, without an installation
    #[command(subcommand)]
    Spec(SpecCommand),
}

/// Arguments of `turnpike demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keeps the sample world in this folder; without it, it is gone after the demo
    #[arg(long, value_name = "DIR", env = "TURNPIKE_DATA")]
    pub data: Option<PathBuf>,
    /// Where it listens.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it is watched and how it stops.
    #[command(flatten)]
    pub operations: OperationsArgs,
}

/// Arguments of `turnpike apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Manifests, applied in order
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Prints what would change and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Ends for good what the manifests do not name, inside the organizations and applications that they name: retires versions,
    /// deletes plans and policies, cancels subscriptions, revokes keys and clients. Keeps drafts, members, accounts, everything else
    #[arg(long)]
    pub prune: bool,
    /// Returns when every running gateway serves the result
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// What links in the mails begin with that a change causes
    #[arg(long, value_name = "URL", env = "TURNPIKE_PORTAL_URL", default_value = "http://127.0.0.1:3000", value_parser = super::serve::public_url)]
    pub portal_url: String,
    /// Which installation.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Its key.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Makes an account with a verified address
    Create(CreateAccountArgs),
}

/// Arguments of `turnpike account create`.
#[derive(Debug, Args)]
pub struct CreateAccountArgs {
    /// Address to sign in with
    #[arg(long)]
    pub email: String,
    /// Name shown to others
    #[arg(long)]
    pub name: String,
    /// The password; other users of the machine can see it while the command runs
    #[arg(long, required_unless_present = "password_stdin")]
    pub password: Option<Secret>,
    /// Reads the password from the first line of standard input
    #[arg(long, conflicts_with = "password")]
    pub password_stdin: bool,
    /// Lets the account run the installation
    #[arg(long)]
    pub operator: bool,
    /// Which installation.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// What to do with gateways.
#[derive(Debug, Subcommand)]
pub enum GatewayCommand {
    /// Makes every gateway of an installation forget the answers of a version that it keeps
    Purge(PurgeArgs),
    /// Says what the policies of manifests would change about the calls of an access log; changes nothing
    Rehearse(RehearseArgs),
}

/// Arguments of `turnpike gateway rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// Manifests; only what they say of policies counts
    #[arg(required = true, value_name = "MANIFEST")]
    pub files: Vec<PathBuf>,
    /// Access log of a gateway; - for standard input
    #[arg(long, value_name = "FILE")]
    pub log: PathBuf,
    /// Calls that are shown of each change
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub examples: usize,
    /// Prints the report as JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Which installation.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Its key.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_unknown_flag_is_named_with_the_nearest_one() {
        let error = Arguments::try_parse_from(["turnpike", "serve", "--gatway", "127.0.0.1:1"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--gatway") && text.contains("'--gateway'"), "{text}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn secrets_are_not_printed() {
        let url = "postgres://turnpike:hunter2@db/turnpike";
        for arguments in [
            vec!["turnpike", "serve", "--database-url", url],
            vec!["turnpike", "apply", "a.yaml", "--database-url", url],
            vec![
                "turnpike",
                "account",
                "create",
                "--email",
                "a@b.c",
                "--name",
                "A",
                "--password",
                "hunter2",
                "--data",
                "x",
            ],
            vec![
                "turnpike",
                "serve",
                "--smtp-url",
                "smtp://me:hunter2@mail.example?from=a@b.c",
            ],
        ] {
            let parsed = Arguments::try_parse_from(&arguments).unwrap();
            assert!(!format!("{parsed:?}").contains("hunter2"), "{parsed:?}");
        }
    }

    #[test]
    fn an_installation_must_be_named() {
        for arguments in [
            vec!["turnpike", "apply", "a.yaml"],
            vec![
                "turnpike",
                "apply",
                "a.yaml",
                "--data",
                "x",
                "--database-url",
                "postgres://h/d",
            ],
            vec![
                "turnpike", "account", "create", "--email", "a@b.c", "--name", "A", "--data", "x",
            ],
        ] {
            assert!(Arguments::try_parse_from(&arguments).is_err(), "{arguments:?}");
        }
        assert!(Arguments::try_parse_from(["turnpike", "apply", "a.yaml", "--data", "x"]).is_ok());
    }
}
