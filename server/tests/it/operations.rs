//! Metrics and health checks, on their own listener.

use std::time::{Duration, Instant};

use domain::fixture::Engine;

use crate::{
    browser::{Browser, call},
    command_line::run,
    product::{PETS, Product, publish},
    upstream,
};

/// The value of a sample; `None` if it is not there.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

/// Insists on the text format: every sample belongs to a family that was described before it, once, and has a number.
fn check_format(text: &str) {
    let mut families = std::collections::HashSet::new();
    let mut samples = std::collections::HashSet::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            family = described.split(' ').next().unwrap();
            assert!(families.insert(family), "{family} twice");
        } else if !line.starts_with("# HELP ") {
            let (sample, number) = line.rsplit_once(' ').unwrap();
            assert!(sample.starts_with(family), "{sample} is not of {family}");
            assert!(samples.insert(sample), "{sample} twice");
            number.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_what_happened_on_both_engines() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(product) = Product::on(engine).await else {
            continue;
        };
        let mut operator = Browser::new(product.operations());
        operator.get("/health/live").await.expect(200).says("ok");
        operator.get("/health/ready").await.expect(200).says("ready");
        operator.get("/").await.expect(404);
        // Nothing of this is public.
        for path in ["/metrics", "/health/ready"] {
            Browser::new(product.portal()).get(path).await.expect(404);
            call(product.gateway(), "none", path).await.expect(404);
        }

        product.account("first@turnpike.example").await;
        let (upstream, _) = upstream::start().await;
        let mut provider = product.signed_in("ada@acme.example").await;
        let acme = [("name", "Acme"), ("slug", "acme")];
        provider.post("/console/new", &acme).await.expect(303);
        let url = format!("http://{upstream}");
        publish(&mut provider, "acme", "petstore", PETS.as_bytes(), &url).await;
        for _ in 0..3 {
            call(product.gateway(), "tp_live_nobody", "/acme/petstore/v1/pets")
                .await
                .expect(401);
        }
        let by_version = "turnpike_gateway_version_requests_total{organization=\"acme\",api=\"petstore\",version=\"v1\",\
                          class=\"4xx\"}";
        let since = Instant::now();
        let text = loop {
            let text = operator.get("/metrics").await.expect(200).body;
            if value(&text, by_version) == Some(3.0) {
                break text;
            }
            assert!(since.elapsed() < Duration::from_secs(10), "{text}");
        };
        check_format(&text);
        for (sample, expected) in [
            ("turnpike_gateway_requests_total{class=\"4xx\"}", 5.0),
            ("turnpike_gateway_refusals_total{reason=\"unknown-key\"}", 3.0),
            ("turnpike_gateway_refusals_total{reason=\"unknown-api\"}", 2.0),
            ("turnpike_gateway_connections_total", 5.0),
            ("turnpike_gateway_request_duration_seconds_count", 5.0),
            (
                "turnpike_gateway_version_request_duration_seconds_count{organization=\"acme\",api=\"petstore\",\
                 version=\"v1\"}",
                3.0,
            ),
            (
                "turnpike_gateway_version_request_duration_seconds_bucket{organization=\"\",api=\"\",version=\"\",\
                 le=\"+Inf\"}",
                2.0,
            ),
            ("turnpike_gateway_configuration_from_disk", 0.0),
            ("turnpike_ready", 1.0),
            (
                "turnpike_task_passes_total{task=\"reconciler\",outcome=\"failed\"}",
                0.0,
            ),
        ] {
            assert_eq!(value(&text, sample), Some(expected), "{sample} in {text}");
        }
        for (sample, least) in [
            ("turnpike_portal_requests_total{class=\"3xx\"}", 4.0),
            ("turnpike_portal_request_duration_seconds_count", 6.0),
            ("turnpike_gateway_configuration_revision", 1.0),
            ("turnpike_usage_rows_total", 1.0),
            ("process_resident_memory_bytes", 1e6),
            ("process_open_fds", 10.0),
            ("process_start_time_seconds", 1e9),
        ] {
            let found = value(&text, sample);
            assert!(found >= Some(least), "{sample} is {found:?} in {text}");
        }
        assert!(text.contains("\nturnpike_database_up{engine="), "{text}");
        assert!(
            value(&text, "turnpike_gateway_configuration_age_seconds") < Some(60.0),
            "{text}"
        );
        product.stop().await;
    }
}

#[test]
fn a_taken_port_is_an_error_only_where_it_was_asked_for() {
    let folder = server::temporary::TemporaryFolder::new("turnpike-it").unwrap();
    let data = folder.path().join("data");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let arguments = ["serve", "--portal", free, "--gateway", free, "--operations", &address];
    let output = run(&[&arguments[..], &["--data", data.to_str().unwrap()]].concat());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("--operations") && text.contains(&address), "{text}");
}
