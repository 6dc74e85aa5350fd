//! What documents say of credentials, by policies.

use time::macros::datetime;

use super::*;
use crate::{
    catalog::{routing::Routing, version::Access},
    id::{ApiId, VersionId},
};

fn version() -> Version {
    let at = datetime!(2026-11-20 9:00 UTC);
    Version {
        id: VersionId::generate(),
        api_id: ApiId::generate(),
        name: "v1".parse().unwrap(),
        state: VersionState::Published,
        revision_id: None,
        upstream: None,
        access: Access::Key,
        routing: Routing::default(),
        deprecation: None,
        created_at: at,
        published_at: Some(at),
    }
}

fn policies(json: Value) -> PolicySet {
    serde_json::from_value(json).unwrap()
}

fn additions(version: &Version, in_force: &InForce) -> Additions {
    let run_time = RunTime {
        version,
        in_force,
        plans: &[],
        base_url: "https://gateway.example/acme/pets/v1",
        gateway_url: "https://gateway.example",
    };
    run_time.additions()
}

#[test]
fn a_place_of_keys_that_differs_is_a_scheme_of_its_own() {
    let operation = |json| policies(json!({ "access": json }));
    let in_force = InForce {
        version: PolicySet::default(),
        operations: BTreeMap::from([
            ("GET /a".to_owned(), operation(json!({"key_header": "X-Other"}))),
            ("GET /b".to_owned(), operation(json!({"key_header": "x-api-key"}))),
            ("GET /c".to_owned(), operation(json!({"key_query": "my.key"}))),
        ]),
    };
    let version = version();
    let added = additions(&version, &in_force);
    let security = added.security.unwrap();
    assert_eq!(security.schemes["keyInHeader"]["name"], "X-Api-Key");
    assert_eq!(security.schemes["keyInHeader.x-other"]["name"], "X-Other");
    assert_eq!(security.schemes["keyInQuery.my.2ekey"]["name"], "my.key");
    let own: Vec<_> = added
        .operations
        .iter()
        .map(|operation| operation.path.as_str())
        .collect();
    assert_eq!(own, ["/a", "/c"], "names of headers are the same in any case");
    let ways = added.operations[0].requirements.as_ref().unwrap();
    let names: Vec<_> = ways.iter().flat_map(BTreeMap::keys).collect();
    assert_eq!(names, ["key", "keyInHeader.x-other"]);
    assert_eq!(in_force.accepted_by(&version, "GET", "/a").key_header, "X-Other");
    assert_eq!(in_force.accepted_by(&version, "GET", "/z").key_header, "X-Api-Key");
}

#[test]
fn a_credential_that_cannot_have_the_scopes_is_not_accepted() {
    let in_force = InForce {
        version: policies(json!({
            "access": {"accept": ["key", "jwt"], "anonymous": true},
            "scopes": {"required": ["read"], "keys": false},
        })),
        operations: BTreeMap::new(),
    };
    let version = version();
    let access = in_force.accepted(&version);
    assert_eq!((access.accept, access.anonymous), (vec![CredentialKind::Jwt], false));
    let security = additions(&version, &in_force).security.unwrap();
    assert_eq!(security.schemes.keys().collect::<Vec<_>>(), ["jwt"]);
    assert_eq!(
        security.requirements,
        [SecurityRequirement::from([("jwt".to_owned(), vec!["read".to_owned()])])]
    );
}
