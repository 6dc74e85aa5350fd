//! Documents → what calls are judged by.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use domain::gateway_config::DocumentText;
use openapi::{
    Document,
    validate::{OperationValidator, Settings},
};

use super::OperationContract;

/// Memory in bytes that the compiled operations of one document take at most: ten times that of GitHub's with answers.
const MAX_WEIGHT: usize = 64 << 20;

/// What policies want to know of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) requests: bool,
    pub(crate) responses: bool,
    pub(crate) mock: bool,
}

/// Why a document can't be gone by, as a sentence about its version.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContractError {
    /// It did not come with the configuration.
    #[error("its policies go by its document, which is missing")]
    Missing,
    /// It can't be read.
    #[error("its policies go by its document, which can't be read: {0}")]
    Unreadable(#[from] openapi::Rejected),
}

/// What was compiled, by document. Kept from one compilation of the catalog to the next.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    documents: HashMap<Box<str>, Compiled>,
    turn: u64,
}

/// What judges an operation, or why nothing does.
type Validator = Result<Arc<OperationValidator>, String>;

/// What was compiled from one document.
#[derive(Debug, Default)]
struct Compiled {
    /// There if a mock answers from it, or for as long as it is compiled.
    document: Option<Arc<Document>>,
    /// By slug and what is checked; or why there is none.
    operations: HashMap<(Box<str>, bool, bool), Validator>,
    weight: usize,
    turn: u64,
    /// Whether a mock answers from it.
    is_mocked: bool,
}

impl Contracts {
    /// A compilation of the catalog begins.
    pub(crate) fn begin(&mut self) {
        self.turn += 1;
    }

    /// It is over: what no version asked for is forgotten, and so are documents that were only needed to compile.
    pub(crate) fn end(&mut self) {
        let turn = self.turn;
        self.documents.retain(|_, compiled| compiled.turn == turn);
        for compiled in self.documents.values_mut() {
            if !compiled.is_mocked {
                compiled.document = None;
            }
        }
    }

    /// What the document of a version says of one of its operations.
    ///
    /// # Errors
    /// The document is missing or can't be read. `warn` is told what of the operation can't be judged.
    pub(crate) fn operation(
        &mut self,
        text: Option<&DocumentText>,
        slug: &str,
        wanted: Wanted,
        warn: &mut dyn FnMut(String),
    ) -> Result<OperationContract, ContractError> {
        let text = text
            .filter(|text| !text.bytes().is_empty())
            .ok_or(ContractError::Missing)?;
        let turn = self.turn;
        let compiled = match self.documents.entry(text.sha256().into()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Compiled::default()),
        };
        if compiled.turn != turn {
            compiled.turn = turn;
            compiled.is_mocked = false;
        }
        let mut contract = OperationContract::default();
        if wanted.mock {
            compiled.is_mocked = true;
            contract.document = Some(compiled.read(text)?);
        }
        if wanted.requests || wanted.responses {
            match compiled.validator(text, slug, wanted)? {
                Ok(validator) => contract.validator = Some(validator),
                Err(reason) => {
                    let outcome = if wanted.requests {
                        "its calls are refused"
                    } else {
                        "its answers are not judged"
                    };
                    warn(format!("operation {slug} can't be judged: {reason}; {outcome}"));
                    contract.is_unusable = wanted.requests;
                }
            }
        }
        Ok(contract)
    }
}

impl Compiled {
    fn read(&mut self, text: &DocumentText) -> Result<Arc<Document>, ContractError> {
        if let Some(document) = &self.document {
            return Ok(Arc::clone(document));
        }
        // It was accepted once: a busy machine is no reason to close a version.
        let limits = openapi::Limits {
            time: Duration::from_mins(1),
            ..openapi::Limits::default()
        };
        let document = Arc::new(openapi::read(text.bytes(), &limits)?);
        self.document = Some(Arc::clone(&document));
        Ok(document)
    }

    fn validator(&mut self, text: &DocumentText, slug: &str, wanted: Wanted) -> Result<Validator, ContractError> {
        let key = (slug.into(), wanted.requests, wanted.responses);
        if let Some(known) = self.operations.get(&key) {
            return Ok(known.clone());
        }
        let document = self.read(text)?;
        let settings = Settings {
            checks_requests: wanted.requests,
            checks_responses: wanted.responses,
            ..Settings::default()
        };
        let validator = match document.operation(slug) {
            None => Err("the document does not describe it".to_owned()),
            Some(_) if self.weight > MAX_WEIGHT => Err(format!(
                "the document's operations take more than {MAX_WEIGHT} bytes of memory"
            )),
            Some(operation) => OperationValidator::compile(&operation, &settings)
                .map(Arc::new)
                .map_err(|error| error.to_string()),
        };
        if let Ok(validator) = &validator {
            self.weight += validator.weight();
        }
        self.operations.insert(key, validator.clone());
        Ok(validator)
    }
}
