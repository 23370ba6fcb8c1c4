//! The message with the metrics: the values of `/metrics`, read from its text, so that no second count of
//! anything exists.

mod open_metrics;

use chrono::{DateTime, Utc};
use opentelemetry::{KeyValue, Value};
use opentelemetry_proto::{
    tonic::{
        collector::metrics::v1::ExportMetricsServiceRequest,
        common::v1::{InstrumentationScope, KeyValue as Attribute},
        metrics::v1::{
            AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
            ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point::Value as Number,
        },
        resource::v1::Resource,
    },
    transform::common::tonic::Attributes,
};

use self::open_metrics::{Buckets, Family, Labels, read};

/// A message with the metrics of a text in the OpenMetrics format. They count since the first time, and were
/// read at the second.
pub(super) fn message(
    text: &str,
    resource: &[Attribute],
    (started, at): (DateTime<Utc>, DateTime<Utc>),
) -> ExportMetricsServiceRequest {
    let times = Times { started: nanoseconds(started), at: nanoseconds(at) };
    let metrics = read(text).into_iter().filter_map(|family| metric(family, times)).collect();
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let scope_metrics = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
    let resource = Resource { attributes: resource.to_vec(), ..Resource::default() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope_metrics],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
}

#[derive(Clone, Copy)]
struct Times {
    started: u64,
    at: u64,
}

fn nanoseconds(time: DateTime<Utc>) -> u64 {
    time.timestamp_nanos_opt().and_then(|time| u64::try_from(time).ok()).unwrap_or_default()
}

/// `None` for a kind that this program has not, and for a metric without a series.
fn metric(family: Family<'_>, times: Times) -> Option<Metric> {
    if family.numbers.is_empty() && family.histograms.is_empty() {
        return None;
    }
    let cumulative = AggregationTemporality::Cumulative.into();
    let data = match family.kind {
        "counter" => Data::Sum(Sum {
            data_points: numbers(family.numbers, times),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        "gauge" => Data::Gauge(Gauge { data_points: numbers(family.numbers, times) }),
        "histogram" => Data::Histogram(Histogram {
            data_points: family.histograms.into_iter().map(|series| histogram(series, times)).collect(),
            aggregation_temporality: cumulative,
        }),
        _ => return None,
    };
    Some(Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: unit(family.unit).to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

/// A unit as UCUM has it.
fn unit(name: &str) -> &str {
    match name {
        "seconds" => "s",
        "bytes" => "By",
        other => other,
    }
}

fn attributes(labels: Labels<'_>) -> Vec<Attribute> {
    let pairs = labels.into_iter().map(|(name, value)| KeyValue::new(name.to_owned(), Value::from(value)));
    Attributes::from(pairs).0
}

fn numbers(series: Vec<(Labels<'_>, &str)>, times: Times) -> Vec<NumberDataPoint> {
    let points = series.into_iter().filter_map(|(labels, text)| {
        let whole = text.parse().ok().map(Number::AsInt);
        Some(NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: times.started,
            time_unix_nano: times.at,
            value: Some(whole.or_else(|| text.parse().ok().map(Number::AsDouble))?),
            ..NumberDataPoint::default()
        })
    });
    points.collect()
}

/// Each bucket of the text counts those below it as well; here each counts its own.
fn histogram((labels, buckets): (Labels<'_>, Buckets), times: Times) -> HistogramDataPoint {
    let below = std::iter::once(0).chain(buckets.counts.iter().copied());
    let own = buckets.counts.iter().zip(below).map(|(count, below)| count.saturating_sub(below));
    HistogramDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: times.started,
        time_unix_nano: times.at,
        count: buckets.count,
        sum: Some(buckets.sum),
        bucket_counts: own.collect(),
        explicit_bounds: buckets.bounds.into_iter().filter(|bound| bound.is_finite()).collect(),
        ..HistogramDataPoint::default()
    }
}

#[cfg(test)]
mod tests;
