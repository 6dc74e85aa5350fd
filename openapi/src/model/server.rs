//! Servers and their variables.

use serde_json::Value;

/// A place where the API answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The URL with every variable at its default; may be relative. Untrusted text: check its scheme before linking to it.
    pub url: String,
    /// The URL as written, with `{variables}`.
    pub template: String,
    /// Markdown source.
    pub description: Option<String>,
    /// The variables of the template, in the order of the document.
    pub variables: Vec<ServerVariable>,
}

/// A `{variable}` of a server's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVariable {
    /// Its name, without braces.
    pub name: String,
    /// What stands for it in [`Server::url`].
    pub default: String,
    /// The values it may take; empty if any.
    pub choices: Vec<String>,
    /// Markdown source.
    pub description: Option<String>,
}

/// Variables of one URL; real ones have a handful.
const MOST_VARIABLES: usize = 64;

/// The servers of the document, of a path item or of an operation; malformed ones are left out.
pub(crate) fn servers_of(owner: &Value) -> Vec<Server> {
    let list = owner.get("servers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(server).collect()
}

fn server(value: &Value) -> Option<Server> {
    let template = value.get("url")?.as_str()?.to_owned();
    let variables: Vec<ServerVariable> = value
        .get("variables")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .take(MOST_VARIABLES)
        .filter_map(|(name, variable)| {
            let choices: Vec<String> = variable
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(scalar)
                .collect();
            Some(ServerVariable {
                name: name.clone(),
                default: variable
                    .get("default")
                    .and_then(scalar)
                    .or_else(|| choices.first().cloned())?,
                choices,
                description: text(variable, "description"),
            })
        })
        .collect();
    let mut url = template.clone();
    for variable in &variables {
        url = url.replace(&format!("{{{}}}", variable.name), &variable.default);
        // A default may name other variables; a few of them double the URL each time.
        if url.len() > 4096 {
            url.clone_from(&template);
            break;
        }
    }
    Some(Server {
        url,
        template,
        description: text(value, "description"),
        variables,
    })
}

fn text(value: &Value, field: &str) -> Option<String> {
    value
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// `port: 8443` is meant as a text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_take_their_defaults() {
        let owner = json!({"servers": [{"url": "https://{env}.example.com:{port}/{base}",
            "variables": {"env": {"default": "api", "enum": ["api", "test"]}, "port": {"default": 8443}, "base": {"enum": ["v1"]}}}]});
        assert_eq!(servers_of(&owner)[0].url, "https://api.example.com:8443/v1");
    }

    #[test]
    fn malformed_servers_are_left_out() {
        assert!(servers_of(&json!({"servers": [null, 1, {"url": 2}]})).is_empty());
        assert!(servers_of(&json!({"servers": {}})).is_empty());
    }
}
