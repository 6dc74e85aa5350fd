//! The one place that prints.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// A line of what a command was asked for, on standard output. Nobody reading any more is not an error of ours.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A text of several lines, with the end of the last one, on standard output.
pub(crate) fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// A line beside what a command was asked for, on standard error.
pub(crate) fn remark(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Why a command failed, on standard error.
pub(crate) fn complaint(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "turnpike: {}", sentence(error));
}

/// The chain of causes in one line, without repeating a cause that the error before it has told already.
fn sentence(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn causes_are_told_once() {
        let error = anyhow!("address in use");
        let error = error
            .context("cannot listen: address in use")
            .context("the portal did not start");
        assert_eq!(
            sentence(&error),
            "the portal did not start: cannot listen: address in use"
        );
        let plain: anyhow::Result<()> = Err(anyhow!("b")).context("a");
        assert_eq!(sentence(&plain.unwrap_err()), "a: b");
    }
}
