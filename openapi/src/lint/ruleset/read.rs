//! From YAML or JSON to a [`Ruleset`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::exceptions::Exception;
use super::rules::{aliases, custom, formats};
use super::{Base, Ruleset, Which};
use crate::diagnostics::Severity;
use crate::lint::catalogue;
use crate::load::{Limits, Source};
use crate::model::Format;
use crate::number::NumberTexts;

/// Own rules of one ruleset.
const MOST_RULES: usize = 200;
/// Exceptions of one ruleset.
const MOST_EXCEPTIONS: usize = 1000;

/// Why a ruleset can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct RulesetError {
    /// The field that is wrong, for example `rules.my-rule.then.function`; empty for the whole text.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl RulesetError {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

pub(super) fn bytes(bytes: &[u8]) -> Result<Ruleset, RulesetError> {
    let limits = Limits {
        bytes: 1024 * 1024,
        nodes: 100_000,
        alias_bytes: 1024 * 1024,
        ..Limits::default()
    };
    let source = Source::read(bytes, &limits, NumberTexts::default())
        .map_err(|rejected| RulesetError::new("", rejected.summary()))?;
    if let Some(found) = source.parsed.diagnostics.first() {
        return Err(RulesetError::new("", found.to_string()));
    }
    value(source.parsed.value)
}

pub(super) fn value(source: Value) -> Result<Ruleset, RulesetError> {
    let Some(map) = source.as_object() else {
        return Err(RulesetError::new(
            "",
            "a ruleset is an object with extends, rules and exceptions",
        ));
    };
    for key in map.keys() {
        match key.as_str() {
            "extends" | "rules" | "exceptions" | "aliases" | "description" | "documentationUrl" | "formats"
            | "parserOptions" => {}
            "functions" | "functionsDir" => {
                return Err(RulesetError::new(
                    key,
                    "functions of one's own are code, which is not run here",
                ));
            }
            "overrides" | "except" => {
                return Err(RulesetError::new(
                    key,
                    "is not supported; write exceptions with rule, path and reason",
                ));
            }
            _ => return Err(RulesetError::new(key, "is no field of a ruleset")),
        }
    }
    let bases = bases(map.get("extends"))?;
    let mut ruleset = Ruleset::extending(&bases, source.clone());
    let aliases = aliases(map.get("aliases"))?;
    let file_formats = formats(map.get("formats"), "formats")?;
    if let Some(rules) = map.get("rules") {
        let rules = object(rules, "rules")?;
        for (name, definition) in rules {
            rule(&mut ruleset, name, definition, &aliases, file_formats.as_deref())?;
        }
    }
    if let Some(list) = map.get("exceptions") {
        let list = list
            .as_array()
            .ok_or_else(|| RulesetError::new("exceptions", "must be a list"))?;
        if list.len() > MOST_EXCEPTIONS {
            return Err(RulesetError::new(
                "exceptions",
                format!("has more than {MOST_EXCEPTIONS} entries"),
            ));
        }
        for (index, entry) in list.iter().enumerate() {
            let exception = Exception::read(entry, &format!("exceptions[{index}]"))?;
            let is_known = exception.rule == "*" || known(&ruleset, &exception.rule);
            if !is_known {
                let message = format!("there is no rule {:?}", exception.rule);
                return Err(RulesetError::new(format!("exceptions[{index}].rule"), message));
            }
            ruleset.exceptions.push(exception);
        }
    }
    Ok(ruleset)
}

fn known(ruleset: &Ruleset, name: &str) -> bool {
    catalogue::rule(name).is_some() || ruleset.custom.iter().any(|rule| rule.name == name)
}

fn bases(extends: Option<&Value>) -> Result<Vec<(Base, Which)>, RulesetError> {
    let base = |name: &Value, field: &str| match name.as_str() {
        Some("spectral:oas") => Ok(Base::Spectral),
        Some("turnpike") => Ok(Base::Turnpike),
        _ => Err(RulesetError::new(
            field,
            format!("{name} can't be extended; what can are \"spectral:oas\" and \"turnpike\""),
        )),
    };
    match extends {
        None => Ok(Vec::new()),
        Some(Value::Array(entries)) => entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                let field = format!("extends[{index}]");
                let Value::Array(pair) = entry else {
                    return Ok((base(entry, &field)?, Which::Recommended));
                };
                let which = match pair.get(1).and_then(Value::as_str) {
                    Some("all") => Which::All,
                    Some("recommended") | None => Which::Recommended,
                    Some("off") => Which::Off,
                    Some(other) => {
                        return Err(RulesetError::new(
                            field,
                            format!("{other:?} must be all, recommended or off"),
                        ));
                    }
                };
                Ok((base(pair.first().unwrap_or(&Value::Null), &field)?, which))
            })
            .collect(),
        Some(name) => Ok(vec![(base(name, "extends")?, Which::Recommended)]),
    }
}

pub(super) fn object<'v>(value: &'v Value, field: &str) -> Result<&'v Map<String, Value>, RulesetError> {
    value
        .as_object()
        .ok_or_else(|| RulesetError::new(field, "must be an object"))
}

pub(super) fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str, RulesetError> {
    value.as_str().ok_or_else(|| RulesetError::new(field, "must be a text"))
}

/// A severity by its name or number; `Ok(None)` for `off`.
pub(super) fn severity(value: &Value, field: &str) -> Result<Option<Severity>, RulesetError> {
    Ok(match value {
        Value::String(name) => match name.as_str() {
            "error" => Some(Severity::Error),
            "warn" | "warning" => Some(Severity::Warning),
            "info" => Some(Severity::Info),
            "hint" => Some(Severity::Hint),
            "off" => None,
            _ => {
                return Err(RulesetError::new(
                    field,
                    format!("{name:?} must be error, warn, info, hint or off"),
                ));
            }
        },
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(Severity::Error),
            Some(1) => Some(Severity::Warning),
            Some(2) => Some(Severity::Info),
            Some(3) => Some(Severity::Hint),
            Some(-1) => None,
            _ => return Err(RulesetError::new(field, "must be a number from 0 to 3, or -1 for off")),
        },
        _ => return Err(RulesetError::new(field, "must be error, warn, info, hint or off")),
    })
}

fn rule(
    ruleset: &mut Ruleset,
    name: &str,
    definition: &Value,
    aliases: &BTreeMap<String, Vec<String>>,
    file_formats: Option<&[Format]>,
) -> Result<(), RulesetError> {
    let field = format!("rules.{name}");
    if let Value::Object(map) = definition {
        let rule = custom(name, map, aliases, file_formats, &field)?;
        ruleset.severities.remove(name);
        ruleset.custom.retain(|known| known.name != name);
        if ruleset.custom.len() >= MOST_RULES {
            return Err(RulesetError::new(
                "rules",
                format!("has more than {MOST_RULES} own rules"),
            ));
        }
        if let Some(severity) = rule.severity {
            ruleset.severities.insert(name.to_owned(), severity);
        }
        ruleset.custom.push(rule);
        return Ok(());
    }
    if !known(ruleset, name) {
        return Err(RulesetError::new(field, "there is no rule of this name"));
    }
    let own = ruleset
        .custom
        .iter()
        .find(|rule| rule.name == name)
        .map(|rule| rule.severity);
    let default = own.unwrap_or_else(|| catalogue::rule(name).map(|rule| rule.severity));
    let level = match definition {
        Value::Bool(true) => default,
        Value::Bool(false) => None,
        Value::String(word) if word == "on" => default,
        other => severity(other, &field)?,
    };
    match level {
        Some(level) => ruleset.severities.insert(name.to_owned(), level),
        None => ruleset.severities.remove(name),
    };
    Ok(())
}
