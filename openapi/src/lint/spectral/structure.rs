//! `oas2-schema` and `oas3-schema`: whether the document has the structure of its version, as it was written.

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::json_schema::{Detail, Dialect, Engine, Fault, Registry, Relaxed, Settings, best_match};
use crate::lint::view::{View, child};
use crate::model::Format;

/// Steps for one document; GitHub's takes 300,000.
const MOST_STEPS: usize = 10_000_000;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let format = collector.format();
    let rule = if format == Format::OpenApi20 {
        "oas2-schema"
    } else {
        "oas3-schema"
    };
    if !collector.is_on(rule) {
        return;
    }
    let settings = Settings {
        dialect: Dialect::Draft2020,
        has_all_errors: true,
        has_x_nullable: false,
    };
    let mut engine = Engine::of_registry(settings, Registry::of_format(format));
    let Ok(root) = engine.compile_root() else { return };
    let Some(faults) = engine.check(root, view.root, Relaxed::No, MOST_STEPS) else {
        return;
    };
    for fault in faults.iter().filter(|fault| fault.keyword != "if") {
        let mut path = fault.path.clone();
        let message = message(fault, view.root);
        if let Detail::Additional(name) = &fault.detail {
            path.push(name.clone());
        }
        let property = path.last().cloned().unwrap_or_default();
        let message = format!("{message}.").replace("{{property}}", &property);
        collector.add(rule, view.written(path.iter().map(String::as_str)), message);
    }
}

fn message(fault: &Fault, root: &Value) -> String {
    let property = fault.path.last();
    let clean = |text: &str| {
        let text = text.replace('\'', "\"").replace("NOT", "not");
        property.map_or_else(|| text.clone(), |property| format!("\"{property}\" property {text}"))
    };
    match &fault.detail {
        Detail::Additional(name) => format!("Property \"{name}\" is not expected to be here"),
        Detail::Allowed(values) => {
            let listed: Vec<String> = values.iter().map(ToString::to_string).collect();
            let value = fault.path.iter().try_fold(root, |value, step| child(value, step));
            let best = best_match(value, &values.iter().collect::<Vec<_>>());
            let hint = best.map_or_else(String::new, |best| format!(". Did you mean \"{best}\"?"));
            format!("{}: {}{hint}", clean(&fault.message), listed.join(", "))
        }
        _ if fault.keyword == "errorMessage" => fault.message.clone(),
        _ => clean(&fault.message),
    }
}
