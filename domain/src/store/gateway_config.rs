//! What gateways are told: reads of the whole configuration and of changes since a revision.

use crate::{error::Result, gateway_config::{ConfigRevision, ConfigUpdate}, services::Context};

/// Reads for the reconciler.
#[derive(Clone)]
pub struct GatewayConfigReads { pub(crate) cx: Context }

impl GatewayConfigReads {
    /// Number of the newest configuration; one row, cheap to ask every other second.
    pub async fn revision(&self) -> Result<ConfigRevision> { unimplemented!() }

    /// What a gateway that serves `since` must learn, in one read transaction: changes where the change log reaches back that
    /// far, otherwise everything. `None` for `since` asks for everything.
    pub async fn read(&self, since: Option<ConfigRevision>) -> Result<ConfigUpdate> { unimplemented!() }
}
