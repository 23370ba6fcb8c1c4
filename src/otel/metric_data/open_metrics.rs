//! Reads the text of `/metrics` (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), as far as this
//! program writes it: counters, gauges and histograms, each described before its series.

/// The labels of a series.
pub(super) type Labels<'a> = Vec<(&'a str, String)>;

/// A metric with its series.
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) kind: &'a str,
    pub(super) unit: &'a str,
    /// The values of counters and gauges, as they are written.
    pub(super) numbers: Vec<(Labels<'a>, &'a str)>,
    pub(super) histograms: Vec<(Labels<'a>, Buckets)>,
}

/// The values of one histogram.
#[derive(Default)]
pub(super) struct Buckets {
    pub(super) count: u64,
    pub(super) sum: f64,
    /// The upper bounds; the last one is infinite.
    pub(super) bounds: Vec<f64>,
    /// How many values each bucket and those below it have.
    pub(super) counts: Vec<u64>,
}

/// A line with a value.
struct Sample<'a> {
    name: &'a str,
    labels: Labels<'a>,
    value: &'a str,
}

/// The metrics of a text. Lines in another form are left out.
pub(super) fn read(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            describe(&mut families, comment);
        } else if let (Some(family), Some(sample)) = (families.last_mut(), sample(line)) {
            family.take(sample);
        }
    }
    families
}

/// `HELP name text`, which comes first, `TYPE name kind`, `UNIT name unit`.
fn describe<'a>(families: &mut Vec<Family<'a>>, comment: &'a str) {
    let mut words = comment.splitn(3, ' ');
    let (Some(keyword), Some(name)) = (words.next(), words.next()) else { return };
    let said = words.next().unwrap_or_default();
    if keyword == "HELP" {
        let (numbers, histograms) = (Vec::new(), Vec::new());
        families.push(Family { name, help: said, kind: "", unit: "", numbers, histograms });
    }
    let Some(family) = families.last_mut().filter(|family| family.name == name) else { return };
    match keyword {
        "TYPE" => family.kind = said,
        "UNIT" => family.unit = said,
        _ => {}
    }
}

impl<'a> Family<'a> {
    fn take(&mut self, sample: Sample<'a>) {
        let Some(suffix) = sample.name.strip_prefix(self.name) else { return };
        match (self.kind, suffix) {
            ("counter", "_total") | ("gauge", "") => self.numbers.push((sample.labels, sample.value)),
            ("histogram", _) => self.take_of_histogram(suffix, sample),
            _ => {}
        }
    }

    fn take_of_histogram(&mut self, suffix: &str, Sample { mut labels, value, .. }: Sample<'a>) {
        let bound = labels.iter().position(|(name, _)| *name == "le").map(|at| labels.remove(at).1);
        let Some(buckets) = self.series(labels) else { return };
        match (suffix, bound.and_then(|bound| bound.parse().ok())) {
            ("_count", None) => buckets.count = value.parse().unwrap_or_default(),
            ("_sum", None) => buckets.sum = value.parse().unwrap_or_default(),
            ("_bucket", Some(bound)) => {
                buckets.bounds.push(bound);
                buckets.counts.push(value.parse().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// The histogram with these labels, which is added where it is new.
    fn series(&mut self, labels: Labels<'a>) -> Option<&mut Buckets> {
        let known = self.histograms.iter().position(|(known, _)| *known == labels);
        if known.is_none() {
            self.histograms.push((labels, Buckets::default()));
        }
        let at = known.unwrap_or(self.histograms.len() - 1);
        self.histograms.get_mut(at).map(|(_, buckets)| buckets)
    }
}

/// `name{label="value",…} value`, and more that is not read.
fn sample(line: &str) -> Option<Sample<'_>> {
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    Some(Sample { name, labels, value: rest.split_ascii_whitespace().next()? })
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut found = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((found, after));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let (value, after) = unquoted(quoted)?;
        found.push((name.trim_start_matches(','), value));
        rest = after;
    }
}

/// A value up to the closing quote, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut signs) = (String::new(), text.chars());
    loop {
        match signs.next()? {
            '"' => return Some((value, signs.as_str())),
            '\\' => match signs.next()? {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}
