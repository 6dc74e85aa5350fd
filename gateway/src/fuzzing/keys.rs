//! Keys of the response cache: the same for requests that mean the same, and for no others.

use domain::{id::VersionId, policy::cache::Cache};
use http::{HeaderName, HeaderValue};

use crate::{
    cache::{CacheScope, CacheSettings, Origin, is_selected, key_of, selecting, target_in},
    http1::{is_host, is_target},
    message::Fields,
};

/// Lines: ignored parameters with `&` between them; two lines of authority and target with a space between them; then
/// fields, of the answer (`<name: value`), of one request (`1name: value`) or of the other (`2name: value`).
pub fn cache_keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let ignored: Vec<Box<str>> = lines.next().unwrap_or_default().split('&').map(Box::from).collect();
    let ignored = if *ignored[0] == *"" { &[][..] } else { &ignored[..] };
    let mut place = || {
        let (authority, target) = lines.next()?.split_once(' ')?;
        (is_host(authority.as_bytes()) && is_target(target.as_bytes())).then_some((authority, target))
    };
    let (Some(one), Some(other)) = (place(), place()) else {
        return;
    };
    let scope = CacheScope::compile(VersionId::NIL, "a/b/v1", None, std::iter::empty());
    let at =
        |is_secure, (authority, target): (&str, &str)| key_of(&scope, ignored, Origin { is_secure, authority }, target);
    let key = |place| at(false, place);
    let is_same = meaning(ignored, one) == meaning(ignored, other);
    assert_eq!(
        key(one) == key(other),
        is_same,
        "{one:?} and {other:?} without {ignored:?}"
    );
    assert_ne!(key(one), at(true, one));
    assert!(target_in(&key(one)).starts_with(b"/"));
    selections(lines);
}

/// What tells a request from others: authority, path, and parameters that are not ignored.
fn meaning(ignored: &[Box<str>], (authority, target): (&str, &str)) -> (String, String, Option<Vec<String>>) {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let slash = if target.starts_with('/') { "" } else { "/" };
    let is_kept = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        !ignored.iter().any(|ignored| **ignored == *name)
    };
    let query = query.map(|query| query.split('&').filter(is_kept).map(str::to_owned).collect());
    (
        authority.to_ascii_lowercase(),
        format!("{slash}{path}"),
        query.filter(|parameters: &Vec<String>| !parameters.is_empty()),
    )
}

/// A request selects the answer that was made for it; and if one selects another's, the other selects that of the one.
fn selections<'a>(lines: impl Iterator<Item = &'a str>) {
    let mut sections = [Fields::default(), Fields::default(), Fields::default()];
    for line in lines {
        let Some((name, value)) = line.get(1..).and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        let section = match line.as_bytes()[0] {
            b'<' => 0,
            b'1' => 1,
            b'2' => 2,
            _ => continue,
        };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.trim().parse::<HeaderValue>()) {
            sections[section].append_named(&name, &value);
        }
    }
    let [answer, one, other] = &sections;
    let policy: Cache = serde_json::from_str(r#"{ "key_headers": ["X-Tenant"] }"#).expect("it is a policy");
    let settings = CacheSettings::compile(&policy);
    let (for_one, for_other) = (selecting(&settings, one, answer), selecting(&settings, other, answer));
    assert_eq!(
        for_one.is_some(),
        for_other.is_some(),
        "whether it can be told depends on the answer alone"
    );
    let (Some(for_one), Some(for_other)) = (for_one, for_other) else {
        return;
    };
    assert!(is_selected(&for_one, one) && is_selected(&for_other, other));
    assert_eq!(is_selected(&for_one, other), is_selected(&for_other, one));
}
