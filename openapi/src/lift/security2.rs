//! Security schemes of Swagger 2.0.

use serde_json::{Map, Value};

use super::take;

/// Brings one security scheme of 2.0 to the shape of 3.0.
pub(super) fn lift(value: &mut Value) {
    let Value::Object(scheme) = value else { return };
    match scheme.get("type").and_then(Value::as_str) {
        Some("basic") => {
            scheme.insert("type".to_owned(), "http".into());
            scheme.insert("scheme".to_owned(), "basic".into());
        }
        Some("oauth2") => {
            let flow = take(scheme, "flow");
            let name = match flow.as_ref().and_then(Value::as_str) {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some("password") => "password",
                _ => "implicit",
            };
            let fields = ["authorizationUrl", "tokenUrl", "scopes"];
            let details = fields
                .into_iter()
                .filter_map(|field| Some((field.to_owned(), take(scheme, field)?)));
            let details: Map<String, Value> = details.collect();
            let flows = Map::from_iter([(name.to_owned(), Value::Object(details))]);
            scheme.insert("flows".to_owned(), Value::Object(flows));
        }
        _ => {}
    }
}
