//! One field of the form, as the templates want it.

use serde::Serialize;

use super::screen::Form;

/// How a field is shown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Control {
    Input,
    Select,
    Radio,
    /// One box, ticked or not.
    Checkbox,
    /// For password managers, which store the password under it: neither visible nor sent.
    Username,
}

/// A field with what was typed into it and what was wrong with that.
#[derive(Serialize)]
pub(super) struct Field<'a> {
    /// The form field's name, and the element's id.
    pub name: &'static str,
    pub control: Control,
    pub label: &'static str,
    pub hints: Vec<String>,
    pub attributes: Vec<(&'static str, String)>,
    /// Checked by the browser too.
    pub required: bool,
    /// Said beside the label.
    pub optional: bool,
    /// `full`, `half`, `wide` or `narrow`: its share of a row, where there is room for rows.
    pub width: &'static str,
    /// Of a list or radio buttons: value and name.
    pub choices: Vec<(&'a str, &'a str)>,
    pub value: &'a str,
    pub errors: Vec<&'a str>,
}

impl<'a> Field<'a> {
    /// A required line of text over the full width.
    pub fn input(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            control: Control::Input,
            label,
            hints: Vec::new(),
            attributes: Vec::new(),
            required: true,
            optional: false,
            width: "full",
            choices: Vec::new(),
            value: "",
            errors: Vec::new(),
        }
    }

    /// One of `choices`, as a list or as radio buttons.
    pub fn choice(
        control: Control,
        name: &'static str,
        label: &'static str,
        choices: Vec<(&'a str, &'a str)>,
    ) -> Self {
        Self { control, choices, ..Self::input(name, label) }
    }

    /// A box to tick.
    pub fn checkbox(name: &'static str, label: &'static str) -> Self {
        Self { control: Control::Checkbox, required: false, ..Self::input(name, label) }
    }

    /// The address that the password belongs to. Its label is seen without styles.
    pub fn username(label: &'static str, value: &'a str) -> Self {
        Self { control: Control::Username, value, ..Self::input("username", label) }
    }

    pub fn with(mut self, attributes: &[(&'static str, &str)]) -> Self {
        self.attributes.extend(attributes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn width(mut self, width: &'static str) -> Self {
        self.width = width;
        self
    }

    /// Some leave it empty, which the browser cannot know; the service reports what is missing.
    pub fn not_required(self) -> Self {
        Self { required: false, ..self }
    }

    pub fn optional(self) -> Self {
        Self { optional: true, required: false, ..self }
    }

    /// Takes over what `form` holds about this field. A password is in no [`super::FormValues`], so that it
    /// never returns.
    pub fn take(&mut self, form: &'a Form<'_>) {
        if let Some((_, value)) = form.values.entries().into_iter().find(|(name, _)| *name == self.name) {
            self.value = value;
        }
        self.errors = form
            .errors
            .iter()
            .filter(|error| error.field == self.name)
            .map(|error| error.message.as_str())
            .collect();
    }

    /// The element that an error's link leads to: of radio buttons, the first.
    pub fn target(&self) -> String {
        match (self.control, self.choices.first()) {
            (Control::Radio, Some((value, _))) => format!("{}-{value}", self.name),
            _ => self.name.to_owned(),
        }
    }
}
