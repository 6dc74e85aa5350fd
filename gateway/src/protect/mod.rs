//! Threat protection: what a request may look like, whatever its upstream would make of it. Each module is pure: it
//! reads bytes and says what it found; what follows from that, the policy decides.

pub(crate) mod json_limits;
pub(crate) mod signatures;
mod utf8;
pub(crate) mod xml_limits;
