//! Reads the options of functions.

use serde_json::{Map, Value};

use super::read::RulesetError;

/// The options of one function, with the field they are at.
pub(super) struct Options<'v> {
    map: Option<&'v Map<String, Value>>,
    field: String,
}

impl<'v> Options<'v> {
    /// Refuses options that the function doesn't have.
    pub(super) fn read(value: Option<&'v Value>, field: &str, known: &[&str]) -> Result<Self, RulesetError> {
        let field = format!("{field}.functionOptions");
        let map = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return Err(RulesetError::new(field, "must be an object")),
        };
        for key in map.into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                return Err(RulesetError::new(
                    format!("{field}.{key}"),
                    "is no option of this function",
                ));
            }
        }
        Ok(Self { map, field })
    }

    pub(super) fn fault(&self, key: &str, message: &str) -> RulesetError {
        RulesetError::new(format!("{}.{key}", self.field), message)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'v Value> {
        self.map?.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'v str>, RulesetError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(key, "must be a text")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, RulesetError> {
        match self.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.fault(key, "must be true or false")),
        }
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, RulesetError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) => Err(self.fault(key, "must be a number")),
        }
    }

    pub(super) fn names(&self, key: &str) -> Result<Vec<String>, RulesetError> {
        let texts = self.get(key).and_then(Value::as_array).map(|list| {
            let texts = list.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        });
        texts
            .flatten()
            .ok_or_else(|| self.fault(key, "must be a list of texts"))
    }
}
