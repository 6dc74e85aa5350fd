use proptest::prelude::*;
use serde_json::json;

use super::*;

fn change(policy: serde_json::Value) -> JsonChange {
    JsonChange::compile(&serde_json::from_value(policy).unwrap()).unwrap()
}

fn changed(policy: serde_json::Value, body: &str) -> String {
    String::from_utf8(change(policy).apply(body.as_bytes()).unwrap()).unwrap()
}

#[test]
fn what_is_not_changed_stays_as_it_was_written() {
    let body = r#"{"z": 1.10000000000000000001, "big":123456789012345678901234567890,"e":1e400, "t":"\u00e4\/", "x":1, "a" : [ 1 , {"n":1.0} ] }"#;
    assert_eq!(
        changed(json!({ "remove": ["/x"] }), body),
        r#"{"z":1.10000000000000000001,"big":123456789012345678901234567890,"e":1e400,"t":"\u00e4\/","a":[ 1 , {"n":1.0} ]}"#
    );
}

#[test]
fn places_are_moved_removed_and_set() {
    for (policy, body, expected) in [
        (
            json!({ "move": { "/data/items": "/items" } }),
            r#"{"data":{"items":[1,2],"n":2}}"#,
            r#"{"data":{"n":2},"items":[1,2]}"#,
        ),
        // What is not there, or has no place to go to, stays where it is.
        (
            json!({ "move": { "/a": "/b/c", "/x": "/y" } }),
            r#"{"a":1,"z":2}"#,
            r#"{"a":1,"z":2}"#,
        ),
        (
            json!({ "move": { "/l/0": "/no/0" } }),
            r#"{"l":[1,2]}"#,
            r#"{"l":[1,2]}"#,
        ),
        (json!({ "move": { "/a": "/b" } }), r#"{"b":0,"a":1}"#, r#"{"b":1}"#),
        (
            json!({ "move": { "/l/0": "/l/-" } }),
            r#"{"l":[1,2,3]}"#,
            r#"{"l":[2,3,1]}"#,
        ),
        (
            json!({ "remove": ["/a~1b", "/m~0n", "/l/1", "/l/9", "/l/01", "/s/0"] }),
            r#"{"a/b":1,"m~n":2,"l":[1,2,3],"s":"x"}"#,
            r#"{"l":[1,3],"s":"x"}"#,
        ),
        // Nobody finds what was removed behind a second member of the name.
        (
            json!({ "remove": ["/a", "/o/p"] }),
            r#"{"a":1,"a":2,"o":{"p":1,"q":1},"o":{"p":2}}"#,
            r#"{"o":{}}"#,
        ),
        (
            json!({ "set": { "/a": [1], "/l/0": 9, "/l/-": 8, "/o/p": null, "/x/y": 1 } }),
            r#"{"a":0,"l":[1],"o":{}}"#,
            r#"{"a":[1],"l":[9,8],"o":{"p":null}}"#,
        ),
        (json!({ "set": { "/0": 1 } }), "[0]", "[1]"),
        (json!({ "set": { "/a": 1 } }), "17", "17"),
    ] {
        assert_eq!(changed(policy.clone(), body), expected, "{policy}");
    }
}

#[test]
fn what_is_no_json_is_not_changed() {
    let change = change(json!({ "remove": ["/a"] }));
    for body in [&b""[..], b"{", b"{\"a\":1}x", b"\xff", b"{\"a\":01}", b"\xef\xbb\xbf{}"] {
        assert!(change.apply(body).is_none(), "{body:?}");
    }
}

#[test]
fn parts_are_picked() {
    let text: &RawValue = serde_json::from_str(r#"{"data": [ {"n":1.00} ], "t":1}"#).unwrap();
    for (pointer, expected) in [
        ("/data/0/n", Some("1.00")),
        ("/data", Some(r#"[ {"n":1.00} ]"#)),
        ("/data/1", None),
        ("/t/x", None),
        ("/u", None),
    ] {
        assert_eq!(
            Pointer::read(pointer).pick(text).map(RawValue::get),
            expected,
            "{pointer}"
        );
    }
}

proptest! {
    /// A change of what is not there gives the same document.
    #[test]
    fn documents_survive(names in prop::collection::vec("[a-c~/\"\\\\ä]{0,3}", 0..5), number in any::<f64>()) {
        let mut document = json!({});
        for (i, name) in names.iter().enumerate() {
            document[name.as_str()] = json!([i, number, { name.as_str(): null }]);
        }
        let text = document.to_string();
        let policy = json!({ "remove": ["/none", "/a/7", "/b/2/x"], "move": { "/c/9": "/d" } });
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(&changed(policy, &text)), read(&text));
    }
}
