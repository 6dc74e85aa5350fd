//! Arguments → command. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser as _;

/// Fewer and cheaper calls to the system than the C library's allocator under many small requests.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = server::config::Arguments::parse();
    server::cli::run(arguments)
}
