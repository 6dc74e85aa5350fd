//! Finds places in a JSON file: `cargo run -p openapi --example json_path -- FILE < EXPRESSIONS`.
//!
//! For every line of standard input, a line with the normalized paths as a JSON list, or what is wrong with it.

use std::io::BufRead;

use openapi::json_path::JsonPath;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: json_path FILE < EXPRESSIONS")?;
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    for line in std::io::stdin().lock().lines() {
        match line?.parse::<JsonPath>() {
            Ok(path) => {
                let found = path.find(&document)?;
                let paths: Vec<String> = found.iter().map(openapi::json_path::Node::normalized).collect();
                println!("{}", serde_json::to_string(&paths)?);
            }
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
