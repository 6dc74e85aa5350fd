//! Operations as a table.

use leptos::prelude::*;
use openapi::OperationEntry;

use crate::{
    href,
    ui::{Column, OperationLine, Row, Shape, State, StateBadge, Table, Tone, text::short_text},
};

/// A row for each operation: method and path, what it does.
#[component]
pub fn OperationTable<'e>(
    /// What the table lists, for screen readers.
    #[prop(into)]
    caption: String,
    /// Slugs of organization, api and version.
    place: [String; 3],
    /// In order.
    entries: Vec<&'e OperationEntry>,
) -> impl IntoView + use<> {
    const LONGEST: usize = 160;
    let [organization, api, version] = place;
    let rows = entries
        .into_iter()
        .map(|entry| {
            let href = href::operation(&organization, &api, &version, &entry.slug);
            let title = entry
                .summary
                .as_deref()
                .or(entry.operation_id.as_deref())
                .unwrap_or_default();
            let title = short_text(title, LONGEST);
            let badge = entry
                .deprecated
                .then(|| view! { " " <StateBadge state=State::new(Shape::Half, "Deprecated", Tone::Warn) /> });
            let (method, path) = (entry.method.clone(), short_text(&entry.path, 300));
            Row::new(view! {
                <a class="row-link" href=href>
                    <OperationLine method path />
                </a>
            })
            .cell(view! { {title} {badge} })
        })
        .collect();
    let columns = vec![Column::text("Operation"), Column::text("What it does")];
    view! {
        <div class="card operation-table" data-flush=true>
            <Table caption columns rows />
        </div>
    }
}
