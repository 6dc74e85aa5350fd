//! Errors of the database, as the domain sees them.

use sea_orm::{DbErr, SqlErr};

use crate::error::{DomainError, Result};

impl From<DbErr> for DomainError {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

/// Turns a violated unique index into the error of the use case, on both engines: "taken" is what the database says,
/// never a count before an insert.
pub(crate) trait OrTaken<T> {
    /// The result, with `taken()` in place of a unique violation.
    fn or_taken(self, taken: impl FnOnce() -> DomainError) -> Result<T>;
}

impl<T> OrTaken<T> for Result<T, DbErr> {
    fn or_taken(self, taken: impl FnOnce() -> DomainError) -> Result<T> {
        self.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => taken(),
            _ => error.into(),
        })
    }
}
