//! The same API in several versions looks the same; what a version has of its own arrives.

use openapi::schema::{TreeBudget, tree};
use openapi::{Direction, Document, Limits, OperationKind, ParameterLocation, SecuritySchemeKind};

use crate::specs;

fn document(file: &str) -> Document {
    openapi::read(
        &std::fs::read(specs::own("real").join(file)).unwrap(),
        &Limits::default(),
    )
    .unwrap()
}

#[test]
fn petstore_is_the_same_in_2_0_and_3_0() {
    let (old, new) = (document("petstore-2.0.json"), document("petstore-3.0.yaml"));
    let index = |doc: &Document| -> Vec<(String, String, String, Option<String>)> {
        let entries = doc.operations().iter();
        entries
            .map(|e| (e.slug.clone(), e.method.clone(), e.path.clone(), e.summary.clone()))
            .collect()
    };
    assert_eq!(index(&old), index(&new));
    assert_eq!(old.servers()[0].url, "http://petstore.swagger.io/v1");
    assert_eq!(new.servers()[0].url, "http://petstore.swagger.io/v1");
    for doc in [&old, &new] {
        let get = doc.operation("showPetById").unwrap();
        let parameters = get.parameters();
        assert_eq!(
            (parameters[0].name, parameters[0].location),
            ("petId", ParameterLocation::Path)
        );
        assert!(parameters[0].required);
        let responses = get.responses();
        let pet = tree(
            doc,
            responses[0].content[0].schema.unwrap(),
            &TreeBudget::default(),
            Direction::Response,
        );
        assert!(
            pet.type_label == "Pet" || pet.type_label == "list of Pet",
            "{}",
            pet.type_label
        );
        let names: Vec<_> = pet
            .children
            .iter()
            .map(|child| child.name.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["id", "name", "tag"]);
        assert!(pet.children[0].required && !pet.children[2].required);
    }
}

#[test]
fn a_large_2_0_document_has_bodies_and_media_types() {
    let doc = document("kubernetes-1.10-2.0.json.gz");
    let create = doc.operation("createCoreV1NamespacedPod").unwrap();
    let body = create.request_body().unwrap();
    assert!(body.required);
    assert_eq!(body.content[0].name, "*/*");
    let pod = tree(
        &doc,
        body.content[0].schema.unwrap(),
        &TreeBudget::default(),
        Direction::Request,
    );
    assert_eq!(pod.reference.as_deref(), Some("io.k8s.api.core.v1.Pod"));
    assert!(pod.children.iter().any(|child| child.name.as_deref() == Some("spec")));
    let responses = create.responses();
    let types: Vec<&str> = responses[0].content.iter().map(|media| media.name).collect();
    assert!(
        types.contains(&"application/json") && types.contains(&"application/yaml"),
        "{types:?}"
    );
    assert!(
        create
            .parameters()
            .iter()
            .any(|parameter| parameter.name == "namespace" && parameter.schema.is_some())
    );
    let security = create.security();
    let scheme = security[0].schemes[0].scheme.as_ref().unwrap();
    assert_eq!(
        scheme.kind,
        SecuritySchemeKind::ApiKey {
            location: "header",
            name: "authorization"
        }
    );
}

#[test]
fn webhooks_are_listed_apart() {
    let doc = document("webhook-3.1.json");
    let entry = &doc.operations()[0];
    assert_eq!(
        (entry.kind, entry.path.as_str(), entry.method.as_str()),
        (OperationKind::Webhook, "newPet", "POST")
    );
    assert_eq!(doc.counts().operations, 0);
    assert!(doc.operation(&entry.slug).unwrap().request_body().is_some());
}

#[test]
fn security_of_3_1() {
    let doc = document("tictactoe-3.1.yaml");
    let put = doc.operations().iter().find(|entry| entry.method == "PUT").unwrap();
    let security = doc.operation(&put.slug).unwrap().security();
    let kinds: Vec<_> = security
        .iter()
        .map(|way| (way.schemes[0].name, way.schemes[0].scheme.as_ref().unwrap().kind))
        .collect();
    assert_eq!(
        kinds[0],
        (
            "bearerHttpAuthentication",
            SecuritySchemeKind::Http {
                scheme: "Bearer",
                bearer_format: Some("JWT")
            }
        )
    );
    assert_eq!(kinds[1].1, SecuritySchemeKind::OAuth2);
}

#[test]
fn tags_of_3_2_form_a_tree() {
    let doc = document("tags-3.2.yaml");
    assert!(doc.tags().iter().any(|tag| tag.parent.is_some()));
    for tag in doc.tags() {
        assert!(
            tag.parent
                .as_ref()
                .is_none_or(|parent| doc.tags().iter().any(|other| other.name == *parent))
        );
    }
}

#[test]
fn recursive_schemas_end() {
    let doc = document("schema-circular-3.0.yaml");
    for name in doc.schemas().collect::<Vec<_>>() {
        let node = tree(
            &doc,
            doc.schema(name).unwrap(),
            &TreeBudget::default(),
            Direction::Response,
        );
        assert!(!node.type_label.is_empty(), "{name}");
    }
}

#[test]
fn strict_check_is_about_3_0_only() {
    let limits = Limits::default();
    let check = |file: &str| openapi::strict::check(&std::fs::read(specs::own("real").join(file)).unwrap(), &limits);
    assert!(check("petstore-3.0.yaml").is_empty());
    assert!(check("tictactoe-3.1.yaml").is_empty());
    let wrong = br#"{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"get": {"responses": {"200": {"description": 5}}}}}}"#;
    assert_eq!(openapi::strict::check(wrong, &limits).len(), 1);
}

#[test]
fn the_report_has_the_fields_of_the_interface() {
    let read = openapi::read(
        &std::fs::read(specs::own("real").join("tictactoe-3.1.yaml")).unwrap(),
        &Limits::default(),
    );
    let report = serde_json::to_value(openapi::inspect::report(&read)).unwrap();
    for (field, expected) in [
        ("format", "openapi-3.1".into()),
        ("paths", 2.into()),
        ("operations", 3.into()),
        ("schemas", 6.into()),
    ] {
        let expected: serde_json::Value = expected;
        assert_eq!(report[field], expected, "{field}");
    }
    assert!(report["title"].is_string() && report["version"].is_string() && report["diagnostics"].is_array());
    let refused = openapi::inspect::report(&openapi::read(b"", &Limits::default()));
    assert_eq!(
        serde_json::to_value(refused).unwrap()["diagnostics"][0]["code"],
        "empty"
    );
}
