use serde_json::{Value, json};

use super::{Budget, Dialect, JsonPath, TooCostly};

fn paths(expression: &str, dialect: Dialect, document: &Value) -> Vec<String> {
    let path = JsonPath::parse(expression, dialect).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let found = path.find(document).unwrap();
    found
        .iter()
        .map(|node| node.pointer() + if node.is_key { "~" } else { "" })
        .collect()
}

/// The document of RFC 9535 §1.5.
fn store() -> Value {
    json!({"store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
            {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99}
        ],
        "bicycle": {"color": "red", "price": 399}
    }})
}

#[test]
fn examples_of_the_standard() {
    let book = |places: &[usize], rest: &str| -> Vec<String> {
        places.iter().map(|at| format!("/store/book/{at}{rest}")).collect()
    };
    for (expression, expected) in [
        ("$.store.book[*].author", book(&[0, 1, 2, 3], "/author")),
        ("$..author", book(&[0, 1, 2, 3], "/author")),
        ("$.store.*", vec!["/store/book".to_owned(), "/store/bicycle".to_owned()]),
        ("$..book[2]", book(&[2], "")),
        ("$..book[2].publisher", vec![]),
        ("$..book[-1]", book(&[3], "")),
        ("$..book[0,1]", book(&[0, 1], "")),
        ("$..book[:2]", book(&[0, 1], "")),
        ("$..book[::-2]", book(&[3, 1], "")),
        ("$..book[1:3]['title']", book(&[1, 2], "/title")),
        ("$..book[?@.isbn]", book(&[2, 3], "")),
        ("$..book[?!@.isbn]", book(&[0, 1], "")),
        ("$..book[?@.price<10]", book(&[0, 2], "")),
        ("$..book[?@.price<10 && @.category=='fiction']", book(&[2], "")),
        ("$..book[?(@.price<10 || @.price > 20)]", book(&[0, 2, 3], "")),
        ("$..book[?match(@.author, '.*e.*n')]", book(&[3], "")),
        ("$..book[?search(@.author, 'e.*n')]", book(&[1, 2, 3], "")),
        ("$..book[?length(@.title) == 9]", book(&[2], "")),
        ("$..book[?count(@.*) == 5]", book(&[2, 3], "")),
        ("$..book[?value(@..isbn) == '0-395-19395-8']", book(&[3], "")),
        ("$..book[?@.price == $.store.book[0].price]", book(&[0], "")),
        ("$..book[?@.nothing == @.nowhere]", book(&[0, 1, 2, 3], "")),
        ("$..book[? @['price'] >= 8.99 ] .title", book(&[1, 2, 3], "/title")),
    ] {
        assert_eq!(paths(expression, Dialect::Rfc9535, &store()), expected, "{expression}");
    }
    let everything = paths("$..*", Dialect::Rfc9535, &store());
    assert_eq!(everything.len(), 27);
    assert_eq!(&everything[..3], ["/store", "/store/book", "/store/bicycle"]);
}

#[test]
fn spellings_of_spectral() {
    let document = json!({"paths": {"/a": {"get": {"x-ok": true, "tags": ["b"]}, "put": {}, "parameters": []}, "/b": {"get": {"$ref": "#"}}}});
    for (expression, expected) in [
        ("$.paths[*]~", vec!["/paths/~1a~", "/paths/~1b~"]),
        (
            "$.paths[*][get,put]",
            vec!["/paths/~1a/get", "/paths/~1a/put", "/paths/~1b/get"],
        ),
        (
            "$.paths.*[?(@property === 'get' || @property === 'put')]",
            vec!["/paths/~1a/get", "/paths/~1a/put", "/paths/~1b/get"],
        ),
        ("$.paths[?(@property.match(/^\\/A/i))]", vec!["/paths/~1a"]),
        ("$..x-ok^", vec!["/paths/~1a/get"]),
        ("$..$ref", vec!["/paths/~1b/get/$ref"]),
        ("$..[?(@.tags && @.tags.length > 0)]", vec!["/paths/~1a/get"]),
        (
            "$..[?(@ && @.tags && @.tags[0].match(/b/))].tags",
            vec!["/paths/~1a/get/tags"],
        ),
    ] {
        assert_eq!(
            paths(expression, Dialect::Spectral, &document),
            expected,
            "{expression}"
        );
        assert!(
            expression.parse::<JsonPath>().is_err() || expression.contains("length"),
            "{expression}"
        );
    }
}

#[test]
fn what_is_no_expression() {
    for (text, at) in [
        ("", 1),
        ("paths", 1),
        ("$.", 3),
        ("$.paths.", 9),
        ("$[", 3),
        ("$['a", 5),
        ("$[01]", 3),
        ("$[-0]", 3),
        ("$[9007199254740992]", 3),
        ("$.a ", 4),
        ("$[?]", 4),
        ("$[?@.a==]", 9),
        ("$[?'a']", 7),
        ("$[?@.*==1]", 9),
        ("$[?length(@.a)]", 15),
        ("$[?match(@.a,'b')==true]", 20),
        ("$[?foo(@.a)]", 4),
        ("$[?@.a==1 &&]", 13),
        ("$['\\x']", 5),
        ("$['ü\\ud800']", 11),
    ] {
        let error = text.parse::<JsonPath>().unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
    }
    let deep = format!("$[?{}@.a{}]", "(".repeat(100), ")".repeat(100));
    assert!(deep.parse::<JsonPath>().is_err());
    let deep = "$".to_owned() + &"[?@".repeat(1000);
    assert!(deep.parse::<JsonPath>().is_err());
}

#[test]
fn searches_end_within_their_budget() {
    let mut document = json!({});
    for _ in 0..12 {
        document = json!({"a": document.clone(), "b": [document, 1]});
    }
    let budget = Budget {
        steps: 20_000,
        nodes: 10_000,
    };
    for expression in [
        "$..*",
        "$..*..*..*",
        "$..[?$..a[?@..b]]",
        "$..[?@ == $.a]",
        "$[*,*,*,*][*,*,*,*]..[*,*,*]",
    ] {
        let path: JsonPath = expression.parse().unwrap();
        assert_eq!(path.find_within(&document, &budget), Err(TooCostly), "{expression}");
    }
}

#[test]
fn normalized_paths_find_their_node_again() {
    let document = json!({"it's": {"a\"b\\c\n\u{1}/~ü": [0, {"": 1}]}});
    let everything: JsonPath = "$..*".parse().unwrap();
    for node in everything.find(&document).unwrap() {
        let path: JsonPath = node.normalized().parse().unwrap();
        assert!(path.is_singular());
        let again = path.find(&document).unwrap();
        assert_eq!(again, [node]);
    }
}
