//! Reads the variables of the sender of letters.

use std::path::Path;

use super::{Read, Reader};
use crate::{
    config::{parse, registry::Variable},
    domain::time_zone::TimeZone,
    mail::{EhloName, ReturnAddress, Sender, Templates, read_signers},
};

/// The variables of the sender.
pub(in crate::config) struct SenderVariables {
    pub(in crate::config) from: &'static Variable,
    pub(in crate::config) reply_to: &'static Variable,
    pub(in crate::config) hello: &'static Variable,
    pub(in crate::config) templates: &'static Variable,
    pub(in crate::config) returned: &'static Variable,
    pub(in crate::config) dsn_success: &'static Variable,
    pub(in crate::config) dkim: &'static Variable,
}

impl Reader<'_> {
    pub(in crate::config) fn sender(
        &mut self,
        variables: &SenderVariables,
        zone: TimeZone,
    ) -> Option<Sender> {
        // All variables are read before the first error returns, so that every fault is reported.
        let hello = self.entry(variables.hello).parsed_if_given(EhloName::parse);
        let templates = self.templates(variables.templates);
        let asks_for_success = self.entry(variables.dsn_success).parsed(parse::switch);
        let returned = self.entry(variables.returned).given();
        let signers = self.entry(variables.dkim).parsed_whole(read_signers);
        let (from, reply_to) = (self.entry(variables.from).text(), self.entry(variables.reply_to).given());
        let (sender, mut faults) = match Sender::new(&from, reply_to.as_deref(), zone) {
            Ok(sender) => (Some(sender), Vec::new()),
            Err(faults) => (None, faults),
        };
        // Checked without a sender, too, so that every fault is reported.
        let return_address = returned.map(|text| ReturnAddress::parse(&text)).transpose();
        faults.extend(return_address.as_ref().err().cloned());
        for fault in faults {
            self.report(fault);
        }
        let sender = sender?.returning_to(return_address.ok()?).asking_for_success(asks_for_success?);
        let sender = sender.with_ehlo_name(hello?.unwrap_or_default()).signing_with(signers?);
        Some(match templates? {
            Some(templates) => sender.writing_with(templates),
            None => sender,
        })
    }

    /// The operator's own templates; the inner `None` when no folder is set.
    fn templates(&mut self, variable: &'static Variable) -> Read<Option<Templates>> {
        let Some(folder) = self.entry(variable).given() else { return Some(None) };
        match Templates::from_folder(Path::new(folder.trim())) {
            Ok(templates) => Some(Some(templates)),
            Err(faults) => {
                for fault in &faults {
                    self.entry(variable).report(fault);
                }
                None
            }
        }
    }
}
