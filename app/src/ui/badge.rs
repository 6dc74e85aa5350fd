//! Badges: the state of a thing, as shape, word and colour, in that order of importance.

use domain::{catalog::VersionState, key::KeyState, subscription::SubscriptionState};
use leptos::prelude::*;

use super::{Shape, ShapeIcon};

/// What a colour says. Never the only signal: a shape or a word goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Idle,
    /// Works as it should.
    Ok,
    /// Needs attention.
    Warn,
    /// Closed, refused, breaks.
    Danger,
    /// Good to know, waits for somebody.
    Info,
    /// Belongs to the reader ("Your plan").
    Accent,
}

impl Tone {
    /// Value of the attribute `data-tone`.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Idle => None,
            Self::Ok => Some("ok"),
            Self::Warn => Some("warn"),
            Self::Danger => Some("danger"),
            Self::Info => Some("info"),
            Self::Accent => Some("accent"),
        }
    }
}

/// How a state looks: made from the states of the domain with `into()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Told apart without colour.
    pub shape: Shape,
    /// The word.
    pub word: &'static str,
    /// The colour.
    pub tone: Tone,
}

impl State {
    /// A state that is not one of the domain's, such as "Breaks" in a report.
    pub const fn new(shape: Shape, word: &'static str, tone: Tone) -> Self {
        Self { shape, word, tone }
    }
}

impl From<VersionState> for State {
    fn from(state: VersionState) -> Self {
        match state {
            VersionState::Draft => Self::new(Shape::Draft, "Draft", Tone::Idle),
            VersionState::Published => Self::new(Shape::Live, "Published", Tone::Ok),
            VersionState::Deprecated => Self::new(Shape::Half, "Deprecated", Tone::Warn),
            VersionState::Retired => Self::new(Shape::Ban, "Retired", Tone::Danger),
        }
    }
}

impl From<SubscriptionState> for State {
    fn from(state: SubscriptionState) -> Self {
        match state {
            SubscriptionState::Pending => Self::new(Shape::Wait, "Pending", Tone::Info),
            SubscriptionState::Active => Self::new(Shape::Live, "Active", Tone::Ok),
            SubscriptionState::Suspended => Self::new(Shape::Pause, "Suspended", Tone::Danger),
            SubscriptionState::Canceled => Self::new(Shape::Cross, "Canceled", Tone::Idle),
        }
    }
}

impl From<KeyState> for State {
    fn from(state: KeyState) -> Self {
        match state {
            KeyState::Active => Self::new(Shape::Live, "Active", Tone::Ok),
            KeyState::Revoked => Self::new(Shape::Ban, "Revoked", Tone::Danger),
        }
    }
}

/// The state of a thing. For methods, status codes, versions and apis take their plates instead.
#[component]
pub fn StateBadge(
    /// A [`State`], or a state of the domain.
    #[prop(into)]
    state: State,
) -> impl IntoView {
    view! {
        <span class="badge" data-tone=state.tone.attribute() data-outline=state.shape == Shape::Draft>
            <ShapeIcon shape=state.shape />
            {state.word}
        </span>
    }
}

/// A word about a thing that is not a state: "Your plan", "Private".
#[component]
pub fn Badge(
    /// The colour.
    #[prop(optional)]
    tone: Tone,
    /// A dashed frame without a fill, for what is not quite there.
    #[prop(optional)]
    outline: bool,
    /// The word.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    view! { <span class="badge" data-tone=tone.attribute() data-plain=true data-outline=outline>{word}</span> }
}
