//! Smooth weighted round robin (as nginx has it), written out for one whole turn.

/// Longest schedule; weights are scaled down to fit.
const MAX_LENGTH: u32 = 4_096;

/// Indexes of targets, each as often as its weight says, spread evenly.
pub(super) fn schedule(weights: &[u32]) -> Vec<u16> {
    let divisor = weights.iter().copied().fold(0, gcd).max(1);
    let mut weights: Vec<u32> = weights.iter().map(|weight| weight / divisor).collect();
    let total: u32 = weights.iter().sum();
    if total > MAX_LENGTH {
        let scale = total.div_ceil(MAX_LENGTH);
        weights = weights.iter().map(|weight| (weight / scale).max(1)).collect();
    }
    let total: u32 = weights.iter().sum();
    let mut current = vec![0_i64; weights.len()];
    (0..total)
        .map(|_| {
            let mut best = 0;
            for (i, weight) in weights.iter().enumerate() {
                current[i] += i64::from(*weight);
                if current[i] > current[best] {
                    best = i;
                }
            }
            current[best] -= i64::from(total);
            best as u16
        })
        .collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept_and_spread() {
        assert_eq!(schedule(&[1]), [0]);
        assert_eq!(schedule(&[500, 500]), [0, 1]);
        assert_eq!(schedule(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert!(schedule(&[1_000; 200]).len() == 200);
        assert!(schedule(&[999, 1_000, 997, 991, 983]).len() <= MAX_LENGTH as usize + 5);
    }
}
