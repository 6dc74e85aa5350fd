//! `turnpike spec bundle`.

use std::process::ExitCode;

use super::{
    print_document,
    source::{self, SourceError},
    unusable, warn,
};
use crate::config::BundleArgs;

/// Prints the one document; what was found goes to standard error.
pub(super) fn run(args: &BundleArgs) -> ExitCode {
    let bundle = match source::bundle(&args.source, args.entry.as_deref()) {
        Ok(bundle) => bundle,
        Err(SourceError::Rejected(rejected)) => {
            warn(&rejected.diagnostics);
            return ExitCode::FAILURE;
        }
        Err(SourceError::Unreadable(error)) => return unusable(&error),
    };
    warn(bundle.document.diagnostics());
    match print_document(&bundle.text, args.format) {
        Ok(()) => ExitCode::SUCCESS,
        Err(rejected) => unusable(&rejected.into()),
    }
}
