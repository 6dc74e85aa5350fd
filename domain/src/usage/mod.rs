//! Usage: the ledger that refuses, charts and bills.
//!
//! A call counts (is one unit) when the gateway passed it to the upstream and the upstream answered, whatever the
//! status, or its caller hung up before the answer (status 499): the upstream has done the work. Refused calls, calls
//! that failed between gateway and upstream (502, 503, 504 made here) and calls whose caller hung up before they were
//! passed on count zero units; they are in the ledger for the charts, never for the quota or the invoice.

#[cfg(feature = "store")]
pub mod ledger;
#[cfg(feature = "store")]
pub mod query;
#[cfg(feature = "store")]
pub(crate) mod quota;
#[cfg(feature = "store")]
mod scope;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{KeyId, SubscriptionId, VersionId},
};

/// What a row of the ledger adds up over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsageKey {
    /// Who pays; [`SubscriptionId::NIL`] for anonymous and unidentified calls.
    pub subscription_id: SubscriptionId,
    /// With which key; [`KeyId::NIL`] without one.
    pub key_id: KeyId,
    /// Which version was called.
    pub version_id: VersionId,
    /// Slug of the operation in the version's current revision; empty when no operation matched.
    pub operation: String,
    /// Beginning of the minute, in Unix seconds.
    pub minute: i64,
    /// Status that the caller saw.
    pub status: u16,
    /// Whether the gateway made the answer itself.
    pub is_refused: bool,
}

/// What a row of the ledger holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSums {
    /// Answered requests.
    pub calls: u64,
    /// Calls that count against the quota and on the invoice.
    pub units: u64,
    /// Body bytes from callers.
    pub bytes_in: u64,
    /// Body bytes to callers.
    pub bytes_out: u64,
    /// Sum of the times from request head to response head, in microseconds.
    pub latency_us: u64,
}

impl UsageSums {
    /// Adds another row's sums.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.units += other.units;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.latency_us += other.latency_us;
    }
}

/// What a gateway hands to the ledger: written once per `(gateway, sequence)`, however often it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageBatch {
    /// Name of the gateway process; a new one at every start.
    pub gateway: String,
    /// 1, 2, 3 … within the process.
    pub sequence: u64,
    /// Rows with distinct keys.
    pub rows: Vec<(UsageKey, UsageSums)>,
}

/// Calls of one operation over a range, for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationUsage {
    /// Slug of the organization that owns the api.
    pub organization: String,
    /// Slug of the api.
    pub api: String,
    /// Name of the api.
    pub api_name: String,
    /// Name of the version.
    pub version: String,
    /// Slug of the operation; empty when no operation matched.
    pub operation: String,
    /// Method and path template, `GET /pets/{id}`; empty when the current revision no longer has the operation.
    pub route: String,
    /// Answered requests, refused ones included.
    pub calls: u64,
    /// Calls that counted.
    pub units: u64,
    /// Requests the gateway refused.
    pub refused: u64,
    /// Answers with a status of 500 or above.
    pub errors: u64,
    /// Mean time to the response head, in microseconds.
    pub mean_latency_us: u64,
}

/// Calls in one step of a time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsagePoint {
    /// Beginning of the step.
    pub at: Timestamp,
    /// Answered requests.
    pub calls: u64,
    /// Answers with a status of 500 or above.
    pub errors: u64,
    /// Requests the gateway refused.
    pub refused: u64,
}

/// Used of allowed, in the current period of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// Units used since `since`.
    pub used: u64,
    /// Units included; `None` means unlimited.
    pub allowed: Option<u64>,
    /// Beginning of the period.
    pub since: Timestamp,
    /// When the count starts again.
    pub until: Timestamp,
}
