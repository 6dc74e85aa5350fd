//! Charts: SVG made on the server, words as HTML so that they never scale, and every chart with a table twin.
//!
//! Series differ in dash as well as in colour. A chart's `finding` says in a sentence what it shows.

mod bar;
mod line;
mod scale;
mod spark;

use leptos::prelude::*;

pub use bar::BarChart;
pub use line::LineChart;
pub use scale::Unit;
pub use spark::Sparkline;

use self::scale::Scale;
use super::{Column, MoreSummary, Row, Table};

/// Values over the points of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name, for legend and table.
    pub name: String,
    /// How it is drawn.
    pub look: Look,
    /// One value a point; `None` where nothing was measured. What is not finite counts as not measured.
    pub values: Vec<Option<f64>>,
    /// In bold in the legend: the total or the last value.
    pub total: Option<String>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The first series: solid, with a light fill.
    First,
    /// The second: dashed.
    Second,
    /// The third: dotted.
    Third,
    /// The period before: a thin grey line, or notches on bars.
    Compare,
    /// Errors and refusals.
    Danger,
}

impl Look {
    const fn line_class(self) -> &'static str {
        match self {
            Self::First => "ln s1",
            Self::Second => "ln s2",
            Self::Third => "ln s3",
            Self::Compare => "ln sc",
            Self::Danger => "ln sd",
        }
    }

    const fn bar_class(self) -> &'static str {
        match self {
            Self::First | Self::Compare => "br1",
            Self::Second | Self::Third => "br2",
            Self::Danger => "brd",
        }
    }

    const fn area_class(self) -> Option<&'static str> {
        match self {
            Self::First => Some("ar1"),
            Self::Danger => Some("ard"),
            Self::Second | Self::Third | Self::Compare => None,
        }
    }
}

/// What a chart shows.
#[derive(Clone, Debug)]
pub struct ChartData {
    /// Its name, for the table and screen readers: "Calls each day".
    pub name: String,
    /// In a sentence what it shows: "131,052 calls, 22 percent more than the period before."
    pub finding: String,
    /// What its values are.
    pub unit: Unit,
    /// Name of the first column of the table: "Day, UTC".
    pub axis: &'static str,
    /// A label a point, from the oldest.
    pub points: Vec<String>,
    /// The series, back to front.
    pub series: Vec<Series>,
    /// Shown in the plot when nothing was measured, or everything is zero: "No calls in this range".
    pub empty: String,
}

impl ChartData {
    /// The values of a series, one a point: cut or filled up with `None`, without what is not finite or below zero.
    fn values<'a>(&self, series: &'a Series) -> impl Iterator<Item = Option<f64>> + use<'a> {
        let measured = series
            .values
            .iter()
            .map(|value| value.filter(|v| v.is_finite()).map(|v| v.max(0.0)));
        measured.chain(std::iter::repeat(None)).take(self.points.len())
    }

    fn largest(&self) -> f64 {
        self.series
            .iter()
            .flat_map(|series| self.values(series))
            .flatten()
            .fold(0.0, f64::max)
    }
}

/// Height of the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlotSize {
    /// 128 px.
    Small,
    /// 200 px.
    #[default]
    Medium,
    /// 240 px.
    Large,
}

/// Most labels below a plot; more would touch.
const MAX_X_LABELS: usize = 7;
/// Most rows of a table twin; a longer range is sampled.
const MAX_TWIN_ROWS: usize = 48;

/// Legend, axes and table around a plot.
fn chart_frame(
    data: &ChartData,
    scale: &Scale,
    size: PlotSize,
    legend: AnyView,
    plot: AnyView,
    over: AnyView,
) -> impl IntoView + use<> {
    let y_labels = scale
        .labels(data.unit)
        .into_iter()
        .map(|label| view! { <span>{label}</span> })
        .collect_view();
    let x_labels = label_indices(data.points.len(), MAX_X_LABELS)
        .into_iter()
        .map(|i| view! { <span>{data.points[i].clone()}</span> })
        .collect_view();
    let lines = (0..scale.steps)
        .map(|i| {
            let y = percent(f64::from(i) / f64::from(scale.steps) * 100.0);
            view! { <line class="gl" x1="0" x2="100" y1=y.clone() y2=y></line> }
        })
        .collect_view();
    let size = match size {
        PlotSize::Small => Some("sm"),
        PlotSize::Medium => None,
        PlotSize::Large => Some("lg"),
    };
    let is_empty = data.largest() <= 0.0;
    let empty = is_empty.then(|| {
        view! { <text class="plot-text" x="50%" y="48%" text-anchor="middle">{data.empty.clone()}</text> }
    });
    view! {
        <figure class="chart" aria-label=data.name.clone()>
            {legend}
            <div class="chart-grid">
                <div class="chart-y" aria-hidden="true">{y_labels}</div>
                <div class="chart-plot" data-size=size>
                    <svg
                        viewBox="0 0 100 100"
                        preserveAspectRatio="none"
                        role="img"
                        aria-label=if is_empty { data.empty.clone() } else { data.finding.clone() }
                    >
                        {lines}
                        <line class="ax" x1="0" x2="100" y1="100" y2="100"></line>
                        {plot}
                    </svg>
                    <svg aria-hidden="true">
                        {over}
                        {empty}
                    </svg>
                </div>
                <div class="chart-x" aria-hidden="true">{x_labels}</div>
            </div>
            {(!data.points.is_empty()).then(|| twin(data))}
        </figure>
    }
}

/// The same numbers as a table.
fn twin(data: &ChartData) -> impl IntoView + use<> {
    let stride = data.points.len().div_ceil(MAX_TWIN_ROWS).max(1);
    let columns = std::iter::once(Column::owned_text(data.axis.to_owned()))
        .chain(
            data.series
                .iter()
                .map(|series| Column::owned_number(series.name.clone())),
        )
        .collect::<Vec<_>>();
    let values: Vec<Vec<Option<f64>>> = data.series.iter().map(|series| data.values(series).collect()).collect();
    let rows = (0..data.points.len())
        .step_by(stride)
        .map(|i| {
            values.iter().fold(Row::new(data.points[i].clone()), |row, values| {
                row.cell(values[i].map_or_else(|| "–".to_owned(), |value| data.unit.words(value)))
            })
        })
        .collect::<Vec<_>>();
    let caption = if stride == 1 {
        data.name.clone()
    } else {
        format!("{}, every {stride} points", data.name)
    };
    let label = format!("{}, as a table", data.name);
    view! {
        <details class="twin">
            <MoreSummary text="Show as table" />
            <div tabindex="0" role="group" aria-label=label>
                <Table caption columns rows dense=true />
            </div>
        </details>
    }
}

/// Which points carry a label below the plot: evenly spread, with the first and the last.
fn label_indices(points: usize, most: usize) -> Vec<usize> {
    let count = points.min(most);
    match count {
        0 => Vec::new(),
        1 => vec![0],
        _ => (0..count)
            .map(|i| (i * (points - 1) + (count - 1) / 2) / (count - 1))
            .collect(),
    }
}

/// A coordinate with two decimals: finer than a pixel of any plot.
fn percent(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(values: &[Option<f64>]) -> ChartData {
        ChartData {
            name: "Calls".into(),
            finding: "Calls rise.".into(),
            unit: Unit::Count,
            axis: "Day, UTC",
            points: (0..values.len()).map(|i| format!("p{i}")).collect(),
            series: vec![Series {
                name: "Calls".into(),
                look: Look::First,
                values: values.to_vec(),
                total: None,
            }],
            empty: "No calls in this range".into(),
        }
    }

    fn both(values: &[Option<f64>]) -> [String; 2] {
        let (lines, bars) = (data(values), data(values));
        [
            view! { <LineChart data=lines /> }.to_html(),
            view! { <BarChart data=bars /> }.to_html(),
        ]
    }

    #[test]
    fn charts_bear_every_kind_of_value() {
        for (name, values) in [
            ("no points", vec![]),
            ("nothing measured", vec![None, None]),
            ("one point", vec![Some(7.0)]),
            ("one zero", vec![Some(0.0)]),
            ("gap", vec![Some(1.0), None, Some(2.0)]),
            ("huge", vec![Some(1e300), Some(f64::MAX), Some(1.0)]),
            ("tiny", vec![Some(1e-12), Some(0.0)]),
            ("not numbers", vec![Some(f64::NAN), Some(f64::INFINITY), Some(-5.0)]),
            ("many", (0..20_000).map(|i| Some(f64::from(i))).collect()),
        ] {
            for html in both(&values) {
                assert!(!html.contains("NaN") && !html.contains("inf"), "{name}: {html}");
                assert_eq!(html.matches("<figure").count(), 1, "{name}");
            }
        }
    }

    #[test]
    fn an_empty_chart_says_so() {
        for values in [vec![], vec![None, None], vec![Some(0.0), Some(0.0)]] {
            for html in both(&values) {
                assert!(html.contains("No calls in this range"), "{html}");
            }
        }
        for html in both(&[Some(1.0), Some(2.0)]) {
            assert!(!html.contains("No calls in this range"), "{html}");
            assert!(html.contains("Calls rise."), "{html}");
        }
    }

    #[test]
    fn the_twin_has_the_numbers() {
        let [html, _] = both(&[Some(1_234.0), None]);
        assert!(html.contains("1,234") && html.contains('–'), "{html}");
    }

    #[test]
    fn labels_spread_from_first_to_last() {
        assert_eq!(label_indices(0, 7), [0; 0]);
        assert_eq!(label_indices(1, 7), [0]);
        assert_eq!(label_indices(3, 7), [0, 1, 2]);
        assert_eq!(label_indices(30, 7), [0, 5, 10, 15, 19, 24, 29]);
    }
}
