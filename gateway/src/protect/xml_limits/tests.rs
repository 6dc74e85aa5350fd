use proptest::prelude::*;

use super::*;

const WIDE: XmlLimits = XmlLimits {
    depth: u32::MAX,
    elements: u32::MAX,
    attributes: u32::MAX,
    name_bytes: u32::MAX,
    attribute_bytes: u32::MAX,
    text_bytes: u32::MAX,
};

fn check_by(limits: XmlLimits, body: &[u8], size: usize) -> Result<(), XmlFault> {
    let mut check = XmlCheck::new(limits);
    for piece in body.chunks(size) {
        check.feed(piece).map_err(|refusal| refusal.fault)?;
    }
    check.finish().map_err(|refusal| refusal.fault)
}

/// The same for pieces of every size.
fn check(limits: XmlLimits, body: &[u8]) -> Result<(), XmlFault> {
    let whole = check_by(limits, body, usize::MAX);
    for size in [1, 2, 3, 7] {
        let pieces = check_by(limits, body, size);
        assert_eq!(pieces.is_ok(), whole.is_ok(), "{} by {size}", body.escape_ascii());
    }
    whole
}

#[test]
fn documents_are_let_pass() {
    for text in [
        "<a/>",
        "<a></a>",
        "<a ></a >",
        "<a\n/>",
        "  <a/>\n",
        "<?xml version=\"1.0\"?><a/>",
        "\u{feff}<a/>",
        "\u{feff}<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<!-- x --><?pi data?><a/><!-- y --><?pi?>",
        "<a b='1' c=\"2\" d = '3'/>",
        "<a b='\"' c=\"'\" d='>'/>",
        "<a>text<b/>more</a>",
        "<a>&lt;&#65;&#x1F600;&amp;</a>",
        "<a b='&quot;&apos;&gt;&#10;'/>",
        "<a><![CDATA[<x> & ]] ]>]]></a>",
        "<a>]] ></a>",
        "<a>]]</a>",
        "<a>></a>",
        "<a><![CDATA[]]]]></a>",
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
        "<größe maß='ä'>é😀</größe>",
        "<_a.b-c/>",
        "<a><!----></a>",
        "<a><!-- - - --></a>",
        "<a><?x ??></a>",
        "<?xml-stylesheet href='a'?><a/>",
        "<?xml version='1.0' encoding = \"us-ascii\" ?><a/>",
    ] {
        assert_eq!(check(WIDE, text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    use XmlFault::{DuplicateAttribute, Encoding, EndTag, Entity, Syntax, Truncated};
    for (text, fault) in [
        ("", Truncated),
        (" ", Truncated),
        ("<!-- x -->", Truncated),
        ("<a>", Truncated),
        ("<a", Truncated),
        ("<a/", Truncated),
        ("<a></a", Truncated),
        ("<a>&lt", Truncated),
        ("<a><!-- x", Truncated),
        ("<a><![CDATA[x]]", Truncated),
        ("x", Syntax),
        ("<a/>x", Syntax),
        ("<a/><b/>", Syntax),
        ("<a/></a>", Syntax),
        ("</a>", Syntax),
        ("< a/>", Syntax),
        ("<1/>", Syntax),
        ("<a b/>", Syntax),
        ("<a b=1/>", Syntax),
        ("<a b='1'c='2'/>", Syntax),
        ("<a b='<'/>", Syntax),
        ("<a / >", Syntax),
        ("<a/b>", Syntax),
        ("<a 1='2'/>", Syntax),
        ("<a>]]></a>", Syntax),
        ("<a></ a>", Syntax),
        ("<a></a b>", Syntax),
        ("<a><!-- -- --></a>", Syntax),
        ("<a><!-- ---></a>", Syntax),
        ("<a><!- x --></a>", Syntax),
        ("<![CDATA[x]]><a/>", Syntax),
        ("<a/>&lt;", Syntax),
        ("<a><? x?></a>", Syntax),
        ("<a><?xml version='1.0'?></a>", Syntax),
        (" <?xml version='1.0'?><a/>", Syntax),
        ("<?XML version='1.0'?><a/>", Syntax),
        ("<a><b></a></b>", EndTag),
        ("<a></A>", EndTag),
        ("<a b='1' b='2'/>", DuplicateAttribute),
        ("<a b='1' c='2' b='3'/>", DuplicateAttribute),
        ("<a>&nbsp;</a>", Entity),
        ("<a>&;</a>", Entity),
        ("<a>&#;</a>", Entity),
        ("<a>&#0;</a>", Entity),
        ("<a>&#xD800;</a>", Entity),
        ("<a>&#x110000;</a>", Entity),
        ("<a>& b</a>", Entity),
        ("<a>&#+5;</a>", Entity),
        ("<a b='&x;'/>", Entity),
        ("<a>&#xFFFF;</a>", Entity),
        ("<a>&#X41;</a>", Entity),
        ("<a>\u{1}</a>", Encoding),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", Encoding),
        ("<?xml version='1.0' encoding='utf-7'?><a/>", Encoding),
        ("<?xml version='1.0' encoding?><a/>", Encoding),
    ] {
        let found = check(WIDE, text.as_bytes());
        assert_eq!(found, Err(fault), "{text}");
        assert!(fault.is_malformed());
    }
    for body in [
        &b"<a>\xff</a>"[..],
        b"\xff\xfe<\0a\0/\0>\0",
        b"<\0a\0",
        b"<a>\xc0\xbc</a>",
        b"<a>\xc3</a>",
        b"\xef\xbb<a/>",
    ] {
        assert_eq!(check(WIDE, body), Err(Encoding), "{}", body.escape_ascii());
    }
}

#[test]
fn document_types_are_refused_whatever_they_say() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>",
        "<!DOCTYPE a PUBLIC '-//x' 'http://example.com/a.dtd'><a/>",
        "<!-- x --><!DOCTYPE a><a/>",
        "<a><!ENTITY x 'y'></a>",
        "<a><!ELEMENT x ANY></a>",
    ] {
        assert_eq!(check(WIDE, text.as_bytes()), Err(XmlFault::DocumentType), "{text}");
    }
    assert!(!XmlFault::DocumentType.is_malformed());
}

#[test]
fn each_limit_holds_at_its_edge() {
    let limits = XmlLimits {
        depth: 2,
        elements: 4,
        attributes: 2,
        name_bytes: 3,
        attribute_bytes: 5,
        text_bytes: 6,
    };
    for (text, expected) in [
        ("<a><b/></a>", Ok(())),
        ("<a><b><c/></b></a>", Err(XmlFault::Depth)),
        ("<a><b/><b/><b/></a>", Ok(())),
        ("<a><b/><b/><b/><b/></a>", Err(XmlFault::Elements)),
        ("<a b='' c=''/>", Ok(())),
        ("<a b='' c='' d=''/>", Err(XmlFault::Attributes)),
        ("<abc/>", Ok(())),
        ("<abcd/>", Err(XmlFault::NameBytes)),
        ("<a bcde=''/>", Err(XmlFault::NameBytes)),
        ("<a><?abcd?></a>", Err(XmlFault::NameBytes)),
        ("<a b='12345'/>", Ok(())),
        ("<a b='123456'/>", Err(XmlFault::AttributeBytes)),
        ("<a b='12&lt;'/>", Err(XmlFault::AttributeBytes)),
        ("<a>123456</a>", Ok(())),
        ("<a>1234567</a>", Err(XmlFault::TextBytes)),
        ("<a>123&lt;</a>", Err(XmlFault::TextBytes)),
        ("<a>]]]]]]]</a>", Err(XmlFault::TextBytes)),
        ("<a>123456<b/>123456</a>", Ok(())),
        ("<a><!--123--></a>", Ok(())),
        ("<a><!--1234--></a>", Err(XmlFault::TextBytes)),
        ("<a><![CDATA[123]]></a>", Ok(())),
        ("<a><![CDATA[1234]]></a>", Err(XmlFault::TextBytes)),
    ] {
        assert_eq!(check(limits, text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_refusal_says_where_and_stays() {
    let mut check = XmlCheck::new(WIDE);
    check.feed(b"<a>").unwrap();
    let refusal = check.feed(b"x</b>").unwrap_err();
    assert_eq!((refusal.fault, refusal.offset), (XmlFault::EndTag, 7));
    assert_eq!(check.feed(b"</a>"), Err(refusal));
    assert_eq!(check.finish(), Err(refusal));
}

/// An element, with the depth and the number of elements in it.
fn element() -> impl Strategy<Value = (String, u32, u32)> {
    let attributes = proptest::collection::btree_map("[a-z_][a-z0-9.-]{0,5}", "[^<&\"\\p{Cc}]{0,8}", 0..3);
    let leaf =
        ("[a-zé][a-z0-9]{0,4}", attributes.clone()).prop_map(|(name, attributes)| (tag(&name, attributes, "/"), 1, 1));
    leaf.prop_recursive(4, 30, 5, move |inner| {
        let content = prop_oneof![
            inner,
            "[^<&>\\]\\p{Cc}]{0,8}".prop_map(|text| (text, 0, 0)),
            "[a-z ]{0,8}".prop_map(|text| (format!("<!--{text}-->"), 0, 0)),
            "[^\\]\\p{Cc}]{0,8}".prop_map(|text| (format!("<![CDATA[{text}]]>"), 0, 0)),
            Just(("&amp;".to_owned(), 0, 0)),
        ];
        (
            "[a-z][a-z0-9]{0,4}",
            attributes.clone(),
            proptest::collection::vec(content, 0..5),
        )
            .prop_map(|(name, attributes, content)| {
                let text: String = content.iter().map(|(text, ..)| text.as_str()).collect();
                let depth = content.iter().map(|(_, depth, _)| *depth).max().unwrap_or(0) + 1;
                let elements = content.iter().map(|(.., elements)| elements).sum::<u32>() + 1;
                (
                    format!("{}{text}</{name}>", tag(&name, attributes, "")),
                    depth,
                    elements,
                )
            })
    })
}

fn tag(name: &str, attributes: std::collections::BTreeMap<String, String>, end: &str) -> String {
    let attributes: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!(" {name}=\"{value}\""))
        .collect();
    format!("<{name}{}{end}>", attributes.concat())
}

proptest! {
    #[test]
    fn generated_documents_pass_with_exactly_their_depth((text, depth, elements) in element(), size in 1_usize..20) {
        let exact = XmlLimits { depth, elements, ..WIDE };
        prop_assert_eq!(check_by(exact, text.as_bytes(), size), Ok(()), "{}", text);
        let shallow = XmlLimits { depth: depth - 1, ..WIDE };
        prop_assert_eq!(check_by(shallow, text.as_bytes(), size), Err(XmlFault::Depth), "{}", text);
        let few = XmlLimits { elements: elements - 1, ..WIDE };
        prop_assert_eq!(check_by(few, text.as_bytes(), size), Err(XmlFault::Elements), "{}", text);
    }

    #[test]
    fn pieces_say_what_the_whole_says(
        (text, ..) in element(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>(), proptest::sample::select(&b"<>/!?&;-[]='\" a"[..]),
        ], any::<bool>()), 0..4),
        size in 1_usize..20,
    ) {
        let mut body = text.into_bytes();
        for (place, byte, is_inserted) in edits {
            let at = place.index(body.len());
            if is_inserted { body.insert(at, byte) } else { body[at] = byte }
        }
        prop_assert_eq!(check_by(WIDE, &body, size).is_ok(), check_by(WIDE, &body, usize::MAX).is_ok());
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(prop_oneof![
        any::<u8>(), proptest::sample::select(&b"<>/!?&;#x-[]='\" aCDATA\xef\xbb\xbf"[..]),
    ], 0..80), size in 1_usize..20) {
        let _ = check_by(XmlLimits::default(), &body, size);
    }
}
