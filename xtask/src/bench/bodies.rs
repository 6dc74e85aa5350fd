//! `cargo xtask bench bodies`: a large body through the gateway and through nginx, in both directions.
//!
//! Client and upstream are threads of this program that do nothing but read and write, the same for both. The figures to
//! quote are the ratios of throughput and of CPU time to nginx's in the same round, and how much memory came on top.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;

use super::{
    Binary, key, median, peers,
    product::{self, Contents, Installation},
};
use crate::{
    server::{Scratch, Server, connect, pause},
    setup::{self, Scope},
    terminal::{note, result, step},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Length of the body in mebibytes
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    mebibytes: u64,
    /// How often each gets its turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

/// What is read or written at once.
const PIECE: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

impl Direction {
    const ALL: [Self; 2] = [Self::Down, Self::Up];

    fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// What one passage took.
struct Sample {
    bytes_per_second: f64,
    cpu_seconds: f64,
    /// The most that the program had on top of what it had before.
    added_bytes: u64,
}

/// What passes bodies on.
struct Passer {
    name: &'static str,
    server: Server,
    port: u16,
    path: &'static str,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Bench)?;
    let binary = options.binary.find(workspace)?;
    let scratch = Scratch::new("bench")?;
    let length = options.mebibytes << 20;
    let upstream = upstream(length)?;
    let (nginx, nginx_port) = peers::passing_nginx(&scratch, upstream)?;
    let contents = Contents {
        keys: 1,
        operations: 1,
        upstream,
    };
    let turnpike = Installation::make("turnpike", &binary, &scratch, &contents)?.serve(&key(0))?;
    let passers = [
        Passer {
            name: "nginx",
            server: nginx,
            port: nginx_port,
            path: peers::PATH,
        },
        Passer {
            name: "turnpike",
            server: turnpike.server,
            port: turnpike.gateway,
            path: product::PATH,
        },
    ];
    for direction in Direction::ALL {
        let mut rounds: [Vec<Sample>; 2] = Default::default();
        step(&format!("{} MiB {}", options.mebibytes, direction.name()), || {
            for round in 1..=options.rounds {
                note(&format!("round {round} of {}", options.rounds));
                for (passer, samples) in passers.iter().zip(&mut rounds) {
                    let sample = pass(passer, direction, length).with_context(|| format!("{} failed", passer.name))?;
                    samples.push(sample);
                }
            }
            Ok(())
        })?;
        print(direction, &passers, &rounds, options);
    }
    Ok(())
}

fn print(direction: Direction, passers: &[Passer], rounds: &[Vec<Sample>; 2], options: &Options) {
    let [base, _] = rounds;
    for (passer, samples) in passers.iter().zip(rounds) {
        let middle = |value: fn(&Sample) -> f64| median(samples.iter().map(value).collect());
        let ratio = |value: fn(&Sample) -> f64| {
            let pairs = samples.iter().zip(base);
            median(pairs.map(|(own, base)| value(own) / value(base)).collect())
        };
        let speed = middle(|sample| sample.bytes_per_second);
        let cpu = middle(|sample| sample.cpu_seconds);
        let added = samples
            .iter()
            .map(|sample| sample.added_bytes)
            .max()
            .unwrap_or_default();
        let (speed_ratio, cpu_ratio) = (
            ratio(|sample| sample.bytes_per_second),
            ratio(|sample| sample.cpu_seconds),
        );
        if options.json {
            let measured = json!({
                "direction": direction.name(), "target": passer.name, "bytes_per_second": speed, "cpu_seconds": cpu,
                "added_bytes": added, "speed_ratio_to_nginx": speed_ratio, "cpu_ratio_to_nginx": cpu_ratio,
            });
            result(&measured.to_string());
        } else {
            result(&format!(
                "{:5}{:10}{:9.0} MB/s {:6.2} s CPU {:8.1} MB added {:7.2} speed/nginx {:7.2} CPU/nginx",
                direction.name(),
                passer.name,
                speed / 1e6,
                cpu,
                added as f64 / 1e6,
                speed_ratio,
                cpu_ratio,
            ));
        }
    }
}

/// Sends one body through.
fn pass(passer: &Passer, direction: Direction, length: u64) -> anyhow::Result<Sample> {
    let resident = passer.server.resident_bytes()?;
    let cpu = passer.server.cpu_seconds()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let (seconds, most) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::Relaxed) {
                most = passer.server.resident_bytes().unwrap_or_default().max(most);
                pause();
            }
            most
        });
        let start = Instant::now();
        let done = call(passer, direction, length);
        let seconds = start.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        let most = watch.join().unwrap_or_default();
        done.map(|()| (seconds, most))
    })?;
    Ok(Sample {
        bytes_per_second: length as f64 / seconds,
        cpu_seconds: passer.server.cpu_seconds()? - cpu,
        added_bytes: most.saturating_sub(resident),
    })
}

fn call(passer: &Passer, direction: Direction, length: u64) -> anyhow::Result<()> {
    let mut stream = connect(passer.port)?;
    let framing = match direction {
        Direction::Down => "X-Send: 1\r\n".to_owned(),
        Direction::Up => format!("Content-Length: {length}\r\n"),
    };
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\n{framing}Connection: close\r\n\r\n",
        passer.path,
        key(0)
    );
    stream.write_all(head.as_bytes())?;
    if direction == Direction::Up {
        send(&mut stream, length)?;
    }
    let mut reader = BufReader::with_capacity(PIECE, stream);
    let (status, announced) = head_of(&mut reader)?;
    ensure!(status.contains(" 200"), "the answer was {status:?}");
    if direction == Direction::Down {
        ensure!(announced == length, "the answer announces {announced} bytes");
        let read = discard(&mut reader, length)?;
        ensure!(read == length, "only {read} bytes arrived");
    }
    Ok(())
}

/// Answers every call with a body of `length`, or reads the body that it brings and answers without one.
fn upstream(length: u64) -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    // Ends with this program.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, length));
        }
    });
    Ok(port)
}

fn serve(stream: TcpStream, length: u64) -> io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(PIECE, stream);
    loop {
        let mut wants_body = false;
        let mut announced = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let field = line.trim_end().to_ascii_lowercase();
            wants_body |= field.starts_with("x-send:");
            if let Some(value) = field.strip_prefix("content-length:") {
                announced = value.trim().parse().unwrap_or_default();
            }
            if field.is_empty() {
                break;
            }
        }
        discard(&mut reader, announced)?;
        let body = if wants_body { length } else { 0 };
        write!(
            out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body}\r\n\r\n"
        )?;
        send(&mut out, body)?;
    }
}

/// Status line and announced length of an answer.
fn head_of(reader: &mut impl io::BufRead) -> anyhow::Result<(String, u64)> {
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut announced = 0;
    loop {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "the answer ends within its head");
        let field = line.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            return Ok((status, announced));
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            announced = value.trim().parse().context("the length of the answer can't be read")?;
        }
    }
}

fn send(stream: &mut TcpStream, length: u64) -> io::Result<()> {
    let piece = vec![b'x'; PIECE];
    let mut left = length;
    while left > 0 {
        let size = left.min(PIECE as u64) as usize;
        stream.write_all(&piece[..size])?;
        left -= size as u64;
    }
    Ok(())
}

/// Reads so many bytes; returns how many there were.
fn discard(reader: &mut impl Read, length: u64) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut left = length;
    while left > 0 {
        let size = left.min(PIECE as u64) as usize;
        match reader.read(&mut piece[..size])? {
            0 => break,
            read => left -= read as u64,
        }
    }
    Ok(length - left)
}
