//! Use cases of accounts: sign up, verify, sign in, sign out, reset.

use super::{Account, NewSession, SessionView, SignUp};
use crate::{actor::{AccountActor, Actor}, error::Result, id::{AccountId, SessionId}, services::Context};

/// Use cases of accounts.
#[derive(Clone)]
pub struct Accounts { pub(crate) cx: Context }

/// Where a sign-in comes from, for the list of sessions.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// `User-Agent`, cut to 200 characters.
    pub user_agent: String,
    /// Address of the peer.
    pub ip: String,
}

impl Accounts {
    /// Makes an account and queues the verification mail. The first account of an installation becomes operator.
    ///
    /// If the address already has an account, nothing changes, its owner gets a mail that says so, and the answer is
    /// the same: a stranger cannot find out who has an account.
    ///
    /// # Errors
    /// `Invalid` with the fields `email`, `name`, `password`.
    pub async fn sign_up(&self, input: SignUp) -> Result<()> { unimplemented!() }

    /// Makes a verified account, for the command line and the manifest; returns the one that is there if the address is taken
    /// (password and operator flag are then left as they are).
    pub async fn create_verified(&self, actor: &Actor, input: SignUp, operator: bool) -> Result<Account> { unimplemented!() }

    /// Marks the address as verified by the token of a verification mail and begins a session. Tokens live 24 hours and work once.
    ///
    /// # Errors
    /// `Conflict` if the token is unknown, used or too old.
    pub async fn verify(&self, token: &str, browser: Browser) -> Result<NewSession> { unimplemented!() }

    /// Queues the verification mail again, at most once a minute.
    pub async fn resend_verification(&self, actor: &Actor) -> Result<()> { unimplemented!() }

    /// Begins a session. Throttling is the door's (it knows the peer). Takes the same time whether the account exists or not.
    ///
    /// # Errors
    /// `Invalid` at `password` with one sentence for every cause.
    pub async fn sign_in(&self, email: &str, password: &str, browser: Browser) -> Result<NewSession> { unimplemented!() }

    /// Ends the session of a token; ending one twice is not an error.
    pub async fn sign_out(&self, token: &str) -> Result<()> { unimplemented!() }

    /// Who a session token belongs to; `None` when it is unknown, idle for 14 days or older than 90. Notes the use once a minute.
    pub async fn authenticate(&self, token: &str) -> Result<Option<(SessionId, AccountActor)>> { unimplemented!() }

    /// Queues a mail with a reset link (valid for one hour) if the address has an account; the answer is the same if not.
    pub async fn request_reset(&self, email: &str) -> Result<()> { unimplemented!() }

    /// Sets a new password by the token of a reset mail and ends every session of the account.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<()> { unimplemented!() }

    /// Changes name and, when given, password (then the current one is needed and all other sessions end).
    pub async fn update_profile(&self, actor: &Actor, current: SessionId, change: ProfileChange) -> Result<()> { unimplemented!() }

    /// The signed-in browsers of the actor, newest use first.
    pub async fn sessions(&self, actor: &Actor, current: SessionId) -> Result<Vec<SessionView>> { unimplemented!() }

    /// Ends one of the actor's sessions.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> { unimplemented!() }

    /// The account of an address, for the manifest.
    pub async fn by_email(&self, actor: &Actor, email: &str) -> Result<Option<Account>> { unimplemented!() }

    /// The actor for an account id, for tasks that act on behalf of somebody.
    pub async fn actor_of(&self, id: AccountId) -> Result<Actor> { unimplemented!() }
}

/// What the owner of an account can change about it.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// New name.
    pub name: String,
    /// Current and new password, to change it.
    pub password: Option<(String, String)>,
}
