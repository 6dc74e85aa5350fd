//! Says whether a value fits, while one is being made.

use std::collections::HashMap;

use serde_json::Value;

use super::schema::{Compiler, SchemaId, Schemas, Steps};
use super::{Settings, ValidationLimits};
use crate::model::Document;
use crate::reference::{self, MAX_HOPS};
use crate::schema::Direction;

/// Schemas compiled for one example; the largest of real documents leads to some two thousand.
const MOST_NODES: usize = 2500;
/// Memory they may take.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Visits of a schema for one value, and for all that are judged on the way to one example.
const MOST_STEPS: u64 = 25_000;
const MOST_STEPS_IN_ALL: u64 = 300_000;

/// One schema and all it leads to, as JSON Schema alone understands them.
#[derive(Debug)]
pub(crate) struct Judge {
    schemas: Schemas,
    ids: HashMap<usize, SchemaId>,
    /// Visits that are left; none once a single value took too many.
    steps_left: u64,
}

impl Judge {
    /// Compiles a schema; `None` if it leads to too many.
    pub(crate) fn of(doc: &Document, schema: &Value, direction: Direction) -> Option<Self> {
        let settings = Settings {
            limits: ValidationLimits {
                nodes: MOST_NODES,
                bytes: MOST_BYTES,
                ..ValidationLimits::default()
            },
            ..Settings::default()
        };
        let mut compiler = Compiler::new(doc, direction, &settings).plain();
        compiler.add(schema);
        let compiled = compiler.finish().ok()?;
        Some(Self {
            schemas: compiled.schemas,
            ids: compiled.ids,
            steps_left: MOST_STEPS_IN_ALL,
        })
    }

    /// Whether the value fits the schema, which must be the one compiled or one of those it leads to. True for what wasn't
    /// compiled, and once there is nothing left to spend.
    pub(crate) fn accepts(&mut self, doc: &Document, schema: &Value, value: &Value) -> bool {
        let mut schema = schema;
        for _ in 0..MAX_HOPS {
            if let Value::Bool(is_anything) = schema {
                return *is_anything;
            }
            if let Some(id) = self.ids.get(&std::ptr::from_ref(schema).addr()) {
                let granted = self.steps_left.min(MOST_STEPS);
                let mut steps = Steps::new(granted);
                let is_accepted = self.schemas.accepts(*id, value, &mut steps);
                self.steps_left -= granted - steps.left();
                if steps.is_exhausted() {
                    self.steps_left = 0;
                }
                return is_accepted || self.steps_left == 0;
            }
            match reference::of(schema).and_then(|reference| doc.target(reference).ok()) {
                Some(target) => schema = target,
                None => return true,
            }
        }
        true
    }
}
