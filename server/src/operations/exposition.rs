//! The text of metrics: the Prometheus text format 0.0.4, and OpenMetrics 1.0 for those who ask for it.

use std::fmt::{Display, Write as _};

use axum::http::{HeaderMap, header};
use gateway::{LATENCY_BUCKETS, Latencies};

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Prometheus,
    OpenMetrics,
}

impl Form {
    /// What a scraper asks for.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let mut accepted = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        if accepted.any(|value| value.contains("application/openmetrics-text")) {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Labels of a sample.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// The text, family by family.
pub(super) struct Exposition {
    text: String,
    form: Form,
}

/// A family whose samples are being written.
pub(super) struct Family<'a> {
    text: &'a mut String,
    sample: String,
}

/// A family of histograms that is being written.
pub(super) struct Histograms<'a> {
    text: &'a mut String,
    name: String,
}

/// Which buckets of a histogram are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// All: two an octave from 32 µs to 67 s.
    Full,
    /// One an octave from 128 µs to 17 s: for histograms that there are many of.
    Octaves,
}

impl Detail {
    /// Ends of buckets that are shown, in microseconds.
    fn shows(self, end_us: u64) -> bool {
        match self {
            Self::Full => true,
            Self::Octaves => end_us.is_power_of_two() && (1 << 7..=1 << 24).contains(&end_us),
        }
    }
}

impl Exposition {
    pub(super) fn new(form: Form) -> Self {
        Self {
            text: String::with_capacity(16 * 1024),
            form,
        }
    }

    /// A count that only grows. `name` is without `_total`, which its samples have.
    pub(super) fn counter(&mut self, name: &str, help: &str) -> Family<'_> {
        let sample = format!("{name}_total");
        let family = self.family_name(name, &sample).to_owned();
        self.begin(&family, "counter", help, sample)
    }

    /// A value that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str) -> Family<'_> {
        self.begin(name, "gauge", help, name.to_owned())
    }

    /// Facts that stand in labels. `name` is without `_info`, which its samples have.
    pub(super) fn info(&mut self, name: &str, help: &str) -> Family<'_> {
        let sample = format!("{name}_info");
        let family = self.family_name(name, &sample).to_owned();
        let kind = match self.form {
            Form::Prometheus => "gauge",
            Form::OpenMetrics => "info",
        };
        self.begin(&family, kind, help, sample)
    }

    /// Histograms of times in seconds.
    pub(super) fn histogram(&mut self, name: &str, help: &str) -> Histograms<'_> {
        let Family { text, .. } = self.begin(name, "histogram", help, String::new());
        Histograms {
            text,
            name: name.to_owned(),
        }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        if self.form == Form::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    /// OpenMetrics names a family without the suffix of its samples, the older format with it.
    const fn family_name<'a>(&self, name: &'a str, sample: &'a str) -> &'a str {
        match self.form {
            Form::Prometheus => sample,
            Form::OpenMetrics => name,
        }
    }

    fn begin(&mut self, family: &str, kind: &str, help: &str, sample: String) -> Family<'_> {
        let _ = writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} {kind}");
        Family {
            text: &mut self.text,
            sample,
        }
    }
}

impl Family<'_> {
    /// Adds a sample.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) -> &mut Self {
        write_sample(self.text, &self.sample, labels, value);
        self
    }
}

impl Histograms<'_> {
    /// Adds a histogram.
    pub(super) fn add(&mut self, labels: Labels<'_>, latencies: &Latencies, detail: Detail) {
        let name = &self.name;
        let bucket_name = format!("{name}_bucket");
        let mut count = 0;
        for bucket in 0..LATENCY_BUCKETS {
            count += latencies.buckets[bucket];
            let end = match Latencies::end_us(bucket) {
                Some(end) if detail.shows(end) => seconds(end),
                Some(_) => continue,
                None => "+Inf".to_owned(),
            };
            let labels: Vec<_> = labels.iter().copied().chain([("le", end.as_str())]).collect();
            write_sample(self.text, &bucket_name, &labels, count);
        }
        write_sample(self.text, &format!("{name}_sum"), labels, seconds(latencies.sum_us));
        write_sample(self.text, &format!("{name}_count"), labels, count);
    }
}

fn write_sample(text: &mut String, name: &str, labels: Labels<'_>, value: impl Display) {
    text.push_str(name);
    for (place, (name, value)) in labels.iter().enumerate() {
        let _ = write!(text, "{}{name}=\"", if place == 0 { '{' } else { ',' });
        for c in value.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                c => text.push(c),
            }
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
    let _ = writeln!(text, " {value}");
}

/// Microseconds as seconds, without rounding.
pub(super) fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') {
        format!("{short}0")
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: Form) -> String {
        let mut exposition = Exposition::new(form);
        exposition
            .counter("t_calls", "Calls.")
            .sample(&[("path", "a\"b\\c\nd"), ("class", "2xx")], 3)
            .sample(&[], 4);
        exposition.info("t_build", "Build.").sample(&[("version", "1")], 1);
        exposition.gauge("t_open", "Open.").sample(&[], 0.5);
        exposition.finish()
    }

    #[test]
    fn both_formats_name_families_as_they_must() {
        assert_eq!(
            text(Form::Prometheus),
            "# HELP t_calls_total Calls.\n# TYPE t_calls_total counter\n\
             t_calls_total{path=\"a\\\"b\\\\c\\nd\",class=\"2xx\"} 3\nt_calls_total 4\n\
             # HELP t_build_info Build.\n# TYPE t_build_info gauge\nt_build_info{version=\"1\"} 1\n\
             # HELP t_open Open.\n# TYPE t_open gauge\nt_open 0.5\n"
        );
        let open = text(Form::OpenMetrics);
        assert!(open.contains("# TYPE t_calls counter\nt_calls_total{"), "{open}");
        assert!(open.contains("# TYPE t_build info\nt_build_info{"), "{open}");
        assert!(open.ends_with("t_open 0.5\n# EOF\n"), "{open}");
    }

    #[test]
    fn buckets_are_cumulated_and_end_with_the_count() {
        let mut latencies = Latencies::default();
        latencies.buckets[0] = 2;
        latencies.buckets[LATENCY_BUCKETS - 1] = 1;
        latencies.sum_us = 70_000_020;
        let mut exposition = Exposition::new(Form::Prometheus);
        let mut histograms = exposition.histogram("t_seconds", "Times.");
        histograms.add(&[("of", "b")], &latencies, Detail::Octaves);
        histograms.add(&[], &latencies, Detail::Full);
        let text = exposition.finish();
        assert!(
            text.contains(" histogram\nt_seconds_bucket{of=\"b\",le=\"0.000128\"} 2\n"),
            "{text}"
        );
        assert!(
            text.contains(
                "{of=\"b\",le=\"16.777216\"} 2\nt_seconds_bucket{of=\"b\",le=\"+Inf\"} 3\nt_seconds_sum{of=\"b\"} 70.00002\n"
            ),
            "{text}"
        );
        assert!(text.contains("\nt_seconds_bucket{le=\"0.000032\"} 2\n"), "{text}");
        assert!(
            text.ends_with("{le=\"+Inf\"} 3\nt_seconds_sum 70.00002\nt_seconds_count 3\n"),
            "{text}"
        );
        assert_eq!((seconds(0), seconds(1_000_000)), ("0.0".into(), "1.0".into()));
    }
}
