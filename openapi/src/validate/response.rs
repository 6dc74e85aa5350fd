//! Responses.

use super::body::{BodyRule, BodyView};
use super::headers::Headers;
use super::parameter::{ParameterRule, is_described_elsewhere};
use super::schema::{Compiler, Schemas, Steps};
use super::value::Reader;
use super::violation::{InvalidKind, Place, Violation, Violations};
use crate::operation::{Operation, StatusKey};

/// What a response says, as it came.
#[derive(Clone, Copy)]
pub struct ResponseView<'r> {
    /// Its status code.
    pub status: u16,
    /// Its headers.
    pub headers: &'r Headers<'r>,
    /// `Content-Type`.
    pub content_type: Option<&'r [u8]>,
    /// The whole body; `None` if there is none, or it is not to be checked.
    pub body: Option<&'r [u8]>,
}

#[derive(Debug)]
pub(super) struct ResponseRules {
    pub(super) statuses: Box<[StatusRule]>,
    pub(super) schemas: Schemas,
}

/// The response of one status, of a class of them, or of all that have none.
#[derive(Debug)]
pub(super) struct StatusRule {
    key: StatusKey,
    headers: Box<[ParameterRule]>,
    body: BodyRule,
}

impl ResponseRules {
    pub(super) fn compile<'d>(compiler: &mut Compiler<'d>, operation: &Operation<'d>) -> Box<[StatusRule]> {
        let mut statuses = Vec::new();
        for response in operation.responses() {
            let Some(key) = StatusKey::parse(response.status) else {
                continue;
            };
            let headers = response.headers.iter();
            let headers = headers
                .filter(|header| !is_described_elsewhere(header.name))
                .map(|header| ParameterRule::of_header(compiler, header));
            let headers = headers.collect();
            compiler.charge(size_of::<StatusRule>());
            statuses.push(StatusRule {
                key,
                headers,
                body: BodyRule::compile(compiler, false, &response.content),
            });
        }
        statuses.sort_by_key(|rule| rule.key);
        statuses.into()
    }

    pub(super) fn check(&self, response: &ResponseView<'_>, steps: &mut Steps) -> Vec<Violation> {
        let mut violations = Violations::default();
        let kind = InvalidKind::Unprocessable;
        let Some(rule) = self.statuses.iter().find(|rule| rule.key.describes(response.status)) else {
            if !self.statuses.is_empty() {
                let message = format!("is {}, which the document doesn't list", response.status);
                violations.report(kind, (Place::Status, ""), "status", message);
            }
            return violations.into_list();
        };
        let mut reader = Reader {
            schemas: &self.schemas,
            steps,
        };
        for header in &rule.headers {
            // A cookie's own commas are not those of a list (RFC 9110 §5.3).
            if !header.name.eq_ignore_ascii_case("set-cookie") && !violations.is_full() {
                let read = header.read_header(response.headers, &mut reader);
                header.check(read, &mut reader, &mut violations, kind);
            }
        }
        if let Some(bytes) = response.body.filter(|body| !body.is_empty())
            && !rule.body.is_empty()
        {
            let content_type = response.content_type;
            rule.body.check(
                BodyView {
                    content_type,
                    bytes,
                    may_be_unread: true,
                },
                &mut reader,
                &mut violations,
            );
        }
        violations.into_list()
    }
}
