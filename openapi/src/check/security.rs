//! Security schemes and requirements.

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Kind, Place};
use crate::reference;

impl<'d> Checker<'d, '_> {
    /// The security schemes of the document, wherever its version keeps them.
    fn schemes(&self) -> Option<&'d Map<String, Value>> {
        let section = if self.is_20() {
            self.root.get("securityDefinitions")
        } else {
            self.root
                .get("components")
                .and_then(|components| components.get("securitySchemes"))
        };
        section.and_then(Value::as_object)
    }

    pub(super) fn security_schemes(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        let components = root.key("components");
        if self.is_20() {
            self.each_object(map, &root, "securityDefinitions", Self::security_scheme);
        } else if let Some(map) = map.get("components").and_then(Value::as_object) {
            // `components` reports a section of the wrong type itself.
            if map.get("securitySchemes").is_some_and(Value::is_object) {
                self.each_object(map, &components, "securitySchemes", Self::security_scheme);
            }
        }
    }

    fn security_scheme(&mut self, name: &'d str, scheme: &'d Map<String, Value>, place: &Place<'_>) {
        let value = self.schemes().and_then(|schemes| schemes.get(name));
        if value.is_some_and(|value| self.reference(scheme, value, place)) {
            return;
        }
        let kind = scheme.get("type").and_then(Value::as_str).unwrap_or_default();
        let needed: &[&str] = match (kind, self.is_20()) {
            ("apiKey", _) => &["name", "in"],
            ("oauth2", true) => &["flow", "scopes"],
            ("oauth2", false) => &["flows"],
            ("http", false) => &["scheme"],
            ("openIdConnect", false) => &["openIdConnectUrl"],
            ("basic", true) | ("mutualTLS", false) => &[],
            _ => {
                let message = format!("`{}` is not a type of security scheme", shortened(kind));
                self.error("security-scheme", &place.key("type"), message);
                return;
            }
        };
        for field in needed.iter().filter(|field| !scheme.contains_key(**field)) {
            self.error(
                "security-scheme",
                place,
                format!("a security scheme of type {kind} needs `{field}`"),
            );
        }
        let place = place.key("flows");
        for (name, flow) in scheme.get("flows").and_then(Value::as_object).into_iter().flatten() {
            let Some(flow) = flow.as_object() else { continue };
            for field in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                self.url(flow, &place.key(name), field);
            }
        }
    }

    pub(super) fn security(&mut self, owner: &'d Map<String, Value>, place: &Place<'_>) {
        let Some(list) = self.list(owner, place, "security") else {
            return;
        };
        let place = place.key("security");
        let code = if self.is_20() {
            "oas2-operation-security-defined"
        } else {
            "oas3-operation-security-defined"
        };
        for (at, requirement) in list.iter().enumerate() {
            let place = place.index(at);
            let Some(requirement) = requirement.as_object() else {
                self.wrong_type(&place, Kind::Object, requirement);
                continue;
            };
            for (name, scopes) in requirement {
                let place = place.key(name);
                match self.schemes().and_then(|schemes| schemes.get(name)) {
                    None => {
                        let message = format!("the security scheme `{}` is not defined", shortened(name));
                        self.error(code, &place, message);
                    }
                    Some(scheme) => self.scopes(scheme, scopes, code, &place),
                }
            }
        }
    }

    fn scopes(&mut self, scheme: &'d Value, wanted: &'d Value, code: &'static str, place: &Place<'_>) {
        let Some(wanted) = wanted.as_array() else {
            self.wrong_type(place, Kind::List, wanted);
            return;
        };
        let Ok(scheme) = reference::resolve(self.root, &self.anchors, scheme) else {
            return;
        };
        if scheme.value.get("type").is_none_or(|kind| kind != "oauth2") {
            return;
        }
        let flows = scheme
            .value
            .get("flows")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(_, flow)| flow);
        let flows: Vec<&Value> = flows
            .chain(scheme.value.get("scopes").map(|_| scheme.value))
            .take(8)
            .collect();
        let is_defined = |scope: &str| {
            flows
                .iter()
                .any(|flow| flow.get("scopes").is_some_and(|all| all.get(scope).is_some()))
        };
        for (at, scope) in wanted.iter().enumerate() {
            let Some(scope) = scope.as_str() else { continue };
            if !is_defined(scope) {
                let message = format!("the scope `{}` is not defined", shortened(scope));
                self.warn(code, &place.index(at), message);
            }
        }
    }
}
