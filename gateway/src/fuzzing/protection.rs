//! Bodies and text that are looked at: the same in any pieces, and never stricter than a reader of the format.

use std::{fmt::Write as _, sync::LazyLock};

use super::{cut, pieces};
use crate::protect::{
    json_limits::{JsonCheck, JsonFault, JsonLimits},
    signatures::{BodyForm, DOUBLE_ENCODING, Group, OVERLONG, SIGNATURES, Signatures},
    xml_limits::{XmlCheck, XmlLimits},
};

/// What is accepted is JSON, and what is refused as malformed is none.
pub fn json_limits(bytes: &[u8]) {
    let (how, text) = cut(bytes);
    let limits = JsonLimits {
        depth: 8,
        keys: 30,
        array_items: 40,
        number_bytes: 40,
        may_repeat_keys: how.is_multiple_of(2),
        ..JsonLimits::default()
    };
    let check = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut check = JsonCheck::new(limits);
        for part in parts {
            check.feed(part)?;
        }
        check.finish()
    };
    let whole = check(&mut std::iter::once(text));
    let in_pieces = check(&mut pieces(how, text));
    // Of two faults side by side the one is seen first or the other; that it is refused remains.
    assert_eq!(
        whole.is_ok(),
        in_pieces.is_ok(),
        "{whole:?} and {in_pieces:?} in pieces"
    );
    let parsed = serde_json::from_slice::<serde_json::Value>(text);
    match whole {
        Ok(()) => {
            // A number that is too large for any type is JSON all the same.
            let is_json =
                parsed.is_ok() || parsed.is_err_and(|error| error.to_string().starts_with("number out of range"));
            assert!(is_json, "accepted, and no JSON");
        }
        Err(refusal) if refusal.fault.is_malformed() => assert!(parsed.is_err(), "JSON, and {refusal}"),
        Err(refusal) => assert_ne!(refusal.fault, JsonFault::Values),
    }
}

/// Whether it is accepted does not depend on pieces.
pub fn xml_limits(bytes: &[u8]) {
    let (how, text) = cut(bytes);
    let limits = XmlLimits {
        depth: 8,
        elements: 50,
        attributes: 8,
        ..XmlLimits::default()
    };
    let check = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut check = XmlCheck::new(limits);
        for part in parts {
            check.feed(part)?;
        }
        check.finish()
    };
    let whole = check(&mut std::iter::once(text));
    let in_pieces = check(&mut pieces(how, text));
    assert_eq!(
        whole.is_ok(),
        in_pieces.is_ok(),
        "{whole:?} and {in_pieces:?} in pieces"
    );
    if whole.is_ok() {
        assert!(
            std::str::from_utf8(text).is_ok()
                && text.contains(&b'<')
                && !text.windows(9).any(|word| word == b"<!DOCTYPE")
        );
    }
}

static COMPILED: LazyLock<Signatures> = LazyLock::new(|| Signatures::compile(&Group::ALL).expect("the table is right"));

/// Findings are of the table, and encoding what is plain hides none of them.
pub fn signatures(bytes: &[u8]) {
    let found = [
        COMPILED.in_path(bytes),
        COMPILED.in_query(bytes),
        COMPILED.in_header(bytes),
        COMPILED.in_body(bytes, BodyForm::Text),
        COMPILED.in_body(bytes, BodyForm::Form),
        COMPILED.in_body(bytes, BodyForm::Json),
    ];
    let is_known =
        |id: &&str| [DOUBLE_ENCODING, OVERLONG].contains(id) || SIGNATURES.iter().any(|signature| signature.id == *id);
    assert!(found.iter().flatten().all(is_known), "{found:?}");
    if bytes.iter().any(|byte| matches!(byte, b'%' | b'+' | b'&' | b'=')) {
        return;
    }
    let mut encoded = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        let _ = write!(encoded, "%{byte:02x}");
    }
    let hidden = COMPILED.in_query(encoded.as_bytes());
    let [_, plain, ..] = &found;
    assert!(
        plain.iter().all(|id| hidden.contains(id)),
        "{plain:?} became {hidden:?}"
    );
}
