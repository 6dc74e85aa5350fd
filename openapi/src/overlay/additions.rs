//! What a platform adds to a document at run time, as an overlay.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Action, Applied, Change, Overlay, applied};
use crate::Limits;
use crate::diagnostics::Rejected;
use crate::json_path::JsonPath;
use crate::model::{Document, OperationKind};

/// A plain description of what is added. What is empty or `None` changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Additions {
    /// `info.title` of the overlay.
    pub title: String,
    /// `info.version` of the overlay.
    pub version: String,
    /// Where the API answers; takes the place of all servers of the document.
    pub servers: Vec<AddedServer>,
    /// How callers prove who they are; takes the place of what the document says.
    pub security: Option<AddedSecurity>,
    /// Header fields of every response.
    pub headers: Vec<AddedHeader>,
    /// Responses of every operation that has none with this status.
    pub problems: Vec<AddedProblem>,
    /// The schema of the problems' bodies (`application/problem+json`); without one they have no body.
    pub problem_schema: Option<Value>,
    /// Whether every operation is deprecated.
    pub is_deprecated: bool,
    /// Markdown that is put behind the description of the document, for example what the plans allow.
    pub notice: Option<String>,
    /// Extension fields of the document's root; names start with `x-`.
    pub extensions: Map<String, Value>,
    /// What single operations have of their own.
    pub operations: Vec<OperationAdditions>,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedServer {
    /// Its URL.
    pub url: String,
    /// Markdown source.
    pub description: Option<String>,
}

/// Security schemes and how they are required.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedSecurity {
    /// Security Scheme Objects by name.
    pub schemes: Map<String, Value>,
    /// Ways to be let in; one of them is enough. An empty way lets everybody in.
    pub requirements: Vec<SecurityRequirement>,
}

/// One way to be let in: the schemes that are needed together, with their scopes.
pub type SecurityRequirement = std::collections::BTreeMap<String, Vec<String>>;

/// A header field of responses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedHeader {
    /// Its name.
    pub name: String,
    /// Markdown source.
    pub description: String,
    /// What its value looks like.
    pub schema: Value,
    /// The statuses of the added problems that have it; empty for all responses.
    pub statuses: Vec<String>,
}

/// A response that the platform gives in the place of the API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedProblem {
    /// `401`, or a class such as `5XX`.
    pub status: String,
    /// The name of the component; letters, digits, dots, `-` and `_`.
    pub name: String,
    /// Markdown source.
    pub description: String,
}

/// What one operation has of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationAdditions {
    /// In any case, for example `GET`.
    pub method: String,
    /// The path template as the document has it.
    pub path: String,
    /// Ways to be let in; an empty list lets everybody in.
    pub requirements: Option<Vec<SecurityRequirement>>,
    /// Extension fields; names start with `x-`.
    pub extensions: Map<String, Value>,
}

impl Overlay {
    /// The overlay that says what is added to this document, and the document with it. The overlay has no action that matches
    /// nothing; applying it to [`Document::root`] gives the same document.
    ///
    /// # Errors
    /// [`Rejected`] if the document would cross the limits.
    pub fn of_additions(
        document: &Document,
        additions: &Additions,
        limits: &Limits,
    ) -> Result<(Self, Applied), Rejected> {
        let mut builder = Builder {
            overlay: Self::new(additions.title.clone(), additions.version.clone()),
            root: document.root().clone(),
            found: Vec::new(),
            limits,
        };
        builder.servers(&additions.servers)?;
        if let Some(security) = &additions.security {
            builder.security(security)?;
        }
        builder.headers(&additions.headers)?;
        builder.problems(additions)?;
        if additions.is_deprecated {
            builder.deprecate()?;
        }
        builder.texts(document, additions)?;
        for operation in &additions.operations {
            builder.operation(document, operation)?;
        }
        let applied = applied(builder.root, document.numbers().clone(), builder.found, limits)?;
        Ok((builder.overlay, applied))
    }
}

/// Every operation of `paths`, whether it stands there or in a shared path item.
const OPERATIONS: [&str; 2] = ["$.paths.*[?@.responses]", "$.components.pathItems.*[?@.responses]"];

struct Builder<'l> {
    overlay: Overlay,
    root: Value,
    found: Vec<crate::Diagnostic>,
    limits: &'l Limits,
}

impl Builder<'_> {
    /// Adds an action, if it matches something, and applies it.
    fn action(&mut self, target: &str, description: &str, change: Change) -> Result<(), Rejected> {
        // Made here of fixed parts and quoted names, so it is an expression.
        let Ok(target) = target.parse::<JsonPath>() else {
            return Ok(());
        };
        let matches = target.find(&self.root).is_ok_and(|found| !found.is_empty());
        if !matches {
            return Ok(());
        }
        let action = Action {
            description: Some(description.to_owned()),
            ..Action::new(target, change)
        };
        let found = super::apply::apply(std::slice::from_ref(&action), &mut self.root, self.limits)?;
        self.found.extend(found);
        self.overlay.needs_11 |= matches!(action.change, Change::Copy(_));
        self.overlay.actions.push(action);
        Ok(())
    }

    fn remove(&mut self, target: &str, description: &str) -> Result<(), Rejected> {
        self.action(target, description, Change::Remove)
    }

    fn update(&mut self, target: &str, description: &str, value: Value) -> Result<(), Rejected> {
        self.action(target, description, Change::Update(value))
    }

    fn servers(&mut self, servers: &[AddedServer]) -> Result<(), Rejected> {
        if servers.is_empty() {
            return Ok(());
        }
        let reason = "The API is called at the servers below only.";
        for target in ["$.servers", "$.paths.*.servers", "$.components.pathItems.*.servers"] {
            self.remove(target, reason)?;
        }
        for operations in OPERATIONS {
            self.remove(&format!("{operations}.servers"), reason)?;
        }
        let list: Vec<Value> = servers
            .iter()
            .map(|server| match &server.description {
                Some(description) => json!({"url": server.url, "description": description}),
                None => json!({"url": server.url}),
            })
            .collect();
        self.update("$", "Where the API answers.", json!({ "servers": list }))
    }

    fn security(&mut self, security: &AddedSecurity) -> Result<(), Rejected> {
        let reason = "Callers are known by the schemes below only.";
        self.remove("$.security", reason)?;
        for operations in OPERATIONS {
            self.remove(&format!("{operations}.security"), reason)?;
        }
        self.remove("$.components.securitySchemes", reason)?;
        let requirements = serde_json::to_value(&security.requirements).unwrap_or_default();
        let mut update = json!({ "security": requirements });
        if !security.schemes.is_empty() {
            update["components"] = json!({ "securitySchemes": security.schemes });
        }
        self.update("$", "How callers prove who they are.", update)
    }

    fn headers(&mut self, headers: &[AddedHeader]) -> Result<(), Rejected> {
        for header in headers {
            let object = json!({"description": header.description, "schema": header.schema});
            let mut component = Map::new();
            component.insert(header.name.clone(), object);
            let headers = json!({"components": {"headers": component}});
            self.remove(
                &format!("$.components.headers{}", quoted(&header.name)),
                "Described anew below.",
            )?;
            self.update("$", &format!("The header field {}.", header.name), headers)?;
            if !header.statuses.is_empty() {
                continue;
            }
            let mut reference = Map::new();
            reference.insert(header.name.clone(), header_reference(&header.name));
            let update = json!({ "headers": reference });
            let filter = format!("[?!@['$ref'] && !@.headers{}]", quoted(&header.name));
            let description = format!("Every response has {}.", header.name);
            self.update(&format!("$.components.responses{filter}"), &description, update.clone())?;
            for operations in OPERATIONS {
                self.update(&format!("{operations}.responses{filter}"), &description, update.clone())?;
            }
        }
        Ok(())
    }

    fn problems(&mut self, additions: &Additions) -> Result<(), Rejected> {
        if additions.problems.is_empty() {
            return Ok(());
        }
        let mut components = Map::new();
        if let Some(schema) = &additions.problem_schema {
            self.remove("$.components.schemas.Problem", "Described anew below.")?;
            components.insert("schemas".to_owned(), json!({ "Problem": schema }));
        }
        let mut responses = Map::new();
        for problem in &additions.problems {
            let of_status =
                |header: &&AddedHeader| header.statuses.is_empty() || header.statuses.contains(&problem.status);
            let headers: Map<String, Value> = additions
                .headers
                .iter()
                .filter(of_status)
                .map(|header| (header.name.clone(), header_reference(&header.name)))
                .collect();
            let mut response = json!({ "description": problem.description });
            if !headers.is_empty() {
                response["headers"] = Value::Object(headers);
            }
            if additions.problem_schema.is_some() {
                response["content"] =
                    json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
            }
            let target = format!("$.components.responses{}", quoted(&problem.name));
            self.remove(&target, "Described anew below.")?;
            responses.insert(problem.name.clone(), response);
        }
        components.insert("responses".to_owned(), Value::Object(responses));
        self.update(
            "$",
            "Answers given in the place of the API.",
            json!({ "components": components }),
        )?;
        for problem in &additions.problems {
            let reference = format!("#/components/responses/{}", problem.name);
            let mut response = Map::new();
            response.insert(problem.status.clone(), json!({ "$ref": reference }));
            for prefix in ["$.paths.*", "$.components.pathItems.*"] {
                let target = format!(
                    "{prefix}[?@.responses && !@.responses{}].responses",
                    quoted(&problem.status)
                );
                let description = format!("Operations that don't describe {} themselves.", problem.status);
                self.update(&target, &description, Value::Object(response.clone()))?;
            }
        }
        Ok(())
    }

    fn deprecate(&mut self) -> Result<(), Rejected> {
        for operations in OPERATIONS {
            self.update(
                operations,
                "The whole version is deprecated.",
                json!({"deprecated": true}),
            )?;
        }
        Ok(())
    }

    fn texts(&mut self, document: &Document, additions: &Additions) -> Result<(), Rejected> {
        if let Some(notice) = &additions.notice {
            let text = match document.description() {
                Some(description) => format!("{}\n\n{notice}", description.trim_end()),
                None => notice.clone(),
            };
            self.update("$", "What holds here.", json!({"info": {"description": text}}))?;
        }
        self.extensions("$", &additions.extensions)
    }

    fn extensions(&mut self, target: &str, extensions: &Map<String, Value>) -> Result<(), Rejected> {
        let extensions = extensions.iter().filter(|(name, _)| name.starts_with("x-"));
        let extensions: Map<String, Value> = extensions.map(|(name, value)| (name.clone(), value.clone())).collect();
        for name in extensions.keys() {
            self.remove(&format!("{target}{}", quoted(name)), "Said anew below.")?;
        }
        if extensions.is_empty() {
            return Ok(());
        }
        self.update(target, "What tools of the platform read.", Value::Object(extensions))
    }

    fn operation(&mut self, document: &Document, operation: &OperationAdditions) -> Result<(), Rejected> {
        let mut entries = document.operations().iter();
        let is_there = entries.any(|entry| {
            entry.kind == OperationKind::Path
                && entry.path == operation.path
                && entry.method.eq_ignore_ascii_case(&operation.method)
        });
        if !is_there {
            return Ok(());
        }
        let target = JsonPath::of_keys(["paths", &operation.path, &operation.method.to_ascii_lowercase()]);
        if let Some(requirements) = &operation.requirements {
            self.remove(&format!("{target}.security"), "Said anew below.")?;
            let requirements = serde_json::to_value(requirements).unwrap_or_default();
            self.update(
                &target,
                "Who may call this operation.",
                json!({ "security": requirements }),
            )?;
        }
        self.extensions(&target, &operation.extensions)
    }
}

fn header_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// A name as a selector.
fn quoted(name: &str) -> String {
    JsonPath::of_keys([name]).split_off(1)
}
