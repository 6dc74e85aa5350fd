//! The design system: components from data to markup. They load nothing, decide nothing and need no script.
//!
//! | you want | take | not |
//! |---|---|---|
//! | a state of a thing | [`StateBadge`] | a coloured dot alone |
//! | method, status, version, api | [`Method`], [`Status`], [`VersionTag`], [`Marker`] | a badge |
//! | tell about this page | [`Callout`] | a toast |
//! | confirm what was just done | [`Toast`] | a dialog |
//! | say that something ends | [`Barrier`] | a red callout |
//! | ask before harm | [`ConfirmByName`], in a page or a [`Dialog`] | "Are you sure?" |
//! | 2 to 5 exclusive views | [`Segmented`] | tabs |
//! | sections of one object | [`Tabs`] | accordions |
//! | parameters, bodies, responses | [`SchemaTree`] | a table |
//! | many like rows | [`Table`] in a flush [`Card`] | a card grid |
//! | 3 to 6 headline numbers | [`Stats`] | separate boxes |
//! | used of allowed | [`Meter`] | a ring |
//! | nothing here yet | [`Empty`] | an empty table |
//! | numbers over time | [`LineChart`], [`BarChart`] | a picture without its table |
//! | text of strangers | [`visible_text`], [`Markdown`] | their text as it is |
//!
//! A component's classes are those of `style/components/`; none has inline styles, so that a strict content security policy
//! holds. The URL comes in as text, made by [`crate::href`].

mod api_card;
mod badge;
mod button;
mod callout;
mod card;
pub mod chart;
mod code;
mod dialog;
mod empty;
mod field;
mod form;
mod highlight;
mod icon;
pub mod markdown;
pub mod moment;
mod nav;
mod plan_card;
mod plate;
mod problem;
mod response;
mod schema;
mod stats;
mod table;
pub mod text;
mod words;

pub use api_card::{ApiCard, ApiGrid, ApiSummary};
pub use badge::{Badge, State, StateBadge, Tone};
pub use button::{Button, ButtonKind, ButtonRow, ButtonSize, LinkButton};
pub use callout::{Barrier, Callout, Toast};
pub use card::{Card, Fact, Facts, PageTitle, SectionHead};
pub use chart::{BarChart, ChartData, LineChart, Look, PlotSize, Series, Sparkline, Unit};
pub use code::{CodeBlock, CodeTabs, Copyline, Sample, Secret};
pub use dialog::Dialog;
pub use domain::plan::grouped;
pub use empty::Empty;
pub use field::{CheckField, FileField, InputKind, SelectField, TextArea, TextField};
pub use form::{Choice, ConfirmByName, ErrorSummary, Fieldset, RadioCards};
pub use highlight::Language;
pub use icon::{Icon, IconName, IconSize, Shape, ShapeIcon, Sprite};
pub use markdown::Markdown;
pub use moment::{Ago, Day, Moment};
pub use nav::{Crumbs, MoreSummary, Pager, Place, Segmented, SideGroup, SideLink, SideNav, Tab, Tabs};
pub use plan_card::{PlanCard, Plans, limits_in_words};
pub use plate::{Marker, MarkerSize, Method, OperationLine, PathTemplate, Status, VersionTag};
pub use problem::{Failure, ProblemText};
pub use response::{ResponseBody, ResponsePanel};
pub use schema::{SchemaList, SchemaTree};
pub use stats::{Meter, Stat, Stats, mean_in_ms, percent_in_words};
pub use table::{Column, Row, Table};
pub use text::{counted, initials, short_text, visible_text};
pub use words::with_code;
