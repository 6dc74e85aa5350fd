//! HTTP messages, whatever version they came in: what the phases look at.

mod fields;
mod head;
mod hop_by_hop;
mod known;
mod trailers;
mod vary;

pub(crate) use fields::{Fields, KnownSet};
pub(crate) use head::{AnswerHead, BodyLength, RequestHead};
pub(crate) use hop_by_hop::{HopByHop, has_token, strip_hop_by_hop};
pub(crate) use known::Known;
pub(crate) use trailers::{MAX_TRAILERS, NOT_IN_TRAILERS};
pub(crate) use vary::vary_by;
