//! Prints the sample of an operation: `cargo run -p openapi --example sample -- FILE OPERATION [LANGUAGE] [BASE_URL]`. The operation is
//! one of those listed when there is none of that name; the language is `curl`, `python`, `csharp`, ….

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what an example is for")]

use std::process::ExitCode;

use openapi::sample::{Access, SampleOptions, build};
use openapi::snippet::{Language, write};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(slug)) = (arguments.next(), arguments.next()) else {
        eprintln!("sample FILE OPERATION [LANGUAGE] [BASE_URL]");
        return ExitCode::FAILURE;
    };
    let language = arguments
        .next()
        .and_then(|name| Language::parse(&name))
        .unwrap_or(Language::Curl);
    let read = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| openapi::read(&bytes, &openapi::Limits::default()).map_err(|rejected| rejected.to_string()));
    let document = match read {
        Ok(document) => document,
        Err(problem) => {
            eprintln!("{path}: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let Some(operation) = document.operation(&slug) else {
        for entry in document.operations() {
            println!("{:40} {} {}", entry.slug, entry.method, entry.path);
        }
        return ExitCode::FAILURE;
    };
    let servers = operation.servers();
    let base_url = arguments
        .next()
        .or_else(|| servers.first().map(|server| server.url.clone()));
    let options = SampleOptions {
        access: Access::Document,
        ..SampleOptions::at(base_url.as_deref().unwrap_or("https://api.example.com"))
    };
    println!("{}", write(language, &build(&operation, &options)));
    ExitCode::SUCCESS
}
