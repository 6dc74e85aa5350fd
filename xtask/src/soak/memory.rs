//! The product's memory over the time of a soak.

use std::time::{Duration, Instant};

use super::{pause, world::World};
use crate::server::Server;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// What is permitted between the two parts of the time that are compared: a tenth, and what allocators round by.
const GROWTH: f64 = 1.1;
const SLACK: u64 = 16 << 20;

/// Resident bytes, in the order of time.
pub(super) struct Memory(Vec<u64>);

impl Memory {
    /// Looks until the time is over.
    pub(super) fn watch(world: &World, server: &Server) -> Self {
        let mut seen = Vec::new();
        while Instant::now() < world.until {
            seen.extend(server.resident_bytes());
            pause(INTERVAL);
        }
        Self(seen)
    }

    /// The median between 20 and 30 % of the time.
    pub(super) fn early(&self) -> u64 {
        self.part(20, 30)
    }

    /// The median of the last tenth.
    pub(super) fn late(&self) -> u64 {
        self.part(90, 100)
    }

    pub(super) fn is_flat(&self) -> bool {
        self.late() as f64 <= self.early() as f64 * GROWTH + SLACK as f64
    }

    fn part(&self, from: usize, to: usize) -> u64 {
        let count = self.0.len();
        let mut part = self.0[count * from / 100..count * to / 100].to_vec();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_found_and_a_peak_is_not() {
        const MIB: u64 = 1 << 20;
        let grown = Memory((0..100).map(|step| (100 + step) * MIB).collect());
        assert!(!grown.is_flat(), "{} to {}", grown.early(), grown.late());
        let mut flat = vec![100 * MIB; 100];
        flat[95] = 900 * MIB;
        assert!(Memory(flat).is_flat());
    }
}
