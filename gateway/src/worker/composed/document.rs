//! One JSON object of many bodies.

use bytes::Bytes;
use domain::policy::composition::ERRORS;
use serde_json::{json, value::RawValue};

use super::{Brought, part::PartFailed};
use crate::rules::{CompositionRule, PartRule};

/// Puts the bodies together, each as it was written.
///
/// # Errors
/// The first part that has to be there and failed, and how.
pub(super) fn compose(rule: &CompositionRule, brought: Vec<Option<Brought>>) -> Result<Bytes, (&PartRule, PartFailed)> {
    let bodies = brought.iter().flatten().flatten();
    let length: usize = bodies.map(|body| body.as_slice().len()).sum();
    let mut out = Vec::with_capacity(length + 64 * rule.parts.len());
    let mut errors = serde_json::Map::new();
    // Parts that were given up because another failed brought nothing.
    let parts = rule.parts.iter().zip(brought);
    let mut failed_required = None;
    for (part, brought) in parts {
        let Some(brought) = brought else { continue };
        out.push(if out.is_empty() { b'{' } else { b',' });
        out.extend_from_slice(json!(&*part.name).to_string().as_bytes());
        out.push(b':');
        let picked = brought
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|body| pick(part, body.as_slice()));
        match (picked, &part.fallback) {
            (Ok(picked), _) => out.extend_from_slice(picked.get().as_bytes()),
            (Err(failed), Some(fallback)) => {
                out.extend_from_slice(fallback.get().as_bytes());
                errors.insert(part.name.to_string(), describe(&failed));
            }
            (Err(failed), None) => failed_required = failed_required.or(Some((part, failed))),
        }
    }
    if let Some(failed) = failed_required {
        return Err(failed);
    }
    if !errors.is_empty() {
        out.extend_from_slice(format!(",{}:", json!(ERRORS)).as_bytes());
        out.extend_from_slice(serde_json::Value::Object(errors).to_string().as_bytes());
    }
    out.push(b'}');
    Ok(Bytes::from(out))
}

fn pick<'a>(part: &PartRule, body: &'a [u8]) -> Result<&'a RawValue, PartFailed> {
    let body = serde_json::from_slice(body).map_err(|_| PartFailed::new("The server's answer is not JSON."))?;
    let picked = part.pick(body);
    picked.ok_or_else(|| PartFailed::new("The server's answer does not have what is picked from it."))
}

fn describe(failed: &PartFailed) -> serde_json::Value {
    match failed.answered {
        Some(status) => json!({ "status": status.as_u16(), "detail": failed.detail }),
        None => json!({ "detail": failed.detail }),
    }
}
