//! Lints a document: `cargo run -p openapi --example lint -- FILE [--all]`.
#![expect(clippy::print_stdout, reason = "a command prints")]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("which file?")?;
    let all = std::env::args().any(|argument| argument == "--all");
    let bytes = std::fs::read(file)?;
    let started = std::time::Instant::now();
    let found = openapi::lint::lint_all(&bytes, &openapi::Limits::default(), all);
    let took = started.elapsed();
    println!("{}", serde_json::to_string(&found)?);
    println!("{{\"ms\":{}}}", took.as_millis());
    Ok(())
}
