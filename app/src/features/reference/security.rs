//! What the document says about sign-in, in words.

use leptos::prelude::*;
use openapi::{SecurityAlternative, SecuritySchemeKind, SecurityUse};

use crate::ui::text::short_text;

/// Most alternatives, schemes and scopes that are named.
const NAMED: usize = 6;

/// The ways in that the document names, joined by "or"; `None` where it names none.
pub(super) fn in_words(alternatives: &[SecurityAlternative<'_>]) -> Option<AnyView> {
    if alternatives.is_empty() {
        return None;
    }
    let words = alternatives
        .iter()
        .take(NAMED)
        .enumerate()
        .map(|(at, alternative)| {
            let or = (at > 0).then_some(", or ");
            let uses = alternative.schemes.iter().take(NAMED).enumerate().map(|(at, scheme)| {
                let and = (at > 0).then_some(" with ");
                view! { {and}{one(scheme)} }
            });
            let nothing = alternative.schemes.is_empty().then_some("nothing");
            view! { {or}{nothing}{uses.collect_view()} }
        })
        .collect_view();
    Some(words.into_any())
}

fn one(scheme: &SecurityUse<'_>) -> AnyView {
    let name = short_text(scheme.name, 80);
    let how = scheme.scheme.as_ref().map(|scheme| match scheme.kind {
        SecuritySchemeKind::ApiKey { location, name } => {
            format!(" (key in {} {})", short_text(location, 20), short_text(name, 60))
        }
        SecuritySchemeKind::Http { scheme, .. } => format!(" (HTTP {})", short_text(scheme, 30)),
        SecuritySchemeKind::OAuth2 => " (OAuth 2)".to_owned(),
        SecuritySchemeKind::OpenIdConnect { .. } => " (OpenID Connect)".to_owned(),
        SecuritySchemeKind::MutualTls => " (client certificate)".to_owned(),
        SecuritySchemeKind::Unknown => String::new(),
    });
    let scopes = scheme
        .scopes
        .iter()
        .take(NAMED)
        .map(|scope| view! { " " <code>{short_text(scope, 80)}</code> })
        .collect_view();
    let with = match scheme.scopes.len() {
        0 => None,
        1 => Some(" with scope"),
        _ => Some(" with scopes"),
    };
    view! { <code>{name}</code>{how}{with}{scopes} }.into_any()
}
