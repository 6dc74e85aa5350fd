//! Says what a document holds and what is wrong with it: `cargo run -p openapi --example inspect -- FILE…`.

use openapi::{Limits, inspect};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let read = openapi::read(&std::fs::read(&path)?, &Limits::default());
        println!("<!-- {path} -->\n{}", inspect::markdown(&read));
    }
    Ok(())
}
