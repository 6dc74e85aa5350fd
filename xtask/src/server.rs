//! A server that a benchmark or a check starts: waited for, measured from outside, and stopped with it.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::workspace::find_program;

/// How long a server may take until it answers.
const START: Duration = Duration::from_mins(1);
/// How long a server may take to end by itself.
const STOP: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// Linux counts processes' time in hundredths of a second towards programs, whatever it counts in itself (`man 5 proc`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A folder for one run, removed with everything in it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder; `name` says what for.
    pub(crate) fn new(name: &str) -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("turnpike-{name}-{}", process::id()));
        fs::create_dir(&folder).with_context(|| format!("can't make {}", folder.display()))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and returns where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// When a server has started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ready<'a> {
    /// It accepts connections.
    Listens,
    /// It answers 200 to a `GET` with this key.
    Answers { path: &'a str, key: &'a str },
    /// It answers anything but 503, which a gateway says that has no configuration yet.
    IsConfigured { path: &'a str },
}

/// A running server; stopped when dropped.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts `name` with its output going to a log in the scratch folder, and waits until it is ready on `port`.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        scratch: &Scratch,
        port: u16,
        ready: Ready<'_>,
    ) -> anyhow::Result<Self> {
        let log = scratch.path().join(format!("{name}.log"));
        let file = fs::File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("can't start {name}"))?;
        let mut server = Self { child };
        let start = Instant::now();
        loop {
            let seen = match ready.look(port) {
                Ok(()) => return Ok(server),
                Err(seen) => seen,
            };
            let ended = server.child.try_wait()?;
            if ended.is_some() || start.elapsed() > START {
                let log = fs::read_to_string(&log).unwrap_or_default();
                bail!(
                    "{name} does not answer on port {port} ({seen}); it said:\n{}",
                    log.trim_end()
                );
            }
            pause();
        }
    }

    /// User and system time of the process and its children so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let ticks: u64 = self.family()?.iter().map(|(_, stat)| stat.ticks).sum();
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    /// Memory of the process and its children that is not swapped out, in bytes. Pages that they share count for each.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let resident = |(pid, _): &(u32, Stat)| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Ok(self.family()?.iter().filter_map(resident).sum::<u64>() * 1024)
    }

    /// The process and its children.
    fn family(&self) -> anyhow::Result<Vec<(u32, Stat)>> {
        let own = self.child.id();
        let mut family = Vec::new();
        for entry in fs::read_dir("/proc").context("CPU time is read from /proc, which only Linux has")? {
            let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            // Processes come and go while we look.
            let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
                continue;
            };
            let Some(stat) = Stat::parse(&stat) else { continue };
            if pid == own || stat.parent == own {
                family.push((pid, stat));
            }
        }
        if family.iter().all(|(pid, _)| *pid != own) {
            bail!("the server has ended");
        }
        Ok(family)
    }

    /// Ends it without asking.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for that.
    ///
    /// # Errors
    /// It does not end in time, or not well.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let start = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the server ended with {status}"),
                None if start.elapsed() > START => bail!("the server does not end"),
                None => pause(),
            }
        }
    }
}

impl Drop for Server {
    /// Asks it to end, and insists if it does not.
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let start = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if start.elapsed() > STOP {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            pause();
        }
    }
}

/// What we need of `/proc/PID/stat`.
pub(crate) struct Stat {
    parent: u32,
    ticks: u64,
    ticks_of_children: u64,
    /// Whether it has ended and only waits to be asked how.
    pub(crate) is_over: bool,
}

impl Stat {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The name in parentheses may hold anything, also spaces and parentheses.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            parent: number(1)?.try_into().ok()?,
            ticks: number(11)? + number(12)?,
            ticks_of_children: number(13)? + number(14)?,
            is_over: matches!(*fields.first()?, "Z" | "X"),
        })
    }

    /// User and system time of the process and of the children that it has waited for, in seconds.
    pub(crate) fn whole_cpu_seconds(&self) -> f64 {
        (self.ticks + self.ticks_of_children) as f64 / TICKS_PER_SECOND
    }
}

/// A program's command, found also where Debian keeps administrators' programs.
pub(crate) fn program(name: &str) -> anyhow::Result<Command> {
    Ok(Command::new(
        find_program(name).with_context(|| format!("{name} is missing"))?,
    ))
}

/// A port that nothing listens on. Another program may take it before it is used; then the start fails and says so.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Ports that nothing listens on, and that no connection gets for its own end (`net.ipv4.ip_local_port_range`): what is
/// killed finds its port free when it comes back, and nobody connects to himself in between.
pub(crate) fn quiet_ports() -> impl Iterator<Item = u16> {
    // Runs side by side begin at different ones.
    let first = 20_000 + (process::id() % 1_000) as u16 * 10;
    (first..32_000).filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

impl Ready<'_> {
    /// Whether it is so; else what was seen.
    fn look(self, port: u16) -> Result<(), String> {
        let seen = match self {
            Self::Listens => return connect(port).map(drop).map_err(|error| error.to_string()),
            Self::Answers { path, key } => status(port, path, &format!("X-Api-Key: {key}\r\n")),
            Self::IsConfigured { path } => status(port, path, ""),
        };
        match (self, seen) {
            (Self::Answers { .. }, Ok(200)) => Ok(()),
            (Self::IsConfigured { .. }, Ok(status)) if status != 503 => Ok(()),
            (_, Ok(status)) => Err(format!("status {status}")),
            (_, Err(error)) => Err(error.to_string()),
        }
    }
}

pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_secs(1))
}

/// The status that a `GET` gets.
pub(crate) fn status(port: u16, path: &str, fields: &str) -> io::Result<u16> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    let text = std::str::from_utf8(&answer[9..]).unwrap_or_default();
    text.parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// Waits a moment, for something outside to change.
#[expect(
    clippy::disallowed_methods,
    reason = "no runtime here, and another process's state can only be polled"
)]
pub(crate) fn pause() {
    std::thread::sleep(POLL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_odd_names() {
        let stat = Stat::parse("42 (a) b (c)) S 7 42 42 0 -1 4194304 100 0 0 0 250 30 0 0 20 0 1 0 100 0 0").unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.is_over), (7, 280, false));
        assert!(Stat::parse("42 (x").is_none());
    }
}
