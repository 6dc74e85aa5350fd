//! `turnpike spec` as its users run it: reports, documents, exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use server::temporary::TemporaryFolder;

use crate::command_line::{run, stderr, stdout};

const OLD: &str = "\
openapi: 3.0.3
info: { title: Pets, version: 1.2.0 }
servers: [{ url: https://api.example.com }]
paths:
  /pets:
    get:
      operationId: listPets
      responses: { '200': { description: The pets } }
";

/// A folder with files, and their paths as arguments.
struct Files(TemporaryFolder);

impl Files {
    fn new() -> Self {
        Self(TemporaryFolder::new("turnpike-it").unwrap())
    }

    fn add(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_document_is_linted() {
    let files = Files::new();
    let document = files.add("pets.yaml", OLD);
    let output = run(&["spec", "lint", &document, "--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "warnings are no failure: {}",
        stderr(&output)
    );
    let findings = json(&stdout(&output));
    let contact = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "info-contact");
    let contact = contact.unwrap_or_else(|| panic!("{findings:#}"));
    assert_eq!(
        (&contact["severity"], &contact["path"], &contact["line"]),
        (&"warn".into(), &serde_json::json!(["info"]), &2.into())
    );

    let ruleset = "extends: spectral:oas\nrules: { info-contact: error, operation-tags: off }\nexceptions:\n  - { rule: operation-description, path: /paths/~1pets, reason: The name says it. }\n";
    let ruleset = files.add("ruleset.yaml", ruleset);
    let output = run(&["spec", "lint", &document, "--ruleset", &ruleset]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let line = format!("{document}:2:1: error: ");
    assert!(
        text.starts_with(&line) && text.contains("(info-contact) at /info\n"),
        "{text}"
    );
    assert!(
        !text.contains("operation-tags") && !text.contains("operation-description"),
        "{text}"
    );
    assert!(
        text.contains("\nScore ") && text.contains("1 findings are accepted by the ruleset.\n"),
        "{text}"
    );

    let markdown = stdout(&run(&["spec", "lint", &document, "--format", "markdown"]));
    assert!(markdown.starts_with("# Lint: "), "{markdown}");
    let wrong = files.add("wrong.yaml", "rules: { no-such-rule: error }\n");
    for arguments in [
        vec!["spec", "lint", "/no/such/file"],
        vec!["spec", "lint", &document, "--ruleset", &wrong],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    }
    assert!(stderr(&run(&["spec", "lint", &document, "--ruleset", &wrong])).contains("no-such-rule"));
}

#[test]
fn what_a_document_says_steers_no_terminal() {
    let files = Files::new();
    let text = OLD
        .replace("title: Pets", r#"title: "Pets\e]0;owned\a\e[2J""#)
        .replace("operationId: listPets", r#"operationId: "list\e[8mPets\x9b31m\u202e""#)
        .replace("The pets", r#""The\e[31m pets""#);
    let (document, old) = (files.add("pets.yaml", &text), files.add("old.yaml", OLD));
    let overlay = files.add(
        "overlay.yaml",
        "overlay: 1.0.0\ninfo: { title: T, version: '1' }\nactions: [{ target: \"$['\\e[2J']\", remove: true }]\n",
    );
    for arguments in [
        &["inspect", &document][..],
        &["inspect", &document, "--format", "markdown"],
        &["inspect", &document, "--format", "json"],
        &["lint", &document],
        &["lint", &document, "--format", "json"],
        &["diff", &old, &document],
        &["diff", &old, &document, "--format", "markdown"],
        &["overlay", &old, &overlay],
    ] {
        let output = run(&[&["spec"], arguments].concat());
        for printed in [stdout(&output), stderr(&output)] {
            let steers = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
            assert!(!printed.contains(steers), "{arguments:?}: {printed:?}");
        }
    }
    let shown = stdout(&run(&["spec", "inspect", &document]));
    assert!(shown.starts_with(r"Pets\u{1b}]0;owned\u{7}\u{1b}[2J 1.2.0"), "{shown}");
}

#[test]
fn two_documents_are_compared() {
    let files = Files::new();
    let old = files.add("old.yaml", OLD);
    let required = "      parameters: [{ name: kind, in: query, required: true, schema: { type: string } }]\n";
    let new = files.add("new.yaml", &(OLD.to_owned() + required));
    let output = run(&["spec", "diff", &old, &new, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let changes = json(&stdout(&output));
    let change = &changes[0];
    assert_eq!(
        (&change["rule"], &change["level"], &change["operation"], &change["line"]),
        (
            &"new-required-request-parameter".into(),
            &"error".into(),
            &"GET /pets".into(),
            &9.into()
        ),
        "{changes:#}"
    );
    assert!(change["path"].is_array() && change["message"].is_string());

    let output = run(&["spec", "diff", &old, &new, "--fail-on", "warning"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("1 breaking, 0 possibly breaking"), "{text}");
    assert!(
        text.ends_with("Suggested version: 2.0.0 (there are changes that break callers or may do so)\n"),
        "{text}"
    );
    assert_eq!(
        run(&["spec", "diff", &new, &old, "--fail-on", "error"]).status.code(),
        Some(0)
    );
    assert_eq!(stdout(&run(&["spec", "diff", &old, &old])), "Nothing changed.\n");
    let markdown = stdout(&run(&["spec", "diff", &old, &new, "--format", "markdown"]));
    assert!(markdown.contains("## Breaking\n\n### GET /pets\n"), "{markdown}");

    let broken = files.add("broken.yaml", "openapi: [\n");
    let output = run(&["spec", "diff", &old, &broken]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("broken.yaml"), "{}", stderr(&output));
}

#[test]
fn files_become_one_document() {
    let files = Files::new();
    let main = "\
openapi: 3.0.3
info: { title: Pets, version: '1.10' }
paths:
  /pets:
    get:
      responses:
        '200':
          description: A pet
          content: { application/json: { schema: { $ref: 'schemas/Pet.yaml' } } }
";
    files.add("api/openapi.yaml", main);
    files.add(
        "api/schemas/Pet.yaml",
        "type: object\nproperties: { mother: { $ref: 'Pet.yaml' } }\n",
    );
    files.add("api/.git/config", "not read");
    let folder = files.0.path().join("api");
    let folder = folder.to_str().unwrap();
    let output = run(&["spec", "bundle", folder]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("version: '1.10'") && text.contains("#/components/schemas/Pet"),
        "{text}"
    );
    let bundle = run(&["spec", "bundle", folder, "--entry", "openapi.yaml", "--format", "json"]);
    assert_eq!(json(&stdout(&bundle))["components"]["schemas"]["Pet"]["type"], "object");
    let report = json(&stdout(&run(&["spec", "inspect", folder, "--format", "json"])));
    assert_eq!(
        (&report["operations"], &report["schemas"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let markdown = stdout(&run(&["spec", "inspect", folder, "--format", "markdown"]));
    assert!(markdown.contains("| GET | `/pets` |"), "{markdown}");

    fs::remove_file(Path::new(folder).join("schemas/Pet.yaml")).unwrap();
    let output = run(&["spec", "bundle", folder, "--entry", "nowhere.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nowhere.yaml"), "{}", stderr(&output));
    let output = run(&["spec", "bundle", folder]);
    let text = stderr(&output);
    assert!(text.contains("openapi.yaml:9:") && text.contains("ref-file"), "{text}");
}

#[cfg(unix)]
#[test]
fn links_out_of_a_folder_are_not_followed() {
    let files = Files::new();
    files.add("secret.yaml", "type: string\ndescription: secret\n");
    let entry = files.add(
        "api/openapi.yaml",
        &(OLD.to_owned() + "components: { schemas: { A: { $ref: 'link.yaml' } } }\n"),
    );
    let folder = PathBuf::from(entry).parent().unwrap().to_owned();
    std::os::unix::fs::symlink(files.0.path().join("secret.yaml"), folder.join("link.yaml")).unwrap();
    let output = run(&["spec", "bundle", folder.to_str().unwrap()]);
    assert!(
        !stdout(&output).contains("secret") && stderr(&output).contains("ref-file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn overlays_are_applied() {
    let files = Files::new();
    let document = files.add("pets.yaml", OLD);
    let overlay = |name: &str, actions: &str| {
        let text = format!("overlay: 1.0.0\ninfo: {{ title: More, version: '1' }}\nactions:\n{actions}");
        files.add(name, &text)
    };
    let title = overlay("title.yaml", "  - target: $.info\n    update: { title: Animals }\n");
    let nothing = overlay("nothing.yaml", "  - target: $.paths['/cats']\n    remove: true\n");
    let output = run(&["spec", "overlay", &document, &title, &nothing]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.starts_with("openapi: '3.0.3'\ninfo:\n  title: Animals\n"),
        "{text}"
    );
    let warnings = stderr(&output);
    assert!(
        warnings.contains("nothing.yaml:4:") && warnings.contains("overlay-no-match"),
        "{warnings}"
    );

    let wrong = overlay("wrong.yaml", "  - target: $.info.title\n    update: { en: Pets }\n");
    let output = run(&["spec", "overlay", &document, &wrong, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(run(&["spec", "overlay", &document, &document]).status.code(), Some(2));
}

#[test]
fn words_find_parts_of_a_document() {
    let files = Files::new();
    let document = files.add("pets.yaml", OLD);
    let text = stdout(&run(&["spec", "search", &document, "list", "petz"]));
    assert!(text.starts_with("operation listPets: "), "{text}");
    let output = run(&["spec", "search", &document, "pets", "--format", "json"]);
    let found = json(&stdout(&output));
    assert_eq!(
        (&found[0]["kind"], &found[0]["name"]),
        (&"operation".into(), &"listPets".into())
    );
    assert_eq!(
        run(&["spec", "search", &document, "zebra"]).status.code(),
        Some(1),
        "nothing is found"
    );
    let nowhere = run(&["spec", "search", "nowhere.yaml", "pets"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("nowhere.yaml"));
}
