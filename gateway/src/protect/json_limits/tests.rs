use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{text::SHORT, *};

fn check_by(limits: JsonLimits, body: &[u8], size: usize) -> Result<(), JsonRefusal> {
    let mut check = JsonCheck::new(limits);
    for piece in body.chunks(size) {
        check.feed(piece)?;
    }
    check.finish()
}

fn check(limits: JsonLimits, body: &[u8]) -> Result<(), JsonFault> {
    check_by(limits, body, usize::MAX).map_err(|refusal| refusal.fault)
}

/// Nothing but the grammar.
const WIDE: JsonLimits = JsonLimits {
    depth: u32::MAX,
    keys: u32::MAX,
    key_bytes: u32::MAX,
    string_bytes: u32::MAX,
    number_bytes: u32::MAX,
    array_items: u32::MAX,
    values: u32::MAX,
    may_repeat_keys: true,
};

#[test]
fn the_grammar_is_that_of_the_standard() {
    for text in [
        "0",
        "-0",
        "-0.0e-0",
        "1E+9",
        "12.5e3",
        " true ",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "\t[1 ,\r\n2]",
        r#"{"a":{"b":[{}]},"c":"\"\\\/\b\f\n\r\t\u00fC"}"#,
        r#""\ud834\udd1e""#,
        "\"\u{7f}\u{2028}é😀\"",
        "[[[[1],2],3]]",
        r#"{"":0}"#,
        r#""\u0000""#,
    ] {
        assert_eq!(check(WIDE, text.as_bytes()), Ok(()), "{text}");
    }
    for text in [
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e3",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "trues",
        "True",
        "nul",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "]",
        "[}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "1 2",
        "[]]",
        "{}{}",
        "// x\n1",
        "[1]//",
        "/**/1",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\\"",
        "\"\n\"",
        "\"\t\"",
        "\"\0\"",
        "",
        " ",
        "\u{feff}1",
        "\u{a0}1",
        "-1-",
        "1e5.5",
        "[-]",
        "{\"a\":1 \"b\":2}",
        "\u{c}1",
        "\"a\u{1f}\"",
    ] {
        let fault = check(WIDE, text.as_bytes()).unwrap_err();
        assert!(fault.is_malformed(), "{text}: {fault}");
    }
}

#[test]
fn strings_are_text() {
    for (body, fault) in [
        (&b"\"\xff\""[..], JsonFault::Utf8),
        (b"\"\xc3\"", JsonFault::Utf8),
        (b"\"\xc3\\n\"", JsonFault::Utf8),
        (b"\"\xc0\xaf\"", JsonFault::Utf8),
        (b"\"\xed\xa0\x80\"", JsonFault::Utf8),
        (br#""\ud800""#, JsonFault::LoneSurrogate),
        (br#""\ud800a""#, JsonFault::LoneSurrogate),
        (br#""\ud800\n""#, JsonFault::LoneSurrogate),
        (br#""\ud800\ud800""#, JsonFault::LoneSurrogate),
        (br#""\udc00""#, JsonFault::LoneSurrogate),
        (b"[\xff]", JsonFault::Syntax),
    ] {
        for size in [1, 2, 3, 100] {
            let found = check_by(WIDE, body, size).unwrap_err().fault;
            assert_eq!(found, fault, "{} by {size}", body.escape_ascii());
        }
    }
}

#[test]
fn each_limit_holds_at_its_edge() {
    let limits = JsonLimits {
        depth: 2,
        keys: 2,
        key_bytes: 3,
        string_bytes: 4,
        number_bytes: 5,
        array_items: 3,
        values: 6,
        may_repeat_keys: false,
    };
    for (text, expected) in [
        ("[[]]", Ok(())),
        ("[[[]]]", Err(JsonFault::Depth)),
        ("[{\"a\":{}}]", Err(JsonFault::Depth)),
        (r#"{"a":1,"b":2}"#, Ok(())),
        (r#"{"a":1,"b":2,"c":3}"#, Err(JsonFault::Keys)),
        (r#"{"abc":1}"#, Ok(())),
        (r#"{"abcd":1}"#, Err(JsonFault::KeyBytes)),
        (r#"{"\u0061":1}"#, Err(JsonFault::KeyBytes)),
        (r#""abcd""#, Ok(())),
        (r#""abcde""#, Err(JsonFault::StringBytes)),
        (r#""abc\n""#, Err(JsonFault::StringBytes)),
        ("12345", Ok(())),
        ("-1.5e3", Err(JsonFault::NumberBytes)),
        ("[1,2,3]", Ok(())),
        ("[1,2,3,4]", Err(JsonFault::ArrayItems)),
        ("[[1,2,3],1]", Ok(())),
        ("[[1,2,3],1,1]", Err(JsonFault::Values)),
        (r#"{"a":1,"a":2}"#, Err(JsonFault::DuplicateKey)),
        (r#"{"a":{"a":2}}"#, Ok(())),
        (r#"[{"a":1},{"a":2}]"#, Ok(())),
    ] {
        assert_eq!(check(limits, text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_key_is_the_same_however_it_is_written() {
    let limits = JsonLimits::default();
    for text in [
        r#"{"a":1,"\u0061":2}"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"/":1,"\/":2}"#,
        r#"{"\n":1,"\u000A":2}"#,
        r#"{"😀":1,"\ud83d\ude00":2}"#,
        r#"{"a":1,"b":{"a":1,"c":[{"a":1}]},"a":3}"#,
    ] {
        for size in [1, 7, 1000] {
            let found = check_by(limits, text.as_bytes(), size).map_err(|refusal| refusal.fault);
            assert_eq!(found, Err(JsonFault::DuplicateKey), "{text} by {size}");
        }
        let lenient = JsonLimits {
            may_repeat_keys: true,
            ..limits
        };
        assert_eq!(check(lenient, text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn duplicates_are_found_among_many_keys() {
    let object = |keys: &[usize]| {
        let members: Vec<String> = keys.iter().map(|key| format!("\"key{key}\":{{\"key0\":0}}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let limits = JsonLimits {
        keys: u32::MAX,
        ..JsonLimits::default()
    };
    for count in [1, MANY_KEYS - 1, MANY_KEYS, MANY_KEYS + 1, MANY_KEYS + 2, 500] {
        let mut keys: Vec<usize> = (0..count).collect();
        assert_eq!(check(limits, object(&keys).as_bytes()), Ok(()), "{count}");
        for again in [0, count / 2, count - 1] {
            keys.push(again);
            assert_eq!(
                check(limits, object(&keys).as_bytes()),
                Err(JsonFault::DuplicateKey),
                "{count}, {again}"
            );
            keys.pop();
        }
    }
}

#[test]
fn a_refusal_says_where_and_stays() {
    let mut check = JsonCheck::new(WIDE);
    check.feed(b"[1,").unwrap();
    let refusal = check.feed(b" x").unwrap_err();
    assert_eq!((refusal.fault, refusal.offset), (JsonFault::Syntax, 4));
    assert_eq!(check.feed(b"2]"), Err(refusal));
    assert_eq!(check.finish(), Err(refusal));
}

#[test]
fn long_strings_are_looked_at_to_their_end() {
    for length in [SHORT - 1, SHORT, SHORT + 1, 1000] {
        let text = "x".repeat(length);
        assert_eq!(check(WIDE, format!("\"{text}\"").as_bytes()), Ok(()));
        assert_eq!(
            check(WIDE, format!("\"{text}\n{text}\"").as_bytes()),
            Err(JsonFault::Syntax)
        );
        assert_eq!(check(WIDE, format!("\"{text}\\n\u{e9}\"").as_bytes()), Ok(()));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((".{0,6}", inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What the limits count, by a reader that keeps everything.
fn measure(value: &Value, depth: u32, found: &mut JsonLimits) {
    let length = |text: &str| serde_json::to_string(text).unwrap().len() as u32 - 2;
    found.values += 1;
    match value {
        Value::Array(items) => {
            found.depth = found.depth.max(depth + 1);
            found.array_items = found.array_items.max(items.len() as u32);
            for item in items {
                measure(item, depth + 1, found);
            }
        }
        Value::Object(members) => {
            found.depth = found.depth.max(depth + 1);
            found.keys = found.keys.max(members.len() as u32);
            for (key, value) in members {
                found.key_bytes = found.key_bytes.max(length(key));
                measure(value, depth + 1, found);
            }
        }
        Value::String(text) => found.string_bytes = found.string_bytes.max(length(text)),
        Value::Number(number) => found.number_bytes = found.number_bytes.max(number.to_string().len() as u32),
        _ => {}
    }
}

proptest! {
    #[test]
    fn limits_are_what_a_reader_measures(value in value(), size in 1_usize..40) {
        let mut exact = JsonLimits {
            depth: 0, keys: 0, key_bytes: 0, string_bytes: 0, number_bytes: 0, array_items: 0, values: 0,
            may_repeat_keys: false,
        };
        measure(&value, 0, &mut exact);
        let text = value.to_string();
        prop_assert_eq!(check_by(exact, text.as_bytes(), size), Ok(()));
        for (limits, fault) in [
            (JsonLimits { depth: exact.depth.wrapping_sub(1), ..exact }, JsonFault::Depth),
            (JsonLimits { keys: exact.keys.wrapping_sub(1), ..exact }, JsonFault::Keys),
            (JsonLimits { key_bytes: exact.key_bytes.wrapping_sub(1), ..exact }, JsonFault::KeyBytes),
            (JsonLimits { string_bytes: exact.string_bytes.wrapping_sub(1), ..exact }, JsonFault::StringBytes),
            (JsonLimits { array_items: exact.array_items.wrapping_sub(1), ..exact }, JsonFault::ArrayItems),
            (JsonLimits { values: exact.values.wrapping_sub(1), ..exact }, JsonFault::Values),
        ] {
            // A limit of 0 became none.
            if limits != exact && check_by(limits, text.as_bytes(), size).is_err() {
                prop_assert_eq!(check_by(limits, text.as_bytes(), size).unwrap_err().fault, fault);
            } else {
                let is_unlimited = [limits.depth, limits.keys, limits.key_bytes, limits.string_bytes, limits.array_items]
                    .contains(&u32::MAX);
                prop_assert!(is_unlimited, "{fault:?} was not seen in {text}");
            }
        }
    }

    #[test]
    fn broken_bodies_are_judged_as_other_readers_judge_them(
        value in value(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>(), proptest::sample::select(&b"{}[]\",:\\u0eE+-. tfn\n"[..]),
        ], any::<bool>()), 0..4),
        size in 1_usize..40,
    ) {
        let mut body = value.to_string().into_bytes();
        for (place, byte, is_inserted) in edits {
            let at = place.index(body.len());
            if is_inserted { body.insert(at, byte) } else { body[at] = byte }
        }
        let own = check_by(WIDE, &body, size);
        // Which of two faults in one piece is named first depends on the pieces; that there is one does not.
        prop_assert_eq!(own.is_ok(), check(WIDE, &body).is_ok());
        let Ok(text) = std::str::from_utf8(&body) else {
            prop_assert!(own.is_err());
            return Ok(());
        };
        match own {
            // Both of their readers are stricter or laxer in one point: range of numbers, surrogates.
            Ok(()) => prop_assert!(serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}"),
            Err(refusal) => prop_assert!(serde_json::from_str::<Value>(text).is_err(), "{refusal}: {text}"),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), size in 1_usize..20) {
        let _ = check_by(JsonLimits::default(), &body, size);
    }
}
