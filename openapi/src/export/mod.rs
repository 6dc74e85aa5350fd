//! Documents as text again: JSON and YAML, in their order and with every number as it was written.

mod json;
mod yaml;

use serde_json::Value;

use crate::Limits;
use crate::diagnostics::Rejected;
use crate::load::Source;
use crate::model::Document;
use crate::number::NumberTexts;

/// A value as JSON, indented by two spaces.
pub(crate) fn json(value: &Value, numbers: &NumberTexts) -> String {
    json::write(value, numbers)
}

/// A value as YAML.
pub(crate) fn yaml(value: &Value, numbers: &NumberTexts) -> String {
    yaml::write(value, numbers)
}

/// A text in JSON or YAML as YAML, in its order and without regard to what it means: a document keeps its own version.
///
/// # Errors
/// [`Rejected`] if it can't be parsed within the limits.
///
/// ```
/// let text = r#"{"swagger": "2.0", "info": {"title": "Pets", "version": "1.10"}}"#;
/// let yaml = openapi::to_yaml(text.as_bytes(), &openapi::Limits::default())?;
/// assert_eq!(yaml, "swagger: '2.0'\ninfo:\n  title: Pets\n  version: '1.10'\n");
/// # Ok::<(), openapi::Rejected>(())
/// ```
pub fn to_yaml(text: &[u8], limits: &Limits) -> Result<String, Rejected> {
    let source = Source::read(text, limits, NumberTexts::default())?;
    Ok(yaml(&source.parsed.value, &source.parsed.numbers))
}

impl Document {
    /// The whole document in the shape of OpenAPI 3.1 as JSON, indented by two spaces.
    pub fn to_json(&self) -> String {
        json::write(self.root(), self.numbers())
    }

    /// The whole document in the shape of OpenAPI 3.1 as YAML 1.2. Texts that YAML 1.1 would take for something else are in
    /// quotes too.
    ///
    /// ```
    /// let text = "openapi: 3.1.0\ninfo:\n  title: \"no\"\n  version: '1.10'\npaths: {}\n";
    /// let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
    /// assert_eq!(document.to_yaml(), "openapi: '3.1.0'\ninfo:\n  title: 'no'\n  version: '1.10'\npaths: {}\n");
    /// # Ok::<(), openapi::Rejected>(())
    /// ```
    pub fn to_yaml(&self) -> String {
        yaml::write(self.root(), self.numbers())
    }
}
