//! The vertical axis: a round top and equal steps.

use domain::plan::grouped;

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Whole things: calls, errors.
    #[default]
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Percent, 0 to 100.
    Percent,
}

impl Unit {
    /// A value in full, for tables: `4,182,904`, `38 ms`, `0.73 %`.
    pub fn words(self, value: f64) -> String {
        match self {
            Self::Count => grouped(value.round() as u64),
            Self::Milliseconds if value < 10.0 => format!("{value:.1} ms"),
            Self::Milliseconds => format!("{} ms", grouped(value.round() as u64)),
            Self::Percent => format!("{value:.2} %"),
        }
    }

    /// A value for an axis: `4k`, `1.5M`, `200`.
    fn short(self, value: f64) -> String {
        const NAMES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
        let number = match NAMES.iter().find(|(size, _)| value >= *size) {
            Some((size, name)) => {
                let scaled = value / size;
                if scaled >= 1e6 {
                    format!("{value:.0e}")
                } else {
                    format!("{}{name}", trimmed(scaled))
                }
            }
            None => trimmed(value),
        };
        match self {
            Self::Count => number,
            Self::Milliseconds => format!("{number} ms"),
            Self::Percent => format!("{number} %"),
        }
    }
}

/// At most two decimals, none that are zero.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A round top and how many equal steps lead to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The value at the upper edge; above zero, finite.
    pub(super) top: f64,
    /// 2 to 5.
    pub(super) steps: u32,
}

impl Scale {
    /// A scale that reaches `largest`: its steps are 1, 2, 2.5 or 5 times a power of ten, whole numbers for counts.
    pub(super) fn reaching(largest: f64, unit: Unit) -> Self {
        // Above this a top could not be rounded up any more.
        let largest = largest.clamp(0.0, 1e300);
        let smallest_step = if unit == Unit::Count { 1.0 } else { 0.01 };
        if largest <= smallest_step {
            return Self {
                top: smallest_step * 2.0,
                steps: 2,
            };
        }
        let magnitude = 10_f64.powf((largest / 5.0).log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|factor| factor * magnitude)
            .into_iter()
            .filter(|step| unit != Unit::Count || step.fract() == 0.0)
            .find(|step| *step >= smallest_step && largest / step <= 5.0)
            .unwrap_or(magnitude * 10.0);
        let steps = (largest / step).ceil().clamp(2.0, 5.0);
        Self {
            top: step * steps,
            steps: steps as u32,
        }
    }

    /// Where a value lies in a plot of height 100, from above.
    pub(super) fn y(&self, value: f64) -> f64 {
        100.0 - (value / self.top).clamp(0.0, 1.0) * 100.0
    }

    /// Labels from the top down to 0.
    pub(super) fn labels(&self, unit: Unit) -> Vec<String> {
        (0..=self.steps)
            .rev()
            .map(|i| {
                if i == 0 {
                    "0".to_owned()
                } else {
                    unit.short(self.top * f64::from(i) / f64::from(self.steps))
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round_and_reach_the_largest_value() {
        for (largest, unit, labels) in [
            (0.0, Unit::Count, vec!["2", "1", "0"]),
            (1.0, Unit::Count, vec!["2", "1", "0"]),
            (3.0, Unit::Count, vec!["3", "2", "1", "0"]),
            (7.0, Unit::Count, vec!["8", "6", "4", "2", "0"]),
            (58.0, Unit::Count, vec!["60", "40", "20", "0"]),
            (4_676.0, Unit::Count, vec!["5k", "4k", "3k", "2k", "1k", "0"]),
            (6_200_000.0, Unit::Count, vec!["8M", "6M", "4M", "2M", "0"]),
            (
                318.0,
                Unit::Milliseconds,
                vec!["400 ms", "300 ms", "200 ms", "100 ms", "0"],
            ),
            (0.73, Unit::Percent, vec!["0.8 %", "0.6 %", "0.4 %", "0.2 %", "0"]),
        ] {
            let scale = Scale::reaching(largest, unit);
            assert!(scale.top >= largest, "{largest}");
            assert_eq!(scale.labels(unit), labels, "{largest}");
        }
    }

    #[test]
    fn any_largest_value_gives_a_scale() {
        for largest in [f64::MIN_POSITIVE, 1e-9, 0.5, 1e15, 1e300, f64::MAX] {
            for unit in [Unit::Count, Unit::Milliseconds, Unit::Percent] {
                let scale = Scale::reaching(largest, unit);
                assert!(scale.top.is_finite() && scale.top > 0.0, "{largest}");
                assert!((2..=5).contains(&scale.steps), "{largest}");
                assert!((0.0..=100.0).contains(&scale.y(largest)), "{largest}");
            }
        }
    }

    #[test]
    fn values_in_words() {
        assert_eq!(Unit::Count.words(4_182_904.0), "4,182,904");
        assert_eq!(Unit::Milliseconds.words(3.25), "3.2 ms");
        assert_eq!(Unit::Milliseconds.words(38.4), "38 ms");
        assert_eq!(Unit::Percent.words(0.731), "0.73 %");
    }
}
