//! Who calls: credentials that are not Turnpike's own keys. JSON Web Tokens and the key sets that verify them, HTTP Basic
//! authentication, and tokens that only their issuer can judge.
//!
//! Verifying never waits: what must be fetched (key sets, answers of introspection) a background task fetches with
//! [`fetch`], under the address policy of the installation.

pub(crate) mod basic;
pub(crate) mod claims;
pub(crate) mod fetch;
pub(crate) mod introspection;
pub(crate) mod jwk;
pub(crate) mod jwks;
pub(crate) mod jwt;
