//! Ways around: where I am ([`Crumbs`]), parts of one object ([`Tabs`]), views of the same ([`Segmented`]), a section's
//! pages ([`SideNav`]), more of a list ([`Pager`]). All are links with a URL of their own.

use leptos::prelude::*;

use super::{Icon, IconName, IconSize, Method};

/// A place: its words and its URL.
#[derive(Clone, Debug)]
pub struct Place {
    /// The words.
    pub text: String,
    /// The URL.
    pub href: String,
}

impl Place {
    /// A place.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
        }
    }
}

/// The way from the top to this page.
#[component]
pub fn Crumbs(
    /// The pages above, from the top.
    above: Vec<Place>,
    /// This page; not a link.
    #[prop(into)]
    current: String,
) -> impl IntoView {
    let above = above
        .into_iter()
        .map(|place| view! { <li><a href=place.href>{place.text}</a></li> })
        .collect_view();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>
                {above}
                <li><span aria-current="page">{current}</span></li>
            </ol>
        </nav>
    }
}

/// One entry of [`Tabs`] or [`Segmented`].
#[derive(Clone, Debug)]
pub struct Tab {
    /// Where it leads.
    pub place: Place,
    /// How many things are there, if that helps to choose.
    pub count: Option<u64>,
    /// Whether it is shown now.
    pub is_current: bool,
}

impl Tab {
    /// An entry without a count.
    pub fn new(text: impl Into<String>, href: impl Into<String>, is_current: bool) -> Self {
        Self {
            place: Place::new(text, href),
            count: None,
            is_current,
        }
    }

    /// Adds how many things are there.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

/// Sections of one object, one URL each. For 2 to 5 views of the same numbers take [`Segmented`].
#[component]
pub fn Tabs(
    /// What they are sections of.
    #[prop(into)]
    label: String,
    /// In order.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|tab| {
            let count = tab
                .count
                .map(|count| view! { <span class="count">{domain::plan::grouped(count)}</span> });
            view! {
                <a href=tab.place.href aria-current=tab.is_current.then_some("page")>
                    {tab.place.text}
                    {count}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label>{tabs}</nav> }
}

/// 2 to 5 views of which one is shown, such as time ranges.
#[component]
pub fn Segmented(
    /// What is chosen, "Time range".
    #[prop(into)]
    label: String,
    /// In order.
    choices: Vec<Tab>,
) -> impl IntoView {
    let choices = choices
        .into_iter()
        .map(|tab| {
            view! { <a href=tab.place.href aria-current=tab.is_current.then_some("true")>{tab.place.text}</a> }
        })
        .collect_view();
    view! { <nav class="segmented" aria-label=label>{choices}</nav> }
}

/// An entry of the side navigation.
#[derive(Clone, Debug)]
pub struct SideLink {
    /// Where it leads.
    pub place: Place,
    /// Icon before the words.
    pub icon: Option<IconName>,
    /// Method plate before the words, for operations.
    pub method: Option<String>,
    /// Path template of an operation: not shown, but found by [`crate::islands::OperationFilter`].
    pub path: Option<String>,
    /// Number at the end of the line.
    pub count: Option<u64>,
    /// Struck through.
    pub is_deprecated: bool,
    /// This page.
    pub is_current: bool,
}

impl SideLink {
    /// A page.
    pub fn page(icon: IconName, text: impl Into<String>, href: impl Into<String>, is_current: bool) -> Self {
        Self {
            place: Place::new(text, href),
            icon: Some(icon),
            method: None,
            path: None,
            count: None,
            is_deprecated: false,
            is_current,
        }
    }

    /// An operation of the reference.
    pub fn operation(
        method: impl Into<String>,
        text: impl Into<String>,
        href: impl Into<String>,
        is_deprecated: bool,
        is_current: bool,
    ) -> Self {
        Self {
            place: Place::new(text, href),
            icon: None,
            method: Some(method.into()),
            path: None,
            count: None,
            is_deprecated,
            is_current,
        }
    }

    /// Adds the path template of an operation, for the filter.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds a number at the end of the line.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

/// Entries under one heading; the first group often has none.
#[derive(Clone, Debug, Default)]
pub struct SideGroup {
    /// The heading; empty for none.
    pub title: String,
    /// In order.
    pub links: Vec<SideLink>,
}

/// The pages of a section: folded on phones, always open on wide screens.
#[component]
pub fn SideNav(
    /// What the navigation is of, for screen readers.
    #[prop(into)]
    label: String,
    /// What the folded bar says.
    #[prop(into)]
    summary: String,
    /// In order.
    groups: Vec<SideGroup>,
    /// Above the groups: a filter.
    #[prop(optional)]
    top: Option<AnyView>,
) -> impl IntoView {
    let groups = groups
        .into_iter()
        .map(|group| {
            let heading = (!group.title.is_empty()).then(|| view! { <p class="nav-head">{group.title}</p> });
            let links = group.links.into_iter().map(side_link).collect_view();
            view! {
                <div>
                    {heading}
                    <ul role="list">{links}</ul>
                </div>
            }
        })
        .collect_view();
    view! {
        <details class="sidenav">
            <summary>
                <Icon name=IconName::Menu />
                {summary}
                <Icon name=IconName::Down />
            </summary>
            <nav aria-label=label>
                {top}
                {groups}
            </nav>
        </details>
    }
}

fn side_link(link: SideLink) -> impl IntoView {
    let icon = link.icon.map(|name| view! { <Icon name /> });
    let method = link.method.map(|method| view! { <Method method bare=true /> });
    let count = link
        .count
        .map(|count| view! { <span class="n">{domain::plan::grouped(count)}</span> });
    let deprecated = link
        .is_deprecated
        .then(|| view! { <i class="visually-hidden">", deprecated"</i> });
    view! {
        <li data-path=link.path>
            <a
                href=link.place.href
                aria-current=link.is_current.then_some("page")
                data-deprecated=link.is_deprecated
            >
                {icon}
                {method}
                <span>{link.place.text}</span>
                {deprecated}
                {count}
            </a>
        </li>
    }
}

/// Leads to more of a list. Cursors go forward only: "previous" is the browser's back, "first" the list without one.
#[component]
pub fn Pager(
    /// What is listed, for screen readers.
    #[prop(into)]
    label: String,
    /// What is shown: `50 shown`, `3 APIs`.
    #[prop(into)]
    summary: String,
    /// The list from its beginning; `None` on the first page.
    #[prop(optional_no_strip)]
    first: Option<String>,
    /// The next page; `None` on the last.
    #[prop(optional_no_strip)]
    next: Option<String>,
) -> impl IntoView {
    let first = first.map(|href| view! { <a class="btn" data-size="sm" href=href>"First page"</a> });
    let next = next.map(|href| {
        view! {
            <a class="btn" data-size="sm" href=href rel="next">
                "Next"
                <Icon name=IconName::Right />
            </a>
        }
    });
    view! {
        <nav class="pager" aria-label=label>
            <span>{summary}</span>
            <span class="end">
                {first}
                {next}
            </span>
        </nav>
    }
}

/// The marker of a `details` that shows more on demand, "Show as table".
#[component]
pub fn MoreSummary(
    /// The words.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <summary>
            <Icon name=IconName::Right size=IconSize::Small />
            {text}
        </summary>
    }
}
