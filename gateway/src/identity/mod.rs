//! Who calls: credentials that are not Turnpike's own keys. JSON Web Tokens and the key sets that verify them, HTTP Basic
//! authentication, and tokens that only their issuer can judge.
//!
//! The decision about a call stays pure: where a call brings a token, it asks for somebody to [`vouch`] for it and is made
//! again with what came of that. Keys and answers are fetched with [`fetch`], under the address policy of the installation,
//! and kept: most calls wait for nothing.

pub(crate) mod askers;
pub(crate) mod basic;
pub(crate) mod claims;
pub(crate) mod fetch;
pub(crate) mod introspection;
pub(crate) mod introspector;
pub(crate) mod issuers;
pub(crate) mod jwk;
pub(crate) mod jwks;
pub(crate) mod jwt;
pub(crate) mod key_source;
pub(crate) mod own;
pub(crate) mod token_rule;
pub(crate) mod vouch;

pub(crate) use issuers::IssuerBook;
pub(crate) use jwt::{claimed_issuer, is_signed};
pub use own::TokenVerifier;
pub(crate) use token_rule::TokenRule;
pub(crate) use vouch::{Question, TokenProblem, Vouched, Vouching, Witnesses, vouch};
