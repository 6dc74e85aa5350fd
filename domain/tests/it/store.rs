//! Opening, migrating, listening.

use domain::{
    fixture::{Engine, TemporaryFolder, World, on_both_engines},
    store::{Database, OpenError, OpenOptions},
};
use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database as Connection, DbBackend, Statement};

async fn tables(db: &impl ConnectionTrait) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    names.sort();
    names
}

on_both_engines! {
    async fn every_migration_can_be_taken_back_and_done_again(world) {
        let db = Connection::connect(world.url()).await.unwrap();
        let before = tables(&db).await;
        assert!(before.len() > 20, "{before:?}");
        for round in 1..=2 {
            Migrator::down(&db, None).await.unwrap();
            assert_eq!(tables(&db).await, ["schema_migration"], "down, round {round}");
            Migrator::up(&db, None).await.unwrap();
            assert_eq!(tables(&db).await, before, "up, round {round}");
        }
        db.close().await.unwrap();
    }

    async fn the_database_answers_until_it_is_closed(world) {
        let db = &world.services.context.db;
        db.health().await.unwrap();
        db.close().await;
        assert!(db.health().await.is_err());
    }

    async fn a_database_of_a_newer_version_is_refused(world) {
        let db = Connection::connect(world.url()).await.unwrap();
        db.execute_unprepared(
            "INSERT INTO schema_migration (version, applied_at) VALUES ('m29990101_000001_future', 0)",
        )
        .await
        .unwrap();
        let refusal = Database::open(world.url(), OpenOptions::default()).await.err().unwrap();
        assert!(
            matches!(&refusal, OpenError::DatabaseNewer { change, .. } if change == "m29990101_000001_future"),
            "{refusal:?}"
        );
        assert!(refusal.to_string().contains("newer version of turnpike"), "{refusal}");
    }

    async fn several_processes_can_open_a_database_at_once(world) {
        let (a, b, c) = tokio::join!(world.second_node(), world.second_node(), world.second_node());
        for node in [a, b, c] {
            node.context.db.health().await.unwrap();
        }
    }

    async fn a_commit_wakes_the_reconciler_of_this_process(world) {
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        world.services.keys.create(&ada, application.id, "main").await.unwrap();
        // Kept although nobody waited at the time of the commit.
        world.services.context.config_changed.notified().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_reconcilers_of_other_processes_on_postgres() {
    let Some(world) = World::start(Engine::Postgres).await else {
        return;
    };
    let other = world.second_node().await;
    let mut listener = other
        .context
        .db
        .listen_config_changes()
        .await
        .unwrap()
        .expect("PostgreSQL listens");
    let ada = world.account("ada@example.com").await;
    let application = world.application(&ada, "App").await;
    world.services.keys.create(&ada, application.id, "main").await.unwrap();
    listener.changed().await.unwrap();
}

#[tokio::test]
async fn sqlite_has_nobody_to_listen_to() {
    let world = World::new(Engine::Sqlite).await;
    assert!(
        world
            .services
            .context
            .db
            .listen_config_changes()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_in_one_line() {
    let folder = TemporaryFolder::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(
        &file,
        "this is no database, and long enough to be none for sure ".repeat(20),
    )
    .unwrap();
    for (url, expected) in [
        ("turnpike.db".into(), "it has no scheme"),
        ("mysql://localhost/turnpike".into(), "`mysql` is not supported"),
        ("sqlite::memory:".into(), "it names no file"),
        (
            format!("sqlite://{}/inside/turnpike.db", file.display()),
            "cannot write the database file",
        ),
        (format!("sqlite://{}", file.display()), "file is not a database"),
        (
            format!(
                "postgres://u:secret@localhost/turnpike?host={}",
                folder.path().display()
            ),
            "cannot open the database turnpike at",
        ),
    ] {
        let text = Database::open(&url, OpenOptions::default())
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(text.contains(expected), "{url}: {text}");
        assert!(!text.contains('\n') && !text.contains("secret"), "{url}: {text}");
    }
}
