//! How long calls take, in fixed buckets: histograms of workers, processes and hours add up exactly.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Number of buckets. The first ends at 32 µs, then two an octave up to 67 s; the last has no end.
pub const LATENCY_BUCKETS: usize = 2 + (LAST_OCTAVE - FIRST_OCTAVE) * 2;

/// The first bucket ends at 2 to the power of this, in microseconds.
const FIRST_OCTAVE: usize = 5;
/// The last bucket that has an end has it at 2 to the power of this, in microseconds.
const LAST_OCTAVE: usize = 26;

/// A histogram that is being written. Readers see each bucket as it is at their moment.
#[derive(Debug)]
pub struct LatencyHistogram {
    buckets: [AtomicU64; LATENCY_BUCKETS],
    sum_us: AtomicU64,
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            sum_us: AtomicU64::new(0),
        }
    }
}

impl LatencyHistogram {
    /// Counts one call of `micros` microseconds. For a histogram with one writer: a few instructions, and nothing that
    /// other cores wait for.
    pub fn record(&self, micros: u64) {
        let bucket = &self.buckets[bucket_of(micros)];
        bucket.store(bucket.load(Relaxed).wrapping_add(1), Relaxed);
        self.sum_us
            .store(self.sum_us.load(Relaxed).wrapping_add(micros), Relaxed);
    }

    /// As [`Self::record`], for a histogram with several writers.
    pub fn record_shared(&self, micros: u64) {
        self.buckets[bucket_of(micros)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(micros, Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> Latencies {
        Latencies {
            buckets: std::array::from_fn(|i| self.buckets[i].load(Relaxed)),
            sum_us: self.sum_us.load(Relaxed),
        }
    }
}

/// A histogram as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// Calls in each bucket, not cumulated.
    pub buckets: [u64; LATENCY_BUCKETS],
    /// Sum of all times, in microseconds.
    pub sum_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            buckets: [0; LATENCY_BUCKETS],
            sum_us: 0,
        }
    }
}

impl Latencies {
    /// Adds another histogram's counts.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.buckets.iter_mut().zip(other.buckets) {
            *sum += more;
        }
        self.sum_us = self.sum_us.wrapping_add(other.sum_us);
    }

    /// Calls in all buckets.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The longest time that a bucket takes, in microseconds; `None` for the last, which has no end.
    pub const fn end_us(bucket: usize) -> Option<u64> {
        match bucket {
            0 => Some(1 << FIRST_OCTAVE),
            bucket if bucket < LATENCY_BUCKETS - 1 => {
                let (octave, half) = (FIRST_OCTAVE + (bucket - 1) / 2, (bucket - 1) % 2);
                Some((3 + half as u64) << (octave - 1))
            }
            _ => None,
        }
    }
}

/// A bucket takes times above the end of the one before it, up to and with its own end.
const fn bucket_of(micros: u64) -> usize {
    let below = micros.saturating_sub(1);
    if below < 1 << FIRST_OCTAVE {
        return 0;
    }
    let octave = below.ilog2() as usize;
    let half = (below >> (octave - 1)) as usize & 1;
    let bucket = 1 + (octave - FIRST_OCTAVE) * 2 + half;
    if bucket < LATENCY_BUCKETS {
        bucket
    } else {
        LATENCY_BUCKETS - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_first_bucket_that_takes_it() {
        let ends: Vec<u64> = (0..LATENCY_BUCKETS).filter_map(Latencies::end_us).collect();
        assert_eq!(ends.len(), LATENCY_BUCKETS - 1);
        assert_eq!(
            (ends[..4].to_vec(), ends.last()),
            (vec![32, 48, 64, 96], Some(&(1 << 26)))
        );
        assert!(ends.is_sorted());
        let near = ends.iter().flat_map(|end| [end - 1, *end, end + 1]);
        for micros in near.chain([0, 1, u64::MAX]) {
            let expected = ends.iter().position(|end| micros <= *end).unwrap_or(ends.len());
            assert_eq!(bucket_of(micros), expected, "{micros} µs");
        }
    }

    #[test]
    fn histograms_add_up() {
        let (one, other) = (LatencyHistogram::default(), LatencyHistogram::default());
        for micros in [10, 1_000, 2_000_000] {
            one.record(micros);
            other.record_shared(micros);
        }
        let mut sum = one.read();
        sum.add(&other.read());
        assert_eq!((sum.count(), sum.sum_us), (6, 4_002_020));
        assert!(sum.buckets.iter().all(|count| *count == 0 || *count == 2), "{sum:?}");
    }
}
