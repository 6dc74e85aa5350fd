//! Functions as a ruleset writes them.

use std::sync::Arc;

use serde_json::Value;

use super::{Allowed, Expression, Function};
use crate::json_path::BYTES_OF_STEP;
use crate::lint::json_schema::{Dialect, Engine, Settings};
use crate::lint::ruleset::message::{cut, joined};
use crate::lint::ruleset::options::Options;
use crate::lint::ruleset::read::RulesetError;
use crate::lint::view::View;
use crate::load::Extent;
use crate::validate::Pattern;

impl Function {
    pub(in crate::lint::ruleset) fn read(
        name: &str,
        options: Option<&Value>,
        field: &str,
    ) -> Result<Self, RulesetError> {
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
                        let text = cut(text);
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
                    Some(list @ Value::Array(values)) if !values.is_empty() => {
                        let extent = Extent::of(list);
                        Self::Enumeration(Allowed {
                            values: values.clone(),
                            text: joined(values.iter().map(ToString::to_string), ", "),
                            cost: (extent.nodes + extent.bytes / BYTES_OF_STEP) as u64,
                        })
                    }
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
