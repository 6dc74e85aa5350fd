//! Headline numbers and how much of an allowance is used.

use leptos::prelude::*;

use super::Tone;

/// 3 to 6 headline numbers on one plate.
#[component]
pub fn Stats(
    /// [`Stat`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="stats">{children()}</dl> }
}

/// One headline number; inside [`Stats`].
#[component]
pub fn Stat(
    /// What it counts.
    #[prop(into)]
    name: String,
    /// The number with its unit, or `–` where nothing was measured.
    #[prop(into)]
    value: String,
    /// Smaller, after the number: a unit or a share.
    #[prop(optional, into)]
    unit: Option<String>,
    /// Colour of the change below.
    #[prop(optional)]
    tone: Tone,
    /// The change, in bold: `+7.1 %`.
    #[prop(optional, into)]
    change: Option<String>,
    /// What stands after the change, or alone: `on the day before`.
    #[prop(optional, into)]
    note: Option<String>,
) -> impl IntoView {
    let unit = unit.map(|unit| view! { " " <small>{unit}</small> });
    let has_delta = change.is_some() || note.is_some();
    let delta = has_delta.then(|| {
        view! {
            <dd class="delta" data-tone=tone.attribute()>
                {change.map(|change| view! { <b>{change}</b> " " })}
                {note}
            </dd>
        }
    });
    view! {
        <div class="stat">
            <dt>{name}</dt>
            <dd class="value">
                {value}
                {unit}
            </dd>
            {delta}
        </div>
    }
}

/// Used of allowed, as a scale with quarter ticks, with the numbers in words. The colour follows the share: from 80 %
/// amber, from 100 % red.
#[component]
pub fn Meter(
    /// What is used up.
    #[prop(into)]
    name: String,
    /// How much is used.
    used: u64,
    /// How much is allowed; 0 counts as used up.
    allowed: u64,
    /// Unit for the words: `calls`.
    #[prop(into)]
    unit: String,
) -> impl IntoView {
    let share = share_in_percent(used, allowed);
    let tone = if share >= 100.0 {
        Some("danger")
    } else if share >= 80.0 {
        Some("warn")
    } else {
        None
    };
    let words = format!(
        "{} of {} {unit}, {}",
        domain::plan::grouped(used),
        domain::plan::grouped(allowed),
        percent_in_words(share)
    );
    // The track ends 0.3 % before the edge, so that its frame is not cut off.
    let width = format!("{:.1}%", share.min(99.6));
    view! {
        <div class="meter" data-tone=tone>
            <div class="meter-head">
                <span>{name.clone()}</span>
                <span class="strong">{words.clone()}</span>
            </div>
            <svg role="img" aria-label=format!("{name}: {words}")>
                <line class="tick" x1="25%" x2="25%" y1="8" y2="14"></line>
                <line class="tick" x1="50%" x2="50%" y1="8" y2="14"></line>
                <line class="tick" x1="75%" x2="75%" y1="8" y2="14"></line>
                <rect class="track" x="0.5" y="0.5" width="99.7%" height="7" rx="2"></rect>
                <rect class="fill" x="0.5" y="0.5" width=width height="7" rx="2"></rect>
            </svg>
        </div>
    }
}

fn share_in_percent(used: u64, allowed: u64) -> f64 {
    if allowed == 0 {
        100.0
    } else {
        used as f64 / allowed as f64 * 100.0
    }
}

/// Mean of a sum of microseconds over what was measured, in milliseconds for a [`Stat`]; `–` where nothing was.
pub fn mean_in_ms(sum_us: u64, measured: u64) -> String {
    sum_us
        .checked_div(measured)
        .map_or_else(|| "–".to_owned(), |us| format!("{:.1}", us as f64 / 1_000.0))
}

/// A share for people: `0 %`, `under 1 %`, `45 %`; never rounded up to 100 %.
pub fn percent_in_words(percent: f64) -> String {
    if percent <= 0.0 {
        "0 %".to_owned()
    } else if percent < 1.0 {
        "under 1 %".to_owned()
    } else {
        format!("{} %", domain::plan::grouped(percent.floor() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_up_to_used_up() {
        for (used, allowed, words) in [
            (0, 100, "0 %"),
            (1, 1_000_000, "under 1 %"),
            (45, 100, "45 %"),
            (999_999, 1_000_000, "99 %"),
            (100, 100, "100 %"),
            (250, 100, "250 %"),
            (5, 0, "100 %"),
        ] {
            assert_eq!(
                percent_in_words(share_in_percent(used, allowed)),
                words,
                "{used} of {allowed}"
            );
        }
    }
}
