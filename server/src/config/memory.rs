//! Arguments for how much memory the gateway may take.

use clap::Args;
use domain::policy::units::ByteSize;

/// Smallest amount that is of use.
const LEAST: ByteSize = ByteSize::mib(1);

/// How much memory the gateway may take for what policies keep.
#[derive(Args, Clone, Copy, Debug)]
pub struct GatewayMemoryArgs {
    /// Memory for answers that the policy `cache` keeps, over all threads of the gateway; 0 keeps none
    #[arg(long, value_name = "SIZE", env = "TURNPIKE_CACHE_SIZE", default_value = "256MiB", value_parser = cache_size)]
    pub cache_size: ByteSize,
    /// Memory for bodies that a policy looks at as a whole and for encoders of answers, for each thread of the gateway
    #[arg(
        long,
        value_name = "SIZE",
        env = "TURNPIKE_HELD_BODIES_SIZE",
        default_value = "64MiB",
        value_parser = held_bodies_size
    )]
    pub held_bodies_size: ByteSize,
}

impl GatewayMemoryArgs {
    /// Memory of the response cache, in bytes.
    pub fn cache_bytes(self) -> usize {
        bytes(self.cache_size)
    }

    /// Memory for held bodies, in bytes for each thread.
    pub fn held_bytes(self) -> usize {
        bytes(self.held_bodies_size)
    }
}

/// More than can be addressed is as good as no bound.
fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_bytes()).unwrap_or(usize::MAX)
}

fn cache_size(text: &str) -> Result<ByteSize, String> {
    match read(text)? {
        size if size == ByteSize::default() || size >= LEAST => Ok(size),
        _ => Err(format!("write 0 or at least {LEAST}")),
    }
}

fn held_bodies_size(text: &str) -> Result<ByteSize, String> {
    match read(text)? {
        size if size >= LEAST => Ok(size),
        _ => Err(format!("write at least {LEAST}")),
    }
}

fn read(text: &str) -> Result<ByteSize, String> {
    text.parse::<ByteSize>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_of_use_or_off() {
        for (text, of_cache, of_bodies) in [
            ("256MiB", Some(256 << 20), Some(256 << 20)),
            ("1048576", Some(1 << 20), Some(1 << 20)),
            ("1GB", Some(1_000_000_000), Some(1_000_000_000)),
            ("0", Some(0), None),
            ("1", None, None),
            ("1023KiB", None, None),
            ("-1", None, None),
            ("256", None, None),
            ("much", None, None),
        ] {
            assert_eq!(cache_size(text).ok().map(bytes), of_cache, "{text}");
            assert_eq!(held_bodies_size(text).ok().map(bytes), of_bodies, "{text}");
        }
        assert!(cache_size("256 mib").unwrap_err().contains("64KiB"));
    }
}
