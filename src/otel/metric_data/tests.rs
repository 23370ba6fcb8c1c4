use opentelemetry_proto::tonic::common::v1::any_value;

use super::*;
use crate::metrics::Metrics;

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// The metrics of a text, without the prefix of their names.
fn metrics(text: &str) -> Vec<(String, Metric)> {
    let mut message = message(text, &[], (time(1), time(2)));
    let metrics = message.resource_metrics.remove(0).scope_metrics.remove(0).metrics;
    let named = metrics.into_iter().map(|metric| {
        (metric.name.strip_prefix("invitation_service_").unwrap_or_default().to_owned(), metric)
    });
    named.collect()
}

fn found(all: &[(String, Metric)], name: &str) -> Metric {
    all.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1.clone()
}

/// The labels of a point, as `name=value`.
fn labels(attributes: &[Attribute]) -> Vec<String> {
    let text = |attribute: &Attribute| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        any_value::Value::StringValue(text) => format!("{}={text}", attribute.key),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(text).collect()
}

#[test]
fn counters_and_gauges_have_their_values_labels_and_times() {
    let own = Metrics::new();
    own.request("GET", "/v1/a\"b\\c\nd,e=\"f}", 200, 0.003);
    own.letter("sent");
    own.letter("sent");
    own.gauges.outbox(7, 1.5);
    let all = metrics(&own.render());
    let Some(Data::Sum(letters)) = found(&all, "letters").data else { panic!() };
    assert!(letters.is_monotonic);
    assert_eq!(letters.aggregation_temporality, AggregationTemporality::Cumulative as i32);
    let sent =
        letters.data_points.iter().find(|point| labels(&point.attributes) == ["outcome=sent"]).unwrap();
    assert_eq!(sent.value, Some(Number::AsInt(2)));
    assert_eq!((sent.start_time_unix_nano, sent.time_unix_nano), (1_000_000_000, 2_000_000_000));
    let Some(Data::Sum(requests)) = found(&all, "http_requests").data else { panic!() };
    let route = labels(&requests.data_points[0].attributes);
    assert_eq!(route, ["method=GET", "route=/v1/a\"b\\c\nd,e=\"f}", "status=200"]);
    let Some(Data::Gauge(queued)) = found(&all, "outbox_queued").data else { panic!() };
    assert_eq!(queued.data_points[0].value, Some(Number::AsInt(7)));
    let oldest = found(&all, "outbox_oldest_seconds");
    assert_eq!((oldest.unit.as_str(), oldest.description.is_empty()), ("s", false));
    let Some(Data::Gauge(oldest)) = oldest.data else { panic!() };
    assert_eq!(oldest.data_points[0].value, Some(Number::AsDouble(1.5)));
}

#[test]
fn buckets_of_histograms_count_their_own() {
    let own = Metrics::new();
    for seconds in [0.0005, 0.002, 0.0021, 0.6, 9.0] {
        own.request("GET", "/", 200, seconds);
    }
    let metric = found(&metrics(&own.render()), "http_request_duration_seconds");
    let Some(Data::Histogram(Histogram { data_points, .. })) = metric.data else { panic!() };
    let [point] = data_points.as_slice() else { panic!("{data_points:?}") };
    assert_eq!(point.bucket_counts, [1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    assert_eq!((point.explicit_bounds.len(), point.explicit_bounds[0], point.count), (11, 0.001, 5));
    assert!((point.sum.unwrap() - 9.6046).abs() < 1e-9, "{point:?}");
}

/// Whatever is registered is exported.
#[test]
fn every_metric_with_a_series_is_in_the_message() {
    let text = Metrics::new().render();
    let kinds: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let with_series = kinds.iter().filter(|line| {
        let name = line.split(' ').nth(2).unwrap();
        text.lines().any(|line| line.starts_with(name))
    });
    let (exported, registered) = (metrics(&text).len(), with_series.count());
    assert!(registered > 10 && exported == registered, "{exported} of {registered}: {text}");
}

#[test]
fn what_has_another_form_is_left_out() {
    let text = "stray 1\n# HELP\n# HELP a A.\n# TYPE a counter\na_total{x=\"open} 1\na_total\n\
        a_total 3 # {} 1\na_created 5\nb_total 4\n# HELP c C.\n# TYPE c summary\nc_sum 1\n# EOF\n";
    let message = message(text, &[], (time(1), time(2)));
    let metrics = &message.resource_metrics[0].scope_metrics[0].metrics;
    assert_eq!(metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(), ["a"]);
    let Some(Data::Sum(sum)) = &metrics[0].data else { panic!() };
    assert_eq!(sum.data_points.iter().map(|point| point.value).collect::<Vec<_>>(), [Some(Number::AsInt(3))]);
}
