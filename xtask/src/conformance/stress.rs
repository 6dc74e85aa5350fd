//! Suites that run other people's programs against the gateway: callers that are slow on purpose, a look at its TLS, and
//! load while the upstream is killed.

use std::{
    io,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    Score,
    product::{self, Api, PREFIX, Product, Started},
};
use crate::{
    process,
    server::{Ready, Scratch, Server, connect, free_port, pause, program, quiet_ports},
    workspace::Workspace,
};

const API: Api = Api {
    operations: &[
        (&["get"], "/items/{id}"),
        (&["get"], "/large/{id}"),
        (&["post"], "/echo/{id}"),
    ],
    upstream: "",
    policies: "",
};

/// Attacks of slowhttptest: their name, what tells it which, and the path that they call. Each runs for half a minute,
/// twice the time that a head may take.
const ATTACKS: [(&str, &[&str], &str); 4] = [
    ("slow headers", &["-H", "-i", "2", "-t", "GET", "-x", "24"], "/items/1"),
    (
        "slow body",
        &["-B", "-i", "2", "-t", "POST", "-s", "8192", "-x", "10"],
        "/echo/1",
    ),
    ("ranges", &["-R", "-t", "GET", "-a", "10", "-b", "3000"], "/large/1"),
    (
        "slow read",
        &["-X", "-w", "512", "-y", "1024", "-n", "2", "-z", "32", "-k", "3"],
        // Many times what a caller reads in the time, and little enough that making it is no attack of its own.
        "/large/1?bytes=200000",
    ),
];
const ATTACK_SECONDS: &str = "30";
/// Connections of an attack, how many of them a second, and the seconds in which somebody else must be served.
const ATTACK: [&str; 6] = ["-c", "500", "-r", "100", "-p", "3"];

/// How often the upstream dies under load, and how long it lives and stays away.
const DEATHS: u32 = 4;
const LIFE: Duration = Duration::from_millis(1200);
const ABSENCE: Duration = Duration::from_millis(600);
/// Connections that wrk and h2load have.
const CONNECTIONS: u64 = 16;

/// An origin of ours: the one that soaks have.
fn origin(scratch: &Scratch, port: u16) -> anyhow::Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["soak-origin", &port.to_string(), "origin"]);
    Server::start("origin", &mut command, scratch, port, Ready::Listens)
}

fn gateway(binary: &Path, scratch: &Scratch, upstream: u16, arguments: &[String]) -> anyhow::Result<Product> {
    match product::start_with(binary, scratch, &API, upstream, arguments)? {
        Started::Running(product) => Ok(product),
        Started::NotSupported(said) => anyhow::bail!("turnpike refuses the manifest: {said}"),
    }
}

/// slowhttptest's attacks: somebody else is served all the time.
pub(super) fn slow(binary: &Path) -> anyhow::Result<Score> {
    let scratch = Scratch::new("slow")?;
    let upstream = free_port()?;
    let _origin = origin(&scratch, upstream)?;
    let gateway = gateway(binary, &scratch, upstream, &[])?;
    let mut score = Score::default();
    for (name, arguments, path) in ATTACKS {
        let mut attack = program("slowhttptest")?;
        attack.args(ATTACK).args(arguments).args(["-l", ATTACK_SECONDS, "-u"]);
        attack.arg(format!("http://127.0.0.1:{}{PREFIX}{path}", gateway.port));
        let report = process::output(&mut attack)?;
        let seen: Vec<bool> = report.lines().filter_map(is_available).collect();
        score.add(
            name,
            !seen.is_empty() && seen.iter().all(|is| *is),
            &format!("{seen:?}"),
        );
    }
    Ok(score)
}

/// `service available:   YES`, in colours.
fn is_available(line: &str) -> Option<bool> {
    Some(line.split_once("service available:")?.1.contains("YES"))
}

/// What sslscan finds at the listener with TLS.
pub(super) fn tls(binary: &Path) -> anyhow::Result<Score> {
    let scratch = Scratch::new("tls")?;
    let upstream = free_port()?;
    let _origin = origin(&scratch, upstream)?;
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| scratch.path().join(name));
    let mut openssl = program("openssl")?;
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]);
    openssl.args([
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    // It draws its progress on standard error.
    let made = openssl.output().context("can't start openssl")?;
    process::check(&openssl, made.status)?;
    let port = free_port()?;
    let arguments = [
        "--gateway-tls".to_owned(),
        format!("127.0.0.1:{port}"),
        "--tls-certificate".to_owned(),
        format!("{},{}", certificate.display(), key.display()),
    ];
    let _gateway = gateway(binary, &scratch, upstream, &arguments)?;
    wait_for(port)?;
    let mut sslscan = program("sslscan")?;
    sslscan.args(["--no-colour", "--sni-name=localhost", &format!("127.0.0.1:{port}")]);
    Ok(judge_tls(&process::output(&mut sslscan)?))
}

fn wait_for(port: u16) -> io::Result<()> {
    let started = Instant::now();
    loop {
        match connect(port) {
            Ok(_) => return Ok(()),
            Err(error) if started.elapsed() > Duration::from_secs(20) => return Err(error),
            Err(_) => pause(),
        }
    }
}

fn judge_tls(report: &str) -> Score {
    let mut score = Score::default();
    let protocols = ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    for protocol in protocols {
        let state = report
            .lines()
            .find_map(|line| line.strip_prefix(protocol))
            .map(str::trim);
        let expected = if matches!(protocol, "TLSv1.2" | "TLSv1.3") {
            "enabled"
        } else {
            "disabled"
        };
        score.add(
            &format!("{protocol} is {expected}"),
            state == Some(expected),
            &format!("{state:?}"),
        );
    }
    // `Accepted  TLSv1.2  256 bits  ECDHE-ECDSA-AES256-GCM-SHA384 Curve 25519 DHE 253`
    let ciphers: Vec<Vec<&str>> = report
        .lines()
        .filter(|line| line.starts_with("Preferred ") || line.starts_with("Accepted "))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let weak: Vec<&Vec<&str>> = ciphers.iter().filter(|words| !is_strong(words)).collect();
    score.add(
        "ciphers are strong",
        !ciphers.is_empty() && weak.is_empty(),
        &format!("{weak:?}"),
    );
    for (name, sign) in [
        ("no heartbleed", " vulnerable to heartbleed"),
        ("no insecure renegotiation", "Insecure session renegotiation supported"),
        ("no compression", "Compression enabled"),
    ] {
        let found = report
            .lines()
            .find(|line| line.contains(sign) && !line.contains(" not vulnerable"));
        score.add(name, found.is_none(), &format!("{found:?}"));
    }
    score
}

/// Authenticated encryption with at least 128 bits, and keys that nobody can make again later.
fn is_strong(words: &[&str]) -> bool {
    let (Some(bits), Some(name)) = (words.get(2), words.get(4)) else {
        return false;
    };
    let is_sealed = name.contains("GCM") || name.contains("CHACHA20");
    let is_forward = name.starts_with("ECDHE-") || name.starts_with("TLS_");
    bits.parse::<u32>().is_ok_and(|bits| bits >= 128) && is_sealed && is_forward
}

/// wrk and h2load while the upstream is killed and comes back: its answers, or what is promised in their place.
pub(super) fn load(workspace: &Workspace, binary: &Path) -> anyhow::Result<Score> {
    let scratch = Scratch::new("load")?;
    let upstream = quiet_ports().next().context("every port is taken")?;
    let gateway = gateway(binary, &scratch, upstream, &[])?;
    let url = format!("http://127.0.0.1:{}{PREFIX}/items/", gateway.port);
    let connections = CONNECTIONS.to_string();
    let seconds = ((LIFE + ABSENCE) * DEATHS).as_secs().to_string();
    let mut score = Score::default();

    let mut wrk = program("wrk")?;
    wrk.args(["-t2", "-c", &connections, "-d", &seconds, "-s"]);
    wrk.arg(workspace.root.join("xtask/conformance/interrupted.lua"))
        .arg(&url);
    let report = under_deaths(&scratch, upstream, &mut wrk)?;
    let line = report.lines().find_map(|line| line.strip_prefix("interrupted "));
    let line = line.context("the script of wrk says nothing")?;
    let number = |name: &str| {
        let mut words = line.split(' ').skip_while(|word| *word != name);
        words.nth(1).and_then(|number| number.parse::<u64>().ok())
    };
    let is_right = number("good") > Some(100) && number("failed") > Some(0) && number("wrong") == Some(0);
    score.add("wrk gets what is promised", is_right, line);
    // Answers that had begun when the upstream died; the gateway itself is always there.
    let most = CONNECTIONS * u64::from(DEATHS);
    let is_there = number("unconnected") == Some(0) && number("late") == Some(0) && number("broken") <= Some(most);
    score.add("wrk loses no connection", is_there, line);

    let mut h2load = program("h2load")?;
    h2load.args(["-c", &connections, "-m", "8", "-D", &seconds, &format!("{url}h2")]);
    let report = under_deaths(&scratch, upstream, &mut h2load)?;
    let codes = report.lines().find_map(|line| line.strip_prefix("status codes: "));
    let codes = codes.context("h2load tells no status codes")?;
    let counts: Vec<u64> = codes
        .split(',')
        .filter_map(|part| part.split_whitespace().next()?.parse().ok())
        .collect();
    let is_right = matches!(counts[..], [good, 0, 0, failed] if good > 100 && failed > 0);
    score.add("h2load gets what is promised", is_right, codes);
    Ok(score)
}

/// Runs the program, and kills the upstream with signal 9 in the meantime, again and again. It lives in the end.
fn under_deaths(scratch: &Scratch, port: u16, command: &mut Command) -> anyhow::Result<String> {
    let mut alive = origin(scratch, port)?;
    thread::scope(|scope| {
        let report = scope.spawn(|| process::output(command));
        for _ in 0..DEATHS {
            wait(LIFE);
            alive.kill()?;
            wait(ABSENCE);
            alive = origin(scratch, port)?;
        }
        report.join().map_err(|_| anyhow::anyhow!("the thread panicked"))?
    })
}

#[expect(clippy::disallowed_methods, reason = "no runtime here, and load is a matter of time")]
fn wait(length: Duration) {
    thread::sleep(length);
}

impl Score {
    fn add(&mut self, name: &str, is_right: bool, why: &str) {
        if is_right {
            self.passed += 1;
        } else {
            self.failed.push(format!("{name}: {why}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_slowhttptest() {
        assert_eq!(
            is_available("\u{1b}[1;32mservice available:\u{1b}[1;32m   \u{1b}[1;32mYES\u{1b}[0m"),
            Some(true)
        );
        assert_eq!(is_available("service available:   NO"), Some(false));
        assert_eq!(is_available("closed:      0"), None);
    }

    #[test]
    fn weak_tls_is_found() {
        let report = "SSLv2     disabled\nSSLv3     disabled\nTLSv1.0   disabled\nTLSv1.1   enabled\nTLSv1.2   enabled\n\
            TLSv1.3   enabled\n  TLS Fallback SCSV:\nTLSv1.2 not vulnerable to heartbleed\n\
            Preferred TLSv1.3  128 bits  TLS_AES_128_GCM_SHA256        Curve 25519 DHE 253\n\
            Accepted  TLSv1.2  256 bits  AES256-SHA\n";
        let score = judge_tls(report);
        assert_eq!(score.passed, 8);
        let failed = score.failed.join("; ");
        assert!(
            failed.starts_with("TLSv1.1 is disabled") && failed.contains("AES256-SHA"),
            "{failed}"
        );
    }
}
