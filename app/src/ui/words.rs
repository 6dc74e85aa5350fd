//! Sentences that name fields and values in back quotes: those are set as code.

use leptos::prelude::*;

/// The sentence; a quote without its partner stays as it is.
pub fn with_code(text: &str) -> AnyView {
    let mut views = Vec::new();
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('`') {
        let Some((code, after)) = quoted.split_once('`') else {
            break;
        };
        views.push(before.to_owned().into_any());
        views.push(view! { <code class="inline-code">{code.to_owned()}</code> }.into_any());
        rest = after;
    }
    if views.is_empty() {
        return text.to_owned().into_any();
    }
    views.push(rest.to_owned().into_any());
    views.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_and_nothing_is_lost() {
        for (text, expected) in [
            ("Enter a name.", "Enter a name."),
            ("A ` alone", "A ` alone"),
            (
                "Use `a` or `<b>`, not `",
                "Use <code class=\"inline-code\">a</code> or <code class=\"inline-code\">&lt;b&gt;</code>, not `",
            ),
        ] {
            let html = Owner::new().with(|| with_code(text).to_html());
            assert_eq!(html.replace("<!>", ""), expected);
        }
    }
}
