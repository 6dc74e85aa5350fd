//! Policies, compiled for the hot path: what holds for one operation, all levels taken together.
//!
//! A call without policies pays one look at a pointer that is not there. What can't be compiled closes the version: better
//! no answer than one that a policy should have stopped.

mod access;
mod caller_address;
mod composition;
mod compression;
mod condition;
mod cors;
mod groups;
mod headers;
mod inspection;
mod json_change;
mod path_parameters;
mod places;
mod query_change;
mod signatures;
mod transform;
mod windows;

use std::sync::Arc;

use domain::{
    id::VersionId,
    policy::{PolicySet, ip::Ip, limits::Limits, scopes::Scopes},
};

use crate::{
    cache::CacheSettings,
    client::Shape,
    identity::IssuerBook,
    message::{Fields, Known},
};

pub(crate) use access::AccessRule;
pub(crate) use caller_address::caller_address;
pub(crate) use composition::{CompositionRule, PartRule};
pub(crate) use compression::{Coded, CodingWish, CompressionRule};
pub(crate) use condition::{CallInputs, ConditionRule};
pub(crate) use cors::{CorsRule, Preflight};
pub(crate) use groups::{Caller, Groups};
pub(crate) use headers::HeaderRule;
pub(crate) use inspection::InspectionRule;
pub(crate) use path_parameters::PathParameters;
pub(crate) use places::{NoPlace, Place, PlaceRule, Places};
pub(crate) use signatures::SignatureRule;
pub(crate) use transform::{BodyChange, TransformRule, forget_body};
pub(crate) use windows::{TakenWindows, WindowRule, Windows, WindowsExhausted};

/// What holds for an operation.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// In place of the version's.
    pub(crate) access: Option<Arc<AccessRule>>,
    pub(crate) scopes: Option<Scopes>,
    pub(crate) ip: Option<Ip>,
    pub(crate) cors: Option<CorsRule>,
    pub(crate) conditions: Option<ConditionRule>,
    pub(crate) limits: Option<Limits>,
    pub(crate) headers: Option<HeaderRule>,
    pub(crate) windows: Option<WindowRule>,
    pub(crate) places: Option<PlaceRule>,
    pub(crate) cache: Option<Arc<CacheSettings>>,
    pub(crate) inspection: Option<Box<InspectionRule>>,
    pub(crate) transform: Option<TransformRule>,
    pub(crate) composition: Option<CompositionRule>,
    pub(crate) compression: Option<CompressionRule>,
}

/// State that rules need and that survives every change of configuration.
#[derive(Debug, Default)]
pub(crate) struct RuleState {
    pub(crate) windows: Windows,
    pub(crate) places: Places,
}

impl Rules {
    /// Compiles an effective set; `None` when there is nothing to do. `operation` is the number of the operation that
    /// alone has the set.
    ///
    /// # Errors
    /// A sentence about what can't be compiled; the version must then not be used.
    pub(crate) fn compile(
        set: &PolicySet,
        version: VersionId,
        issuers: &mut IssuerBook,
    ) -> Result<Option<Arc<Self>>, String> {
        if set.is_empty() {
            return Ok(None);
        }
        if let Some(error) = set.validate().first() {
            return Err(format!(
                "its policy is out of range: {}: {}",
                error.field, error.message
            ));
        }
        if let Some(name) = set.names().find(|name| !name.is_enforced()) {
            return Err(format!("this gateway does not know its policy `{name}`"));
        }
        let groups = Groups { version };
        let access = set.access().map(|access| AccessRule::compile(access, set, issuers));
        // An answer that is composed says itself what is asked and what is answered.
        let transform = set.transform().filter(|_| set.composition().is_none());
        Ok(Some(Arc::new(Self {
            access: access.transpose()?.map(Arc::new),
            scopes: set.scopes().cloned(),
            ip: set.ip().cloned(),
            cors: set.cors().map(CorsRule::compile).transpose()?,
            conditions: set.expression().map(ConditionRule::compile).transpose()?,
            limits: set.limits().cloned(),
            headers: set.headers().map(HeaderRule::compile).transpose()?,
            windows: set.rate_limits().map(|limits| WindowRule::compile(limits, groups)),
            cache: set.cache().map(CacheSettings::compile).map(Arc::new),
            inspection: InspectionRule::compile(set)?.map(Box::new),
            transform: transform.map(TransformRule::compile).transpose()?,
            composition: set.composition().map(CompositionRule::compile).transpose()?,
            compression: set.compression().map(CompressionRule::compile),
            places: set.concurrency().map(|limit| PlaceRule::compile(limit, groups)),
        })))
    }
}

impl Rules {
    /// Whether the gateway answers in the API's place.
    pub(crate) fn is_mocked(&self) -> bool {
        self.inspection
            .as_ref()
            .is_some_and(|inspection| inspection.mock.is_some())
    }

    /// How the body of a request must look, by its content type; `None` where nothing is said about such bodies.
    pub(crate) fn shape(&self, fields: &Fields) -> Option<Shape> {
        let limits = self.limits.as_ref()?;
        if limits.json.is_none() && limits.xml.is_none() {
            return None;
        }
        let media_type = fields.get(Known::ContentType)?;
        let media_type = media_type
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let subtype = media_type
            .split(|byte| *byte == b'/')
            .nth(1)
            .unwrap_or_default()
            .to_ascii_lowercase();
        match (limits.json, limits.xml) {
            (Some(json), _) if subtype == b"json" || subtype.ends_with(b"+json") => Some(Shape::json(json)),
            (_, Some(xml)) if subtype == b"xml" || subtype.ends_with(b"+xml") => Some(Shape::xml(xml)),
            _ => None,
        }
    }
}
