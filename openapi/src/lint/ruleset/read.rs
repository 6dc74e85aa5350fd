//! From YAML or JSON to a [`Ruleset`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::custom::{CustomRule, Target, Then};
use super::exceptions::Exception;
use super::functions::Function;
use super::{Base, Ruleset, Which};
use crate::diagnostics::Severity;
use crate::json_path::{Dialect, JsonPath};
use crate::lint::catalogue;
use crate::load::{Limits, Source};
use crate::model::Format;
use crate::number::NumberTexts;

/// Own rules of one ruleset.
const MOST_RULES: usize = 200;
/// Expressions of one own rule, aliases expanded.
const MOST_EXPRESSIONS: usize = 50;
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

fn object<'v>(value: &'v Value, field: &str) -> Result<&'v Map<String, Value>, RulesetError> {
    value
        .as_object()
        .ok_or_else(|| RulesetError::new(field, "must be an object"))
}

fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str, RulesetError> {
    value.as_str().ok_or_else(|| RulesetError::new(field, "must be a text"))
}

/// A severity by its name or number; `Ok(None)` for `off`.
fn severity(value: &Value, field: &str) -> Result<Option<Severity>, RulesetError> {
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

fn custom(
    name: &str,
    map: &Map<String, Value>,
    aliases: &BTreeMap<String, Vec<String>>,
    file_formats: Option<&[Format]>,
    field: &str,
) -> Result<CustomRule, RulesetError> {
    let is_name = !name.is_empty() && name.len() <= 100 && !name.contains(|character: char| character.is_control());
    if !is_name {
        return Err(RulesetError::new(field, "a name has between 1 and 100 characters"));
    }
    if catalogue::rule(name).is_some() {
        return Err(RulesetError::new(
            field,
            "a rule that exists can be switched and weighed, not written anew",
        ));
    }
    let mut rule = CustomRule {
        name: name.to_owned(),
        description: String::new(),
        message: None,
        severity: Some(Severity::Warning),
        is_resolved: true,
        formats: file_formats.map(<[Format]>::to_vec),
        given: Vec::new(),
        then: Vec::new(),
    };
    let mut is_on = true;
    for (key, value) in map {
        let field = format!("{field}.{key}");
        match key.as_str() {
            "description" => text(value, &field)?.clone_into(&mut rule.description),
            "message" => rule.message = Some(text(value, &field)?.to_owned()),
            "severity" => rule.severity = severity(value, &field)?,
            "resolved" => {
                rule.is_resolved = value
                    .as_bool()
                    .ok_or_else(|| RulesetError::new(&field, "must be true or false"))?;
            }
            "recommended" | "enabled" => {
                is_on = value
                    .as_bool()
                    .ok_or_else(|| RulesetError::new(&field, "must be true or false"))?;
            }
            "formats" => rule.formats = formats(Some(value), &field)?,
            "given" => rule.given = given(value, aliases, &field)?,
            "then" => rule.then = then(value, &field)?,
            "documentationUrl" | "type" | "tags" => {}
            _ => return Err(RulesetError::new(field, "is no field of a rule")),
        }
    }
    for (is_missing, key) in [(rule.given.is_empty(), "given"), (rule.then.is_empty(), "then")] {
        if is_missing {
            return Err(RulesetError::new(format!("{field}.{key}"), "is missing"));
        }
    }
    rule.severity = rule.severity.filter(|_| is_on);
    Ok(rule)
}

fn formats(value: Option<&Value>, field: &str) -> Result<Option<Vec<Format>>, RulesetError> {
    let Some(value) = value else { return Ok(None) };
    let list = value
        .as_array()
        .ok_or_else(|| RulesetError::new(field, "must be a list"))?;
    let mut formats = Vec::new();
    for name in list {
        formats.extend(match name.as_str() {
            Some("oas2") => vec![Format::OpenApi20],
            Some("oas3") => vec![Format::OpenApi30, Format::OpenApi31, Format::OpenApi32],
            Some("oas3.0" | "oas3_0") => vec![Format::OpenApi30],
            Some("oas3.1" | "oas3_1") => vec![Format::OpenApi31],
            Some("oas3.2" | "oas3_2") => vec![Format::OpenApi32],
            _ => {
                return Err(RulesetError::new(
                    field,
                    format!("{name} must be oas2, oas3, oas3.0, oas3.1 or oas3.2"),
                ));
            }
        });
    }
    Ok(Some(formats))
}

fn aliases(value: Option<&Value>) -> Result<BTreeMap<String, Vec<String>>, RulesetError> {
    let mut aliases = BTreeMap::new();
    let Some(value) = value else { return Ok(aliases) };
    for (name, paths) in object(value, "aliases")? {
        let field = format!("aliases.{name}");
        let paths = match paths {
            Value::Array(paths) => paths
                .iter()
                .map(|path| text(path, &field).map(str::to_owned))
                .collect::<Result<_, _>>()?,
            Value::String(path) => vec![path.clone()],
            _ => {
                return Err(RulesetError::new(
                    field,
                    "must be a list of expressions; targets are not supported",
                ));
            }
        };
        aliases.insert(name.clone(), paths);
    }
    Ok(aliases)
}

fn given(value: &Value, aliases: &BTreeMap<String, Vec<String>>, field: &str) -> Result<Vec<JsonPath>, RulesetError> {
    let texts: Vec<&str> = match value {
        Value::Array(entries) => entries
            .iter()
            .map(|entry| text(entry, field))
            .collect::<Result<_, _>>()?,
        other => vec![text(other, field)?],
    };
    let mut expanded = Vec::new();
    for expression in texts {
        expand(expression, aliases, 0, &mut expanded, field)?;
    }
    expanded
        .iter()
        .map(|text| {
            JsonPath::parse(text, Dialect::Spectral)
                .map_err(|error| RulesetError::new(field, format!("{text:?}: {error}")))
        })
        .collect()
}

/// Replaces `#Alias` at the start of an expression.
fn expand(
    expression: &str,
    aliases: &BTreeMap<String, Vec<String>>,
    depth: usize,
    expanded: &mut Vec<String>,
    field: &str,
) -> Result<(), RulesetError> {
    let Some(rest) = expression.strip_prefix('#') else {
        if expanded.len() >= MOST_EXPRESSIONS {
            return Err(RulesetError::new(
                field,
                format!("stands for more than {MOST_EXPRESSIONS} expressions"),
            ));
        }
        expanded.push(expression.to_owned());
        return Ok(());
    };
    let end = rest
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let built_in = match name {
        "PathItem" => Some(vec!["$.paths[*]".to_owned()]),
        "OperationObject" => Some(vec![
            "$.paths[*][get,put,post,delete,options,head,patch,trace]".to_owned(),
        ]),
        _ => None,
    };
    let Some(paths) = aliases.get(name).cloned().or(built_in).filter(|_| depth < 5) else {
        return Err(RulesetError::new(field, format!("there is no alias {name:?}")));
    };
    for path in paths {
        expand(&format!("{path}{tail}"), aliases, depth + 1, expanded, field)?;
    }
    Ok(())
}

fn then(value: &Value, field: &str) -> Result<Vec<Then>, RulesetError> {
    let entries: Vec<(&Value, String)> = match value {
        Value::Array(entries) => entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry, format!("{field}[{index}]")))
            .collect(),
        other => vec![(other, field.to_owned())],
    };
    entries
        .into_iter()
        .map(|(entry, field)| {
            let map = object(entry, &field)?;
            let name = map
                .get("function")
                .ok_or_else(|| RulesetError::new(format!("{field}.function"), "is missing"))?;
            let name = text(name, &format!("{field}.function"))?;
            if let Some(key) = map
                .keys()
                .find(|key| !matches!(key.as_str(), "function" | "functionOptions" | "field"))
            {
                return Err(RulesetError::new(format!("{field}.{key}"), "is no field of then"));
            }
            let target = match map.get("field") {
                None => Target::Itself,
                Some(path) => Target::read(text(path, &format!("{field}.field"))?, &format!("{field}.field"))?,
            };
            let function = Function::read(name, map.get("functionOptions"), &field)?;
            Ok(Then { target, function })
        })
        .collect()
}
