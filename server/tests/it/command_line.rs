//! The program as its users run it: output, one-line errors, exit codes.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use server::temporary::TemporaryFolder;

/// The program, not started yet.
pub(crate) fn turnpike() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    turnpike().args(arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Insists on exit code 1 with one line on standard error.
#[track_caller]
fn one_line(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("turnpike: "), "{text}");
    text
}

fn path(folder: &TemporaryFolder, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn an_unknown_flag_is_named_with_the_nearest_one() {
    let output = run(&["serve", "--gatway", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("--gatway") && text.contains("'--gateway'"), "{text}");
}

#[test]
fn a_taken_port_is_one_line() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = path(&folder, "data");
    for (flag, other) in [("--portal", "--gateway"), ("--gateway", "--portal")] {
        let output = run(&["serve", "--data", &data, flag, &address, other, "127.0.0.1:0"]);
        let line = one_line(&output);
        assert!(line.contains(&address) && line.contains(flag), "{line}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_line() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let file = path(&folder, "file");
    std::fs::write(&file, "not a folder").unwrap();
    let data = format!("{file}/data");
    let line = one_line(&run(&[
        "serve",
        "--data",
        &data,
        "--portal",
        "127.0.0.1:0",
        "--gateway",
        "127.0.0.1:0",
    ]));
    assert!(line.contains(&data), "{line}");
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    use sea_orm::{ConnectionTrait as _, Database};
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let data = path(&folder, "data");
    let made = run(&[
        "account",
        "create",
        "--email",
        "a@b.example",
        "--name",
        "A",
        "--password",
        "long enough",
        "--data",
        &data,
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let db = Database::connect(format!("sqlite://{data}/turnpike.db")).await.unwrap();
    let change = "INSERT INTO schema_migration (version, applied_at) VALUES ('m29990101_000001_hoverboards', 0)";
    db.execute_unprepared(change).await.unwrap();
    db.close().await.unwrap();
    let line = one_line(&run(&[
        "serve",
        "--data",
        &data,
        "--portal",
        "127.0.0.1:0",
        "--gateway",
        "127.0.0.1:0",
        "--operations",
        "127.0.0.1:0",
    ]));
    assert!(line.contains("newer") && line.contains("hoverboards"), "{line}");
}

#[test]
fn an_account_is_made_once_and_its_password_is_not_an_argument() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let data = path(&folder, "data");
    let create = |password: &str| {
        let mut child = turnpike()
            .args([
                "account",
                "create",
                "--email",
                "Op@Turnpike.Example",
                "--name",
                "Op",
                "--password-stdin",
                "--operator",
            ])
            .args(["--data", &data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(format!("{password}\n").as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let line = one_line(&create("short"));
    assert!(line.contains("--password: Use at least 10 characters."), "{line}");
    let made = create("long enough");
    assert_eq!(
        stdout(&made),
        "Made the operator account op@turnpike.example.\n",
        "{}",
        stderr(&made)
    );
    assert!(one_line(&create("another one")).contains("already"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_document_is_inspected() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let (good, bad) = (path(&folder, "good.yaml"), path(&folder, "bad.yaml"));
    std::fs::write(&good, crate::product::PETS).unwrap();
    std::fs::write(&bad, "openapi: 3.1.0\npaths: [").unwrap();
    let output = run(&["spec", "inspect", &good, "--format", "json"]);
    assert!(output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["format"], &report["operations"]),
        (&"openapi-3.1".into(), &8.into()),
        "{report}"
    );
    let output = run(&["spec", "inspect", &bad, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["format"], &report["diagnostics"][0]["severity"]),
        (&serde_json::Value::Null, &"error".into())
    );
    assert!(stdout(&run(&["spec", "inspect", &good])).starts_with("Petstore 1.4 (openapi-3.1)\n"));
    assert!(one_line(&run(&["spec", "inspect", "/no/such/file"])).contains("/no/such/file"));
}

#[test]
fn serve_says_where_it_is_and_stops_when_told() {
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let data = path(&folder, "data");
    let mut child = turnpike()
        .args([
            "serve",
            "--data",
            &data,
            "--portal",
            "127.0.0.1:0",
            "--gateway",
            "127.0.0.1:0",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.by_ref().take(4).collect();
    assert!(said[0].starts_with("Portal   http://127.0.0.1:"), "{said:?}");
    assert!(said[1].starts_with("Gateway  http://127.0.0.1:"), "{said:?}");
    assert_eq!(said[2], format!("Data     {data}"));
    assert!(said[3].contains("operator"), "{said:?}");
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(Path::new(&data).join("turnpike.db").exists());
}
