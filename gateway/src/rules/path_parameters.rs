//! What a path has where its template has parameters.

use std::borrow::Cow;

use domain::policy::paths::{Piece, pieces};

use super::query_change::{UNRESERVED, write_encoded};
use crate::snapshot::path_parameters;

/// The parameters of one path, percent-encoded as they stand in it.
#[derive(Debug)]
pub(crate) struct PathParameters<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> PathParameters<'a> {
    /// Cuts them out of a path that fits the template, both below the version's base.
    pub(crate) fn of(template: &'a str, path: &'a str) -> Self {
        Self(path_parameters(template, path))
    }

    /// A parameter, percent-encoded.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let Self(found) = self;
        found
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| &**value)
    }
}

/// A path with parameters, compiled.
#[derive(Debug)]
pub(crate) struct PathTemplate(Box<[OwnPiece]>);

#[derive(Debug)]
enum OwnPiece {
    Text(Box<str>),
    Parameter(Box<str>),
}

impl PathTemplate {
    pub(super) fn compile(template: &str) -> Self {
        let compiled = pieces(template).map(|piece| match piece {
            Piece::Text(text) => OwnPiece::Text(text.into()),
            Piece::Parameter(name) => OwnPiece::Parameter(name.into()),
        });
        Self(compiled.collect())
    }

    /// Writes the text with the parameters in it, percent-encoded as they came. One that the path does not have is left
    /// out: an operation that lacks it is not served.
    pub(crate) fn fill(&self, parameters: &PathParameters<'_>, out: &mut String) {
        let Self(pieces) = self;
        for piece in pieces {
            out.push_str(match piece {
                OwnPiece::Text(text) => text,
                OwnPiece::Parameter(name) => parameters.get(name).unwrap_or_default(),
            });
        }
    }

    /// As [`Self::fill`], for a template that is written decoded and becomes the value of a query parameter.
    pub(crate) fn fill_value(&self, parameters: &PathParameters<'_>, out: &mut String) {
        let Self(pieces) = self;
        for piece in pieces {
            match piece {
                OwnPiece::Text(text) => write_encoded(text, out),
                OwnPiece::Parameter(name) => {
                    let value = parameters.get(name).unwrap_or_default();
                    let decoded: Vec<u8> = percent_encoding::percent_decode_str(value).collect();
                    out.extend(percent_encoding::percent_encode(&decoded, UNRESERVED));
                }
            }
        }
    }
}
