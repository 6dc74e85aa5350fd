//! The validator of one operation.

use super::body::{BodyRule, BodyView};
use super::headers::Headers;
use super::parameter::{Parameters, Source};
use super::response::{ResponseRules, ResponseView};
use super::schema::{Compiler, Schemas};
use super::value::Reader;
use super::violation::{Invalid, InvalidKind, Place, Violation, Violations};
use super::{CompileError, Settings, Unchecked, ValidationLimits};
use crate::operation::Operation;
use crate::schema::Direction;

/// Checks the requests and responses of one operation.
#[derive(Debug)]
pub struct OperationValidator {
    request: Option<RequestRules>,
    response: Option<ResponseRules>,
    limits: ValidationLimits,
    unchecked: Vec<Unchecked>,
    nodes: usize,
    weight: usize,
}

/// What a request says, as it came.
#[derive(Clone, Copy)]
pub struct RequestView<'r> {
    /// Names of the path template and the texts that stand for them, still percent-encoded.
    pub path_parameters: &'r [(&'r str, &'r str)],
    /// What follows the question mark, still percent-encoded.
    pub query: Option<&'r str>,
    /// Its headers.
    pub headers: &'r Headers<'r>,
    /// `Content-Type`.
    pub content_type: Option<&'r [u8]>,
    /// The whole body; `None` if there is none. An empty one counts as none.
    pub body: Option<&'r [u8]>,
}

#[derive(Debug)]
struct RequestRules {
    parameters: Parameters,
    body: Option<BodyRule>,
    schemas: Schemas,
}

impl OperationValidator {
    /// Compiles an operation of a document.
    ///
    /// # Errors
    /// [`CompileError`] if it leads to more schemas or takes more memory than the settings allow.
    pub fn compile(operation: &Operation<'_>, settings: &Settings) -> Result<Self, CompileError> {
        let mut validator = Self {
            request: None,
            response: None,
            limits: settings.limits.clone(),
            unchecked: Vec::new(),
            nodes: 0,
            weight: size_of::<Self>(),
        };
        let document = operation.document();
        if settings.checks_requests {
            let mut compiler = Compiler::new(document, Direction::Request, settings);
            let parameters = Parameters::compile(&mut compiler, operation);
            let body = operation
                .request_body()
                .map(|body| BodyRule::compile(&mut compiler, body.required, &body.content));
            let schemas = validator.finish(compiler)?;
            validator.request = Some(RequestRules {
                parameters,
                body,
                schemas,
            });
        }
        if settings.checks_responses {
            let mut compiler = Compiler::new(document, Direction::Response, settings);
            let statuses = ResponseRules::compile(&mut compiler, operation);
            let schemas = validator.finish(compiler)?;
            validator.response = Some(ResponseRules { statuses, schemas });
        }
        Ok(validator)
    }

    fn finish(&mut self, compiler: Compiler<'_>) -> Result<Schemas, CompileError> {
        let compiled = compiler.finish()?;
        self.nodes += compiled.nodes;
        self.weight += compiled.weight;
        for note in compiled.unchecked {
            if !self.unchecked.contains(&note) {
                self.weight += size_of::<Unchecked>() + note.reason.len();
                self.unchecked.push(note);
            }
        }
        Ok(compiled.schemas)
    }

    /// Checks a request. Everything passes if [`Settings::checks_requests`] was off.
    ///
    /// # Errors
    /// What is wrong, and the status to refuse it with.
    pub fn check_request(&self, request: &RequestView<'_>) -> Result<(), Invalid> {
        let Some(rules) = &self.request else { return Ok(()) };
        let body = request.body.filter(|body| !body.is_empty());
        let query = request.query.unwrap_or_default();
        let mut steps = self.limits.steps_for(query.len() + body.map_or(0, <[u8]>::len));
        let mut reader = Reader {
            schemas: &rules.schemas,
            steps: &mut steps,
        };
        let mut violations = Violations::default();
        if !rules.parameters.is_empty() {
            let source = Source {
                path: request.path_parameters,
                query,
                headers: request.headers,
            };
            rules.parameters.check(&source, &mut reader, &mut violations);
        }
        match (&rules.body, body) {
            (Some(rule), Some(bytes)) if !rule.is_empty() => {
                let content_type = request.content_type;
                rule.check(
                    BodyView {
                        content_type,
                        bytes,
                        may_be_unread: false,
                    },
                    &mut reader,
                    &mut violations,
                );
            }
            (Some(rule), None) if rule.is_required => {
                violations.report(InvalidKind::Malformed, (Place::Body, ""), "body", "is missing");
            }
            _ => {}
        }
        violations.into_result()
    }

    /// Whether [`OperationValidator::check_request`] looks at bodies: otherwise the caller need not wait for one.
    pub fn needs_request_body(&self) -> bool {
        self.request.as_ref().is_some_and(|rules| rules.body.is_some())
    }

    /// Checks a response; empty if it is as the document says, or [`Settings::checks_responses`] was off.
    pub fn check_response(&self, response: &ResponseView<'_>) -> Vec<Violation> {
        let Some(rules) = &self.response else {
            return Vec::new();
        };
        let mut steps = self.limits.steps_for(response.body.map_or(0, <[u8]>::len));
        rules.check(response, &mut steps)
    }

    /// What the document asks for and is not checked.
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }

    /// Schemas it consists of.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Bytes it takes in memory, approximately.
    pub fn weight(&self) -> usize {
        self.weight
    }
}
