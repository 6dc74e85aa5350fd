//! The commands, a module for each.

mod account;
pub(crate) mod apply;
mod file;
pub(crate) mod output;
mod purge;
mod rehearse;
mod serve;
mod spec;

use std::{future::Future, process::ExitCode};

use crate::{
    config::{AccountCommand, Arguments, Command, GatewayCommand},
    demo,
};

pub(crate) use serve::StopSignals;

/// Runs a command to its end. Failures are told in one line on standard error, with exit code 1.
pub fn run(arguments: Arguments) -> ExitCode {
    // Every TLS connection needs it; a second start in one process (tests) finds it there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match arguments.command {
        Command::Serve(args) => block_on(serve::run(*args)),
        Command::Demo(args) => block_on(demo::run(*args)),
        Command::Apply(args) => block_on(apply::run(args)),
        Command::Account(AccountCommand::Create(args)) => block_on(account::create(args)),
        Command::Gateway(GatewayCommand::Purge(args)) => block_on(purge::run(args)),
        Command::Gateway(GatewayCommand::Rehearse(args)) => block_on(rehearse::run(args)),
        Command::Spec(command) => return spec::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complaint(&error);
            ExitCode::FAILURE
        }
    }
}

fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
