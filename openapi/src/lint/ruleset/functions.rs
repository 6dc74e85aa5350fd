//! The functions of Spectral's rulesets, as far as they look at data.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::engines::Engines;
use super::options::Options;
use super::read::RulesetError;
use crate::lint::json_schema::{Dialect, Engine, Settings, are_equal, is_truthy};
use crate::lint::spectral::collation;
use crate::lint::view::View;
use crate::validate::Pattern;

/// What is wrong with a value: words that follow its name, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) message: String,
    pub(super) path: Vec<String>,
    /// The words name the value themselves.
    pub(super) is_whole: bool,
}

/// A function with its options.
#[derive(Clone, Debug)]
pub(super) enum Function {
    Truthy,
    Falsy,
    Defined,
    Undefined,
    Pattern {
        must: Option<Expression>,
        must_not: Option<Expression>,
    },
    Casing {
        name: String,
        pattern: Arc<Pattern>,
        separator: Option<String>,
    },
    Length {
        least: Option<f64>,
        most: Option<f64>,
    },
    Enumeration(Vec<Value>),
    Alphabetical(Option<String>),
    Schema {
        schema: Box<Value>,
        dialect: Dialect,
        has_all_errors: bool,
    },
    Xor(Vec<String>),
    Or(Vec<String>),
    /// The pointer of the objects, as steps.
    Unreferenced(Vec<String>),
}

/// A pattern, as the ruleset has it.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pattern: Arc<Pattern>,
    text: String,
}

fn pattern(text: &str) -> Result<Arc<Pattern>, String> {
    // `/pattern/i` as JavaScript writes it.
    let written = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let written =
        written.filter(|(inner, flags)| !inner.is_empty() && flags.bytes().all(|flag| b"giu".contains(&flag)));
    match written {
        None => Pattern::new(text),
        Some((inner, flags)) => Pattern::with_case(inner, flags.contains('i')),
    }
    .map(Arc::new)
}

impl Function {
    pub(super) fn read(name: &str, options: Option<&Value>, field: &str) -> Result<Self, RulesetError> {
        let options = |known: &[&str]| Options::read(options, field, known);
        Ok(match name {
            "truthy" | "falsy" | "defined" | "undefined" => {
                options(&[])?;
                match name {
                    "truthy" => Self::Truthy,
                    "falsy" => Self::Falsy,
                    "defined" => Self::Defined,
                    _ => Self::Undefined,
                }
            }
            "pattern" => {
                let options = options(&["match", "notMatch"])?;
                let compiled = |key: &str| {
                    let text = options.text(key)?;
                    text.map(|text| {
                        let pattern = pattern(text).map_err(|reason| options.fault(key, &reason))?;
                        let text = text.to_owned();
                        Ok(Expression { pattern, text })
                    })
                    .transpose()
                };
                let (must, must_not) = (compiled("match")?, compiled("notMatch")?);
                if must.is_none() && must_not.is_none() {
                    return Err(options.fault("match", "is missing; pattern needs match or notMatch"));
                }
                Self::Pattern { must, must_not }
            }
            "casing" => casing(&options(&["type", "disallowDigits", "separator"])?)?,
            "length" => {
                let options = options(&["min", "max"])?;
                let (least, most) = (options.number("min")?, options.number("max")?);
                if least.is_none() && most.is_none() {
                    return Err(options.fault("min", "is missing; length needs min or max"));
                }
                Self::Length { least, most }
            }
            "enumeration" => {
                let options = options(&["values"])?;
                match options.get("values") {
                    Some(Value::Array(values)) if !values.is_empty() => Self::Enumeration(values.clone()),
                    _ => return Err(options.fault("values", "must be a list that isn't empty")),
                }
            }
            "alphabetical" => Self::Alphabetical(options(&["keyedBy"])?.text("keyedBy")?.map(str::to_owned)),
            "schema" => schema(&options(&["schema", "dialect", "allErrors"])?)?,
            "xor" | "or" => {
                let options = options(&["properties"])?;
                let names = options.names("properties")?;
                if names.len() < 2 {
                    return Err(options.fault("properties", "must have at least two names"));
                }
                if name == "xor" {
                    Self::Xor(names)
                } else {
                    Self::Or(names)
                }
            }
            "unreferencedReusableObject" => {
                let options = options(&["reusableObjectsLocation"])?;
                let location = options
                    .text("reusableObjectsLocation")?
                    .and_then(|text| text.strip_prefix("#/"));
                let location = location.ok_or_else(|| {
                    options.fault(
                        "reusableObjectsLocation",
                        "must be a pointer such as #/components/schemas",
                    )
                })?;
                Self::Unreferenced(location.split('/').map(str::to_owned).collect())
            }
            _ => {
                let message = format!(
                    "there is no function {name:?}; there are truthy, falsy, defined, undefined, pattern, casing, length, \
                     enumeration, alphabetical, schema, xor, or, unreferencedReusableObject"
                );
                return Err(RulesetError::new(format!("{field}.function"), message));
            }
        })
    }

    /// Looks at a text that is no value of the document, such as a key.
    pub(super) fn check_text(&self, text: &str) -> Vec<Found> {
        match self {
            Self::Schema { .. } => {
                let (root, value) = (Value::Null, Value::from(text));
                let view = View::new(&root);
                self.check(&view, &mut Engines::default(), Some(&value))
            }
            _ => self.look(Some(&Value::from(text))),
        }
    }

    /// Looks at a value; `None` is one that isn't there.
    pub(super) fn check<'v, 'd>(
        &'d self,
        view: &'v View<'d>,
        engines: &mut Engines<'v, 'd>,
        value: Option<&'d Value>,
    ) -> Vec<Found> {
        match (self, value) {
            (Self::Schema { .. }, None) => vec![found("must exist")],
            (
                Self::Schema {
                    schema,
                    dialect,
                    has_all_errors,
                },
                Some(value),
            ) => {
                let settings = Settings {
                    dialect: *dialect,
                    has_all_errors: *has_all_errors,
                    has_x_nullable: false,
                };
                engines.check(view, schema, settings, value)
            }
            (Self::Unreferenced(location), Some(Value::Object(map))) => {
                let used: HashSet<&[String]> = view.used_paths().collect();
                let is_orphan = |name: &&String| {
                    let path: Vec<String> = location.iter().chain([*name]).cloned().collect();
                    !used.contains(path.as_slice())
                };
                let orphan = |name: &String| Found {
                    message: "is not referred to by anything".to_owned(),
                    path: vec![name.clone()],
                    is_whole: false,
                };
                map.keys().filter(is_orphan).map(orphan).collect()
            }
            _ => self.look(value),
        }
    }

    fn look(&self, value: Option<&Value>) -> Vec<Found> {
        let mut list = Vec::new();
        match (self, value) {
            (Self::Truthy, _) if !is_truthy(value) => list.push(found("must be truthy")),
            (Self::Falsy, _) if is_truthy(value) => list.push(found("must be falsy")),
            (Self::Defined, None) => list.push(found("must be defined")),
            (Self::Undefined, Some(_)) => list.push(found("must be undefined")),
            (Self::Pattern { must, must_not }, Some(Value::String(text))) => {
                if let Some(must) = must.as_ref().filter(|must| !must.pattern.matches(text)) {
                    list.push(found(format!("must match the pattern {:?}", must.text)));
                }
                if let Some(must_not) = must_not.as_ref().filter(|must_not| must_not.pattern.matches(text)) {
                    list.push(found(format!("must not match the pattern {:?}", must_not.text)));
                }
            }
            (
                Self::Casing {
                    name,
                    pattern,
                    separator,
                },
                Some(Value::String(text)),
            ) => {
                let is_separator = separator.as_ref().is_some_and(|separator| separator == text);
                if !text.is_empty() && !is_separator && !pattern.matches(text) {
                    list.push(found(format!("must be {name} case")));
                }
            }
            (Self::Length { least, most }, Some(value)) => {
                let length = match value {
                    Value::Array(items) => items.len() as f64,
                    Value::Object(map) => map.len() as f64,
                    Value::String(text) => text.encode_utf16().count() as f64,
                    Value::Number(number) => number.as_f64().unwrap_or_default(),
                    _ => return list,
                };
                list.extend(
                    least
                        .filter(|least| length < *least)
                        .map(|least| found(format!("must be longer than {least}"))),
                );
                list.extend(
                    most.filter(|most| length > *most)
                        .map(|most| found(format!("must be shorter than {most}"))),
                );
            }
            (Self::Enumeration(values), Some(value))
                if !value.is_object()
                    && !value.is_array()
                    && !values.iter().any(|allowed| are_equal(allowed, value)) =>
            {
                let words: Vec<String> = values.iter().map(ToString::to_string).collect();
                list.push(found(format!(
                    "must be equal to one of the allowed values: {}",
                    words.join(", ")
                )));
            }
            (Self::Alphabetical(keyed_by), Some(value)) => list.extend(unsorted(value, keyed_by.as_deref())),
            (Self::Xor(names) | Self::Or(names), Some(Value::Object(map))) => {
                let there: Vec<&String> = names.iter().filter(|name| map.contains_key(*name)).collect();
                let quoted = |names: &[&String], word: &str| {
                    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                    names.join(word)
                };
                if there.is_empty() {
                    let names = quoted(&names.iter().collect::<Vec<_>>(), " or ");
                    list.push(found(format!("must have at least one of {names}")));
                } else if there.len() > 1 && matches!(self, Self::Xor(_)) {
                    list.push(found(format!("must have just one of {}", quoted(&there, " and "))));
                }
            }
            _ => {}
        }
        list
    }
}

fn found(message: impl Into<String>) -> Found {
    Found {
        message: message.into(),
        path: Vec::new(),
        is_whole: false,
    }
}

fn unsorted(value: &Value, keyed_by: Option<&str>) -> Option<Found> {
    let texts: Vec<String> = match (value, keyed_by) {
        (Value::Array(items), Some(key)) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| Some(item.get(key)?.as_str()?.to_owned()))
                .collect();
            let Some(texts) = texts else {
                return Some(found(format!("must be a list of objects that have {key:?}")));
            };
            texts
        }
        (Value::Array(items), None) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect(),
        (Value::Object(map), _) => map.keys().cloned().collect(),
        _ => return None,
    };
    let pair = texts
        .windows(2)
        .position(|pair| collation(&pair[0]) > collation(&pair[1]))?;
    Some(Found {
        message: format!(
            "must be in alphabetical order: {:?} comes after {:?}",
            texts[pair],
            texts[pair + 1]
        ),
        path: match (value, keyed_by) {
            (_, Some(_)) => Vec::new(),
            (Value::Array(_), None) => vec![pair.to_string()],
            _ => vec![texts[pair].clone()],
        },
        is_whole: false,
    })
}

fn casing(options: &Options<'_>) -> Result<Function, RulesetError> {
    let Some(name) = options.text("type")? else {
        return Err(options.fault("type", "is missing"));
    };
    let digits = if options.flag("disallowDigits")? { "" } else { "0-9" };
    let base = match name {
        "flat" => format!("[a-z][a-z{digits}]*"),
        "camel" => format!("[a-z][a-z{digits}]*(?:[A-Z{digits}](?:[a-z{digits}]+|$))*"),
        "pascal" => format!("[A-Z][a-z{digits}]*(?:[A-Z{digits}](?:[a-z{digits}]+|$))*"),
        "kebab" => format!("[a-z][a-z{digits}]*(?:-[a-z{digits}]+)*"),
        "cobol" => format!("[A-Z][A-Z{digits}]*(?:-[A-Z{digits}]+)*"),
        "snake" => format!("[a-z][a-z{digits}]*(?:_[a-z{digits}]+)*"),
        "macro" => format!("[A-Z][A-Z{digits}]*(?:_[A-Z{digits}]+)*"),
        _ => return Err(options.fault("type", "must be flat, camel, pascal, kebab, cobol, snake or macro")),
    };
    let mut separator = None;
    let text = match options.get("separator") {
        None => format!("^{base}$"),
        Some(value) => {
            let character = value
                .get("char")
                .and_then(Value::as_str)
                .filter(|text| text.chars().count() == 1);
            let Some(character) = character else {
                return Err(options.fault("separator.char", "must be one character"));
            };
            let class = format!("[\\{character}]");
            let may_lead = value.get("allowLeading").is_some_and(|flag| *flag == true);
            separator = may_lead.then(|| character.to_owned());
            let leading = if may_lead { format!("{class}?") } else { String::new() };
            format!("^{leading}{base}(?:{class}{base})*$")
        }
    };
    let pattern = Pattern::new(&text).map_err(|reason| options.fault("separator", &reason))?;
    Ok(Function::Casing {
        name: name.to_owned(),
        pattern: Arc::new(pattern),
        separator,
    })
}

fn schema(options: &Options<'_>) -> Result<Function, RulesetError> {
    let Some(schema) = options.get("schema").filter(|schema| schema.is_object()) else {
        return Err(options.fault("schema", "must be an object"));
    };
    let named = options.text("dialect")?.filter(|name| *name != "auto");
    let named = named
        .or_else(|| schema.get("$schema").and_then(Value::as_str))
        .unwrap_or("draft7");
    let dialect = match named {
        name if name.contains("2020") || name.contains("2019") => Dialect::Draft2020,
        name if name.contains("draft4") || name.contains("draft-04") => Dialect::Draft4,
        name if name.contains("draft6") || name.contains("draft7") || name.contains("draft-0") => Dialect::Draft7,
        _ => {
            return Err(options.fault(
                "dialect",
                "must be draft4, draft6, draft7, draft2019-09 or draft2020-12",
            ));
        }
    };
    let has_all_errors = options.flag("allErrors")?;
    let root = Value::Null;
    let view = View::new(&root);
    let settings = Settings {
        dialect,
        has_all_errors,
        has_x_nullable: false,
    };
    let schema = Box::new(schema.clone());
    if let Err(refusal) = Engine::of_ruleset(settings, &view).compile(&schema) {
        return Err(options.fault("schema", &refusal.to_string()));
    }
    Ok(Function::Schema {
        schema,
        dialect,
        has_all_errors,
    })
}
