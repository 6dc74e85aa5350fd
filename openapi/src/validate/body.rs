//! Bodies of requests and responses: which of the listed media types it is, and what is wrong with it.

use serde_json::Value;

use super::form::FormRule;
use super::schema::{Compiler, SchemaId};
use super::shape::Shape;
use super::value::Reader;
use super::violation::{InvalidKind, Place, Violations};
use super::{json, multipart};
use crate::media_type::MediaType;
use crate::operation::MediaType as Listed;

/// Lines of a stream that are checked one by one.
const MOST_LINES: usize = 10_000;

/// The bodies that fit.
#[derive(Debug)]
pub(super) struct BodyRule {
    pub(super) is_required: bool,
    content: Box<[ContentRule]>,
}

/// One media type or range.
#[derive(Debug)]
struct ContentRule {
    range: MediaType,
    schema: Option<SchemaId>,
    item: Option<SchemaId>,
    /// Of bodies that aren't JSON.
    shape: Option<Shape>,
    form: FormRule,
}

/// A body to check.
#[derive(Clone, Copy)]
pub(super) struct BodyView<'r> {
    pub(super) content_type: Option<&'r [u8]>,
    pub(super) bytes: &'r [u8],
    /// Whether a text in a charset that is not read here is let be. Of what is to be refused if it doesn't fit, it is not:
    /// whoever gets it next may read another text than was judged.
    pub(super) may_be_unread: bool,
}

const PLACE: (Place, &str) = (Place::Body, "");

impl BodyRule {
    pub(super) fn compile<'d>(compiler: &mut Compiler<'d>, is_required: bool, content: &[Listed<'d>]) -> Self {
        let rules = content.iter().filter_map(|media| ContentRule::compile(compiler, media));
        Self {
            is_required,
            content: rules.collect(),
        }
    }

    /// Whether no body is described.
    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// Reports what is wrong with a body that is there.
    pub(super) fn check(&self, body: BodyView<'_>, reader: &mut Reader<'_>, violations: &mut Violations) {
        let unsupported = InvalidKind::UnsupportedMediaType;
        let text = body
            .content_type
            .map(|text| std::str::from_utf8(text).unwrap_or_default());
        let kind = match text.map(MediaType::parse) {
            None => return violations.report(unsupported, PLACE, "contentType", "has no content type"),
            Some(None) => {
                return violations.report(unsupported, PLACE, "contentType", "must have a valid content type");
            }
            Some(Some(kind)) => kind,
        };
        let close = self
            .content
            .iter()
            .filter_map(|rule| Some((rule.range.closeness(&kind)?, rule)));
        // Of equals, the first in the document.
        let closest = close.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((_, rule)) = closest else {
            return violations.report(unsupported, PLACE, "contentType", self.expected());
        };
        if let Err((keyword, problem)) = rule.check(&kind, body, reader, violations) {
            let is_unsupported = keyword == "contentType";
            let kind = if is_unsupported {
                unsupported
            } else {
                InvalidKind::Malformed
            };
            violations.report(kind, PLACE, keyword, problem);
        }
    }

    fn expected(&self) -> String {
        const MOST: usize = 5;
        let names: Vec<String> = self.content.iter().take(MOST).map(|rule| rule.range.name()).collect();
        let more = if self.content.len() > MOST {
            " or another type that the document lists"
        } else {
            ""
        };
        format!("must be of content type {}{more}", names.join(", "))
    }
}

/// The keyword and message of a body that can't be read.
type Unreadable = (&'static str, String);

impl ContentRule {
    fn compile<'d>(compiler: &mut Compiler<'d>, media: &Listed<'d>) -> Option<Self> {
        let range = MediaType::parse(media.name)?;
        let is_read = range.is_json()
            || range.is_json_lines()
            || range.is_form()
            || range.is_multipart()
            || range.is_text()
            || range.is_range();
        let schema = media.schema.filter(|_| is_read);
        let says_something = |schema: &Value| schema.as_object().is_some_and(|map| !map.is_empty());
        let is_unread = !is_read && media.schema.is_some_and(says_something);
        let is_stream = media.item_schema.is_some() && !range.is_json_lines();
        if is_unread || is_stream {
            compiler.note(
                "content",
                format!("bodies of type {} are checked by their type only", range.name()),
            );
        }
        let needs_shape = !range.is_json() && !range.is_json_lines();
        compiler.charge(size_of::<Self>() + range.weight());
        Some(Self {
            schema: schema.map(|schema| compiler.add(schema)),
            item: media.item_schema.filter(|_| is_read).map(|schema| compiler.add(schema)),
            shape: schema
                .filter(|_| needs_shape)
                .map(|schema| Shape::of(compiler, Some(schema))),
            form: FormRule::compile(compiler, media.encoding),
            range,
        })
    }

    fn check(
        &self,
        kind: &MediaType,
        body: BodyView<'_>,
        reader: &mut Reader<'_>,
        violations: &mut Violations,
    ) -> Result<(), Unreadable> {
        let malformed = |problem: String| ("syntax", problem);
        let bytes = body.bytes;
        if !kind.is_utf8() && self.reads(kind) {
            // Read in another charset it would be another text.
            return if body.may_be_unread && !kind.is_json() {
                Ok(())
            } else {
                Err(("contentType", "must be in UTF-8".to_owned()))
            };
        }
        if kind.is_json() {
            let value = json::parse(bytes).map_err(malformed)?;
            Self::check_value(self.schema, &value, &[], reader, violations);
        } else if kind.is_json_lines() {
            self.check_lines(bytes, reader, violations).map_err(malformed)?;
        } else if kind.is_form() {
            let Some(shape) = &self.shape else { return Ok(()) };
            let text = std::str::from_utf8(bytes).map_err(|_| malformed("must be UTF-8".to_owned()))?;
            let value = self.form.read(text, shape, reader).map_err(malformed)?;
            Self::check_value(self.schema, &value, &[], reader, violations);
        } else if kind.is_multipart() {
            let boundary = kind.parameter("boundary");
            let boundary = boundary.ok_or_else(|| ("contentType", "must name its boundary".to_owned()))?;
            let untyped = Shape::untyped();
            let shape = self.shape.as_ref().unwrap_or(&untyped);
            let form = multipart::read(bytes, boundary, &self.form, shape, reader).map_err(malformed)?;
            for (name, problem) in form.wrong_types {
                let mut pointer = String::new();
                super::violation::push_token(&mut pointer, &name);
                violations.add(
                    InvalidKind::Unprocessable,
                    super::Violation {
                        location: Place::Body,
                        name: String::new(),
                        pointer,
                        keyword: "contentType",
                        message: problem,
                    },
                );
            }
            let files: Vec<&str> = form.files.iter().map(String::as_str).collect();
            Self::check_value(self.schema, &form.value, &files, reader, violations);
        } else if kind.is_text() {
            let Some(shape) = self.text() else { return Ok(()) };
            let text = std::str::from_utf8(bytes).map_err(|_| malformed("must be UTF-8".to_owned()))?;
            let value = reader.scalar(text, shape);
            Self::check_value(self.schema, &value, &[], reader, violations);
        }
        Ok(())
    }

    /// Whether more than the type of such a body is looked at.
    fn reads(&self, kind: &MediaType) -> bool {
        kind.is_json()
            || kind.is_multipart()
            || (kind.is_json_lines() && self.item.is_some())
            || (kind.is_form() && self.shape.is_some())
            || (kind.is_text() && self.text().is_some())
    }

    /// The shape of a body that is one text.
    fn text(&self) -> Option<&Shape> {
        self.shape.as_ref().filter(|shape| !shape.is_binary)
    }

    fn check_lines(&self, bytes: &[u8], reader: &mut Reader<'_>, violations: &mut Violations) -> Result<(), String> {
        let Some(item) = self.item else { return Ok(()) };
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty());
        for (at, line) in lines.enumerate().take(MOST_LINES) {
            let value = json::parse(line).map_err(|problem| format!("has a line {} that {problem}", at + 1))?;
            Self::check_value(Some(item), &value, &[], reader, violations);
            if violations.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn check_value(
        schema: Option<SchemaId>,
        value: &Value,
        files: &[&str],
        reader: &mut Reader<'_>,
        violations: &mut Violations,
    ) {
        if let Some(schema) = schema {
            let room = violations.room().max(1);
            let found = reader.schemas.check(schema, value, reader.steps, files, room);
            violations.found(InvalidKind::Unprocessable, PLACE, found, reader.steps);
        }
    }
}
