//! Lines over time.

use leptos::prelude::*;

use super::{ChartData, PlotSize, Scale, chart_frame, percent};

/// Values that move: rates, latencies. For sums over days take [`super::BarChart`].
#[component]
pub fn LineChart(
    /// What it shows.
    data: ChartData,
    /// Height.
    #[prop(optional)]
    size: PlotSize,
) -> impl IntoView {
    let scale = Scale::reaching(data.largest(), data.unit);
    let legend = data
        .series
        .iter()
        .map(|series| {
            view! {
                <li>
                    <svg viewBox="0 0 24 8" aria-hidden="true">
                        <line class=series.look.line_class() x1="0" x2="24" y1="4" y2="4"></line>
                    </svg>
                    {series.name.clone()}
                    {series.total.clone().map(|total| view! { " " <b>{total}</b> })}
                </li>
            }
        })
        .collect_view();
    let legend = view! { <ul class="chart-legend" role="list">{legend}</ul> }.into_any();
    let plot = data
        .series
        .iter()
        .map(|series| {
            let values: Vec<Option<f64>> = data.values(series).collect();
            segments(&values, &scale)
                .into_iter()
                .map(|segment| {
                    let points = joined(&segment);
                    let area = series.look.area_class().map(|class| {
                        let (first, last) = (segment[0].0, segment[segment.len() - 1].0);
                        let around = format!("{},100 {points} {},100", percent(first), percent(last));
                        view! { <polygon class=class points=around></polygon> }
                    });
                    view! {
                        {area}
                        <polyline class=series.look.line_class() points=points></polyline>
                    }
                })
                .collect_view()
        })
        .collect_view()
        .into_any();
    chart_frame(&data, &scale, size, legend, plot, ().into_any())
}

/// Runs of measured values as points of a 100 × 100 plot; a single value becomes a short stroke, so that it can be seen.
pub(super) fn segments(values: &[Option<f64>], scale: &Scale) -> Vec<Vec<(f64, f64)>> {
    const STROKE: f64 = 0.6;
    let last = values.len().saturating_sub(1);
    let x = |i: usize| {
        if last == 0 {
            50.0
        } else {
            i as f64 / last as f64 * 100.0
        }
    };
    let mut segments: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for (i, value) in values.iter().enumerate() {
        let Some(value) = value else {
            open = false;
            continue;
        };
        let point = (x(i), scale.y(*value));
        match segments.last_mut().filter(|_| open) {
            Some(segment) => segment.push(point),
            None => segments.push(vec![point]),
        }
        open = true;
    }
    for segment in segments.iter_mut().filter(|segment| segment.len() == 1) {
        let (x, y) = segment[0];
        *segment = vec![((x - STROKE).max(0.0), y), ((x + STROKE).min(100.0), y)];
    }
    segments
}

/// The value of the attribute `points`.
pub(super) fn joined(points: &[(f64, f64)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{},{}", percent(*x), percent(*y)))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{super::Unit, *};

    #[test]
    fn gaps_break_the_line() {
        let scale = Scale::reaching(10.0, Unit::Count);
        let runs = segments(&[Some(0.0), Some(10.0), None, Some(10.0), None], &scale);
        assert_eq!(runs.len(), 2);
        assert_eq!(joined(&runs[0]), "0.00,100.00 25.00,0.00");
        assert_eq!(joined(&runs[1]), "74.40,0.00 75.60,0.00");
        assert!(segments(&[], &scale).is_empty());
        assert!(segments(&[None], &scale).is_empty());
    }
}
