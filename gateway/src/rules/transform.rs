//! Changes to what the upstream is asked and what it answers.

use domain::policy::transform::{BodyTransform, PathTransform, Transform};
use http::StatusCode;

use super::{
    json_change::JsonChange,
    path_parameters::{PathParameters, PathTemplate},
    query_change::QueryChange,
};
use crate::{
    message::{AnswerHead, Fields, Known},
    snapshot::canonical,
};

/// The policy `transform`, compiled.
#[derive(Debug)]
pub(crate) struct TransformRule {
    path: Option<PathChange>,
    query: Option<QueryChange>,
    request_body: Option<BodyChange>,
    answer_body: Option<BodyChange>,
}

/// A path that the upstream sees instead.
#[derive(Debug)]
enum PathChange {
    Template(PathTemplate),
    Prefix {
        /// Segments in the form of [`canonical`].
        remove: Box<[Box<str>]>,
        /// Without a slash at its end.
        add: Box<str>,
    },
}

/// Changes to JSON bodies up to a length.
#[derive(Debug)]
pub(crate) struct BodyChange {
    pub(crate) change: JsonChange,
    pub(crate) max_bytes: usize,
}

impl TransformRule {
    pub(super) fn compile(transform: &Transform) -> Result<Self, String> {
        let body = |body: &Option<BodyTransform>| body.as_ref().map(BodyChange::compile).transpose();
        Ok(Self {
            path: transform.request.path.as_ref().map(PathChange::compile),
            query: QueryChange::compile(&transform.request.query),
            request_body: body(&transform.request.body)?,
            answer_body: body(&transform.response.body)?,
        })
    }

    /// Path and query as the upstream is to see them. `template` is the path of the operation, `path` and `query` what was
    /// asked for, below the version's base. `None` when they stay as they are.
    pub(crate) fn target(&self, template: &str, path: &str, query: &str) -> Option<String> {
        if self.path.is_none() && self.query.is_none() {
            return None;
        }
        let mut target = String::with_capacity(path.len() + query.len() + 32);
        match &self.path {
            None => target.push_str(path),
            Some(change) => change.write(template, path, &mut target),
        }
        match &self.query {
            Some(change) => change.write(query, &mut target),
            None if query.is_empty() => {}
            None => target.extend(["?", query]),
        }
        Some(target)
    }

    /// What is done to the body of a request.
    pub(crate) fn request_body(&self, fields: &Fields) -> Option<&BodyChange> {
        self.request_body.as_ref().filter(|_| is_json(fields))
    }

    /// What is done to the body of an answer, if it is one that can be changed: whole, JSON, and not encoded.
    pub(crate) fn answer_body(&self, answer: &AnswerHead) -> Option<&BodyChange> {
        let change = self.answer_body.as_ref()?;
        let is_part = answer.status == StatusCode::PARTIAL_CONTENT;
        (!is_part && is_json(&answer.fields)).then_some(change)
    }

    /// Makes the head of an answer that was kept say what it said when its body was changed: that has no tag of its own.
    pub(crate) fn forget_tag(&self, answer: &mut AnswerHead) {
        if self.answer_body.is_some() && is_json(&answer.fields) {
            let length = answer.fields.get(Known::ContentLength).map(<[u8]>::to_vec);
            forget_body(&mut answer.fields);
            if let Some(length) = length {
                answer.fields.append_parts(Known::ContentLength, &[&length]);
            }
        }
    }

    /// Asks the upstream for something that can be changed, where answers are.
    pub(crate) fn ask(&self, fields: &mut Fields) {
        if self.answer_body.is_some() {
            fields.set(Known::AcceptEncoding, &http::HeaderValue::from_static("identity"));
            // A part of what was not changed yet is of no use.
            fields.remove(Known::Range);
            fields.remove_named(b"if-range");
        }
    }
}

/// Whether a body is JSON as it stands (RFC 8259, RFC 6839 §3.1).
fn is_json(fields: &Fields) -> bool {
    let is_coded = fields
        .all(Known::ContentEncoding)
        .any(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    let media_type = fields.get(Known::ContentType).unwrap_or_default();
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    !is_coded && (essence == b"application/json" || essence.ends_with(b"+json"))
}

/// Takes out the fields that only hold for the body as the upstream sent it.
pub(crate) fn forget_body(fields: &mut Fields) {
    fields.remove(Known::ContentLength);
    fields.remove(Known::Etag);
    for name in [
        &b"accept-ranges"[..],
        b"content-md5",
        b"digest",
        b"content-digest",
        b"repr-digest",
    ] {
        fields.remove_named(name);
    }
}

impl PathChange {
    fn compile(path: &PathTransform) -> Self {
        if let Some(template) = &path.template {
            return Self::Template(PathTemplate::compile(template));
        }
        let remove = path.remove_prefix.as_deref().unwrap_or_default().trim_matches('/');
        let add = path.add_prefix.as_deref().unwrap_or_default().trim_end_matches('/');
        Self::Prefix {
            remove: remove
                .split('/')
                .filter(|_| !remove.is_empty())
                .map(|segment| canonical(segment).into())
                .collect(),
            add: add.into(),
        }
    }

    fn write(&self, template: &str, path: &str, out: &mut String) {
        match self {
            Self::Template(own) => own.fill(&PathParameters::of(template, path), out),
            Self::Prefix { remove, add } => {
                out.push_str(add);
                let rest = without(path, remove).unwrap_or(path);
                if rest.is_empty() && add.is_empty() {
                    out.push('/');
                }
                out.push_str(rest);
            }
        }
    }
}

/// What follows a prefix of whole segments, with its slash; `None` where the path does not begin with it.
fn without<'a>(path: &'a str, prefix: &[Box<str>]) -> Option<&'a str> {
    let mut rest = path;
    for wanted in prefix {
        let inside = rest.strip_prefix('/')?;
        let (segment, after) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
        if *canonical(segment) != **wanted {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

impl BodyChange {
    fn compile(body: &BodyTransform) -> Result<Self, String> {
        Ok(Self {
            change: JsonChange::compile(body)?,
            max_bytes: usize::try_from(body.max_bytes.as_bytes()).unwrap_or(usize::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(path: serde_json::Value, template: &str, asked: &str) -> String {
        let transform = serde_json::from_value(json!({ "request": { "path": path } })).unwrap();
        let rule = TransformRule::compile(&transform).unwrap();
        let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
        rule.target(template, path, query).unwrap()
    }

    #[test]
    fn beginnings_are_changed_by_whole_segments() {
        let change = json!({ "remove_prefix": "/pets/", "add_prefix": "/internal/" });
        for (asked, expected) in [
            ("/pets/1?a=b", "/internal/1?a=b"),
            ("/p%65ts/1", "/internal/1"),
            ("/pets", "/internal"),
            ("/pets/", "/internal/"),
            ("/petshop/1", "/internal/petshop/1"),
        ] {
            assert_eq!(target(change.clone(), "/", asked), expected, "{asked}");
        }
        let remove = json!({ "remove_prefix": "/pets" });
        assert_eq!(target(remove.clone(), "/", "/pets"), "/");
        assert_eq!(target(remove, "/", "/pets?x"), "/?x");
        assert_eq!(target(json!({ "add_prefix": "/a" }), "/", "/pets"), "/a/pets");
    }

    #[test]
    fn templates_take_parameters_as_they_came() {
        let change = json!({ "template": "/animals/{toy}/of/{id}.json" });
        assert_eq!(
            target(change, "/pets/{id}/toys/{toy}", "/pets/a%2Fb/toys/%41?x=1"),
            "/animals/%41/of/a%2Fb.json?x=1"
        );
    }

    #[test]
    fn only_plain_json_is_changed() {
        let rule = TransformRule::compile(
            &serde_json::from_value(json!({ "response": { "body": { "remove": ["/a"] } } })).unwrap(),
        )
        .unwrap();
        for (media_type, coding, is_changed) in [
            ("application/json", None, true),
            ("Application/Problem+JSON; charset=utf-8", None, true),
            ("application/json", Some("identity"), true),
            ("application/json", Some("gzip"), false),
            ("text/plain", None, false),
            ("application/jsonl", None, false),
        ] {
            let mut answer = AnswerHead::default();
            answer.fields.append_raw(b"content-type", media_type.as_bytes());
            if let Some(coding) = coding {
                answer.fields.append_raw(b"content-encoding", coding.as_bytes());
            }
            assert_eq!(
                rule.answer_body(&answer).is_some(),
                is_changed,
                "{media_type} {coding:?}"
            );
        }
    }
}
