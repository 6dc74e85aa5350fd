//! Bodies that are read before they are passed on, because a policy wants to see them whole.
//!
//! Every other body goes through the gateway piece by piece. What is held is bounded twice: by the policy that asks for
//! it, for one body, and by [`Memory`], for all bodies of a worker together and for those of each organization. What was held is passed on by the same traits
//! as ever ([`crate::client::Caller`], [`crate::relay::BodySource`]), and if there is more of it, the rest as it comes.

use std::time::Duration;

mod answer;
mod memory;
mod replay;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    answer::{HeldAnswer, NotHeld},
    memory::{HeldBytes, Memory, MemoryFull, Share, Taken},
    request::{HeldCaller, hold},
};

/// How long a body may take until all that is wanted of it is there. What is held keeps others from being held, so that it
/// may not come byte by byte for as long as it likes.
const MAX_HOLDING: Duration = Duration::from_mins(1);
