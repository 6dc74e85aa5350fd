//! The policy `signatures`: which shapes of attack are looked for, and where.

use std::sync::{Arc, Mutex, PoisonError};

use domain::policy::signatures::{self, RequestPart, SignatureGroup, SignatureMode};

use crate::{
    message::{Fields, Known, KnownSet, RequestHead},
    protect::signatures::{BodyForm, Group, Signatures},
};

/// Signatures of some groups and where they are looked for.
#[derive(Debug)]
pub(crate) struct SignatureRule {
    signatures: Arc<Signatures>,
    inspect: Box<[RequestPart]>,
    pub(crate) is_blocking: bool,
    pub(crate) body_bytes: usize,
}

/// Fields that hold credentials, dates or the gateway's own words.
const LEFT_OUT: KnownSet = KnownSet::of(&[
    Known::Authorization,
    Known::ProxyAuthorization,
    Known::XApiKey,
    Known::Date,
    Known::IfModifiedSince,
    Known::ContentLength,
    Known::Traceparent,
]);

impl SignatureRule {
    pub(super) fn compile(policy: &signatures::Signatures) -> Result<Self, String> {
        Ok(Self {
            signatures: shared(&policy.groups)?,
            inspect: policy.inspect.as_slice().into(),
            is_blocking: policy.mode == SignatureMode::Block,
            body_bytes: usize::try_from(policy.body_bytes.as_bytes()).unwrap_or(usize::MAX),
        })
    }

    fn inspects(&self, part: RequestPart) -> bool {
        self.inspect.contains(&part)
    }

    /// Groups of what is found before the body, each once.
    pub(crate) fn in_head(&self, request: &RequestHead) -> Vec<SignatureGroup> {
        let mut ids = Vec::new();
        if self.inspects(RequestPart::Path) {
            ids.extend(self.signatures.in_path(request.path().as_bytes()));
        }
        if self.inspects(RequestPart::Query) {
            ids.extend(self.signatures.in_query(request.query().as_bytes()));
        }
        if self.inspects(RequestPart::Headers) {
            let fields = request.fields.iter().filter(|(name, _)| !LEFT_OUT.has(Known::of(name)));
            for (_, value) in fields {
                ids.extend(self.signatures.in_header(value));
            }
        }
        groups(ids)
    }

    /// How the body is written, if it is one that is looked at.
    pub(crate) fn body_form(&self, fields: &Fields) -> Option<BodyForm> {
        if !self.inspects(RequestPart::Body) {
            return None;
        }
        let media_type = fields.get(Known::ContentType)?;
        let media_type = media_type.split(|byte| *byte == b';').next()?.trim_ascii();
        let media_type = std::str::from_utf8(media_type).ok()?.to_ascii_lowercase();
        let (kind, subtype) = media_type.split_once('/')?;
        let is = |suffix: &str| subtype == suffix || subtype.rsplit('+').next() == Some(suffix);
        if is("json") || matches!(subtype, "x-ndjson" | "jsonl" | "json-seq") {
            Some(BodyForm::Json)
        } else if subtype == "x-www-form-urlencoded" {
            Some(BodyForm::Form)
        } else if kind == "text" || is("xml") {
            Some(BodyForm::Text)
        } else {
            None
        }
    }

    /// Groups of what is found in a body or its beginning, each once.
    pub(crate) fn in_body(&self, body: &[u8], form: BodyForm) -> Vec<SignatureGroup> {
        let body = &body[..body.len().min(self.body_bytes)];
        groups(self.signatures.in_body(body, form))
    }
}

/// Compiling takes milliseconds, and every version of an organization may ask for the same.
fn shared(groups: &[SignatureGroup]) -> Result<Arc<Signatures>, String> {
    static COMPILED: Mutex<Vec<(Vec<SignatureGroup>, Arc<Signatures>)>> = Mutex::new(Vec::new());
    /// Sets of groups that are kept; further ones are compiled each time.
    const MOST: usize = 64;

    let wanted: Vec<SignatureGroup> = SignatureGroup::ALL
        .into_iter()
        .filter(|group| groups.contains(group))
        .collect();
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = compiled.iter().find(|(groups, _)| *groups == wanted) {
        return Ok(Arc::clone(known));
    }
    let table: Vec<Group> = wanted.iter().map(|group| table_group(*group)).collect();
    let signatures =
        Signatures::compile(&table).map_err(|error| format!("its signatures can't be compiled: {error}"))?;
    let signatures = Arc::new(signatures);
    if compiled.len() < MOST {
        compiled.push((wanted, Arc::clone(&signatures)));
    }
    Ok(signatures)
}

const fn table_group(group: SignatureGroup) -> Group {
    match group {
        SignatureGroup::SqlInjection => Group::Sql,
        SignatureGroup::CrossSiteScripting => Group::Xss,
        SignatureGroup::PathTraversal => Group::PathTraversal,
        SignatureGroup::CommandInjection => Group::Command,
        SignatureGroup::JndiLookup => Group::Jndi,
        SignatureGroup::LdapInjection => Group::Ldap,
        SignatureGroup::NosqlInjection => Group::NoSql,
        SignatureGroup::RequestForgery => Group::Ssrf,
        SignatureGroup::HeaderInjection => Group::Crlf,
        SignatureGroup::HiddenEncoding => Group::Encoding,
    }
}

/// The groups that findings belong to: their ids begin with the group's name in the table.
fn groups(ids: Vec<&'static str>) -> Vec<SignatureGroup> {
    let mut found = Vec::new();
    for id in ids {
        let name = id.split('-').next().unwrap_or_default();
        let group = SignatureGroup::ALL
            .into_iter()
            .find(|group| table_group(*group).name() == name);
        if let Some(group) = group
            && !found.contains(&group)
        {
            found.push(group);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protect::signatures::SIGNATURES;

    #[test]
    fn every_signature_belongs_to_a_group_of_the_policy() {
        for signature in SIGNATURES {
            assert_eq!(groups(vec![signature.id]).len(), 1, "{}", signature.id);
        }
        assert_eq!(
            groups(vec!["sql-union", "sql-delay", "encoding-double"]),
            [SignatureGroup::SqlInjection, SignatureGroup::HiddenEncoding]
        );
    }

    #[test]
    fn equal_sets_of_groups_are_compiled_once() {
        let one = shared(&[SignatureGroup::JndiLookup, SignatureGroup::SqlInjection]).unwrap();
        let other = shared(&[SignatureGroup::SqlInjection, SignatureGroup::JndiLookup]).unwrap();
        assert!(Arc::ptr_eq(&one, &other));
    }
}
