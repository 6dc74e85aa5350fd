//! `cargo xtask soak`: the real binary under mixed traffic, with a configuration change every second and a target that
//! dies and comes back. Every answer is judged.
//!
//! What is promised: calls to targets that stay get their own answer, whatever else happens; calls to one that dies get
//! it, or 502, 503 or 504 while it is away; a change is in force everywhere once `apply --wait` returns, and one call sees
//! one configuration; limits refuse what is beyond them through all changes; memory stays flat; and in the end the ledger
//! has every call that a caller has counted.

use std::{
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    build::{self, Profile},
    server::{Ready, Scratch, Server, free_port, quiet_ports},
    setup::{self, Scope},
    terminal::{note, step},
    workspace::Workspace,
};

mod callers;
mod client;
mod framing;
mod judge;
mod kinds;
mod memory;
mod odd;
pub(crate) mod origin;
mod report;
mod second;
mod world;

use callers::{Caller, Kind};
use judge::Tally;
use memory::Memory;
use report::{Outcome, Traffic};
use world::{Installation, Targets, World};

#[derive(Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
    /// Run this binary in place of an optimised one of this checkout
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Between the beginnings of two changes of the configuration.
const CHANGE: Duration = Duration::from_secs(1);
/// How long the mortal target lives, and stays away.
const LIFE: Duration = Duration::from_secs(7);
const ABSENCE: Duration = Duration::from_millis(1500);
/// How long what is under way may take once nobody calls any more.
const QUIET: Duration = Duration::from_secs(20);

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Soak)?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => step("turnpike, optimised", || build::binary(workspace, Profile::Release))?,
    };
    let scratch = Scratch::new("soak")?;
    let mut ports = quiet_ports();
    let mut port = || ports.next().context("every port is taken");
    let targets = Targets {
        first: port()?,
        mortal: port()?,
        third: port()?,
    };
    let _first = target(&scratch, "first", targets.first)?;
    let _third = target(&scratch, "third", targets.third)?;
    let installation = Installation {
        binary: &binary,
        scratch: &scratch,
        targets,
    };
    let (server, gateway, operations) = step("start", || {
        installation.make()?;
        serve(&installation)
    })?;
    let length = Duration::from_mins(options.minutes);
    let world = World {
        gateway,
        until: Instant::now() + length,
        deaths: judge::Deaths::default(),
        generations: judge::Generations::default(),
    };
    let traffic = step(&format!("{} minutes", options.minutes), || {
        soak(&world, &installation, &server)
    })?;
    let is_quiet = settle(operations)?;
    server.stop()?;
    let log = std::fs::read_to_string(scratch.path().join("turnpike.log")).unwrap_or_default();
    let outcome = Outcome {
        length,
        traffic,
        ledger: installation.ledger()?,
        deaths: world.deaths.count(),
        changes: world.generations.settled(),
        is_quiet,
        panics: log
            .lines()
            .filter(|line| line.contains("panicked"))
            .map(str::to_owned)
            .collect(),
    };
    let is_good = outcome.print();
    if !is_good {
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        note("the log ends with:");
        for line in lines.iter().rev() {
            note(line);
        }
        bail!("not everything was as promised");
    }
    Ok(())
}

/// Everything at once, until the time is over.
fn soak(world: &World, installation: &Installation<'_>, server: &Server) -> anyhow::Result<Traffic> {
    thread::scope(|scope| {
        let memory = scope.spawn(|| Memory::watch(world, server));
        let killer = scope.spawn(|| kill(world, installation));
        let mut running = Vec::new();
        for kind in kinds::KINDS.iter().chain(odd::KINDS).copied() {
            for number in 0..kind.callers {
                running.push((kind, scope.spawn(move || Caller::run(world, kind, number))));
            }
        }
        for (kind, version, is_mortal) in second::KINDS {
            running.push((
                kind,
                scope.spawn(move || second::run(world, kind.name, version, is_mortal)),
            ));
        }
        let refused = change(world, installation);
        let mut tallies: Vec<(Kind, Tally)> = Vec::new();
        for (kind, caller) in running {
            let tally = caller.join().map_err(|_| anyhow::anyhow!("{} panicked", kind.name))?;
            match tallies.iter_mut().find(|(other, _)| other.name == kind.name) {
                Some((_, sum)) => sum.add(tally),
                None => tallies.push((kind, tally)),
            }
        }
        killer.join().map_err(|_| anyhow::anyhow!("the killer panicked"))??;
        let memory = memory.join().map_err(|_| anyhow::anyhow!("the watch panicked"))?;
        Ok(Traffic {
            tallies,
            memory,
            refused,
        })
    })
}

/// Changes the configuration every second, or as fast as it can be changed; returns what was refused.
fn change(world: &World, installation: &Installation<'_>) -> Vec<String> {
    let mut refused = Vec::new();
    let mut generation = 0;
    while !world.is_over() {
        let began = Instant::now();
        generation += 1;
        world.generations.begin(generation);
        match installation.apply(generation, true) {
            Ok(()) => world.generations.settle(generation),
            Err(error) => {
                note(&format!("unexpected: {error:#}"));
                refused.push(error.to_string());
            }
        }
        pause(CHANGE.saturating_sub(began.elapsed()));
    }
    refused
}

/// Kills the mortal target and starts it again; it lives in the end.
fn kill(world: &World, installation: &Installation<'_>) -> anyhow::Result<()> {
    let start = || target(installation.scratch, "mortal", installation.targets.mortal);
    world.deaths.begin();
    let mut mortal = start()?;
    world.deaths.end();
    while !world.is_over() {
        pause(LIFE);
        world.deaths.begin();
        mortal.kill()?;
        pause(ABSENCE);
        mortal = start()?;
        world.deaths.end();
    }
    // Those that are still calling when the time is over have not to find it gone.
    pause(LIFE);
    Ok(())
}

fn target(scratch: &Scratch, name: &str, port: u16) -> anyhow::Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["soak-origin", &port.to_string(), name]);
    Server::start(name, &mut command, scratch, port, Ready::Listens)
}

/// Starts the product; returns the ports of the gateway and of its operations.
fn serve(installation: &Installation<'_>) -> anyhow::Result<(Server, u16, u16)> {
    let (gateway, operations) = (free_port()?, free_port()?);
    let mut serve = Command::new(installation.binary);
    serve.args(["serve", "--allow-private-upstreams", "--gateway-threads", "4"]);
    serve.args(["--gateway", &format!("127.0.0.1:{gateway}")]);
    serve.args(["--operations", &format!("127.0.0.1:{operations}")]);
    serve.args(["--portal", &format!("127.0.0.1:{}", free_port()?), "--data"]);
    serve.arg(installation.data());
    // Leads nowhere: the ledger has no calls but those of the callers.
    let ready = Ready::IsConfigured { path: world::PREFIX };
    let server = Server::start("turnpike", &mut serve, installation.scratch, gateway, ready)?;
    Ok((server, gateway, operations))
}

/// Waits until no request is under way; returns whether that comes.
fn settle(operations: u16) -> anyhow::Result<bool> {
    let started = Instant::now();
    loop {
        let metrics = client::get(operations, "/metrics")?;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse::<u64>().ok()
        };
        match value("turnpike_gateway_requests_in_flight ") {
            Some(0) => return Ok(true),
            None => bail!("the metrics do not tell how many requests are under way"),
            Some(_) if started.elapsed() > QUIET => return Ok(false),
            Some(_) => pause(Duration::from_millis(200)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "no runtime here, and these threads imitate callers that take their time"
)]
fn pause(length: Duration) {
    thread::sleep(length);
}
