//! Samples are run, and what arrives is what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openapi::sample::{Access, SampleBody, SampleOptions, SamplePart, SampleRequest, build};
use openapi::snippet::{Language, write};
use openapi::{Limits, OperationKind};

use crate::compared::{CONTENT, SECRET, Sample, compare};
use crate::recorder::Recorder;
use crate::specs;

/// The samples of all operations of the documents that this is about.
fn samples(recorder: &Recorder) -> Vec<Sample> {
    let mut samples = Vec::new();
    for file in [
        "tests/specs/real/parameters-style-3.1.json",
        "tests/specs/real/petstore-3.0.yaml",
        "tests/specs/real/petstore-2.0.json",
        "tests/snippets/hostile.json",
    ] {
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let document = openapi::read(&bytes, &Limits::default()).unwrap();
        for entry in document
            .operations()
            .iter()
            .filter(|entry| entry.kind == OperationKind::Path)
        {
            for has_optional in [false, true] {
                let name = format!("s{}", samples.len());
                let base_url = format!("{}/{name}", recorder.base_url);
                let options = SampleOptions {
                    access: Access::Document,
                    has_optional,
                    ..SampleOptions::at(&base_url)
                };
                let request = build(&document.operation(&entry.slug).unwrap(), &options);
                let operation = format!("{file} {} optional {has_optional}", entry.slug);
                samples.push(Sample {
                    name,
                    operation,
                    request,
                });
            }
        }
    }
    samples
}

/// A folder with the files that samples send.
fn folder(name: &str, samples: &[Sample]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for sample in samples {
        match &sample.request.body {
            Some(SampleBody::File(file)) => std::fs::write(folder.join(file), CONTENT).unwrap(),
            Some(SampleBody::Multipart(parts)) => {
                for part in parts {
                    if let SamplePart::File { file, .. } = part {
                        std::fs::write(folder.join(file), CONTENT).unwrap();
                    }
                }
            }
            _ => {}
        }
    }
    folder
}

/// A command with the variables that samples read, and no proxy on the way.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for name in [
        "API_KEY",
        "API_KEY_2",
        "API_KEY_3",
        "API_USERNAME",
        "API_PASSWORD",
        "ACCESS_TOKEN",
        "API_CREDENTIALS",
    ] {
        command.env(name, SECRET);
    }
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1");
    command
}

fn is_there(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Runs the samples of a language and compares what each sent.
fn run(
    language: Language,
    driver: impl Fn(&Path, &[&Sample]) -> Vec<Command>,
    is_possible: impl Fn(&SampleRequest) -> bool,
) {
    let recorder = Recorder::start();
    let all = samples(&recorder);
    let folder = folder(language.name(), &all);
    let possible: Vec<&Sample> = all.iter().filter(|sample| is_possible(&sample.request)).collect();
    for sample in &possible {
        let file = format!("{}.{}", sample.name, language.extension());
        std::fs::write(folder.join(file), write(language, &sample.request)).unwrap();
    }
    let mut complaints = String::new();
    for mut command in driver(&folder, &possible) {
        let output = command.output().unwrap();
        complaints.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    let arrived = recorder.arrived.lock().unwrap();
    let mut wrong = Vec::new();
    for sample in &possible {
        let outcome = match arrived.get(&sample.name) {
            Some(arrived) => compare(sample, arrived, language),
            None => Err("nothing arrived".to_owned()),
        };
        if let Err(problem) = outcome {
            let code = write(language, &sample.request);
            wrong.push(format!("{}\n{problem}\n{code}", sample.operation));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}\n{complaints}",
        wrong.len(),
        possible.len(),
        wrong.join("\n\n")
    );
    assert!(possible.len() > 100);
}

#[test]
fn curl_sends_what_the_sample_says() {
    if !is_there("curl", &["--version"]) || !is_there("sh", &["-c", "true"]) {
        eprintln!("skipped: there is no curl, or no shell");
        return;
    }
    run(
        Language::Curl,
        |folder, samples| {
            let mut script = String::new();
            for sample in samples {
                script.extend([format!("sh ./{}.sh --silent; ", sample.name)]);
            }
            let mut command = command("sh", folder);
            command.args(["-c", &script]);
            vec![command]
        },
        |_| true,
    );
}

#[test]
fn python_sends_what_the_sample_says() {
    if !is_there("python3", &["-c", "import requests"]) {
        eprintln!("skipped: there is no Python, or no requests");
        return;
    }
    run(
        Language::Python,
        |folder, samples| {
            let driver = "import sys, traceback\nfor file in sys.argv[1:]:\n    try:\n        exec(compile(open(file).read(), file, 'exec'), {})\n    except Exception:\n        traceback.print_exc()\n";
            let mut command = command("python3", folder);
            command
                .arg("-c")
                .arg(driver)
                .args(samples.iter().map(|sample| format!("{}.py", sample.name)));
            vec![command]
        },
        |_| true,
    );
}

#[test]
fn javascript_sends_what_the_sample_says() {
    if !is_there(
        "node",
        &[
            "--input-type=module",
            "-e",
            "if (!globalThis.fetch || !globalThis.FormData) process.exit(1)",
        ],
    ) {
        eprintln!("skipped: there is no Node.js with fetch");
        return;
    }
    run(
        Language::JavaScript,
        |folder, samples| {
            let driver = "import { pathToFileURL } from 'node:url';\nfor (const file of process.argv.slice(1)) {\n  try { await import(pathToFileURL(file)); } catch (error) { console.error(file, error); }\n}\n";
            let mut command = command("node", folder);
            command.args(["--input-type=module", "-e", driver]);
            command.args(samples.iter().map(|sample| format!("./{}.mjs", sample.name)));
            vec![command]
        },
        // What fetch refuses to send, and a header that Node.js loses.
        |request| {
            let is_lost = |(name, _): &(String, String)| name == "__proto__";
            !(request.method == "GET" && request.body.is_some())
                && request.method != "TRACE"
                && !request.headers.iter().any(is_lost)
        },
    );
}

/// `cargo test -p openapi -- --ignored go_sends`
#[test]
#[ignore = "compiles a program for each sample; to be run by hand where there is Go"]
fn go_sends_what_the_sample_says() {
    if !is_there("go", &["version"]) {
        eprintln!("skipped: there is no Go");
        return;
    }
    let one_by_one = |folder: &Path, samples: &[&Sample]| {
        let commands = samples.iter().map(|sample| {
            let mut command = command("go", folder);
            command.args(["run", &format!("{}.go", sample.name)]);
            command
        });
        commands.collect()
    };
    run(Language::Go, one_by_one, |_| true);
}

/// `cargo test -p openapi -- --ignored java_sends`
#[test]
#[ignore = "compiles many programs; to be run by hand where there is a JDK"]
fn java_sends_what_the_sample_says() {
    if !is_there("javac", &["-version"]) {
        eprintln!("skipped: there is no JDK");
        return;
    }
    // Under names of their own, all are compiled and run in one go.
    let together = |folder: &Path, samples: &[&Sample]| {
        let driver = "public class Driver {\n    public static void main(String[] names) {\n        for (String name : names) {\n            try {\n                Class.forName(name).getMethod(\"main\", String[].class).invoke(null, (Object) new String[0]);\n            } catch (Throwable problem) {\n                System.err.println(name);\n                problem.printStackTrace();\n            }\n        }\n    }\n}\n";
        std::fs::write(folder.join("Driver.java"), driver).unwrap();
        let mut compile = command("javac", folder);
        compile.args(["-encoding", "UTF-8", "Driver.java"]);
        let mut run = command("java", folder);
        run.args(["-cp", ".", "Driver"]);
        for sample in samples {
            let code = std::fs::read_to_string(folder.join(format!("{}.java", sample.name))).unwrap();
            let code = code.replace("public class Main {", &format!("public class {} {{", sample.name));
            std::fs::write(folder.join(format!("{}.java", sample.name)), code).unwrap();
            compile.arg(format!("{}.java", sample.name));
            run.arg(&sample.name);
        }
        vec![compile, run]
    };
    run(Language::Java, together, |_| true);
}

/// Every document's samples can be written in every language.
#[test]
fn every_sample_can_be_written() {
    for path in specs::files(&specs::own("real"))
        .into_iter()
        .chain(specs::files(&specs::own("hostile")))
    {
        let Ok(document) = openapi::read(&std::fs::read(&path).unwrap(), &Limits::default()) else {
            continue;
        };
        for entry in document.operations().iter().take(60) {
            let options = SampleOptions {
                access: Access::Document,
                has_optional: true,
                ..SampleOptions::at("https://api.example.com")
            };
            let request = build(&document.operation(&entry.slug).unwrap(), &options);
            for language in Language::ALL {
                let code = write(language, &request);
                let is_safe = |character: char| {
                    !character.is_control() || character == '\n' || (character == '\t' && language == Language::Go)
                };
                assert!(
                    language == Language::Curl || code.chars().all(is_safe),
                    "{}: {code}",
                    path.display()
                );
            }
        }
    }
}
