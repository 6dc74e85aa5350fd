use super::*;

fn host(text: &str) -> HostPattern {
    HostPattern::read(text).unwrap()
}

#[test]
fn hosts_are_kept_in_one_form() {
    for (typed, kept) in [
        ("api.example.com", Some("api.example.com")),
        (" API.Example.COM. ", Some("api.example.com")),
        ("bücher.example", Some("xn--bcher-kva.example")),
        ("*.example.com", Some("*.example.com")),
        ("intranet", Some("intranet")),
        ("*.com", None),
        ("*", None),
        ("a.*.example.com", None),
        ("api.example.com:8080", None),
        ("https://api.example.com", None),
        ("api.example.com/v1", None),
        ("127.0.0.1", None),
        ("0x7f.1", None),
        ("::1", None),
        ("[::1]", None),
        ("-a.example", None),
        ("a_b.example", None),
        ("a..example", None),
        ("a%2eexample", None),
        ("user@example.com", None),
        ("", None),
        (".", None),
    ] {
        let read = HostPattern::read(typed);
        assert_eq!(read.as_ref().ok().map(HostPattern::as_str), kept, "{typed}: {read:?}");
    }
    assert!(HostPattern::read(&format!("{}.example", "a".repeat(64))).is_err());
    assert!(HostPattern::read(&format!("{}example", "a.".repeat(130))).is_err());
}

#[test]
fn a_wildcard_stands_for_one_label() {
    for (one, other, overlaps) in [
        ("a.example.com", "a.example.com", true),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.b.example.com", false),
        ("*.example.com", "example.com", false),
        ("*.example.com", "*.example.com", true),
        ("*.b.example.com", "*.example.com", false),
        ("a.example.com", "b.example.com", false),
    ] {
        assert_eq!(host(one).overlaps(&host(other)), overlaps, "{one} {other}");
        assert_eq!(host(other).overlaps(&host(one)), overlaps, "{other} {one}");
    }
}

#[test]
fn base_paths_are_kept_in_one_form() {
    for (typed, kept) in [
        ("/", Some("/")),
        ("/v1", Some("/v1")),
        (" /Pets/v1.2/ ", Some("/Pets/v1.2")),
        ("v1", None),
        ("", None),
        ("//", None),
        ("/a//b", None),
        ("/a/../b", None),
        ("/.", None),
        ("/a%2Fb", None),
        ("/a?b", None),
        ("/a b", None),
        ("/{x}", None),
        ("/1/2/3/4/5/6/7/8", Some("/1/2/3/4/5/6/7/8")),
        ("/1/2/3/4/5/6/7/8/9", None),
    ] {
        let read = BasePath::read(typed);
        assert_eq!(read.as_ref().ok().map(BasePath::as_str), kept, "{typed}: {read:?}");
    }
}

fn typed(host: &str, base_path: &str, header: &str, value: &str) -> RoutingInput {
    RoutingInput {
        host: host.into(),
        base_path: base_path.into(),
        header: header.into(),
        value: value.into(),
        paths: Paths::Strict,
    }
}

#[test]
fn every_mistake_is_told_at_its_field() {
    for (input, fields) in [
        (typed("", "", "", ""), &[][..]),
        (typed("a.example", "", "", ""), &[]),
        (typed("", "/acme", "Api-Version", "2"), &[]),
        (
            typed("a b", "x", "a b", ""),
            &["host", "base_path", "match.header", "match.value"],
        ),
        (typed("", "/oauth2", "", ""), &["base_path"]),
        (typed("", "/.well-known/", "", ""), &["base_path"]),
        (typed("", "/oauth2/token", "", ""), &["base_path"]),
        (typed("", "/oauth2/pets", "", ""), &[]),
        (typed("", "/oauth2/tok", "", ""), &[]),
        (typed("", "/", "", ""), &[]),
        (typed("a.example", "/oauth2", "", ""), &[]),
        (typed("", "", "Api-Version", "2"), &["match.header"]),
        (typed("a.example", "", "Api-Version", ""), &["match.value"]),
        (typed("a.example", "", "", "2"), &["match.header"]),
        (typed("a.example", "", "X-Api-Key", "2"), &["match.header"]),
        (typed("a.example", "", "Host", "a"), &["match.header"]),
        (typed("a.example", "", "Api-Version", "a\nb"), &["match.value"]),
    ] {
        let errors = Routing::read(&input).err().unwrap_or_default();
        let found: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(found, fields, "{input:?}");
    }
}

#[test]
fn what_is_kept_is_read_back() {
    for input in [
        typed("", "", "", ""),
        typed("API.example", "/v1/", "Api-Version", " 2026-01 "),
        RoutingInput {
            paths: Paths::Open,
            ..typed("*.example.com", "", "", "")
        },
    ] {
        let routing = Routing::read(&input).unwrap();
        let text = serde_json::to_string(&routing).unwrap();
        assert_eq!(serde_json::from_str::<Routing>(&text).unwrap(), routing, "{text}");
        assert_eq!(Routing::read(&routing.to_input()), Ok(routing), "{text}");
    }
    assert!(serde_json::from_str::<Routing>(r#"{"host":"a b"}"#).is_err());
    assert_eq!(serde_json::to_string(&Routing::default()).unwrap(), "{}");
}

#[test]
fn a_place_and_a_field_make_a_route() {
    for (input, route) in [
        (typed("", "", "", ""), None),
        (typed("a.example", "", "", ""), Some("a.example/")),
        (typed("a.example", "/v1", "", ""), Some("a.example/v1")),
        (typed("", "/v1", "Api-Version", "2"), Some("/v1 api-version: 2")),
    ] {
        assert_eq!(Routing::read(&input).unwrap().route().as_deref(), route, "{input:?}");
    }
}

#[test]
fn callers_are_shown_one_url() {
    for (input, gateway, url) in [
        (
            typed("", "", "", ""),
            "http://g.test:8080",
            "http://g.test:8080/acme/pets/v1",
        ),
        (
            typed("a.example", "", "", ""),
            "http://g.test:8080",
            "http://a.example:8080",
        ),
        (
            typed("a.example", "/v1", "", ""),
            "https://g.test",
            "https://a.example/v1",
        ),
        (typed("", "/pets", "", ""), "https://g.test", "https://g.test/pets"),
        (
            typed("*.example.com", "", "", ""),
            "https://g.test",
            "https://g.test/acme/pets/v1",
        ),
        (
            typed("a.example", "", "Api-Version", "1"),
            "https://g.test",
            "https://g.test/acme/pets/v1",
        ),
        (
            typed("a.example", "", "", ""),
            "http://127.0.0.1:8080",
            "http://a.example:8080",
        ),
    ] {
        let routing = Routing::read(&input).unwrap();
        assert_eq!(routing.base_url(gateway, "acme", "pets", "v1"), url, "{input:?}");
    }
}
