//! Whether policies fit the operations that they are in force for.

use super::{OperationKey, PolicySet};
use crate::error::FieldError;

/// Operations that a mistake names; of others it says how many there are.
const NAMED: usize = 5;

/// What of the policies of a broader level does not fit operations, with the operations by name.
#[derive(Debug, Default)]
pub struct Misfits(Vec<Misfit>);

#[derive(Debug)]
struct Misfit {
    field: String,
    message: String,
    /// The first ones.
    operations: Vec<String>,
    others: usize,
}

impl Misfits {
    /// Judges what is in force for an operation.
    pub fn judge(&mut self, operation: &OperationKey, policies: &PolicySet) {
        for FieldError { field, message } in policies.misfits(operation.path()) {
            match self.0.iter_mut().find(|found| found.field == field) {
                Some(found) if found.operations.len() < NAMED => found.operations.push(format!("`{operation}`")),
                Some(found) => found.others += 1,
                None => self.0.push(Misfit {
                    field,
                    message,
                    operations: vec![format!("`{operation}`")],
                    others: 0,
                }),
            }
        }
    }

    /// The same as warnings, for people who look at the document.
    #[cfg(feature = "store")]
    pub(crate) fn diagnostics(self) -> Vec<openapi::Diagnostic> {
        let warning = |found: FieldError| openapi::Diagnostic::warning("policy-misfit", found.to_string());
        self.found().into_iter().map(warning).collect()
    }

    /// All of them; fields are named as by [`PolicySet::validate`].
    pub fn found(self) -> Vec<FieldError> {
        let sentence = |found: Misfit| {
            let mut operations = found.operations.join(", ");
            if found.others > 0 {
                operations = format!("{operations} and {} more", found.others);
            }
            let message = format!(
                "{} Gateways would not route {operations}: attach the policy to operations, or write `off` for those.",
                found.message
            );
            FieldError::new(found.field, message)
        };
        self.0.into_iter().map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_up_to_a_number() {
        let policies: PolicySet = serde_json::from_value(serde_json::json!({
            "composition": { "parts": { "a": { "path": "/a/{id}" } } },
        }))
        .unwrap();
        let mut misfits = Misfits::default();
        for path in ["/x/{id}", "/y", "/z/1", "/z/2", "/z/3", "/z/4", "/z/5"] {
            let key: OperationKey = serde_json::from_value(format!("GET {path}").into()).unwrap();
            misfits.judge(&key, &policies);
        }
        let found = misfits.found();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "policies.composition.parts.a.path");
        assert_eq!(
            found[0].message,
            "The path /y has no parameter `id`. Gateways would not route `GET /y`, `GET /z/1`, `GET /z/2`, `GET /z/3`, \
             `GET /z/4` and 1 more: attach the policy to operations, or write `off` for those."
        );
    }
}
