//! `turnpike gateway rehearse`: drafts over the log of a real gateway.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    browser::Browser,
    command_line::{run, stderr, stdout, turnpike},
    stopping::Process,
};

/// Waits until a log has so many lines.
async fn wait_for_lines(path: &Path, count: usize) {
    let since = Instant::now();
    while fs::read_to_string(path).unwrap_or_default().lines().count() < count {
        assert!(since.elapsed() < Duration::from_mins(1));
        tokio::task::yield_now().await;
    }
}

/// The manifest of the installation with policies of its version.
fn write_draft(folder: &Path, policies: &str) -> String {
    let text = fs::read_to_string(folder.join("manifest.yaml")).unwrap();
    let wanted = "            access: anonymous\n";
    assert!(text.contains(wanted), "{text}");
    let text = text.replace(wanted, &format!("{wanted}            policies: {policies}\n"));
    let path = folder.join("draft.yaml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_held_against_what_was_called() {
    let folder = server::temporary::TemporaryFolder::new("turnpike-it").unwrap();
    let log = folder.path().join("access.log");
    let log_text = log.to_str().unwrap().to_owned();
    let process = Process::start(&["--access-log", "all", "--access-log-file", &log_text]).await;
    let mut caller = Browser::new(process.gateway);
    for _ in 0..4 {
        caller.get("/acme/slow/v1/quick").await.expect(200);
    }
    caller.get("/acme/slow/v1/nothing").await.expect(404);
    wait_for_lines(&log, 5).await;
    let data = process.folder().join("data").to_str().unwrap().to_owned();
    let rehearse = |draft: &str, flags: &[&str]| -> Output {
        let mut arguments = vec!["gateway", "rehearse", draft, "--data", &data];
        arguments.extend(flags);
        run(&arguments)
    };
    let report = |draft: &str| -> Value {
        let output = rehearse(draft, &["--log", &log_text, "--json", "--examples", "1"]);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    };

    let limit = "{ rate_limits: [{ by: ip, requests: 3, per: 1d }], headers: { response: { remove: [Server] } } }";
    let found = report(&write_draft(process.folder(), limit));
    assert_eq!(
        found["calls"],
        serde_json::json!({ "all": 5, "changed": 1 }),
        "{found:#}"
    );
    assert_eq!(found["consumers"], serde_json::json!({ "all": 1, "changed": 1 }));
    let change = &found["changes"][0];
    assert_eq!(
        (&change["version"], &change["operation"]),
        (&"acme/slow/v1".into(), &"get-quick".into())
    );
    assert_eq!(change["now"]["outcome"], "passes");
    assert_eq!(
        (&change["draft"]["status"], &change["draft"]["reason"]),
        (&429.into(), &"calls-limited".into())
    );
    assert_eq!(change["examples"][0]["path"], "/acme/slow/v1/quick");
    let drafted: Vec<_> = found["draft"].as_array().unwrap().iter().collect();
    assert_eq!(drafted.len(), 2);
    assert!(
        drafted
            .iter()
            .any(|line| line["policy"] == "rate_limits" && line["not_judged"].is_null())
    );
    assert!(
        drafted
            .iter()
            .any(|line| line["policy"] == "headers" && line["not_judged"].is_string())
    );

    let draft = write_draft(process.folder(), "{ ip: { deny: [127.0.0.0/8] } }");
    let output = rehearse(&draft, &["--log", &log_text]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for says in [
        "draft      policy ip of acme/slow/v1",
        "4 of 5 calls would change (80.0 %), of 1 of 1 consumers, from 20",
        "acme/slow/v1 get-quick  passes  403 address-forbidden",
        " GET /acme/slow/v1/quick 127.0.0.1",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }

    // Nothing was written: the gateway goes on, and the same manifest says nothing new.
    caller.get("/acme/slow/v1/quick").await.expect(200);
    let manifest = process.folder().join("manifest.yaml").to_str().unwrap().to_owned();
    let unchanged = stdout(&run(&["apply", &manifest, "--data", &data, "--dry-run"]));
    assert_eq!(unchanged, "No changes.\n");

    // Lines that are none are counted; what is not there is said.
    let logged = fs::read_to_string(&log).unwrap();
    let first = logged
        .lines()
        .next()
        .unwrap()
        .replace("\"sampled_one_in\":1", "\"sampled_one_in\":10");
    let mut child = turnpike()
        .args(["gateway", "rehearse", &manifest, "--data", &data, "--log", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        format!("nonsense\n\n{first}\n").as_bytes(),
    )
    .unwrap();
    let text = stdout(&child.wait_with_output().unwrap());
    for says in [
        "in force already",
        "0 of 1 calls would change (0.0 %)",
        "1 lines can't be read; the first is line 1: it is no line of an access log",
        "one call in 10",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }
    // What was refused by something that is not replayed neither passes nor takes from a limit.
    let quick = logged.lines().find(|line| line.contains("/quick")).unwrap();
    // A file of its own: the gateway may still write the other one.
    let log = process.folder().join("refused.log");
    let log_text = log.to_str().unwrap().to_owned();
    let invalid = quick.replace("\"reason\":null", "\"reason\":\"invalid-request\"");
    fs::write(&log, format!("{invalid}\n{invalid}\n{invalid}\n{quick}\n")).unwrap();
    let limit = write_draft(process.folder(), "{ rate_limits: [{ by: ip, requests: 1, per: 1d }] }");
    let output = rehearse(&limit, &["--log", &log_text, "--json"]);
    let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        found["calls"],
        serde_json::json!({ "all": 4, "changed": 0 }),
        "{found:#}"
    );
    assert_eq!(
        found["log"]["refused_elsewhere"],
        serde_json::json!({ "invalid-request": 3 })
    );
    let printed = stdout(&rehearse(&limit, &["--log", &log_text]));
    let says =
        "3 calls were refused elsewhere, by what is not replayed, and take nothing from limits: 3 invalid-request.";
    assert!(printed.contains(says), "{printed}");
    let draft = write_draft(process.folder(), "{ ip: { deny: [127.0.0.0/8] } }");
    let printed = stdout(&rehearse(&draft, &["--log", &log_text]));
    assert!(
        printed.contains("elsewhere: invalid-request  403 address-forbidden"),
        "{printed}"
    );
    let elsewhere = fs::read_to_string(&draft).unwrap().replace("slug: slow", "slug: fast");
    fs::write(&draft, elsewhere).unwrap();
    let text = stdout(&rehearse(&draft, &["--log", &log_text]));
    assert!(text.contains("skipped    api acme/fast: it does not exist"), "{text}");
    process.signal("-KILL");
}

#[test]
fn what_is_not_there_is_one_line() {
    let folder = server::temporary::TemporaryFolder::new("turnpike-it").unwrap();
    let draft = folder.path().join("draft.yaml");
    fs::write(&draft, "turnpike: 1\n").unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (draft, data, log) = (path("draft.yaml"), path("data"), path("access.log"));
    let output = run(&["gateway", "rehearse", &draft, "--data", &data, "--log", &log]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("access.log cannot be read"),
        "{}",
        stderr(&output)
    );
    fs::write(&log, "").unwrap();
    let output = run(&["gateway", "rehearse", &draft, "--data", &data, "--log", &log]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no data folder"), "{}", stderr(&output));
    assert!(!folder.path().join("data").exists());
}
