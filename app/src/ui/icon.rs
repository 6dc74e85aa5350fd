//! The one icon set: a 16 px grid, 1.5 px strokes; and the 12 px shapes of states.

use leptos::prelude::*;

/// An icon of the sprite. An icon never stands alone: a word goes with it, or the control has an `aria-label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IconName {
    /// An application.
    App,
    /// Onward.
    Arrow,
    /// Closed, refused.
    Ban,
    /// Run now.
    Bolt,
    /// Price and payment.
    Card,
    /// Numbers over time.
    Chart,
    /// Done, included.
    Check,
    /// Time.
    Clock,
    /// Copy.
    Copy,
    /// A document.
    Doc,
    /// Opens below.
    Down,
    /// Download.
    Download,
    /// Show.
    Eye,
    /// Settings.
    Gear,
    /// Start page.
    Home,
    /// Approvals, subscriptions.
    Inbox,
    /// Good to know.
    Info,
    /// A key.
    Key,
    /// A list.
    Log,
    /// Menu.
    Menu,
    /// Something new.
    Plus,
    /// Opens aside, next.
    Right,
    /// An api, a route.
    Route,
    /// Search.
    Search,
    /// Security.
    Shield,
    /// Light and dark.
    Theme,
    /// People.
    Users,
    /// Attention.
    Warn,
    /// Close, remove.
    X,
}

impl IconName {
    /// Every icon.
    pub const ALL: [Self; 29] = [
        Self::App,
        Self::Arrow,
        Self::Ban,
        Self::Bolt,
        Self::Card,
        Self::Chart,
        Self::Check,
        Self::Clock,
        Self::Copy,
        Self::Doc,
        Self::Down,
        Self::Download,
        Self::Eye,
        Self::Gear,
        Self::Home,
        Self::Inbox,
        Self::Info,
        Self::Key,
        Self::Log,
        Self::Menu,
        Self::Plus,
        Self::Right,
        Self::Route,
        Self::Search,
        Self::Shield,
        Self::Theme,
        Self::Users,
        Self::Warn,
        Self::X,
    ];

    const fn href(self) -> &'static str {
        match self {
            Self::App => "#i-app",
            Self::Arrow => "#i-arrow",
            Self::Ban => "#i-ban",
            Self::Bolt => "#i-bolt",
            Self::Card => "#i-card",
            Self::Chart => "#i-chart",
            Self::Check => "#i-check",
            Self::Clock => "#i-clock",
            Self::Copy => "#i-copy",
            Self::Doc => "#i-doc",
            Self::Down => "#i-down",
            Self::Download => "#i-download",
            Self::Eye => "#i-eye",
            Self::Gear => "#i-gear",
            Self::Home => "#i-home",
            Self::Inbox => "#i-inbox",
            Self::Info => "#i-info",
            Self::Key => "#i-key",
            Self::Log => "#i-log",
            Self::Menu => "#i-menu",
            Self::Plus => "#i-plus",
            Self::Right => "#i-right",
            Self::Route => "#i-route",
            Self::Search => "#i-search",
            Self::Shield => "#i-shield",
            Self::Theme => "#i-theme",
            Self::Users => "#i-users",
            Self::Warn => "#i-warn",
            Self::X => "#i-x",
        }
    }
}

/// Size of an icon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IconSize {
    /// 14 px: beside small text and in code bars.
    Small,
    /// 16 px.
    #[default]
    Medium,
    /// 20 px: in large fields.
    Large,
}

/// An icon, hidden from screen readers.
#[component]
pub fn Icon(
    /// Which one.
    name: IconName,
    /// How large; 16 px by default.
    #[prop(optional)]
    size: IconSize,
) -> impl IntoView {
    let size = match size {
        IconSize::Small => Some("sm"),
        IconSize::Medium => None,
        IconSize::Large => Some("lg"),
    };
    view! { <svg class="icon" data-size=size aria-hidden="true"><use href=name.href()></use></svg> }
}

/// The shape of a state: it can be told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Full circle: in force.
    Live,
    /// Half circle: on its way out.
    Half,
    /// Barred circle: closed.
    Ban,
    /// Dashed circle: not public yet.
    Draft,
    /// Clock: waits for somebody.
    Wait,
    /// Diamond: for a time.
    Diamond,
    /// Triangle: something to do.
    Triangle,
    /// Two bars: stopped, can go on.
    Pause,
    /// Cross: over.
    Cross,
    /// Tick: good.
    Check,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 10] = [
        Self::Live,
        Self::Half,
        Self::Ban,
        Self::Draft,
        Self::Wait,
        Self::Diamond,
        Self::Triangle,
        Self::Pause,
        Self::Cross,
        Self::Check,
    ];

    const fn href(self) -> &'static str {
        match self {
            Self::Live => "#st-live",
            Self::Half => "#st-half",
            Self::Ban => "#st-ban",
            Self::Draft => "#st-draft",
            Self::Wait => "#st-wait",
            Self::Diamond => "#st-dia",
            Self::Triangle => "#st-tri",
            Self::Pause => "#st-pause",
            Self::Cross => "#st-x",
            Self::Check => "#st-check",
        }
    }
}

/// The shape of a state, beside its word.
#[component]
pub fn ShapeIcon(
    /// Which one.
    shape: Shape,
) -> impl IntoView {
    view! { <svg viewBox="0 0 12 12" aria-hidden="true"><use href=shape.href()></use></svg> }
}

/// The symbols that [`Icon`] and [`ShapeIcon`] refer to. The layout renders them once a page.
#[component]
pub fn Sprite() -> impl IntoView {
    view! {
        <svg width="0" height="0" hidden>
            <symbol id="i-app" viewBox="0 0 16 16"><rect x="2.5" y="3" width="11" height="10" rx="1.5"></rect><path d="M2.5 6h11"></path></symbol>
            <symbol id="i-arrow" viewBox="0 0 16 16"><path d="M2.5 8h11M9.5 4l4 4-4 4"></path></symbol>
            <symbol id="i-ban" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6"></circle><path d="M4.5 8h7"></path></symbol>
            <symbol id="i-bolt" viewBox="0 0 16 16"><path d="M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z"></path></symbol>
            <symbol id="i-card" viewBox="0 0 16 16"><rect x="2" y="3.5" width="12" height="9" rx="1.5"></rect><path d="M2 6.5h12M4.5 10h2"></path></symbol>
            <symbol id="i-chart" viewBox="0 0 16 16"><path d="M2.5 2.5v11h11"></path><path d="m5 10 2.5-3 2.2 1.8L13 4.5"></path></symbol>
            <symbol id="i-check" viewBox="0 0 16 16"><path d="m3 8.5 3.2 3L13 4.5"></path></symbol>
            <symbol id="i-clock" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6"></circle><path d="M8 4.5V8l2.5 1.5"></path></symbol>
            <symbol id="i-copy" viewBox="0 0 16 16"><rect x="5.5" y="5.5" width="8" height="8" rx="1.5"></rect><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"></path></symbol>
            <symbol id="i-doc" viewBox="0 0 16 16"><path d="M4 2h5.5L12.5 5v9H4z"></path><path d="M9.5 2v3h3M6 8h4.5M6 10.5h4.5"></path></symbol>
            <symbol id="i-down" viewBox="0 0 16 16"><path d="m4 6 4 4 4-4"></path></symbol>
            <symbol id="i-download" viewBox="0 0 16 16"><path d="M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11"></path></symbol>
            <symbol id="i-eye" viewBox="0 0 16 16"><path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"></path><circle cx="8" cy="8" r="2"></circle></symbol>
            <symbol id="i-gear" viewBox="0 0 16 16"><circle cx="8" cy="8" r="2"></circle><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4"></path></symbol>
            <symbol id="i-home" viewBox="0 0 16 16"><path d="M2.5 7.5 8 3l5.5 4.5M4 6.5V13h8V6.5"></path></symbol>
            <symbol id="i-inbox" viewBox="0 0 16 16"><path d="M2 9.5 3.8 3h8.4L14 9.5v3.5H2z"></path><path d="M2 9.5h3.5l1 1.8h3l1-1.8H14"></path></symbol>
            <symbol id="i-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6"></circle><path d="M8 7.5v3.5M8 5h.01"></path></symbol>
            <symbol id="i-key" viewBox="0 0 16 16"><circle cx="5" cy="11" r="2.75"></circle><path d="m7 9 6-6M10.5 5.5l2 2M8.8 7.2l1.2 1.2"></path></symbol>
            <symbol id="i-log" viewBox="0 0 16 16"><path d="M5.5 3.5h8M5.5 8h8M5.5 12.5h8M2.5 3.5h.01M2.5 8h.01M2.5 12.5h.01"></path></symbol>
            <symbol id="i-menu" viewBox="0 0 16 16"><path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"></path></symbol>
            <symbol id="i-plus" viewBox="0 0 16 16"><path d="M8 3v10M3 8h10"></path></symbol>
            <symbol id="i-right" viewBox="0 0 16 16"><path d="m6 4 4 4-4 4"></path></symbol>
            <symbol id="i-route" viewBox="0 0 16 16"><circle cx="3.8" cy="12.2" r="1.8"></circle><circle cx="12.2" cy="3.8" r="1.8"></circle><path d="M5.6 12.2h4a2.1 2.1 0 0 0 0-4.2H6.4a2.1 2.1 0 0 1 0-4.2h4"></path></symbol>
            <symbol id="i-search" viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.5"></circle><path d="m10.5 10.5 3.5 3.5"></path></symbol>
            <symbol id="i-shield" viewBox="0 0 16 16"><path d="M8 1.8 13 3.5v4.2c0 3-2 5.2-5 6.5-3-1.3-5-3.5-5-6.5V3.5z"></path></symbol>
            <symbol id="i-theme" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.5"></circle><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"></path></symbol>
            <symbol id="i-users" viewBox="0 0 16 16"><circle cx="6" cy="5.5" r="2.5"></circle><path d="M1.8 13c.4-2.4 2-3.6 4.2-3.6s3.8 1.2 4.2 3.6M11 3.3a2.3 2.3 0 0 1 0 4.4M12 9.7c1.3.5 2 1.7 2.2 3.3"></path></symbol>
            <symbol id="i-warn" viewBox="0 0 16 16"><path d="M8 2.3 14.5 13.5h-13z"></path><path d="M8 6.5v3.2M8 11.7h.01"></path></symbol>
            <symbol id="i-x" viewBox="0 0 16 16"><path d="m4 4 8 8M12 4l-8 8"></path></symbol>
            <symbol id="st-ban" viewBox="0 0 12 12"><circle cx="6" cy="6" r="5" fill="currentColor"></circle><path d="M3.4 6h5.2" stroke="var(--surface-raised)" stroke-width="1.8"></path></symbol>
            <symbol id="st-check" viewBox="0 0 12 12"><path d="m1.8 6.5 2.7 2.7 5.7-6" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"></path></symbol>
            <symbol id="st-dia" viewBox="0 0 12 12"><path d="M6 .8 11.2 6 6 11.2.8 6z" fill="currentColor"></path></symbol>
            <symbol id="st-draft" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 2"></circle></symbol>
            <symbol id="st-half" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5"></circle><path d="M6 1.75a4.25 4.25 0 0 1 0 8.5z" fill="currentColor"></path></symbol>
            <symbol id="st-live" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5" fill="currentColor"></circle></symbol>
            <symbol id="st-pause" viewBox="0 0 12 12"><path d="M4 2.5v7M8 2.5v7" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"></path></symbol>
            <symbol id="st-tri" viewBox="0 0 12 12"><path d="M6 1 11.3 10.5H.7z" fill="currentColor"></path></symbol>
            <symbol id="st-wait" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5"></circle><path d="M6 3.7V6l1.5 1" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linecap="round"></path></symbol>
            <symbol id="st-x" viewBox="0 0 12 12"><path d="m2.5 2.5 7 7M9.5 2.5l-7 7" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"></path></symbol>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sprite_has_every_icon_and_shape() {
        let sprite = Sprite().into_view().to_html();
        let hrefs = IconName::ALL
            .iter()
            .map(|icon| icon.href())
            .chain(Shape::ALL.iter().map(|shape| shape.href()));
        let mut symbols = 0;
        for href in hrefs {
            assert!(sprite.contains(&format!("id=\"{}\"", &href[1..])), "{href}");
            symbols += 1;
        }
        assert_eq!(
            sprite.matches("<symbol").count(),
            symbols,
            "the sprite carries an icon that nobody uses"
        );
    }
}
