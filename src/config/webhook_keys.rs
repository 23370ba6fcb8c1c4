//! The variables `MAIL_EVENTS_…`: made from the table of providers, since each provider's file says what its
//! key is.

use std::sync::LazyLock;

use super::{reader::Reader, registry::Variable};
use crate::{
    domain::delivery_reports::Webhooks,
    mail::{MailProvider, PROVIDERS, Webhook},
};

/// One variable for each provider that has a webhook, in the order of the providers.
static VARIABLES: LazyLock<Vec<Variable>> =
    LazyLock::new(|| webhooks().map(|(_, row)| variable(row)).collect());

/// The rows of these variables.
pub(super) fn variables() -> &'static [Variable] {
    &VARIABLES
}

/// Reads the keys.
pub(super) fn read(reader: &mut Reader<'_>) -> Webhooks {
    let mut read = Webhooks::default();
    for ((provider, webhook), variable) in webhooks().zip(variables()) {
        read.add(provider.provider, reader.entry(variable).parsed_if_given(webhook.verifier).flatten());
    }
    read
}

fn webhooks() -> impl Iterator<Item = (&'static MailProvider, &'static Webhook)> {
    PROVIDERS.iter().filter_map(|provider| Some((provider, provider.webhook.as_ref()?)))
}

fn variable(webhook: &Webhook) -> Variable {
    Variable { name: webhook.variable, default: "", meaning: webhook.meaning }
}
