//! Samples are run, and what arrives is what they say.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use openapi::sample::{Access, SampleBody, SampleCredential, SampleOptions, SamplePart, SampleRequest, build};
use openapi::snippet::{Language, write};
use openapi::{Limits, OperationKind};
use serde_json::Value;

use crate::specs;

/// What stands in every environment variable, and in every file.
const SECRET: &str = "se-cr.et_1";
const CONTENT: &[u8] = b"content \x00\xff of a file";

/// A request that arrived.
#[derive(Clone, Debug, Default)]
struct Arrived {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Arrived {
    fn header(&self, name: &str) -> Vec<&str> {
        let own = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str()).collect()
    }
}

/// Records requests by the first segment of their path, which says which sample sent them.
struct Recorder {
    base_url: String,
    arrived: Arc<Mutex<HashMap<String, Arrived>>>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(HashMap::new()));
        let all = Arc::clone(&arrived);
        // Ends with the process: nothing tells when the last sample has run.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&all);
                std::thread::spawn(move || {
                    let _ = record(stream, &all);
                });
            }
        });
        Self { base_url, arrived }
    }
}

fn record(mut stream: TcpStream, all: &Mutex<HashMap<String, Arrived>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut arrived = Arrived::default();
    let line = |reader: &mut BufReader<TcpStream>| -> std::io::Result<String> {
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\r', '\n'])
            .to_owned())
    };
    let first = line(&mut reader)?;
    let mut words = first.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    (arrived.method, arrived.target) = (word(), word());
    loop {
        let header = line(&mut reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        arrived.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if !arrived.header("Expect").is_empty() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if arrived.header("Transfer-Encoding").is_empty() {
        let length = arrived
            .header("Content-Length")
            .first()
            .and_then(|text| text.parse().ok());
        arrived.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut arrived.body)?;
    } else {
        loop {
            let size = usize::from_str_radix(&line(&mut reader)?, 16).unwrap_or(0);
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk)?;
            line(&mut reader)?;
            if size == 0 {
                break;
            }
            arrived.body.extend(chunk);
        }
    }
    let name = arrived
        .target
        .trim_start_matches('/')
        .split(['/', '?'])
        .next()
        .unwrap_or_default()
        .to_owned();
    all.lock().unwrap().insert(name, arrived);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
}

/// A sample and the name it goes by.
struct Sample {
    name: String,
    operation: String,
    request: SampleRequest,
}

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

fn decoded(text: &str, is_form: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) if is_form => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pairs(text: &str, is_form: bool) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name, is_form), decoded(value, is_form))
        })
        .collect()
}

/// Path and query, taken apart before they are decoded.
fn target(target: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (
        path.split('/').map(|part| decoded(part, false)).collect(),
        pairs(query, false),
    )
}

/// What should have arrived, against what did. The order of form fields of different names is the language's own.
fn compare(sample: &Sample, arrived: &Arrived, language: Language) -> Result<(), String> {
    let request = &sample.request;
    let differ = |what: &str, expected: String, found: String| {
        if expected == found {
            Ok(())
        } else {
            Err(format!("{what}: {expected} became {found}"))
        }
    };
    differ("method", request.method.clone(), arrived.method.clone())?;
    let (_, expected) = request.url.split_once("://").unwrap();
    let mut expected = target(&expected[expected.find('/').unwrap()..]);
    let mut cookies = Vec::new();
    for credential in &request.credentials {
        match credential {
            SampleCredential::Header { name, prefix, .. } => {
                differ(
                    name,
                    format!("{:?}", [format!("{prefix}{SECRET}")]),
                    format!("{:?}", arrived.header(name)),
                )?;
            }
            SampleCredential::Query { name, .. } => expected.1.push((name.clone(), SECRET.to_owned())),
            SampleCredential::Cookie { name, .. } => cookies.push(format!("{name}={SECRET}")),
            // `se-cr.et_1:se-cr.et_1` in Base64.
            SampleCredential::Basic { .. } => differ(
                "basic",
                format!("{:?}", ["Basic c2UtY3IuZXRfMTpzZS1jci5ldF8x"]),
                format!("{:?}", arrived.header("Authorization")),
            )?,
            SampleCredential::Certificate { .. } => {}
        }
    }
    differ(
        "target",
        format!("{expected:?}"),
        format!("{:?}", target(&arrived.target)),
    )?;
    for (name, value) in &request.headers {
        let mut value = value.clone();
        if name == "Cookie" && !cookies.is_empty() {
            value = format!("{}; {value}", cookies.join("; "));
        }
        let found = arrived.header(name).join(", ");
        // Forms are sent with the charset of the language.
        let found = if name == "Content-Type" && matches!(request.body, Some(SampleBody::Form(_))) {
            found.split(';').next().unwrap_or_default().to_owned()
        } else {
            found
        };
        differ(name, value, found)?;
    }
    body(request, arrived, language)
}

fn body(request: &SampleRequest, arrived: &Arrived, language: Language) -> Result<(), String> {
    let text = String::from_utf8_lossy(&arrived.body);
    let (expected, found) = match &request.body {
        None => (String::new(), text.into_owned()),
        Some(SampleBody::Json(value)) => {
            let found: Value = serde_json::from_slice(&arrived.body).map_err(|error| format!("{error}: {text}"))?;
            (value.to_string(), sorted_like(value, found).to_string())
        }
        Some(SampleBody::Text(own)) => (own.clone(), text.into_owned()),
        Some(SampleBody::File(_)) => (format!("{CONTENT:?}"), format!("{:?}", arrived.body)),
        Some(SampleBody::Form(fields)) => {
            let (mut expected, mut found) = (fields.clone(), pairs(&text, true));
            expected.sort();
            found.sort();
            (format!("{expected:?}"), format!("{found:?}"))
        }
        Some(SampleBody::Multipart(parts)) => {
            let expected: Vec<Part> = parts.iter().map(|part| Part::of(part, language)).collect();
            (format!("{expected:?}"), format!("{:?}", multipart(arrived)))
        }
    };
    if expected == found {
        Ok(())
    } else {
        Err(format!("body:\n{expected}\nbecame\n{found}"))
    }
}

/// JavaScript puts properties with numbers for names first.
fn sorted_like(model: &Value, value: Value) -> Value {
    match (model, value) {
        (Value::Object(model), Value::Object(mut value)) if model.len() == value.len() => {
            let entries = model
                .iter()
                .filter_map(|(name, own)| Some((name.clone(), sorted_like(own, value.remove(name)?))));
            Value::Object(entries.collect())
        }
        (_, value) => value,
    }
}

#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    file: Option<String>,
    kind: Option<String>,
    content: Vec<u8>,
}

impl Part {
    fn of(part: &SamplePart, language: Language) -> Self {
        // What curl has no way to write.
        let named = |name: &str| {
            if language == Language::Curl {
                name.replace('=', "%3D")
            } else {
                name.to_owned()
            }
        };
        match part {
            SamplePart::Field {
                name,
                value,
                media_type,
            } => Self {
                name: named(name),
                file: None,
                kind: media_type.clone(),
                content: value.replace("\r\n", "\n").into_bytes(),
            },
            SamplePart::File { name, file, media_type } => Self {
                name: named(name),
                file: Some(file.clone()),
                kind: media_type.clone(),
                content: CONTENT.to_vec(),
            },
        }
    }
}

/// The parts of a body. Types that a language adds on its own, and the file name that JavaScript gives to a part with a type, are
/// left out.
fn multipart(arrived: &Arrived) -> Vec<Part> {
    let kind = arrived.header("Content-Type").join("");
    let boundary = kind
        .split("boundary=")
        .nth(1)
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut body = b"\r\n".to_vec();
    body.extend(&arrived.body);
    let mut parts = Vec::new();
    let mut at = 0;
    let find = |from: usize| {
        body[from..]
            .windows(delimiter.len())
            .position(|window| window == delimiter)
            .map(|found| from + found)
    };
    while let Some(start) = find(at) {
        let from = start + delimiter.len();
        let Some(end) = find(from) else { break };
        let part = &body[from..end];
        let head_end = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let content = part.get(head_end + 4..).unwrap_or_default().to_vec();
        let field = |name: &str| {
            let begin = head.find(&format!("{name}=\""))? + name.len() + 2;
            let rest = head[begin..].replace("\\\"", "%22");
            let text = rest.split('"').next()?;
            Some(text.replace("%22", "\"").replace("%0D%0A", "\n").replace("\\\\", "\\"))
        };
        let kind = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("Content-Type")
                .then(|| value.trim().to_owned())
        });
        let file = field("filename").filter(|file| file != "blob");
        let is_own = |kind: &String| {
            !["application/octet-stream", "text/plain", "text/plain; charset=utf-8"].contains(&kind.as_str())
        };
        let content = match file {
            Some(_) => content,
            None => String::from_utf8_lossy(&content).replace("\r\n", "\n").into_bytes(),
        };
        parts.push(Part {
            name: field(" name").unwrap_or_default(),
            file,
            kind: kind.filter(is_own),
            content,
        });
        at = end;
    }
    parts
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
