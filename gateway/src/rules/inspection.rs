//! What a request is looked at for before it is passed on: signatures of attacks, and what the version's document says. And
//! answers that the gateway gives in the API's place.

use domain::policy::{
    PolicySet,
    mock::Mock,
    validation::{RequestValidation, ResponseValidation, Validation},
};

use super::SignatureRule;
use crate::contract::Wanted;

/// The policies `signatures`, `validation` and `mock`.
#[derive(Debug)]
pub(crate) struct InspectionRule {
    pub(crate) signatures: Option<SignatureRule>,
    pub(crate) validation: Option<Validation>,
    pub(crate) mock: Option<Mock>,
}

impl InspectionRule {
    /// `None` where none of them is in force.
    pub(super) fn compile(set: &PolicySet) -> Result<Option<Self>, String> {
        let rule = Self {
            signatures: set.signatures().map(SignatureRule::compile).transpose()?,
            validation: set.validation().cloned(),
            mock: set.mock().cloned(),
        };
        let is_empty = rule.signatures.is_none() && rule.validation.is_none() && rule.mock.is_none();
        Ok((!is_empty).then_some(rule))
    }

    /// What has to be known of each operation; `None` where no document is needed.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let validation = self.validation.as_ref();
        let wanted = Wanted {
            requests: validation.is_some_and(|validation| validation.request != RequestValidation::Off),
            responses: self.judges_answers().is_some(),
            mock: self.mock.is_some(),
        };
        (wanted != Wanted::default()).then_some(wanted)
    }

    /// The policy, if answers of the upstream are judged.
    pub(crate) fn judges_answers(&self) -> Option<&Validation> {
        let validation = self.validation.as_ref()?;
        (validation.response == ResponseValidation::Report).then_some(validation)
    }
}
