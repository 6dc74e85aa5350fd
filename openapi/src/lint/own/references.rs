//! `ref-external` and `ref-cycle`.

use crate::lint::collector::Collector;
use crate::lint::view::View;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    for broken in view.broken().iter().filter(|broken| broken.is_external) {
        let mut path = broken.path.clone();
        path.push("$ref".to_owned());
        let message = format!(
            "{:?} points out of the document and is not followed; upload the files together",
            broken.reference
        );
        collector.add("ref-external", path, message);
    }
    for path in view.endless() {
        let mut path = path.clone();
        path.push("$ref".to_owned());
        collector.add(
            "ref-cycle",
            path,
            "this reference leads back to itself, so it stands for nothing",
        );
    }
}
