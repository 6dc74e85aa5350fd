//! Links out of documents: strangers wrote them.

use leptos::prelude::*;

use crate::ui::text::short_text;

/// Whether a text is an absolute http(s) address, and so may be linked to.
pub fn is_web_address(text: &str) -> bool {
    text.len() <= 2_000
        && url::Url::parse(text.trim()).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
        })
}

/// A link to an address out of a document; only its words where it is not http(s). Search engines are told not to count it.
pub fn external_link(address: &str, words: &str) -> AnyView {
    const LONGEST: usize = 120;
    let words = short_text(words, LONGEST);
    if is_web_address(address) {
        let href = address.trim().to_owned();
        view! { <a href=href rel="nofollow noopener ugc">{words}</a> }.into_any()
    } else {
        view! { <span>{words}</span> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        for (address, is_link) in [
            ("https://example.com/docs?a=1", true),
            ("HTTP://example.com", true),
            (" https://example.com", true),
            ("javascript:alert(1)", false),
            ("JaVaScRiPt:alert(1)//https://", false),
            ("data:text/html,x", false),
            ("//example.com", false),
            ("/relative", false),
            ("file:///etc/passwd", false),
            ("java\nscript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(is_web_address(address), is_link, "{address:?}");
            assert_eq!(
                external_link(address, "words").to_html().contains("href"),
                is_link,
                "{address:?}"
            );
        }
    }
}
