//! Reads the templates and the texts: the built-in ones, or those of the operator's folder.

use std::path::Path;

use minijinja::{AutoEscape, Environment, HtmlEscape, State, UndefinedBehavior, Value, syntax::SyntaxConfig};

use super::{
    RenderError, Rendered, Templates, check,
    files::{File, Files},
    sentence_name, text,
    translations::{Vocabulary, line_of},
};
use crate::domain::{letter::Letter, locale::Locale, time_zone::TimeZone};

/// Writes a single letter with the built-in templates.
///
/// # Errors
/// [`RenderError`] when a template is invalid.
pub fn render(letter: &Letter, time_zone: &TimeZone) -> Result<Rendered, RenderError> {
    Templates::built_in().map_err(|faults| RenderError(faults.join("; ")))?.render(letter, time_zone)
}

impl Templates {
    /// The built-in ones.
    ///
    /// # Errors
    /// What is wrong with them, which the tests rule out.
    pub fn built_in() -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let templates = Self::of(&Files::built_in(), &mut faults);
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// The built-in ones, replaced by those in `folder`, and tried with every kind of letter in every
    /// language.
    ///
    /// # Errors
    /// All errors, each with file and line.
    pub fn from_folder(folder: &Path) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let files = Files::with(folder, &mut faults);
        let templates = Self::of(&files, &mut faults);
        check::try_out(&templates, &files, &mut faults);
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// Reports each invalid file, and uses its built-in counterpart, so that the rest can be checked.
    fn of(files: &Files, faults: &mut Vec<String>) -> Self {
        let mut environment = environment();
        for file in files.templates() {
            if let Err(error) = environment.add_template_owned(file.name, file.text.clone()) {
                faults.push(check::describe(&error, files));
                let _ = environment.add_template(file.name, file.built_in);
            }
        }
        let model = Files::built_in().words().find_map(|(locale, file)| {
            (locale == Locale::En).then(|| Vocabulary::read(file.built_in, None).0)
        });
        let vocabularies = files.words().map(|(locale, file)| {
            let built_in = Vocabulary::read(file.built_in, model.as_ref()).0;
            let words = read_words(locale, file, &built_in, faults);
            for (name, sentence) in words.sentences() {
                for part in ["txt", "html"] {
                    let key = sentence_name(file.name, name, part);
                    if let Err(error) = environment.add_template_owned(key.clone(), sentence.to_owned()) {
                        // The error is in both parts, and is reported once.
                        if part == "txt" {
                            faults.push(check::describe(&error, files));
                        }
                        let _ = environment.add_template_owned(key, built_in.plain(name).to_owned());
                    }
                }
            }
            (locale, words)
        });
        let vocabularies = vocabularies.collect();
        Self { environment, vocabularies }
    }
}

fn read_words(locale: Locale, file: &File, built_in: &Vocabulary, faults: &mut Vec<String>) -> Vocabulary {
    let (mut words, wrong) = Vocabulary::read(&file.text, Some(built_in));
    faults.extend(wrong.into_iter().map(|fault| format!("{}:{}: {}", file.name, fault.line, fault.text)));
    if text::moment(chrono::DateTime::UNIX_EPOCH, &TimeZone::utc(), locale, &words).is_none() {
        let line = line_of(&file.text, "\"moment\"");
        faults.push(format!("{}:{line}: \"moment\" is no valid strftime format", file.name));
        words.take_from(built_in, "moment");
    }
    words
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        let html = Path::new(name).extension().is_some_and(|extension| extension == "html");
        if html { AutoEscape::Html } else { AutoEscape::None }
    });
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment.add_filter("wrap", |text: &str| text::wrap(text));
    environment.add_filter("strong", strong);
    environment
}

/// Strong text in HTML, unchanged in plain text. `dir=auto` keeps a name in another script from reordering
/// the words around it.
fn strong(state: &State<'_, '_>, text: &str) -> Value {
    match state.auto_escape() {
        AutoEscape::Html => {
            Value::from_safe_string(format!("<strong dir=\"auto\">{}</strong>", HtmlEscape(text)))
        }
        _ => Value::from(text),
    }
}
