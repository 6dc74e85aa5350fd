//! What a platform adds to documents at run time.

use openapi::Limits;
use openapi::overlay::{
    AddedHeader, AddedProblem, AddedSecurity, AddedServer, Additions, Applied, OperationAdditions, Overlay,
};
use serde_json::json;

use crate::{specs, walk};

fn additions() -> Additions {
    let problem = |status: &str, name: &str| AddedProblem {
        status: status.to_owned(),
        name: name.to_owned(),
        description: format!("Answer {status}"),
    };
    Additions {
        title: "What the gateway adds".to_owned(),
        version: "7".to_owned(),
        servers: vec![AddedServer { url: "https://api.example/acme/v1".to_owned(), description: None }],
        security: Some(AddedSecurity {
            schemes: json!({"key": {"type": "http", "scheme": "bearer"}, "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}).as_object().unwrap().clone(),
            requirements: vec![[("key".to_owned(), vec![])].into(), [("header".to_owned(), vec![])].into()],
        }),
        headers: vec![
            AddedHeader { name: "RateLimit".to_owned(), description: "What is left".to_owned(), schema: json!({"type": "string"}), statuses: vec![] },
            AddedHeader { name: "Retry-After".to_owned(), description: "Seconds".to_owned(), schema: json!({"type": "integer"}), statuses: vec!["429".to_owned()] },
        ],
        problems: vec![problem("401", "Unauthorized"), problem("403", "Forbidden"), problem("429", "TooManyRequests"), problem("5XX", "GatewayError")],
        problem_schema: Some(json!({"type": "object", "properties": {"title": {"type": "string"}}})),
        is_deprecated: true,
        notice: Some("**Free**: 10 requests a second.".to_owned()),
        extensions: json!({"x-plans": [{"name": "free", "requests": 10}], "ignored": 1}).as_object().unwrap().clone(),
        operations: vec![
            OperationAdditions { method: "GET".to_owned(), path: "/pets".to_owned(), requirements: Some(vec![]), extensions: json!({"x-cost": 2}).as_object().unwrap().clone() },
            OperationAdditions { method: "GET".to_owned(), path: "/nope".to_owned(), requirements: Some(vec![]), ..OperationAdditions::default() },
        ],
    }
}

/// What is applied is what the exported overlay gives to whoever applies it.
#[test]
fn additions_are_an_overlay_and_a_document() {
    let limits = Limits::default();
    for path in specs::files(&specs::own("real")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("github") || name.starts_with("kubernetes") || name.starts_with("digital") {
            continue;
        }
        let document = openapi::read(&std::fs::read(&path).unwrap(), &limits).unwrap();
        let (overlay, applied) = Overlay::of_additions(&document, &additions(), &limits).unwrap();
        assert_eq!(applied.diagnostics, [], "{name}");
        for exported in [overlay.to_yaml(), overlay.to_json()] {
            let read = Overlay::read(exported.as_bytes(), &limits)
                .unwrap_or_else(|rejected| panic!("{name}: {rejected}\n{exported}"));
            let again = read.apply_to(&document, &limits).unwrap();
            assert_eq!(again.diagnostics, [], "{name}");
            assert_eq!(again.document.root(), applied.document.root(), "{name}");
        }
        let errors = |document: &openapi::Document| {
            document
                .diagnostics()
                .iter()
                .filter(|found| found.severity == openapi::Severity::Error)
                .count()
        };
        assert_eq!(
            errors(&applied.document),
            0,
            "{name}: {:?}",
            applied.document.diagnostics()
        );
        walk::everything(&applied.document, &name);
    }
}

#[test]
fn additions_say_what_they_are_for() {
    let limits = Limits::default();
    let bytes = std::fs::read(specs::own("real/petstore-3.0.yaml")).unwrap();
    let document = openapi::read(&bytes, &limits).unwrap();
    let (_, Applied { document, .. }) = Overlay::of_additions(&document, &additions(), &limits).unwrap();
    assert_eq!(document.servers()[0].url, "https://api.example/acme/v1");
    let operation = document.operation("createPets").unwrap();
    assert!(operation.entry().deprecated);
    let statuses: Vec<String> = operation
        .responses()
        .iter()
        .map(|response| response.status.to_owned())
        .collect();
    assert_eq!(statuses, ["201", "default", "401", "403", "429", "5XX"]);
    let too_many = &operation.responses()[4];
    let headers: Vec<&str> = too_many.headers.iter().map(|header| header.name).collect();
    assert_eq!(headers, ["RateLimit", "Retry-After"]);
    assert_eq!(too_many.content[0].name, "application/problem+json");
    assert_eq!(operation.responses()[0].headers[0].name, "RateLimit");
    assert_eq!(operation.security().len(), 2);
    assert_eq!(document.operation("listPets").unwrap().security().len(), 0);
    assert_eq!(document.root()["x-plans"][0]["name"], "free");
    assert!(document.root().get("ignored").is_none());
    assert!(document.description().unwrap().ends_with("10 requests a second."));
}
