//! Bars over time.

use leptos::prelude::*;

use super::{ChartData, Look, PlotSize, Scale, chart_frame, percent};

/// Share of a point's width that its bar takes, and its notch.
const BAR: f64 = 0.67;
const NOTCH: f64 = 0.88;

/// Sums over equal spans: calls each day. Series are stacked in their order from above; [`Look::Compare`] becomes a notch at
/// the height of the period before.
#[component]
pub fn BarChart(
    /// What it shows.
    data: ChartData,
    /// Height.
    #[prop(optional)]
    size: PlotSize,
) -> impl IntoView {
    let (notched, stacked): (Vec<_>, Vec<_>) = data.series.iter().partition(|series| series.look == Look::Compare);
    let stacks: Vec<(Look, Vec<f64>)> = stacked
        .iter()
        .map(|series| {
            (
                series.look,
                data.values(series).map(Option::unwrap_or_default).collect(),
            )
        })
        .collect();
    let tallest = (0..data.points.len())
        .map(|i| stacks.iter().map(|(_, values)| values[i]).sum::<f64>())
        .chain(notched.iter().flat_map(|series| data.values(series)).flatten())
        .fold(0.0, f64::max);
    let scale = Scale::reaching(tallest, data.unit);
    let slot = 100.0 / data.points.len().max(1) as f64;

    let bars = (0..data.points.len())
        .map(|i| {
            let x = percent(slot * (i as f64 + (1.0 - BAR) / 2.0));
            let width = percent(slot * BAR);
            // From below: the last series stands on the axis.
            let mut base = 0.0;
            stacks
                .iter()
                .rev()
                .filter_map(|(look, values)| {
                    let (bottom, value) = (scale.y(base), values[i]);
                    base += value;
                    let top = scale.y(base);
                    (value > 0.0).then(|| {
                        view! {
                            <rect
                                class=look.bar_class()
                                x=x.clone()
                                width=width.clone()
                                y=percent(top)
                                height=percent(bottom - top)
                            ></rect>
                        }
                    })
                })
                .collect_view()
        })
        .collect_view();
    let notches = notched
        .iter()
        .flat_map(|series| data.values(series).enumerate())
        .filter_map(|(i, value)| {
            let y = percent(scale.y(value?));
            let middle = slot * (i as f64 + 0.5);
            let half = slot * NOTCH / 2.0;
            Some(view! {
                <line class="notch" x1=percent(middle - half) x2=percent(middle + half) y1=y.clone() y2=y></line>
            })
        })
        .collect_view();
    let legend = data
        .series
        .iter()
        .map(|series| {
            let sign = if series.look == Look::Compare {
                view! { <line class="notch" x1="2" x2="22" y1="4" y2="4"></line> }.into_any()
            } else {
                view! { <rect class=series.look.bar_class() width="24" height="8"></rect> }.into_any()
            };
            view! {
                <li>
                    <svg viewBox="0 0 24 8" aria-hidden="true">{sign}</svg>
                    {series.name.clone()}
                    {series.total.clone().map(|total| view! { " " <b>{total}</b> })}
                </li>
            }
        })
        .collect_view();
    let legend = view! { <ul class="chart-legend" role="list">{legend}</ul> }.into_any();
    let plot = view! {
        {bars}
        {notches}
    }
    .into_any();
    chart_frame(&data, &scale, size, legend, plot, ().into_any())
}
