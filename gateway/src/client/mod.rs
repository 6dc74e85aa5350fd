//! The callers' side: what a connection may send before the HTTP library sees it, and the bodies of answers.

mod answer;
mod framing;
mod io;

pub(crate) use answer::AnswerBody;
pub(crate) use io::{ClientIo, ConnectionPhase, Slot};
