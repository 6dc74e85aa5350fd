//! Tables as sea-orm sees them, one file each, with the way from a row to the domain's type and back.

pub(crate) mod account;
pub(crate) mod account_token;
pub(crate) mod api;
pub(crate) mod api_key;
pub(crate) mod application;
pub(crate) mod audit_entry;
pub(crate) mod config_change;
pub(crate) mod config_state;
pub(crate) mod gateway_node;
pub(crate) mod mapped_identity;
pub(crate) mod membership;
pub(crate) mod oauth_client;
pub(crate) mod organization;
pub(crate) mod organization_ruleset;
pub(crate) mod outbox_mail;
pub(crate) mod plan;
pub(crate) mod plan_api;
pub(crate) mod policy;
pub(crate) mod quota_usage;
pub(crate) mod revision;
pub(crate) mod revision_report;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod spec_document;
pub(crate) mod subscription;
pub(crate) mod usage_batch;
pub(crate) mod usage_record;
pub(crate) mod version;

#[cfg(all(test, feature = "fixture"))]
mod tests {
    use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, Iden, Iterable, Statement};

    use crate::fixture::{World, on_both_engines};

    /// Name and whether it may be null of each column, as the entity has them.
    fn columns_of<E: EntityTrait>() -> Vec<(String, bool)> {
        let mut columns: Vec<_> = E::Column::iter()
            .map(|column| (column.unquoted().to_owned(), column.def().is_null()))
            .collect();
        columns.sort();
        columns
    }

    /// The same, as the database has them.
    async fn columns_in(world: &World, table: &str) -> Vec<(String, bool)> {
        let db = world.services.context.db.read();
        let sql = match db.get_database_backend() {
            DbBackend::Postgres => format!(
                "SELECT column_name AS name, is_nullable = 'YES' AS is_null FROM information_schema.columns \
                 WHERE table_name = '{table}'"
            ),
            _ => format!("SELECT name, NOT (\"notnull\" OR pk) AS is_null FROM pragma_table_info('{table}')"),
        };
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("the columns can be asked for");
        let mut columns: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.try_get("", "name").expect("text"),
                    row.try_get("", "is_null").expect("truth"),
                )
            })
            .collect();
        columns.sort();
        columns
    }

    macro_rules! assert_same_columns { ($world:expr, $($entity:ident)*) => {$(
        let table = super::super::$entity::Entity.table_name();
        assert_eq!(columns_of::<super::super::$entity::Entity>(), columns_in(&$world, table).await, "{table}");
    )*}}

    on_both_engines! {
        async fn entities_have_the_columns_of_their_tables(world) {
            assert_same_columns!(world,
                account account_token api api_key application audit_entry config_change config_state gateway_node mapped_identity membership
                oauth_client organization organization_ruleset outbox_mail plan plan_api policy quota_usage revision revision_report
                session setting spec_document subscription usage_batch usage_record version);
        }
    }
}
