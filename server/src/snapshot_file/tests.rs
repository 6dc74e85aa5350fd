use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use domain::{
    catalog::{
        routing::Routing,
        version::{Access, VersionState},
    },
    gateway_config::{
        CatalogRecords, ConfigChanges, ConfigUpdate, DocumentText, GatewayConfig, Identity, IdentityRecord, KeyRecord,
        OperationRecord, PlanRecord, QuotaStart, SubscriptionRecord, VersionRecord,
    },
    id::{ApiId, ApplicationId, KeyId, PlanId, SubscriptionId, VersionId},
    installation_key::InstallationKey,
    key::KeyHash,
    plan::{Period, Quota, RateLimit},
    subscription::SubscriptionState,
};
use time::macros::datetime;

use super::*;
use crate::temporary::TemporaryFolder;

fn key(n: u8) -> KeyRecord {
    KeyRecord {
        id: KeyId::generate(),
        hash: KeyHash([n; 32]),
        application_id: ApplicationId::generate(),
    }
}

fn subscription() -> SubscriptionRecord {
    SubscriptionRecord {
        id: SubscriptionId::generate(),
        application_id: ApplicationId::generate(),
        plan_id: PlanId::generate(),
        state: SubscriptionState::Suspended,
        used: QuotaStart {
            period_start: datetime!(2026-11-01 0:00 UTC),
            units: 77,
        },
        scopes: vec!["pets:read".into(), "pets:write".into()],
    }
}

fn catalog() -> CatalogRecords {
    let upstream = serde_json::json!({ "targets": [{ "url": "http://127.0.0.1:9000/base" }] });
    CatalogRecords {
        versions: vec![VersionRecord {
            id: VersionId::generate(),
            api_id: ApiId::generate(),
            organization: "acme".into(),
            api: "petstore".into(),
            name: "v1".into(),
            state: VersionState::Published,
            upstream: serde_json::from_value(upstream).unwrap(),
            access: Access::Key,
            routing: Routing::default(),
            deprecation: None,
            document: Some(DocumentText::new("abc", *b"{\"openapi\": \"3.1.0\"}")),
            operations: vec![OperationRecord {
                slug: "list".into(),
                method: "GET".into(),
                path: "/pets".into(),
                deprecated: false,
                policies: None,
            }],
            policies: domain::policy::PolicySet::default(),
        }],
        plans: vec![PlanRecord {
            id: PlanId::generate(),
            slug: "free".into(),
            apis: vec![ApiId::generate()],
            rate_limits: vec![RateLimit {
                requests: 10,
                per_s: 1,
                burst: 20,
            }],
            quota: Some(Quota {
                requests: 1_000,
                per: Period::Month,
            }),
        }],
    }
}

fn identities() -> Vec<IdentityRecord> {
    vec![IdentityRecord {
        application_id: ApplicationId::generate(),
        organization: Some("acme".into()),
        identity: Identity::Certificate { thumbprint: [9; 32] },
    }]
}

fn base() -> ConfigUpdate {
    ConfigUpdate::Full(Box::new(GatewayConfig {
        revision: 5,
        catalog: catalog(),
        subscriptions: vec![subscription()],
        keys: (0..8).map(key).collect(),
        identities: identities(),
    }))
}

fn changes(revision: i64) -> ConfigUpdate {
    ConfigUpdate::Changes(Box::new(ConfigChanges {
        revision,
        catalog: (revision % 2 == 0).then(catalog),
        subscriptions: vec![subscription()],
        ended_subscriptions: vec![SubscriptionId::generate()],
        keys: vec![key(200)],
        revoked_keys: vec![KeyHash([3; 32])],
        identities: (revision % 3 == 0).then(identities),
        purges: Vec::new(),
    }))
}

fn file(folder: &Path) -> SnapshotFile {
    SnapshotFile::new(folder, &Store::Postgres("postgres://a@db/turnpike".into()))
}

/// Records updates, each going on from the one before, and waits until they are written.
async fn record(file: &SnapshotFile, updates: &[ConfigUpdate]) {
    let (recorder, written) = Recorder::start(file).unwrap();
    let mut since = None;
    for update in updates {
        recorder.record(file.entry(update, since));
        since = Some(match update {
            ConfigUpdate::Full(config) => config.revision,
            ConfigUpdate::Changes(changes) => changes.revision,
        });
    }
    drop(recorder);
    written.await;
}

fn load(file: &SnapshotFile) -> Loaded {
    file.load().unwrap()
}

#[tokio::test]
async fn what_was_recorded_is_read_again() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let file = file(folder.path());
    assert!(matches!(file.load(), Err(LoadError::Missing)));
    let recorded = [base(), changes(6), changes(7), changes(9)];
    record(&file, &recorded).await;
    let loaded = load(&file);
    assert!(!loaded.is_cut);
    assert_eq!(format!("{:?}", loaded.updates), format!("{recorded:?}"));
    let mode = fs::metadata(file.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A base takes the place of everything, also of what waits with it.
    record(&file, &[base(), changes(6), base()]).await;
    assert_eq!(load(&file).updates.len(), 1);
}

#[tokio::test]
async fn secrets_are_sealed() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let plain = file(folder.path());
    let key = || Some(Arc::new(InstallationKey::generate()));
    let ours = plain.clone().sealed_with(key());
    let recorded = [base(), changes(6)];
    record(&ours, &recorded).await;
    assert_eq!(format!("{:?}", load(&ours).updates), format!("{recorded:?}"));
    let bytes = fs::read(ours.path()).unwrap();
    assert!(
        !bytes.windows(9).any(|part| part == b"9000/base"),
        "versions are sealed"
    );
    for other in [plain.clone(), plain.sealed_with(key())] {
        assert!(matches!(other.load(), Err(LoadError::Sealed(_))));
    }
}

#[tokio::test]
async fn a_change_appends_little() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let file = file(folder.path());
    record(&file, &[base()]).await;
    let one = fs::metadata(file.path()).unwrap().len();
    record(&file, &[base(), changes(7)]).await;
    let two = fs::metadata(file.path()).unwrap().len();
    assert!(two - one < 300, "{one} and {two} bytes");
}

#[tokio::test]
async fn whatever_is_damaged_is_noticed() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let file = file(folder.path());
    record(&file, &[base(), changes(6), changes(7)]).await;
    let good = fs::read(file.path()).unwrap();
    for at in (0..good.len()).step_by(5) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(file.path(), &bad).unwrap();
        assert!(file.load().is_err(), "byte {at}");
    }
    for length in (0..good.len()).step_by(5) {
        fs::write(file.path(), &good[..length]).unwrap();
        let whole_base = matches!(file.load(), Ok(loaded) if loaded.updates.len() < 3);
        assert!(whole_base || file.load().is_err(), "{length} bytes");
    }
    // Frames of another file, or in another order, do not fit.
    record(&file, &[base(), changes(7)]).await;
    let other = fs::read(file.path()).unwrap();
    record(&file, &[base()]).await;
    let length = fs::metadata(file.path()).unwrap().len() as usize;
    let mixed = [&fs::read(file.path()).unwrap()[..], &other[length..]].concat();
    fs::write(file.path(), mixed).unwrap();
    assert!(matches!(file.load(), Err(LoadError::Damaged { .. })));
}

#[tokio::test]
async fn a_file_of_somebody_else_is_not_used() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let ours = file(folder.path());
    record(&ours, &[base()]).await;
    let other = SnapshotFile::new(folder.path(), &Store::Postgres("postgres://a@db/other".into()));
    assert!(matches!(other.load(), Err(LoadError::OtherInstallation)));
    fs::set_permissions(ours.path(), fs::Permissions::from_mode(0o620)).unwrap();
    assert!(matches!(ours.load(), Err(LoadError::Unsafe)));
    fs::remove_file(ours.path()).unwrap();
    fs::create_dir(ours.path()).unwrap();
    assert!(matches!(ours.load(), Err(LoadError::Unsafe)));
}

#[tokio::test]
async fn a_hole_asks_for_a_new_base() {
    let folder = TemporaryFolder::new("snapshot").unwrap();
    let file = file(folder.path());
    let (recorder, written) = Recorder::start(&file).unwrap();
    assert!(Recorder::start(&file).is_err(), "one gateway a folder");
    let state = recorder.state();
    recorder.record(file.entry(&base(), None));
    // Number 6 was lost on the way.
    recorder.record(file.entry(&changes(7), Some(6)));
    drop(recorder);
    written.await;
    assert!(state.needs_base());
    assert_eq!(load(&file).updates.len(), 1, "nothing follows a hole");
    assert!(state.bytes() > 0);
}
