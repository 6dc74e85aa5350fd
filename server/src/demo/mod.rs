//! `turnpike demo`.

use anyhow::Result;

use crate::config::DemoArgs;

/// Runs the sample world.
pub(crate) async fn run(_args: DemoArgs) -> Result<()> {
    anyhow::bail!("not yet")
}
