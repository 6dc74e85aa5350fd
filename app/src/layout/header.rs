//! The header: brand, main navigation, search, theme, account.

use leptos::prelude::*;

use crate::{
    href,
    page::Layout,
    render::{Frame, Viewer},
    ui::{Icon, IconName, Place, short_text},
};

/// Longest name of a person or an organization in the header; longer ones are cut.
const MAX_NAME: usize = 28;

pub(super) fn header(frame: &Frame) -> impl IntoView + use<> {
    let area = match frame.layout {
        Layout::Portal | Layout::Dashboard(_) => None,
        Layout::Console { .. } => Some(view! { <span class="brand-area">"Console"</span> }),
    };
    let path = frame.path().to_owned();
    let places = places(frame.viewer.as_ref());
    view! {
        <header class="site-header">
            <div class="site-header-in">
                <a class="brand" href=href::home()>
                    <Brand />
                    {short_text(&frame.settings.name, MAX_NAME)}
                    {area}
                </a>
                <nav class="site-nav" aria-label="Main">{links(&places, &path)}</nav>
                <div class="site-tools">
                    {search("search", "hide-narrow")}
                    <button
                        class="btn"
                        data-kind="quiet"
                        data-icon=true
                        type="button"
                        id="theme"
                        hidden=true
                        aria-label="Switch between light and dark"
                    >
                        <Icon name=IconName::Theme />
                    </button>
                    {account(frame)}
                    <details class="site-menu">
                        <summary class="btn" data-icon=true aria-label="Menu">
                            <Icon name=IconName::Menu />
                        </summary>
                        <div class="site-menu-panel">
                            {search("menu-search", "")}
                            <nav aria-label="Menu">{links(&places, &path)} {account_links(frame)}</nav>
                        </div>
                    </details>
                </div>
            </div>
        </header>
    }
}

/// The sign of Turnpike: a plate with an inset line and a raised barrier.
#[component]
fn Brand() -> impl IntoView {
    view! {
        <svg viewBox="0 0 28 28" aria-hidden="true">
            <rect x="1" y="1" width="26" height="26" rx="6" fill="currentColor"></rect>
            <rect
                x="3.5"
                y="3.5"
                width="21"
                height="21"
                rx="4"
                fill="none"
                stroke="var(--surface-raised)"
                stroke-opacity=".65"
            ></rect>
            <path
                d="M8 10.5 20.5 8.2M14 9.7V20M11 20h6"
                fill="none"
                stroke="var(--surface-raised)"
                stroke-width="2.4"
                stroke-linecap="round"
            ></path>
        </svg>
    }
}

/// The main places: what everybody sees, then what belongs to the reader.
fn places(viewer: Option<&Viewer>) -> Vec<Place> {
    let mut places = vec![Place::new("Catalog", href::catalog())];
    if let Some(viewer) = viewer {
        places.push(Place::new("Dashboard", href::dashboard()));
        let console = match viewer.organizations.as_slice() {
            [(slug, _)] => href::console_overview(slug),
            _ => href::console(),
        };
        places.push(Place::new("Console", console));
    }
    places
}

fn links(places: &[Place], path: &str) -> impl IntoView + use<> {
    places
        .iter()
        .map(|place| {
            // The console of one organization is "Console" on every page of every console.
            let section = place.href.split('/').nth(1).unwrap_or_default();
            let is_here = path.split('/').nth(1).is_some_and(|first| first == section);
            let current = is_here.then_some(if path == place.href { "page" } else { "true" });
            view! { <a href=place.href.clone() aria-current=current>{place.text.clone()}</a> }
        })
        .collect_view()
}

fn search(id: &'static str, class: &'static str) -> impl IntoView {
    view! {
        <form class=format!("searchform {class}") role="search" action=href::catalog() method="get">
            <label class="visually-hidden" for=id>"Search APIs"</label>
            <Icon name=IconName::Search />
            <input id=id type="search" name="q" placeholder="Search APIs" maxlength="200" autocomplete="off" />
            <span class="kbd" aria-hidden="true">"/"</span>
        </form>
    }
}

/// On wide screens: sign in and create an account, or the account's menu.
fn account(frame: &Frame) -> impl IntoView + use<> {
    match &frame.viewer {
        None => view! {
            <a class="btn hide-narrow" data-kind="quiet" href=sign_in(frame)>"Sign in"</a>
            <a class="btn hide-narrow" href=href::sign_up()>"Create account"</a>
        }
        .into_any(),
        Some(viewer) => {
            let name = if viewer.name.is_empty() {
                &viewer.email
            } else {
                &viewer.name
            };
            view! {
                <details class="account-menu hide-narrow">
                    <summary class="btn">
                        <Icon name=IconName::Users />
                        {short_text(name, MAX_NAME)}
                        <Icon name=IconName::Down />
                    </summary>
                    <div class="account-panel">
                        <p class="small muted">{viewer.email.clone()}</p>
                        <nav aria-label="Account">{account_links(frame)}</nav>
                    </div>
                </details>
            }
            .into_any()
        }
    }
}

fn account_links(frame: &Frame) -> impl IntoView + use<> {
    match &frame.viewer {
        None => view! {
            <a href=sign_in(frame)>"Sign in"</a>
            <a href=href::sign_up()>"Create account"</a>
        }
        .into_any(),
        Some(_) => view! {
            <a href=href::settings()>"Settings"</a>
            <form method="post" action=href::sign_out()>
                <button class="menu-button">"Sign out"</button>
            </form>
        }
        .into_any(),
    }
}

/// Signing in comes back to this page, except from the pages that are about signing in.
fn sign_in(frame: &Frame) -> String {
    let about_signing_in = [
        href::sign_in(None),
        href::sign_up(),
        href::verify(),
        href::forgot_password(),
        href::reset_password(),
    ];
    let path = frame.path();
    let comes_back = path != href::home() && !about_signing_in.iter().any(|page| path.starts_with(page.as_str()));
    href::sign_in(comes_back.then_some(frame.path_and_query.as_str()))
}
