//! Components that the entry names itself: their names stay, and parts of other files that only stand behind such a name
//! take its place.

use std::rc::Rc;

use serde_json::Value;

use super::bundle::Bundler;
use super::kind::{Kind, SECTIONS};
use super::target::{Place, reference_of};
use crate::model::Format;
use crate::reference;

impl Bundler<'_> {
    /// Takes the names of the entry, before anything else is named.
    pub(super) fn register_components(&mut self) {
        let root = Place {
            file: 0,
            pointer: String::new(),
        };
        if self.format == Format::OpenApi20 {
            for section in ["definitions", "parameters", "responses"] {
                self.register_section(&root, section, &format!("/{section}"), Kind::Root.child(section));
            }
            return;
        }
        let Some(components) = self.container(&root, "components") else {
            return;
        };
        for section in SECTIONS {
            let bundled = format!("/components/{section}");
            self.register_section(&components, section, &bundled, Kind::Components.child(section));
        }
    }

    /// The place of a field that holds other things, behind its reference if it is one.
    fn container(&mut self, parent: &Place, field: &str) -> Option<Place> {
        let pointer = format!("{}/{field}", parent.pointer);
        let root = Rc::clone(&self.sources.loaded[parent.file].value);
        let value = reference::lookup(&root, &pointer)?;
        match reference_of(value) {
            Some(reference) => self.sources.resolve(parent.file, reference).ok(),
            None => Some(Place {
                file: parent.file,
                pointer,
            }),
        }
    }

    fn register_section(&mut self, parent: &Place, field: &str, bundled: &str, kind: Kind) {
        let Some(place) = self.container(parent, field) else {
            return;
        };
        let root = Rc::clone(&self.sources.loaded[place.file].value);
        let Some(Value::Object(named)) = reference::lookup(&root, &place.pointer) else {
            return;
        };
        if place.file != 0 {
            self.embedded.insert(place.clone(), bundled.to_owned());
        }
        let section = match kind {
            Kind::Map(item) => item.section(self.format),
            _ => None,
        };
        for (name, value) in named {
            if let Some(section) = section {
                self.names.take(section, name);
            }
            let Some(reference) = reference_of(value) else { continue };
            let is_alias = value.as_object().is_some_and(|map| map.len() == 1);
            let is_own = place.file == 0 && reference.starts_with('#');
            if !is_alias || is_own {
                continue;
            }
            let mut pointer = bundled.to_owned();
            pointer.push('/');
            reference::push_escaped(&mut pointer, name);
            if let Ok(target) = self.sources.resolve(place.file, reference)
                && self.bundled(&target).is_none()
            {
                self.embedded.insert(target, pointer);
            }
        }
    }
}
