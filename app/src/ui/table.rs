//! Tables: many like rows. On a phone each row becomes a card whose lines carry the column's name.

use std::borrow::Cow;

use leptos::prelude::*;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Right-aligned with tabular figures.
    pub is_number: bool,
}

impl Column {
    /// A column of words.
    pub const fn text(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            is_number: false,
        }
    }

    /// A column of numbers: right-aligned.
    pub const fn number(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            is_number: true,
        }
    }

    /// A column of words whose name is made while the page is.
    pub const fn owned_text(name: String) -> Self {
        Self {
            name: Cow::Owned(name),
            is_number: false,
        }
    }

    /// A column of numbers whose name is made while the page is.
    pub const fn owned_number(name: String) -> Self {
        Self {
            name: Cow::Owned(name),
            is_number: true,
        }
    }
}

/// One row: what it is about, then a cell for each further column.
pub struct Row {
    head: AnyView,
    cells: Vec<AnyView>,
}

impl Row {
    /// A row whose first cell names the thing.
    pub fn new(head: impl IntoView + 'static) -> Self {
        Self {
            head: head.into_any(),
            cells: Vec::new(),
        }
    }

    /// A row whose first cell is a link that makes the whole row clickable.
    pub fn linked(text: impl Into<String>, href: impl Into<String>) -> Self {
        let (text, href): (String, String) = (text.into(), href.into());
        Self::new(view! { <a class="row-link" href=href>{text}</a> })
    }

    /// Adds the cell of the next column.
    #[must_use]
    pub fn cell(mut self, content: impl IntoView + 'static) -> Self {
        self.cells.push(content.into_any());
        self
    }
}

/// Many like rows. Put it into a flush [`super::Card`]; without rows show an [`super::Empty`] instead.
#[component]
pub fn Table(
    /// What is listed; for screen readers unless `shows_caption`.
    #[prop(into)]
    caption: String,
    /// Shows the caption to everybody.
    #[prop(optional)]
    shows_caption: bool,
    /// Tighter rows, for twins of charts.
    #[prop(optional)]
    dense: bool,
    /// The columns; the first one names the row.
    columns: Vec<Column>,
    /// The rows.
    rows: Vec<Row>,
) -> impl IntoView {
    let head = columns
        .iter()
        .map(|column| view! { <th scope="col" class=column.is_number.then_some("num")>{column.name.to_string()}</th> })
        .collect_view();
    let rows = rows
        .into_iter()
        .map(|row| {
            let cells = columns
                .iter()
                .skip(1)
                .zip(row.cells)
                .map(|(column, content)| {
                    view! { <td class=column.is_number.then_some("num") data-label=column.name.to_string()>{content}</td> }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{row.head}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table" data-cards=true data-dense=dense>
                <caption class=(!shows_caption).then_some("visually-hidden")>{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
