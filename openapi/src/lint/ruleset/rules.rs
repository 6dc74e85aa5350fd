//! Reads the rules that a ruleset brings along.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::custom::{CustomRule, Target, Then};
use super::functions::Function;
use super::read::{RulesetError, object, severity, text};
use crate::diagnostics::Severity;
use crate::json_path::{Dialect, JsonPath};
use crate::lint::catalogue;
use crate::model::Format;

/// Expressions of one own rule, aliases expanded.
const MOST_EXPRESSIONS: usize = 50;
/// Bytes of one of them.
const MOST_BYTES: usize = 10_000;

pub(super) fn custom(
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

pub(super) fn formats(value: Option<&Value>, field: &str) -> Result<Option<Vec<Format>>, RulesetError> {
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

pub(super) fn aliases(value: Option<&Value>) -> Result<BTreeMap<String, Vec<String>>, RulesetError> {
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
        if paths.is_empty() {
            return Err(RulesetError::new(field, "must have at least one expression"));
        }
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
        if path.len() + tail.len() > MOST_BYTES {
            return Err(RulesetError::new(field, format!("is longer than {MOST_BYTES} bytes")));
        }
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
