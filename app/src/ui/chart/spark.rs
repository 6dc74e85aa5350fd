//! A line without axes, in a table's cell.

use leptos::prelude::*;

use super::{
    Scale, Unit,
    line::{joined, segments},
};

/// The course of a number in a row. The number itself stands in a cell of its own.
#[component]
pub fn Sparkline(
    /// In words what it shows: "Calls over 30 days, rising".
    #[prop(into)]
    label: String,
    /// From the oldest; what is not finite counts as not measured.
    values: Vec<f64>,
) -> impl IntoView {
    let values: Vec<Option<f64>> = values
        .into_iter()
        .map(|value| Some(value).filter(|v| v.is_finite()).map(|v| v.max(0.0)))
        .collect();
    let largest = values.iter().flatten().fold(0.0, |a: f64, b| a.max(*b));
    let scale = Scale {
        top: if largest > 0.0 { largest } else { 1.0 },
        ..Scale::reaching(largest, Unit::Count)
    };
    let lines = segments(&values, &scale)
        .iter()
        .map(|segment| view! { <polyline class="ln s1" points=joined(segment)></polyline> })
        .collect_view();
    view! {
        <svg class="spark" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=label>
            {lines}
        </svg>
    }
}
