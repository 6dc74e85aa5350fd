//! Hashing passwords: argon2id, a few at a time, off the async threads.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::PASSWORD_MAX;
use crate::error::{DomainError, Result};

/// Hashes computed at once: each takes a core and 19 MiB for some 20 ms, and the gateway lives on the same machine.
const AT_ONCE: usize = 2;

/// How much work a hash is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordCost {
    /// 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet.
    #[default]
    Owasp,
    /// As little as argon2 allows, for tests only.
    Test,
}

/// Hashes and verifies passwords. Cheap to clone; clones share the bound on work at once.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
}

impl Passwords {
    /// A hasher for new passwords of this cost; old ones are verified at the cost they were hashed with.
    pub fn new(cost: PasswordCost) -> Self {
        let params = match cost {
            PasswordCost::Owasp => Params::new(19_456, 2, 1, None),
            PasswordCost::Test => Params::new(Params::MIN_M_COST, 1, 1, None),
        };
        // The numbers above lie within argon2's bounds, so its defaults (the same as OWASP's) are never used.
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.unwrap_or_default());
        Self {
            argon2,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The PHC string to store, with a salt of its own.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.work(move |argon2| {
            argon2
                .hash_password(password.as_bytes())
                .map(|hash: PasswordHash| hash.to_string())
        })
        .await?
        .map_err(|error| DomainError::internal(error.to_string()))
    }

    /// Whether the password fits the stored hash. Without one the answer is no after the same work, so that time does
    /// not tell whether an account exists. Texts longer than any password are not hashed: that would only be work for us.
    pub(crate) async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        // A character has at most four bytes; nobody has the empty password.
        let is_possible = password.len() <= PASSWORD_MAX * 4;
        let password = if is_possible {
            password.to_owned()
        } else {
            String::new()
        };
        let verdict = self
            .work(move |argon2| match stored {
                Some(stored) => argon2.verify_password(password.as_bytes(), stored.as_str()),
                None => {
                    let hashed: Result<PasswordHash, Error> = argon2.hash_password(password.as_bytes());
                    hashed.and(Err(Error::PasswordInvalid))
                }
            })
            .await?;
        match verdict {
            Ok(()) => Ok(is_possible),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(DomainError::internal(error.to_string())),
        }
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce(Argon2<'static>) -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(DomainError::internal)?;
        let argon2 = self.argon2.clone();
        spawn_blocking(move || {
            // Held by the work and not by the caller, who may go away before it is done.
            let _permit = permit;
            job(argon2)
        })
        .await
        .map_err(DomainError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new(PasswordCost::Test);
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("battery staple", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap(), "no account");
        assert!(
            passwords
                .verify("correct horse", Some("nonsense".into()))
                .await
                .is_err(),
            "a corrupt hash is our fault"
        );
        assert_ne!(passwords.hash("correct horse").await.unwrap(), stored, "salted");
    }

    #[test]
    fn the_default_cost_is_owasps() {
        let passwords = Passwords::new(PasswordCost::Owasp);
        let params = passwords.argon2.params();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19_456, 2, 1));
    }
}
