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
        let mut arguments = vec!["apply", &file, "--data", &data];
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
fn versions_have_places_of_their_own() {
    let sheet = Sheet::new("127.0.0.1:9");
    sheet.changes(&sheet.text, &[]);
    let placed = sheet.with(
        "access: anonymous",
        "host: API.acme.example\n            base_path: /v2\n            paths: open\n            access: anonymous",
    );
    let expected = ["set        routing of acme/petstore/v2"];
    assert_eq!(sheet.changes(&placed, &["--dry-run"]), expected);
    assert_eq!(sheet.changes(&placed, &[]), expected);
    assert_eq!(stdout(&sheet.apply(&placed, &[])), "No changes.\n");
    let both = placed.replace(
        "state: deprecated",
        "host: api.acme.example\n            base_path: /v2/\n            state: deprecated",
    );
    let output = sheet.apply(&both, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("versions[0].host: petstore/v2 answers there."), "{said}");
    let chosen = both.replace(
        "state: deprecated",
        "match: { header: Api-Version, value: \"1\" }\n            state: deprecated",
    );
    assert_eq!(sheet.changes(&chosen, &[]), ["set        routing of acme/petstore/v1"]);
    assert_eq!(sheet.changes(&sheet.text, &[]).len(), 2, "what is left out goes");
}

#[test]
fn rules_of_organizations_are_files_or_written_there() {
    let sheet = Sheet::new("127.0.0.1:9");
    let rules = sheet.folder.path().join("rules.yaml");
    fs::write(&rules, "# ours\nextends: turnpike\nrules: { info-contact: off }\n").unwrap();
    let file = sheet.with("    name: Acme\n", "    name: Acme\n    ruleset: ./rules.yaml\n");
    let done = sheet.changes(&file, &[]);
    assert!(done.contains(&"set        rules of acme".to_owned()), "{done:#?}");
    assert_eq!(stdout(&sheet.apply(&file, &[])), "No changes.\n");
    let inline = sheet.with(
        "    name: Acme\n",
        "    name: Acme\n    ruleset: { extends: turnpike }\n",
    );
    assert_eq!(sheet.changes(&inline, &[]), ["set        rules of acme"]);
    assert_eq!(stdout(&sheet.apply(&inline, &[])), "No changes.\n");
    assert_eq!(
        stdout(&sheet.apply(&sheet.text, &[])),
        "No changes.\n",
        "what is not named stays"
    );
    assert_eq!(sheet.changes(&sheet.text, &["--prune"]), ["remove     rules of acme"]);
    for (wrong, said) in [
        (
            "{ rules: { no-such-rule: error } }",
            "organizations[0].ruleset.rules.no-such-rule",
        ),
        ("./nowhere.yaml", "nowhere.yaml cannot be read"),
    ] {
        let text = sheet.with("    name: Acme\n", &format!("    name: Acme\n    ruleset: {wrong}\n"));
        let refused = stderr(&sheet.apply(&text, &[]));
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn documents_are_files_or_folders_with_overlays() {
    let sheet = Sheet::new("127.0.0.1:9");
    let folder = sheet.folder.path().join("pets");
    fs::create_dir_all(folder.join("schemas")).unwrap();
    let entry = "openapi: 3.1.0\ninfo: { title: Pets, version: '1' }\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      responses: { '200': { description: ok, content: { application/json: { schema: { $ref: schemas/Pet.yaml } } } } }\n";
    fs::write(folder.join("openapi.yaml"), entry).unwrap();
    fs::write(folder.join("schemas/Pet.yaml"), "type: object\n").unwrap();
    let overlay = |name: &str, update: &str| {
        let text = format!(
            "overlay: 1.0.0\ninfo: {{ title: Words, version: '1' }}\nactions:\n  - target: $.info\n    update: {update}\n"
        );
        fs::write(sheet.folder.path().join(name), text).unwrap();
    };
    overlay("words.yaml", "{ summary: Animals }");
    overlay("wrong.yaml", "text");
    let spec = "            spec: ./petstore.yaml\n";
    assert!(sheet.text.contains(spec), "{}", sheet.text);
    let named = |lines: &str| sheet.text.replacen(spec, lines, 1);
    let from_folder = named("            spec: ./pets/\n");
    assert!(!sheet.changes(&from_folder, &[]).is_empty());
    assert_eq!(stdout(&sheet.apply(&from_folder, &[])), "No changes.\n");
    let with_overlay = named("            spec: ./pets/\n            overlays: [./words.yaml]\n");
    assert_eq!(
        sheet.changes(&with_overlay, &[]),
        ["upload     spec of acme/petstore/v1"]
    );
    assert_eq!(stdout(&sheet.apply(&with_overlay, &[])), "No changes.\n");
    let refused = stderr(&sheet.apply(
        &named("            spec: ./pets/\n            overlays: [./words.yaml, ./wrong.yaml]\n"),
        &[],
    ));
    assert!(
        refused.contains("wrong.yaml:4:") && refused.contains("$.info"),
        "{refused}"
    );
    let refused = stderr(&sheet.apply(&named("            overlays: [./words.yaml]\n"), &[]));
    assert!(refused.contains("versions[0].overlays: name the document"), "{refused}");
    assert_eq!(
        sheet.changes(&from_folder, &[]),
        ["upload     spec of acme/petstore/v1"]
    );
}

#[test]
fn clients_scopes_and_identities_are_kept_as_they_are_named() {
    let sheet = Sheet::new("127.0.0.1:9");
    let more = sheet.with(
        "    subscriptions: [{ plan: acme/free }]\n",
        "    clients: [{ id: billing, secret: a-fixed-secret }]\n    subscriptions:\n      - plan: acme/free\n        \
         scopes: [pets:read, pets:write]\n        identities:\n          - subject: { issuer: \"https://id.example\", \
         name: billing }\n",
    );
    let planned = sheet.changes(&more, &["--dry-run"]);
    let done = sheet.changes(&more, &[]);
    assert_eq!(planned, done);
    let of = "application demo-app of dev@consumer.example";
    for change in [
        format!("import     client billing of {of}"),
        format!("grant      scopes to {of} on acme/free: pets:read pets:write"),
        format!("map        billing of https://id.example to {of} on acme/free"),
    ] {
        assert!(done.contains(&change), "{done:#?}");
    }
    assert_eq!(stdout(&sheet.apply(&more, &["--prune"])), "No changes.\n");
    let other = more
        .replace("a-fixed-secret", "another-secret")
        .replace("[pets:read, pets:write]", "[]");
    assert_eq!(sheet.changes(&other, &[]).len(), 2);
    // Scopes that are not named stay as they are.
    let text = sheet.text.clone();
    assert_eq!(stdout(&sheet.apply(&text, &[])), "No changes.\n");
    assert_eq!(sheet.changes(&text, &["--prune"]).len(), 2, "client and identity");
    for (from, to, says) in [
        ("id: billing", "id: a b", "clients[0].id"),
        ("a-fixed-secret", "short", "clients[0].secret"),
        ("pets:write]", "\"a\\\"b\"]", "subscriptions[0].scopes"),
        (
            "issuer: \"https://id.example\"",
            "issuer: \"\"",
            "identities[0].subject.issuer",
        ),
        ("subject: {", "certificate: x\n            subject: {", "identities[0]"),
    ] {
        let refused = sheet.apply(&more.replace(from, to), &[]);
        assert!(
            !refused.status.success() && stderr(&refused).contains(says),
            "{}",
            stderr(&refused)
        );
    }
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
    assert!(
        pruned[0].starts_with("revoke     key a-fix…ests of application demo-app"),
        "{pruned:#?}"
    );
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
        ("access: anonymous", "host: 127.0.0.1", "host: Write a host name"),
        ("access: anonymous", "base_path: v1", "base_path: Write a path"),
        (
            "access: anonymous",
            "match: { header: Api-Version, value: \"2\" }",
            "match.header: Give a host or a base path too",
        ),
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
}

#[test]
fn what_only_the_whole_shows_is_refused_before_anything_changes() {
    let sheet = Sheet::new("127.0.0.1:9");
    let untouched = |text: &str, said: &str, changed: usize| {
        let output = sheet.apply(text, &[]);
        let complaint = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}: {complaint}");
        assert!(complaint.contains(said), "{said}: {complaint}");
        // All that would have been changed still waits.
        let left = sheet.changes(&sheet.text, &["--dry-run"]);
        assert_eq!(left.len(), changed, "{said}: {left:#?}");
    };
    let all = sheet.changes(&sheet.text, &["--dry-run"]).len();
    let owner = "{ email: dev@consumer.example, password: \"correct horse battery\" }";
    for (from, to, said) in [
        (
            "plan: acme/free",
            "plan: acme/fre",
            "applications[0].subscriptions[0].plan: the organization `acme` has no plan `fre`",
        ),
        ("plan: acme/free", "plan: acne/free", "there is no organization `acne`"),
        (
            "[{ plan: acme/free }]",
            "[{ plan: acme/free }, { plan: acme/pro }]",
            "subscriptions[1].plan: another subscription",
        ),
        (
            "dev@consumer.example",
            "dev.consumer.example",
            "applications[0].owner.email",
        ),
        (
            owner,
            "{ email: dev@consumer.example }",
            "applications[0].owner.password: there is no account",
        ),
        (
            owner,
            "{ email: dev@consumer.example, password: short }",
            "applications[0].owner.password: Use at least",
        ),
        (
            "slug: demo-app\n",
            "slug: demo-app\n    name: \" \"\n",
            "applications[0].name: Enter a name.",
        ),
        (
            "slug: acme",
            "slug: console",
            "organizations[0].slug: This short name is reserved",
        ),
        ("http://127.0.0.1:9", "http://169.254.169.254", "versions[0].upstream"),
        (
            "http://127.0.0.1:9",
            "http://no-such-host.invalid",
            "cannot be resolved",
        ),
        (
            "weight: 2 }]",
            "weight: 2 }], connect_timeout_ms: 0",
            "versions[1].upstream.connect_timeout_ms: ",
        ),
        (
            "weight: 2 }]",
            "weight: 2 }], breaker: { window: 1h }",
            "versions[1].upstream.breaker.window: ",
        ),
        (
            "sunset: 2099",
            "sunset: 2026",
            "versions[0].deprecation.sunset: the sunset must lie in the future",
        ),
        (
            "since: 2026-01-01",
            "since: 2100-01-01",
            "versions[0].deprecation.sunset",
        ),
        (
            "successor: v2",
            "successor: v3",
            "versions[0].deprecation.successor: This API has no version `v3`.",
        ),
        ("successor: v2", "successor: v1", "cannot be its own successor"),
        ("state: published", "state: draft", "Publish `v2` before"),
        (
            "tags: [animals]",
            "tags: [two words]",
            "apis[0].tags: `two words` is not a tag.",
        ),
        (
            "quota: { requests: 1000,",
            "quota: { requests: 0,",
            "plans[0].quota: Include between",
        ),
        (
            "requests: 10, per",
            "requests: 0, per",
            "plans[0].rate_limits[0]: Allow between",
        ),
        (
            "name: Pro\n        apis: [petstore]",
            "name: Pro\n        apis: []",
            "plans[1].apis",
        ),
    ] {
        untouched(&sheet.with(from, to), said, all);
    }
    // Against what is there.
    let base = sheet
        .with("state: published", "state: retired")
        .replace("successor: v2, ", "");
    sheet.changes(&base, &[]);
    for (from, to, said) in [
        (
            "state: retired",
            "state: published",
            "versions[1].state: the version is retired",
        ),
        ("weight: 2", "weight: 3", "versions[1].upstream: the version is retired"),
        (
            "access: anonymous",
            "access: key",
            "versions[1].access: the version is retired",
        ),
        (
            "role: owner",
            "role: viewer",
            "members[0].role: an organization needs an owner",
        ),
    ] {
        // The new name would be the first change.
        let text = base.replace("name: Acme", "name: Acme Limited").replace(from, to);
        let output = sheet.apply(&text, &[]);
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
        assert_eq!(stdout(&sheet.apply(&base, &["--dry-run"])), "No changes.\n", "{said}");
    }
}

#[test]
fn spelling_that_does_not_matter_is_no_change() {
    let sheet = Sheet::new("127.0.0.1:9");
    let text = sheet
        .with("tags: [animals]", "tags: [\" Animals\", shop, ANIMALS, \"\"]")
        .replace("name: Pro", "name: \"  Pro \"")
        .replace("successor: v2", "successor: \" v2 \"")
        .replace("owner@acme.example", "Owner@Acme.Example")
        .replace("dev@consumer.example", " Dev@consumer.example");
    sheet.changes(&text, &[]);
    assert_eq!(stdout(&sheet.apply(&text, &[])), "No changes.\n");
}

#[test]
fn several_files_are_one_whole() {
    let sheet = Sheet::new("127.0.0.1:9");
    let (organizations, applications) = sheet.text.split_at(sheet.text.find("applications:").unwrap());
    let plans = organizations.find("    plans:").unwrap();
    let (apis, plans) = organizations.split_at(plans);
    let second = format!("turnpike: 1\n{applications}organizations:\n  - slug: acme\n    name: Acme\n{plans}");
    let other = sheet.folder.path().join("second.yaml");
    fs::write(&other, second).unwrap();
    let flags = [other.to_str().unwrap()];
    let planned = sheet.changes(apis, &[flags[0], "--dry-run"]);
    assert_eq!(sheet.changes(apis, &flags), planned);
    assert_eq!(stdout(&sheet.apply(apis, &flags)), "No changes.\n");
    let output = sheet.apply(&sheet.text, &flags);
    // Both places, with file and line; the manifest's own is read first or second.
    let line = |text: &str| 1 + text.lines().take_while(|line| !line.contains("- slug: free")).count();
    let second = fs::read_to_string(&other).unwrap();
    for says in [
        "`free` is named twice".to_owned(),
        format!(":{}: organizations[0].plans[0].slug", line(&sheet.text)),
        format!("second.yaml:{}: organizations[0].plans[0].slug", line(&second)),
    ] {
        assert!(stderr(&output).contains(&says), "{says} is not in {}", stderr(&output));
    }
}

#[test]
fn a_plan_with_subscribers_stops_pruning_before_it_begins() {
    let sheet = Sheet::new("127.0.0.1:9");
    let text = sheet.text.clone();
    sheet.changes(&text, &[]);
    // The application is not named, so its subscription stays, and with it the plan.
    let plan = &text[text.find("      - slug: free").unwrap()..text.find("      - slug: pro").unwrap()];
    let less = text[..text.find("applications:").unwrap()]
        .replace(plan, "")
        .replace("name: Acme", "name: Acme Limited");
    let output = sheet.apply(&less, &["--prune"]);
    assert!(
        stderr(&output).contains("plan acme/free cannot be deleted: 1 application is subscribed to it"),
        "{}",
        stderr(&output)
    );
    assert_eq!(stdout(&sheet.apply(&text, &["--dry-run"])), "No changes.\n");
    // Moved to another plan, nothing is in the way.
    let moved = text.replace(plan, "").replace("acme/free }]", "acme/pro }]");
    let planned = sheet.changes(&moved, &["--prune", "--dry-run"]);
    assert_eq!(sheet.changes(&moved, &["--prune"]), planned);
    assert_eq!(planned.len(), 2, "{planned:#?}");
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
