//! From rows to the domain's types: a row that does not fit is an error of its own, never a panic.

use std::{fmt::Display, str::FromStr};

use serde::de::DeserializeOwned;

use crate::error::DomainError;

/// A stored value that the rules do not understand.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}` of `{table}` {id} holds something that cannot be read")]
pub(crate) struct Corrupt {
    table: &'static str,
    id: String,
    column: &'static str,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl From<Corrupt> for DomainError {
    fn from(corrupt: Corrupt) -> Self {
        Self::internal(corrupt)
    }
}

/// Reads columns of one row and names it in errors.
pub(crate) struct Row<I> {
    table: &'static str,
    id: I,
}

impl<I: Display> Row<I> {
    /// The row of `table` with this id.
    pub(crate) const fn new(table: &'static str, id: I) -> Self {
        Self { table, id }
    }

    /// Text with a form of its own: a slug, a name.
    pub(crate) fn parse<T: FromStr>(&self, column: &'static str, text: &str) -> Result<T, Corrupt> {
        text.parse().map_err(|_| self.corrupt(column, None))
    }

    /// A word of an enum.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: &'static str, word: &str) -> Result<T, Corrupt> {
        self.json(column, serde_json::Value::String(word.to_owned()))
    }

    /// A JSON value.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        value: serde_json::Value,
    ) -> Result<T, Corrupt> {
        serde_json::from_value(value).map_err(|error| self.corrupt(column, Some(error.into())))
    }

    /// A JSON value or nothing.
    pub(crate) fn json_or_null<T: DeserializeOwned>(
        &self,
        column: &'static str,
        value: Option<serde_json::Value>,
    ) -> Result<Option<T>, Corrupt> {
        value.map(|value| self.json(column, value)).transpose()
    }

    /// A number that the rules hold in a narrower type.
    pub(crate) fn number<N, T: TryFrom<N>>(&self, column: &'static str, number: N) -> Result<T, Corrupt> {
        T::try_from(number).map_err(|_| self.corrupt(column, None))
    }

    /// Bytes of a fixed length.
    pub(crate) fn bytes<const N: usize>(&self, column: &'static str, bytes: &[u8]) -> Result<[u8; N], Corrupt> {
        bytes.try_into().map_err(|_| self.corrupt(column, None))
    }

    /// The error of a column.
    pub(crate) fn corrupt(
        &self,
        column: &'static str,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Corrupt {
        Corrupt {
            table: self.table,
            id: self.id.to_string(),
            column,
            source,
        }
    }
}

/// Keeps the rows of a list that can be read and logs the others: one bad row must not hide the rest.
pub(crate) fn readable<T>(rows: impl IntoIterator<Item = Result<T, Corrupt>>) -> Vec<T> {
    rows.into_iter()
        .filter_map(|row| {
            row.inspect_err(|error| {
                let source = error.source.as_deref().map(tracing::field::display);
                tracing::error!(%error, source, "skipping a row");
            })
            .ok()
        })
        .collect()
}

/// [`readable`] over models.
pub(crate) fn readable_as<T, M>(models: impl IntoIterator<Item = M>) -> Vec<T>
where
    T: TryFrom<M, Error = Corrupt>,
{
    readable(models.into_iter().map(T::try_from))
}
