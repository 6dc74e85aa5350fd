//! `turnpike apply`: idempotent, strict, planned, pruned, and beside a server.

use std::{fs, process::Output};

use server::temporary::TemporaryFolder;

use crate::{
    browser::call,
    command_line::{run, stderr, stdout},
    product::{PETS, Product},
    upstream,
};

/// A manifest with its document in a folder, beside the data folder of an installation.
struct Sheet {
    folder: TemporaryFolder,
    text: String,
}

const MANIFEST: &str = r#"turnpike: 1
organizations:
  - slug: acme
    name: Acme
    members: [{ email: owner@acme.example, role: owner, password: "correct horse battery" }]
    apis:
      - slug: petstore
        name: Petstore
        summary: Pets, over HTTP.
        tags: [animals]
        versions:
          - name: v1
            state: deprecated
            spec: ./petstore.yaml
            upstream: { targets: [{ url: "http://{upstream}" }] }
            deprecation: { since: 2026-01-01T00:00:00Z, sunset: 2099-01-01T00:00:00Z, successor: v2, guide: ./guide.md }
          - name: v2
            state: published
            spec: ./petstore.yaml
            access: anonymous
            upstream: { targets: [{ url: "http://{upstream}", weight: 2 }] }
    plans:
      - slug: free
        name: Free
        apis: [petstore]
        price: { model: free }
        rate_limits: [{ requests: 10, per: 1s, burst: 20 }]
        quota: { requests: 1000, per: month }
        approval: automatic
      - slug: pro
        name: Pro
        apis: [petstore]
applications:
  - slug: demo-app
    owner: { email: dev@consumer.example, password: "correct horse battery" }
    subscriptions: [{ plan: acme/free }]
    keys: [{ value: "a-fixed-key-for-tests" }]
"#;

const KEY: &str = "a-fixed-key-for-tests";

impl Sheet {
    fn new(upstream: &str) -> Self {
        let folder = TemporaryFolder::new("turnpike-it").unwrap();
        fs::write(folder.path().join("petstore.yaml"), PETS).unwrap();
        fs::write(folder.path().join("guide.md"), "# Move on\n").unwrap();
        Self {
            folder,
            text: MANIFEST.replace("{upstream}", upstream),
        }
    }

    /// The manifest with some text replaced.
    fn with(&self, from: &str, to: &str) -> String {
        assert!(self.text.contains(from), "{from}");
        self.text.replace(from, to)
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn apply(&self, text: &str, flags: &[&str]) -> Output {
        let file = self.folder.path().join("manifest.yaml");
        fs::write(&file, text).unwrap();
        let (file, data) = (
            file.to_str().unwrap().to_owned(),
            self.data().to_str().unwrap().to_owned(),
        );
        let mut arguments = vec!["apply", &file, "--data", &data, "--allow-private-upstreams"];
        arguments.extend(flags);
        run(&arguments)
    }

    /// What was changed, without the closing count.
    #[track_caller]
    fn changes(&self, text: &str, flags: &[&str]) -> Vec<String> {
        let output = self.apply(text, flags);
        assert!(output.status.success(), "{}", stderr(&output));
        let mut lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
        lines.pop();
        lines
    }
}

#[test]
fn a_second_run_changes_nothing_and_a_plan_tells_what_would() {
    let sheet = Sheet::new("127.0.0.1:9");
    let text = sheet.text.clone();
    let planned = sheet.changes(&text, &["--dry-run"]);
    assert!(!sheet.data().exists(), "a plan makes no installation");
    let done = sheet.changes(&text, &[]);
    assert_eq!(planned, done);
    assert!(
        done.contains(&"deprecate  version acme/petstore/v1".to_owned()),
        "{done:#?}"
    );
    assert_eq!(stdout(&sheet.apply(&text, &[])), "No changes.\n");
    assert_eq!(stdout(&sheet.apply(&text, &["--dry-run", "--prune"])), "No changes.\n");

    let other = sheet
        .with("requests: 1000", "requests: 2000")
        .replace("name: Pro", "name: Professional");
    let expected = ["update     plan acme/free", "update     plan acme/pro"];
    assert_eq!(sheet.changes(&other, &["--dry-run"]), expected);
    assert_eq!(sheet.changes(&other, &[]), expected);
    assert_eq!(
        sheet.changes(&sheet.with("acme/free }]", "acme/pro }]"), &[]).len(),
        3,
        "back, and to the other plan"
    );
}

#[test]
fn what_is_no_longer_named_goes_when_asked() {
    let sheet = Sheet::new("127.0.0.1:9");
    let text = sheet.text.clone();
    sheet.changes(&text, &[]);
    let second = &text[text.find("          - name: v2").unwrap()..text.find("    plans:").unwrap()];
    let less = text.replace(second, "").replace("successor: v2, ", "");
    let plan = &text[text.find("      - slug: pro").unwrap()..text.find("applications:").unwrap()];
    let less = less
        .replace(plan, "")
        .replace(&format!("[{{ value: \"{KEY}\" }}]"), "[]");
    assert_eq!(sheet.changes(&less, &[]), ["deprecate  version acme/petstore/v1"]);
    let pruned = sheet.changes(&less, &["--prune"]);
    assert_eq!(pruned.len(), 3, "{pruned:#?}");
    assert!(pruned[0].starts_with("revoke     key a-fixed…ests"), "{pruned:#?}");
    assert_eq!(
        pruned[1..],
        ["retire     version acme/petstore/v2", "delete     plan acme/pro"]
    );
    assert_eq!(stdout(&sheet.apply(&less, &["--prune"])), "No changes.\n");
}

#[test]
fn mistakes_are_refused_before_anything_changes() {
    let sheet = Sheet::new("127.0.0.1:9");
    for (from, to, said) in [
        (
            "summary:",
            "sumary:",
            "organizations[0].apis[0]: unknown field `sumary`; did you mean `summary`?",
        ),
        ("access: anonymous", "host: api.example", "host"),
        ("access: anonymous", "base_path: /", "base_path"),
        ("access: anonymous", "policies: { cors: {} }", "policies"),
        ("model: free", "model: tiered", "`tiered` is not there yet"),
        ("tags: [animals]", "guides: [{ slug: a }]", "guides"),
        ("./petstore.yaml", "./nowhere.yaml", "nowhere.yaml"),
        (
            "./petstore.yaml",
            "./guide.md",
            "versions[0].spec: the document cannot be imported",
        ),
        ("apis: [petstore]", "apis: [petstor]", "did you mean `petstore`?"),
        (KEY, "short", "applications[0].keys[0].value"),
        ("http://127.0.0.1:9", "ftp://127.0.0.1:9", "`ftp` is not supported"),
        ("slug: acme", "slug: Acme!", "organizations[0].slug"),
        ("turnpike: 1", "turnpike: 2", "version 2"),
    ] {
        let output = sheet.apply(&sheet.with(from, to), &[]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{to}: {text}");
        assert!(text.contains("manifest.yaml") && text.contains(said), "{to}: {text}");
    }
    let output = sheet.apply(&sheet.with("127.0.0.1:9", "169.254.169.254"), &[]);
    assert!(stderr(&output).contains("versions[0].upstream"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_beside_a_server_and_waits_for_its_gateway() {
    let (upstream, _) = upstream::start().await;
    let sheet = std::sync::Arc::new(Sheet::new(&upstream.to_string()));
    let product = Product::start_in(&sheet.data()).await;
    let apply = async |text: String| {
        let sheet = sheet.clone();
        tokio::task::spawn_blocking(move || sheet.changes(&text, &["--wait"]))
            .await
            .unwrap()
    };
    apply(sheet.text.clone()).await;
    let gateway = product.gateway();
    let answer = call(gateway, KEY, "/acme/petstore/v1/pets").await.expect(200);
    assert!(answer.header("link").contains("successor-version"), "{answer:?}");
    // Applying and serving may use other revisions: only what is waited for counts.
    apply(
        sheet
            .with("state: published", "state: retired")
            .replace("successor: v2, ", ""),
    )
    .await;
    call(gateway, KEY, "/acme/petstore/v2/pets").await.expect(410);
    product.stop().await;
}
