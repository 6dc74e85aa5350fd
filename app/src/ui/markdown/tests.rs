use std::{fmt::Write as _, time::Instant};

use super::*;

#[test]
fn nothing_that_runs_or_loads_survives() {
    for (name, source) in [
        ("script", "<script>alert(1)</script>"),
        ("script over lines", "<script>\nalert(1)\n</script>"),
        ("event handler", "<p onclick=alert(1)>x</p>"),
        ("image", "![x](https://evil.example/pixel.gif)"),
        ("raw image", "<img src=x onerror=alert(1)>"),
        ("javascript link", "[x](javascript:alert(1))"),
        ("javascript link, mixed case", "[x](JaVaScRiPt:alert(1))"),
        ("javascript link, entity", "[x](javascript&colon;alert(1))"),
        ("javascript link, tab", "<a href=\"java\tscript:alert(1)\">x</a>"),
        ("data link", "[x](data:text/html,<script>alert(1)</script>)"),
        ("vbscript autolink", "<vbscript:x>"),
        ("svg", "<svg><script>alert(1)</script></svg>"),
        ("svg onload", "<svg/onload=alert(1)>"),
        (
            "math",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        ),
        (
            "noscript",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        ),
        ("template", "<template><script>alert(1)</script></template>"),
        ("iframe", "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>"),
        ("object", "<object data=\"javascript:alert(1)\"></object>"),
        ("base", "<base href=\"https://evil.example/\">"),
        (
            "meta",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        ),
        ("form", "<form action=https://evil.example><input name=password></form>"),
        ("style", "<p style=\"background:url(https://evil.example)\">x</p>"),
        ("style element", "<style>@import url(https://evil.example)</style>"),
        ("id that shadows ours", "<p id=main>x</p>"),
        ("class of ours", "<p class=\"site-header\">x</p>"),
        (
            "island",
            "<leptos-island data-component=\"CopyButton\"></leptos-island>",
        ),
        ("relative link", "[x](/signout)"),
        ("protocol-relative link", "[x](//evil.example)"),
        ("backslash link", "<a href=\"\\\\evil.example\">x</a>"),
        (
            "target",
            "<a href=\"https://a.example\" target=_blank ping=https://evil.example>x</a>",
        ),
        ("comment", "<!-- x --><!--[if IE]><script>alert(1)</script><![endif]-->"),
    ] {
        let html = to_html(source).to_lowercase();
        // Text is escaped, so every `<` begins a tag; what stands outside of tags is only read.
        let tags: String = html
            .split('<')
            .skip(1)
            .filter_map(|part| part.split('>').next())
            .fold(String::new(), |tags, tag| tags + "<" + tag + ">");
        for bad in [
            "<script",
            "onclick",
            "onerror=",
            "onload=",
            "<img",
            "javascript:alert",
            "data:text",
            "<svg",
            "<iframe",
            "<object",
            "<base",
            "<meta",
            "<form",
            "<input",
            "style=",
            "<style",
            " id=",
            "class=",
            "leptos-island",
            "href=\"/",
            "href=\"\\",
            "target=",
            "ping=",
            "<!--",
            "vbscript:x\"",
        ] {
            assert!(!tags.contains(bad), "{name}: {bad} in {html}");
        }
    }
}

#[test]
fn what_is_meant_stays() {
    for (name, source, expected) in [
        ("plain", "Takes a name.", "<p>Takes a name.</p>"),
        (
            "emphasis",
            "a *b* **c** `d`",
            "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>\n",
        ),
        ("heading", "# T", "<h3>T</h3>\n"),
        ("deep heading", "##### T", "<h6>T</h6>\n"),
        ("raw heading", "<h1>T</h1>", "T"),
        ("image text", "![a chart](x.png)", "<p>a chart</p>\n"),
        (
            "link",
            "[x](https://a.example/?a=b&c=d)",
            "<p><a href=\"https://a.example/?a=b&amp;c=d\" rel=\"noopener noreferrer nofollow ugc\">x</a></p>\n",
        ),
        (
            "fragment",
            "[x](#y)",
            "<p><a href=\"#y\" rel=\"noopener noreferrer nofollow ugc\">x</a></p>\n",
        ),
        ("less than", "a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        (
            "code block",
            "```json\n{\"a\": \"<b>\"}\n```",
            "<pre><code>{\"a\": \"&lt;b&gt;\"}\n</code></pre>\n",
        ),
        ("override", "a\u{202E}b", "<p>a[U+202E]b</p>\n"),
        ("empty", "", ""),
    ] {
        assert_eq!(to_html(source), expected, "{name}");
    }
}

#[test]
fn sources_made_to_hang_come_back_soon() {
    let mut lists = String::new();
    for depth in 0..400 {
        let _ = writeln!(lists, "{}- x", " ".repeat(depth * 2));
    }
    for (name, source) in [
        ("quotes", ">".repeat(100_000) + "x"),
        ("lists", lists),
        ("brackets", "[".repeat(50_000)),
        ("link openers", "[a](".repeat(25_000)),
        ("emphasis", "*a **a ".repeat(20_000)),
        ("backticks", (1..400).map(|n| "`".repeat(n) + " ").collect()),
        ("raw tags", "<b>".repeat(50_000)),
        ("raw blocks", "<blockquote>".repeat(20_000)),
        ("unclosed comment", "<!-- ".repeat(30_000)),
        ("tables", "|a".repeat(20_000) + "\n" + &"|-".repeat(20_000) + "\n|x|"),
        ("words", "word ".repeat(400_000)),
        ("references", "[a]: x\n".repeat(10_000) + &"[a]".repeat(10_000)),
    ] {
        let begun = Instant::now();
        let html = to_html(&source);
        assert!(begun.elapsed().as_secs() < 10, "{name} took {:?}", begun.elapsed());
        assert!(html.len() < 4_000_000, "{name} became {} bytes", html.len());
    }
}

#[test]
fn nesting_is_flattened() {
    let html = to_html(&(">".repeat(500) + "deep"));
    assert_eq!(html.matches("<blockquote>").count(), MAX_DEPTH);
    assert_eq!(html.matches("</blockquote>").count(), MAX_DEPTH);
    assert!(html.contains("deep"));
}

#[test]
fn summaries_are_words() {
    assert_eq!(
        plain_text("# Pets\n\nList *all* [pets](https://x.example) `now`.", 100),
        "Pets List all pets now."
    );
    assert_eq!(plain_text("<b>x</b> y", 100), "x y");
    assert_eq!(plain_text("one two three", 8), "one two…");
}
