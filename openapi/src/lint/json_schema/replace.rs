//! `errorMessage`: a schema's own words in place of those of its keywords (`ajv-errors`).

use serde_json::{Map, Value};

use super::Engine;
use super::fault::{Detail, Fault};
use super::run::Scope;

impl Engine<'_, '_> {
    /// Replaces mistakes that the schema has words for.
    pub(super) fn replace_messages(&mut self, messages: &Value, scope: &Scope<'_>) {
        if self.faults.len() == scope.function {
            return;
        }
        match messages {
            Value::String(message) => self.replace_all(message, scope),
            Value::Object(messages) => {
                self.replace_keywords(messages, scope);
                if let Some(Value::Object(properties)) = messages.get("properties") {
                    self.replace_properties(properties, scope);
                }
                if let Some(Value::String(message)) = messages.get("_") {
                    self.replace_all(message, scope);
                }
            }
            _ => {}
        }
        // Only the mistakes of this function are looked at, however many there are before them.
        let own = self.faults.split_off(scope.function);
        self.faults.extend(own.into_iter().filter(|fault| !fault.is_used));
    }

    fn replaced(&mut self, path: Vec<String>, schema_path: Vec<String>, message: &str) {
        self.faults.push(Fault {
            keyword: "errorMessage",
            path,
            schema_path,
            message: message.to_owned(),
            detail: Detail::None,
            is_used: false,
        });
    }

    fn replace_keywords(&mut self, messages: &Map<String, Value>, scope: &Scope<'_>) {
        let (place, schema) = (scope.place.path(), scope.schema.steps());
        let words = messages
            .iter()
            .filter(|(keyword, _)| !matches!(keyword.as_str(), "properties" | "items"));
        for (keyword, message) in words {
            let Value::String(message) = message else { continue };
            let mut is_found = false;
            for fault in &mut self.faults[scope.function..] {
                let is_own = fault.keyword == keyword
                    && !fault.is_used
                    && fault.path == place
                    && fault.schema_path.len() == schema.len() + 1
                    && fault.schema_path.starts_with(&schema);
                if is_own {
                    fault.is_used = true;
                    is_found = true;
                }
            }
            if is_found {
                let mut schema_path = schema.clone();
                schema_path.push("errorMessage".to_owned());
                self.replaced(place.clone(), schema_path, message);
            }
        }
    }

    fn replace_properties(&mut self, properties: &Map<String, Value>, scope: &Scope<'_>) {
        let (place, schema) = (scope.place.path(), scope.schema.steps());
        for (name, message) in properties {
            let Value::String(message) = message else { continue };
            let mut is_found = false;
            for fault in &mut self.faults[scope.function..] {
                let is_inside = fault.path.starts_with(&place) && fault.path.get(place.len()) == Some(name);
                if is_inside && !fault.is_used && fault.keyword != "errorMessage" {
                    fault.is_used = true;
                    is_found = true;
                }
            }
            if is_found {
                let mut path = place.clone();
                path.push(name.clone());
                let mut schema_path = schema.clone();
                schema_path.push("errorMessage".to_owned());
                self.replaced(path, schema_path, message);
            }
        }
    }

    fn replace_all(&mut self, message: &str, scope: &Scope<'_>) {
        let (place, schema) = (scope.place.path(), scope.schema.steps());
        let mut is_found = false;
        for fault in &mut self.faults[scope.function..] {
            let is_inside = fault.path.starts_with(&place)
                && fault.schema_path.len() > schema.len()
                && fault.schema_path.starts_with(&schema);
            if is_inside && !fault.is_used && fault.keyword != "errorMessage" {
                fault.is_used = true;
                is_found = true;
            }
        }
        if is_found {
            let mut schema_path = schema;
            schema_path.push("errorMessage".to_owned());
            self.replaced(place, schema_path, message);
        }
    }
}
