//! The rules of axe-core (<https://github.com/dequelabs/axe-core>) on a page in the browser, with its styles
//! and without. `AXE` names the file `axe.min.js`; without it nothing is checked. `make test-pages` sets it.

use serde_json::{Value, json};

use crate::support::browser::Browser;

/// Switches the page's style sheet off or on again.
const STYLES: &str = "for (const sheet of document.styleSheets) sheet.disabled = !arguments[0];";

/// The rules that are broken, each with its elements.
const BROKEN: &str = "
    const done = arguments[0];
    const shown = rule => `${rule.id}: ${rule.help}: ${rule.nodes.map(node => node.html).join(' ')}`;
    axe.run().then(found => done(found.violations.map(shown)), error => done([String(error)]));
";

impl Browser {
    /// Ends the test where the page breaks a rule.
    pub(super) async fn check_rules(&self, name: &str) {
        let Some(file) = std::env::var_os("AXE") else { return };
        let rules = std::fs::read_to_string(file).unwrap();
        self.client.execute(&rules, Vec::new()).await.unwrap();
        for styled in [false, true] {
            self.client.execute(STYLES, vec![json!(styled)]).await.unwrap();
            let broken = self.client.execute_async(BROKEN, Vec::new()).await.unwrap();
            assert_eq!(broken, Value::Array(Vec::new()), "{name}, styled: {styled}");
        }
    }
}
