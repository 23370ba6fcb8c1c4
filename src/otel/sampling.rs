//! Which traces are recorded: the samplers of the OpenTelemetry specification,
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use opentelemetry_sdk::trace::{ParentBasedSampler, Sampler, ShouldSample};

use crate::domain::closed_set::closed_set;

closed_set! {
    /// A sampler. Those that follow a parent record what the caller records, and decide about traces that
    /// begin here.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TraceSampler {
        /// Every trace.
        AlwaysOn = "always_on",
        /// None.
        AlwaysOff = "always_off",
        /// A share of all traces, by their ids.
        Ratio = "traceidratio",
        /// Every trace, where the caller does not decide.
        ParentOrOn = "parentbased_always_on",
        /// None, where the caller does not decide.
        ParentOrOff = "parentbased_always_off",
        /// A share of the traces that begin here.
        ParentOrRatio = "parentbased_traceidratio",
    }
}

impl TraceSampler {
    /// The sampler of the SDK. `ratio` is the share, from 0 to 1, for those that take one.
    pub(super) fn of_sdk(self, ratio: f64) -> Box<dyn ShouldSample> {
        let by_id = Sampler::TraceIdRatioBased(ratio);
        match self {
            Self::AlwaysOn => Sampler::AlwaysOn.into(),
            Self::AlwaysOff => Sampler::AlwaysOff.into(),
            Self::Ratio => by_id.into(),
            Self::ParentOrOn => ParentBasedSampler::new(Sampler::AlwaysOn).into(),
            Self::ParentOrOff => ParentBasedSampler::new(Sampler::AlwaysOff).into(),
            Self::ParentOrRatio => ParentBasedSampler::new(by_id).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{
        Context,
        trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState},
    };
    use opentelemetry_sdk::trace::SamplingDecision;

    use super::*;

    fn records(sampler: TraceSampler, ratio: f64, parent: Option<bool>) -> bool {
        let trace = TraceId::from(7_u128 << 64);
        let context = parent.map_or_else(Context::new, |is_sampled| {
            let flags = TraceFlags::NOT_SAMPLED.with_sampled(is_sampled);
            let span = SpanContext::new(trace, SpanId::from(7), flags, true, TraceState::NONE);
            Context::new().with_remote_span_context(span)
        });
        let sampler = sampler.of_sdk(ratio);
        let result = sampler.should_sample(Some(&context), trace, "request", &SpanKind::Server, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn each_decides_as_its_name_says() {
        // Without a parent, and with one that records or does not.
        for (name, ratio, expected) in [
            ("always_on", 0.0, [true, true, true]),
            ("always_off", 1.0, [false, false, false]),
            ("traceidratio", 1.0, [true, true, true]),
            ("traceidratio", 0.0, [false, false, false]),
            ("parentbased_always_on", 0.0, [true, true, false]),
            ("parentbased_always_off", 1.0, [false, true, false]),
            ("parentbased_traceidratio", 1.0, [true, true, false]),
            ("parentbased_traceidratio", 0.0, [false, true, false]),
        ] {
            let sampler = name.parse::<TraceSampler>().unwrap();
            let decided = [None, Some(true), Some(false)].map(|parent| records(sampler, ratio, parent));
            assert_eq!(decided, expected, "{name} {ratio}");
        }
    }
}
