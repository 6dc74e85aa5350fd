//! Whether two documents are the same when their references are followed, whatever their components are called:
//! `cargo run -p openapi --example same_document -- OURS THEIRS`. Made to compare a bundled document with that of another tool.

#[path = "../tests/it/same.rs"]
mod same;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(ours), Some(theirs)) = (arguments.next(), arguments.next()) else {
        return Err("usage: same_document OURS THEIRS".into());
    };
    let read = |path: String| -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    };
    let differences = same::differences(&read(ours)?, &read(theirs)?);
    for difference in &differences {
        println!("{difference}");
    }
    println!("{} differences", differences.len());
    if differences.is_empty() {
        Ok(())
    } else {
        Err("they differ".into())
    }
}
