use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use time::macros::datetime;

use super::*;

/// A request with everything, or an anonymous one with little.
struct Request {
    claims: Json,
    is_known: bool,
}

impl Request {
    fn known() -> Self {
        let claims = json!({
            "sub": "u1", "roles": ["admin", "staff"], "level": 3, "big": 1e300, "nothing": null, "org": { "id": 7 },
            "huge": 18_446_744_073_709_551_615_u64,
        });
        Self { claims, is_known: true }
    }

    fn anonymous() -> Self {
        Self {
            claims: json!({}),
            is_known: false,
        }
    }
}

impl Inputs for Request {
    fn field(&self, field: Field) -> Option<Value<'_>> {
        let known = |text| self.is_known.then_some(Value::text(text));
        match field {
            Field::Method => Some(Value::text("POST")),
            Field::Path => Some(Value::text("/pets/7")),
            Field::Operation => known("/pets/{id}"),
            Field::Host => Some(Value::text("api.example.com")),
            Field::Size => self.is_known.then_some(Value::Int(512)),
            Field::Ip => Some(Value::text("192.0.2.1")),
            Field::Protocol => Some(Value::text("HTTP/1.1")),
            Field::Application => known("app_1"),
            Field::Key => known("key_1"),
            Field::KeyPrefix => known("tp_live_ab"),
            Field::Kind => known("live"),
            Field::Credential => known("jwt"),
            Field::Scopes => known("").map(|_| Value::list(vec![Value::text("pets:read")])),
            Field::Plan => known("gold"),
            // A Saturday.
            Field::Now => Some(Value::Timestamp(datetime!(2026-11-21 13:14:15.250 UTC))),
        }
    }

    fn entry(&self, map: MapField, name: &str) -> Entry<'_> {
        let found = match (map, name) {
            (MapField::PathParameters, "id") => Value::text("7"),
            (MapField::Query, "page") => Value::text("2"),
            (MapField::Query, "tag") => return Entry::Several,
            (MapField::QueryAll, "tag") => Value::list(vec![Value::text("a"), Value::text("b")]),
            (MapField::Headers, "x-tenant") => Value::text("abc"),
            (MapField::Claims, _) => {
                return self
                    .claims
                    .get(name)
                    .map_or(Entry::Missing, |v| Entry::One(Value::json(v)));
            }
            _ => return Entry::Missing,
        };
        Entry::One(found)
    }

    fn names(&self, map: MapField) -> Vec<Cow<'_, str>> {
        let names: &[&'static str] = match map {
            MapField::PathParameters => &["id"],
            MapField::Query | MapField::QueryAll => &["page", "tag"],
            MapField::Headers => &["x-tenant", "accept"],
            MapField::Claims => {
                return self
                    .claims
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(|name| name.as_str().into())
                    .collect();
            }
        };
        names.iter().map(|name| Cow::Borrowed(*name)).collect()
    }
}

fn evaluate(text: &str) -> Result<bool, EvaluateError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.evaluate(&Request::known())
}

#[test]
fn what_is_true_is_true() {
    for text in [
        "true",
        "!false",
        "!!true",
        "true || false",
        "true && !false",
        "1 < 2 ? true : false",
        "(1 + 2) * 3 == 9",
        "7 / 2 == 3",
        "-7 / 2 == -3",
        "7 % 3 == 1",
        "-7 % 3 == -1",
        "1.5 + 1.5 == 3.0",
        "1 - -1 == 2",
        "--1 == 1",
        "0x10 == 16",
        "1e3 == 1000.0",
        ".5 < 1",
        "1 < 1.5",
        "1 == 1.0",
        "9223372036854775807 < 9223372036854775808.0",
        "-9223372036854775808 < 0",
        "2 - 1 - 1 == 0",
        "'a' + \"b\" == 'ab'",
        "'a' < 'b'",
        r"'\u00e9\x41\101\n' == 'éAA' + '\n'",
        r"r'\d' == '\\d'",
        "'''it's\n''' == \"it's\\n\"",
        "[1, 2, 3,] == [1] + [2, 3]",
        "2 in [1, 2]",
        "!(3 in [1, 2])",
        "[1, 'a', null][2] == null",
        "{'a': 1, 2: 'b', true: 3}['a'] == 1",
        "{'a': {'b': 1}}.a.b == 1",
        "'a' in {'a': 1}",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1.0}",
        "size('é') == 1 && 'é'.size() == 1",
        "size([1, 2]) == 2",
        "size({}) == 0",
        "'abc'.startsWith('a') && 'abc'.endsWith('bc') && 'abc'.contains('b')",
        "'Aé'.lowerAscii() == 'aé'",
        "'abc'.matches('^[a-c]+$')",
        "!'abc'.matches('d')",
        "int('42') == 42 && int(4.9) == 4 && double('1.5') == 1.5",
        "string(42) == '42' && string(true) == 'true'",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60",
        "timestamp('2026-01-01T02:00:00+02:00') == timestamp('2026-01-01T00:00:00Z')",
        "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
        "timestamp('2026-01-01T00:00:00Z') + duration('1h30m') > timestamp('2026-01-01T01:29:59Z')",
        "duration('1.5s') == duration('1500ms') && duration('-1m') < duration('0')",
        "duration('90m').getHours() == 1",
        "duration('3.25s').getMilliseconds() == 250",
        "[1, 2, 3].all(x, x > 0)",
        "[1, 2, 3].exists(x, x == 2)",
        "[1, 2, 2].exists_one(x, x == 1)",
        "[1, 2, 3].filter(x, x > 1) == [2, 3]",
        "[1, 2].map(x, x * 2) == [2, 4]",
        "[[1], [2]].all(x, x.exists(y, y in [1, 2] && [x[0]] == [y]))",
        "{'a': 1}.all(k, k == 'a')",
        "[].all(x, false)",
        "// a comment\ntrue // another",
        "true ? (false ? false : true) : false",
        "false ? false : true ? true : false",
        "false || true && true",
        // Names of macros and reserved words may be fields.
        "{'in': 1}.in == 1",
        "has({'a': null}.a) && !has({}.a)",
    ] {
        assert_eq!(evaluate(text), Ok(true), "{text}");
    }
}

#[test]
fn the_request_is_read() {
    for text in [
        "request.method == 'POST' && request.path == '/pets/7' && request.operation == '/pets/{id}'",
        "request.host.endsWith('.example.com') && request.size > 500 && request.ip.startsWith('192.0.2.')",
        "request.protocol == 'HTTP/1.1' && request.path_parameters.id == '7' && request.path_parameters['id'] == '7'",
        "request.query.page == '2' && int(request.query.page) == 2 && !has(request.query.none)",
        "'tag' in request.query && has(request.query.tag) && request.query_all.tag == ['a', 'b']",
        "request.headers['X-Tenant'] == 'abc' && 'x-tenant' in request.headers && !('y' in request.headers)",
        "request.headers.exists(name, name.startsWith('x-'))",
        "size(request.headers) == 2",
        "consumer.application == 'app_1' && consumer.key == 'key_1' && consumer.key_prefix == 'tp_live_ab'",
        "consumer.kind == 'live' && plan.slug == 'gold'",
        "'admin' in consumer.claims.roles && consumer.claims.level >= 3 && consumer.claims.org.id == 7",
        "consumer.claims.roles.all(role, role in ['admin', 'staff'])",
        "has(consumer.claims.sub) && !has(consumer.claims.x)",
        "consumer.claims.nothing == null",
        "consumer.claims.huge > 1.8e19",
        "consumer.claims['sub'] == 'u1'",
        "now.getFullYear() == 2026 && now.getMonth() == 10 && now.getDate() == 21 && now.getDayOfMonth() == 20",
        "now.getDayOfWeek() == 6 && now.getDayOfYear() == 324 && now.getHours() == 13 && now.getMinutes() == 14",
        "now.getHours('+02:00') == 15 && now.getHours('-14:00') == 23 && now.getHours('UTC') == 13",
        "now.getSeconds() == 15 && now.getMilliseconds() == 250 && now > timestamp('2026-01-01T00:00:00Z')",
    ] {
        assert_eq!(evaluate(text), Ok(true), "{text}");
    }
}

#[test]
fn what_cannot_be_said_counts_as_met() {
    for (text, error) in [
        ("request.headers.none == 'a'", EvaluateError::Missing),
        ("request.query.tag == 'a'", EvaluateError::Several),
        ("consumer.claims.org.name == 'a'", EvaluateError::Missing),
        ("consumer.claims.sub.x == 'a'", EvaluateError::Type),
        ("consumer.claims.sub > 1", EvaluateError::Type),
        ("consumer.claims.level", EvaluateError::Type),
        ("consumer.claims.sub + 1 == 2", EvaluateError::Type),
        ("[1][1] == 1", EvaluateError::Missing),
        ("[1][-1] == 1", EvaluateError::Missing),
        ("1 / 0 == 1", EvaluateError::Range),
        ("1 % 0 == 1", EvaluateError::Range),
        ("9223372036854775807 + 1 > 0", EvaluateError::Range),
        ("-9223372036854775808 / -1 > 0", EvaluateError::Range),
        ("-(-9223372036854775808) > 0", EvaluateError::Range),
        ("int(1e300) > 0", EvaluateError::Range),
        ("int(consumer.claims.big) > 0", EvaluateError::Range),
        ("int('x') > 0", EvaluateError::Conversion),
        ("timestamp(request.path) > now", EvaluateError::Conversion),
        ("now.getHours(request.path) > 1", EvaluateError::Conversion),
        ("now + duration('1000000000h') > now", EvaluateError::Range),
        ("{'a': 1, 'a': 2}.a == 1", EvaluateError::DuplicateKey),
        ("request.headers.none == 'a' || false", EvaluateError::Missing),
        ("[1, 2].all(x, consumer.claims.none == x)", EvaluateError::Missing),
        ("[1].exists_one(x, consumer.claims.none == x)", EvaluateError::Missing),
    ] {
        assert_eq!(evaluate(text), Err(error), "{text}");
        assert!(Expression::parse(text).unwrap().is_met(&Request::known()), "{text}");
    }
    let anonymous = Request::anonymous();
    for text in [
        "consumer.kind == 'sandbox'",
        "plan.slug != 'gold'",
        "request.size > 1000",
        "consumer.claims.sub == 'x'",
    ] {
        assert!(Expression::parse(text).unwrap().is_met(&anonymous), "{text}");
    }
    for text in [
        "has(consumer.kind) && consumer.kind == 'live'",
        "has(plan.slug)",
        "has(consumer.claims.sub)",
    ] {
        assert_eq!(
            Expression::parse(text).unwrap().evaluate(&anonymous),
            Ok(false),
            "{text}"
        );
    }
}

#[test]
fn an_operand_that_decides_outweighs_one_that_failed() {
    for (text, expected) in [
        ("1 / 0 == 1 || true", Ok(true)),
        ("true || 1 / 0 == 1", Ok(true)),
        ("1 / 0 == 1 && false", Ok(false)),
        ("1 / 0 == 1 && true", Err(EvaluateError::Range)),
        ("[0, 1].exists(x, 1 / x == 1)", Ok(true)),
        ("[0, 1].all(x, 1 / x == 2)", Ok(false)),
        ("true ? true : 1 / 0 == 1", Ok(true)),
    ] {
        assert_eq!(evaluate(text), expected, "{text}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, line, column, mistake) in [
        ("", 1, 1, "a value is expected here"),
        ("true &&", 1, 8, "a value is expected here"),
        ("true\n  & true", 2, 3, "`&` can't stand here"),
        ("true true", 1, 6, "an operator or the end is expected here"),
        ("'é' == 'abc", 1, 8, "the text has no end"),
        ("'a\nb' == ''", 1, 1, "the text has no end"),
        (r"'\q' == ''", 1, 2, "the text has an unknown escape"),
        (r"'\u+123' == ''", 1, 2, "the text has an unknown escape"),
        (r"'\ud800' == ''", 1, 2, "the text has an unknown escape"),
        ("9223372036854775808 > 0", 1, 1, "this is no number in range"),
        ("99999999999999999999 > 0", 1, 1, "this is no number in range"),
        ("1e999 > 0.0", 1, 1, "this is no number in range"),
        ("1x > 0", 1, 1, "this is no number in range"),
        ("1u > 0u", 1, 1, "unsigned integers are not supported"),
        ("b'a' == b'a'", 1, 1, "bytes are not supported"),
        ("request.method{}", 1, 15, "messages are not supported"),
        ("for == 1", 1, 1, "`for` is a reserved word"),
        ("foo == 1", 1, 1, "`foo` is unknown"),
        ("[1].all(x, y == 1)", 1, 12, "`y` is unknown"),
        ("[1].all(x, true) && x == 1", 1, 21, "`x` is unknown"),
        ("request.methd == 'GET'", 1, 9, "`request` has no field `methd`"),
        ("request == 1", 1, 9, ". is expected here"),
        ("eval('x')", 1, 1, "there is no function `eval` with 1 argument(s)"),
        (
            "'a'.startsWith()",
            1,
            5,
            "there is no function `startsWith` with 1 argument(s)",
        ),
        (
            "startsWith('a', 'b')",
            1,
            1,
            "there is no function `startsWith` with 2 argument(s)",
        ),
        (
            "request.method",
            1,
            1,
            "a value of type bool is expected here, not string",
        ),
        ("request.size == 'a'", 1, 14, "`==` does not fit between int and string"),
        (
            "request.method in 'GET'",
            1,
            16,
            "`in` does not fit between string and string",
        ),
        ("1 in ['a']", 1, 3, "`in` does not fit between int and list"),
        (
            "request.size + 1.5 > 2.0",
            1,
            14,
            "`+` does not fit between int and double",
        ),
        ("now < 5", 1, 5, "`<` does not fit between timestamp and int"),
        ("!request.size", 1, 2, "a value of type bool is expected here, not int"),
        ("true && 1", 1, 9, "a value of type bool is expected here, not int"),
        (
            "request.method.x == 1",
            1,
            1,
            "a value of type map is expected here, not string",
        ),
        (
            "request.headers[1.5] == 'a'",
            1,
            17,
            "a value of type string, int or bool is expected here, not double",
        ),
        (
            "request.size.size() == 1",
            1,
            1,
            "a value of type string, list or map is expected here, not int",
        ),
        (
            "request.method.all(x, true)",
            1,
            1,
            "a value of type list or map is expected here, not string",
        ),
        ("[1].all(x, x)", 1, 12, "a value of type bool is expected here, not int"),
        (
            "request.method.getHours() == 1",
            1,
            1,
            "a value of type timestamp or duration is expected here, not string",
        ),
        (
            "duration('1h').getDate() == 1",
            1,
            1,
            "a value of type timestamp is expected here, not duration",
        ),
        (
            "request.path.matches(request.method)",
            1,
            22,
            "the pattern must be a literal",
        ),
        ("timestamp('yesterday') < now", 1, 11, "this is no timestamp"),
        ("duration('1x') < duration('1h')", 1, 10, "this is no duration"),
        (
            "now.getHours('Europe/Berlin') == 1",
            1,
            14,
            "this is no offset from UTC",
        ),
        ("has(request)", 1, 12, ". is expected here"),
        ("has(1)", 1, 5, "one field is expected here"),
        ("[1, 2", 1, 6, "] is expected here"),
        ("{'a' 1}", 1, 6, ": is expected here"),
        (
            "{1.5: 1} == {}",
            1,
            2,
            "a value of type string, int or bool is expected here, not double",
        ),
        ("true ? 1", 1, 9, ": is expected here"),
        ("(true", 1, 6, ") is expected here"),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!(
            (error.line, error.column, error.mistake.to_string().as_str()),
            (line, column, mistake),
            "{text}"
        );
    }
    let pattern = Expression::parse("request.path.matches('(')").unwrap_err();
    assert!(matches!(pattern.mistake, Mistake::Pattern(_)), "{pattern}");
    let many = "request.path.matches('a') || ".repeat(17) + "true";
    assert_eq!(Expression::parse(&many).unwrap_err().mistake, Mistake::TooManyPatterns);
    let large = Expression::parse("request.path.matches('(a{1000}){1000}')").unwrap_err();
    assert!(matches!(large.mistake, Mistake::Pattern(_)), "{large}");
}

#[test]
fn depth_length_and_steps_are_bounded() {
    let nested = |open: &str, close: &str, depth: usize| format!("{}true{}", open.repeat(depth), close.repeat(depth));
    assert!(Expression::parse(&nested("(", ")", 31)).is_ok());
    for text in [
        nested("(", ")", 2000),
        nested("[", "]", 1000) + " == []",
        nested("true ? true : ", "", 200),
        nested("has(", ")", 800),
        format!("1{} > 0", " + 1".repeat(900)),
        format!("request.claims{}", ".a".repeat(2000)),
        format!("consumer.claims{} == 1", ".a".repeat(1000)),
        format!("consumer.claims{} == 1", "[0]".repeat(1000)),
    ] {
        let mistake = Expression::parse(&text).unwrap_err().mistake;
        assert!(
            matches!(mistake, Mistake::TooDeep | Mistake::UnknownField { .. }),
            "{mistake}: {text:.40}"
        );
    }
    // Not a matter of depth.
    assert_eq!(evaluate(&format!("true{}", " && true".repeat(400))), Ok(true));
    assert_eq!(evaluate(&format!("{}true", "!".repeat(4000))), Ok(true));
    assert_eq!(
        Expression::parse(&" ".repeat(5000)).unwrap_err().mistake,
        Mistake::TooLong
    );
    let list = format!("[{}]", "1,".repeat(50));
    for text in [
        format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, true))))"),
        // What ran out is not absorbed.
        format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, true)))) || true"),
        format!("{list}.map(a, {list}.map(b, {list}.map(c, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' + 'y'))) == []"),
    ] {
        assert_eq!(evaluate(&text), Err(EvaluateError::Steps), "{text:.40}");
    }
}

#[test]
fn an_expression_is_its_text() {
    let one = Expression::parse("true").unwrap();
    assert_eq!((one.text(), one == Expression::parse("true").unwrap()), ("true", true));
    assert_ne!(one, Expression::parse("true ").unwrap());
}

fn fragment() -> impl Strategy<Value = String> {
    proptest::sample::select(&[
        "true",
        "false",
        "null",
        "1",
        "-1",
        "9223372036854775807",
        "1.5",
        "'a'",
        "''",
        "\"é\"",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "{'a': 1}",
        "[1, 2]",
        "request.method",
        "request.headers",
        "request.query",
        "consumer.claims",
        "plan.slug",
        "now",
        ".",
        ".roles",
        ".tag",
        "['tag']",
        "[0]",
        ".all(x, ",
        ".exists(x, ",
        ".map(x, ",
        ".filter(x, ",
        "x",
        "has(",
        ",",
        ":",
        "?",
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        " in ",
        ".size()",
        ".matches('a')",
        ".startsWith('a')",
        ".getHours()",
        "int(",
        "string(",
        "duration('1h')",
        "timestamp(",
        "//",
        "\n",
        "r'",
    ])
    .prop_map(str::to_owned)
}

/// Expressions that often parse.
fn expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(&[
        "true",
        "1",
        "-9223372036854775808",
        "0",
        "2.5",
        "'abc'",
        "request.size",
        "request.query.tag",
        "consumer.claims.roles",
        "consumer.claims.level",
        "consumer.claims.big",
        "now",
        "duration('1h')",
        "[1, 'a']",
        "{'k': 1}",
        "request.headers",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = proptest::sample::select(&["+", "-", "*", "/", "%", "==", "<", "in", "&&", "||"][..]);
        let call =
            proptest::sample::select(&["int", "double", "string", "size", "timestamp", "duration", "!", "-"][..]);
        let each = proptest::sample::select(&["all", "exists", "exists_one", "filter", "map"][..]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (call, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), each, inner.clone()).prop_map(|(a, e, b)| format!("{a}.{e}(x, {b})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}", parts in proptest::collection::vec(fragment(), 0..14)) {
        for text in [text, parts.concat()] {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = (expression.evaluate(&Request::known()), expression.evaluate(&Request::anonymous()));
            }
        }
    }

    #[test]
    fn no_expression_makes_it_panic(inner in expression()) {
        for text in [inner.clone(), format!("{inner} == 1"), format!("[{inner}] != []"), format!("string({inner}) != ''")] {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = (expression.evaluate(&Request::known()), expression.evaluate(&Request::anonymous()));
            }
        }
    }

    #[test]
    fn integers_are_those_of_the_machine(a in any::<i32>(), b in 1_i32..1000) {
        let (x, y) = (i64::from(a), i64::from(b));
        let text = format!(
            "{x} + {y} == {} && {x} - {y} == {} && {x} * {y} == {} && {x} / {y} == {} && {x} % {y} == {} && ({x} < {y}) == {}",
            x + y, x - y, x * y, x / y, x % y, x < y,
        );
        prop_assert_eq!(evaluate(&text), Ok(true));
    }

    #[test]
    fn text_is_read_back(text in "\\PC{0,30}") {
        let quoted = text.replace('\\', "\\\\").replace('\'', "\\'");
        let expression = format!("size('{quoted}') == {} && '{quoted}' == \"{}\"", text.chars().count(), quoted.replace("\\'", "'").replace('"', "\\\""));
        prop_assert_eq!(evaluate(&expression), Ok(true));
    }

    #[test]
    fn mixed_numbers_are_compared_exactly(integer in any::<i64>(), double in any::<f64>()) {
        prop_assume!(double.is_finite());
        // Beyond 2^53 doubles have no fraction.
        let is_less = i128::from(integer) < double.ceil() as i128;
        prop_assert_eq!(evaluate(&format!("{integer} < {double:?}")), Ok(is_less), "{} {}", integer, double);
    }
}
