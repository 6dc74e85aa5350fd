//! `cargo xtask bench idle`: connections that have made a call and wait for the next.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use super::{
    Binary, key, peers,
    product::{self, Contents, Installation},
};
use crate::{
    server::{Scratch, connect},
    setup::{self, Scope},
    terminal::{result, step},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How many; both sides need as many open files
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Bench)?;
    let binary = options.binary.find(workspace)?;
    let scratch = Scratch::new("bench")?;
    let (_upstream, upstream) = peers::upstream(&scratch)?;
    let contents = Contents {
        keys: 1,
        operations: 1,
        upstream,
    };
    let running = Installation::make("turnpike", &binary, &scratch, &contents)?.serve(&key(0))?;
    let before = running.server.resident_bytes()?;
    let count = options.connections;
    let waiting = step(&format!("{count} connections"), || {
        (0..count)
            .map(|index| open(running.gateway).with_context(|| format!("connection {} failed", index + 1)))
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let with_all = running.server.resident_bytes()?;
    // The first must still be there.
    let mut first = waiting.into_iter().next().context("no connection was made")?;
    call(&mut first).context("a connection that waited does not answer")?;
    let each = (with_all as f64 - before as f64) / f64::from(count);
    if options.json {
        let measured =
            json!({ "connections": count, "resident_before": before, "resident_bytes": with_all, "bytes_each": each });
        result(&measured.to_string());
    } else {
        result(&format!(
            "{count} connections wait: {:.0} MB resident, {:.0} MB without them, {:.1} kB each",
            with_all as f64 / 1e6,
            before as f64 / 1e6,
            each / 1e3,
        ));
    }
    Ok(())
}

/// A connection that has made a call.
fn open(port: u16) -> anyhow::Result<TcpStream> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    call(&mut stream)?;
    Ok(stream)
}

/// A call on a connection that is kept.
fn call(stream: &mut TcpStream) -> anyhow::Result<()> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\n\r\n",
        product::PATH,
        key(0)
    );
    stream.write_all(request.as_bytes())?;
    // Head and body are far smaller than this and end with the brace of the body.
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece)?;
        if length == 0 {
            bail!("the connection was closed");
        }
        answer.extend_from_slice(&piece[..length]);
    }
    if !answer.starts_with(b"HTTP/1.1 200") {
        bail!("the answer was {:?}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}
