//! Use cases of applications.

mod views;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};

use super::{Application, owned};
use crate::{
    actor::Actor,
    catalog::input::{self, Mistakes},
    client::Client,
    error::{DomainError, Result},
    id::{AccountId, ApplicationId, SubscriptionId},
    identity,
    key::{Key, KeyState},
    organization::Organization,
    plan::Plan,
    services::Context,
    slug::{Slug, SlugError},
    store::{
        OrTaken,
        entity::{account, api_key, application, oauth_client, plan, subscription},
        unit::{Change, Unit},
    },
    subscription::{Subscription, SubscriptionState},
    usage::QuotaUse,
};

/// Use cases of applications.
#[derive(Clone)]
pub struct Applications {
    pub(crate) cx: Context,
}

/// A subscription as its owner sees it.
#[derive(Clone, Debug)]
pub struct SubscriptionView {
    /// The subscription.
    pub subscription: Subscription,
    /// Its plan.
    pub plan: Plan,
    /// The provider.
    pub organization: Organization,
    /// Apis that the plan covers and that have a listed version: slug and name.
    pub apis: Vec<(String, String)>,
    /// Used of allowed in the current period, by the ledger.
    pub quota: QuotaUse,
}

/// An application with all its page shows.
#[derive(Clone, Debug)]
pub struct ApplicationDetail {
    /// The application.
    pub application: Application,
    /// Its subscriptions: live ones first, then canceled ones; newest first.
    pub subscriptions: Vec<SubscriptionView>,
    /// Its keys: active ones first, newest first.
    pub keys: Vec<Key>,
    /// Its OAuth clients: active ones first, newest first.
    pub clients: Vec<Client>,
}

/// An application in the dashboard's list.
#[derive(Clone, Debug)]
pub struct ApplicationOverview {
    /// The application.
    pub application: Application,
    /// Live subscriptions.
    pub subscriptions: u64,
    /// Active keys.
    pub keys: u64,
    /// Calls since midnight UTC.
    pub calls_today: u64,
}

/// Applications that an account may have.
const MAX_APPLICATIONS: usize = 100;

const NAME_MAX: usize = 100;
const DESCRIPTION_MAX: usize = 500;

impl Applications {
    /// Makes an application for the actor (a verified account). An empty slug is suggested from the name.
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `slug`, `description`; `Conflict` at 100 applications of the account.
    pub async fn create(&self, actor: &Actor, name: &str, slug: &str, description: &str) -> Result<Application> {
        let owner = actor.require_verified()?.id;
        let mut mistakes = Mistakes::default();
        let chosen = match slug.trim() {
            "" => None,
            typed => mistakes.take("slug", typed.parse().map_err(|error: SlugError| error.to_string())),
        };
        let name = mistakes.take("name", input::name(name, NAME_MAX)).unwrap_or_default();
        let description = mistakes
            .take("description", check_description(description))
            .unwrap_or_default();
        mistakes.none()?;
        let unit = self.cx.begin().await?;
        // The account's row is the lock of the cap and of the suggestion.
        account::Entity::find_by_id(owner)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(DomainError::Unauthenticated)?;
        let slugs = slugs_of(&unit, owner).await?;
        if slugs.len() >= MAX_APPLICATIONS {
            return Err(DomainError::Conflict(format!(
                "An account can have {MAX_APPLICATIONS} applications. Delete one that is no longer used."
            )));
        }
        let slug = match chosen {
            Some(slug) => slug,
            None => suggest(&name, &slugs)
                .ok_or_else(|| DomainError::field("slug", "Enter a short name, for example `my-app`."))?,
        };
        let application = Application {
            id: ApplicationId::generate(),
            owner_id: owner,
            slug,
            name,
            description,
            created_at: unit.now(),
        };
        application::ActiveModel::from(&application)
            .insert(&*unit)
            .await
            .or_taken(|| DomainError::field("slug", "You have an application with this short name already."))?;
        unit.audit(
            actor,
            None,
            "application.create",
            application.id,
            application.slug.as_str(),
        )
        .await?;
        unit.commit().await?;
        Ok(application)
    }

    /// Changes name and description.
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `description`.
    pub async fn update(&self, actor: &Actor, id: ApplicationId, name: &str, description: &str) -> Result<Application> {
        let unit = self.cx.begin().await?;
        let mut application = owned::to_change(&unit, actor, id).await?;
        let mut mistakes = Mistakes::default();
        application.name = mistakes.take("name", input::name(name, NAME_MAX)).unwrap_or_default();
        application.description = mistakes
            .take("description", check_description(description))
            .unwrap_or_default();
        mistakes.none()?;
        application::ActiveModel {
            id: Set(id),
            name: Set(application.name.clone()),
            description: Set(application.description.clone()),
            ..Default::default()
        }
        .update(&*unit)
        .await?;
        unit.audit(actor, None, "application.update", id, application.name.as_str())
            .await?;
        unit.commit().await?;
        Ok(application)
    }

    /// Deletes an application: its keys and clients are revoked and its subscriptions canceled; its usage stays in the ledger.
    pub async fn delete(&self, actor: &Actor, id: ApplicationId) -> Result<()> {
        let mut unit = self.cx.begin().await?;
        let application = owned::to_change(&unit, actor, id).await?;
        let mut changes = cancel_all(&unit, actor, &application).await?;
        changes.extend(revoke_all(&unit, id).await?);
        if revoke_clients(&unit, id).await? {
            changes.push(Change::Identities);
        }
        application::ActiveModel {
            id: Set(id),
            state: Set(application::DELETED.into()),
            ..Default::default()
        }
        .update(&*unit)
        .await?;
        unit.audit(actor, None, "application.delete", id, application.slug.as_str())
            .await?;
        if !changes.is_empty() {
            unit.bump(&changes).await?;
        }
        unit.commit().await
    }
}

/// Cancels every live subscription of an application and tells the providers' audit logs.
async fn cancel_all(unit: &Unit, actor: &Actor, application: &Application) -> Result<Vec<Change>> {
    let live = subscription::Entity::find()
        .filter(subscription::Column::ApplicationId.eq(application.id))
        .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
        .find_also_related(plan::Entity)
        .all(&**unit)
        .await?;
    let mut changes = Vec::with_capacity(live.len());
    for (row, plan) in live {
        let id = row.id;
        let mut change = row.into_active_model();
        change.state = Set(SubscriptionState::Canceled.as_str().into());
        change.canceled_at = Set(Some(unit.now()));
        change.update(&**unit).await?;
        let organization = plan.map(|plan| plan.organization_id);
        unit.audit(
            actor,
            organization,
            "subscription.cancel",
            id,
            application.name.as_str(),
        )
        .await?;
        changes.push(Change::Subscription(id));
    }
    let over: Vec<SubscriptionId> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Subscription(id) => Some(*id),
            _ => None,
        })
        .collect();
    if identity::service::remove_of(unit, &over).await? {
        changes.push(Change::Identities);
    }
    Ok(changes)
}

/// Revokes every active client of an application; says whether there was one.
async fn revoke_clients(unit: &Unit, application: ApplicationId) -> Result<bool> {
    use oauth_client::Column;
    let revoked = oauth_client::Entity::update_many()
        .col_expr(Column::State, Expr::value(KeyState::Revoked.as_str()))
        .col_expr(Column::RevokedAt, Expr::value(unit.now()))
        .filter(Column::ApplicationId.eq(application))
        .filter(Column::State.eq(KeyState::Active.as_str()))
        .exec(&**unit)
        .await?;
    Ok(revoked.rows_affected > 0)
}

/// Revokes every active key of an application.
async fn revoke_all(unit: &Unit, application: ApplicationId) -> Result<Vec<Change>> {
    use api_key::Column;
    let revoked = api_key::Entity::update_many()
        .col_expr(Column::State, Expr::value(KeyState::Revoked.as_str()))
        .col_expr(Column::RevokedAt, Expr::value(unit.now()))
        .filter(Column::ApplicationId.eq(application))
        .filter(Column::State.eq(KeyState::Active.as_str()))
        .exec_with_returning(&**unit)
        .await?;
    let changes: Result<Vec<Change>, _> = revoked
        .iter()
        .map(|key| key.key_hash().map(|hash| Change::Key(key.id, hash)))
        .collect();
    Ok(changes?)
}

async fn slugs_of(unit: &Unit, owner: AccountId) -> Result<Vec<String>> {
    let slugs = application::Entity::find()
        .select_only()
        .column(application::Column::Slug)
        .filter(application::Column::OwnerId.eq(owner))
        .filter(application::Column::State.eq(application::ACTIVE))
        .order_by_asc(application::Column::Slug)
        .into_tuple()
        .all(&**unit)
        .await?;
    Ok(slugs)
}

/// A slug from the name that the owner has not used: `app`, `app-2`, `app-3` …
fn suggest(name: &str, taken: &[String]) -> Option<Slug> {
    let base = Slug::suggest(name)?;
    let is_free = |slug: &Slug| !taken.iter().any(|taken| taken == slug.as_str());
    if is_free(&base) {
        return Some(base);
    }
    // Cut, so that the number fits; slugs are ASCII.
    let stem = base.as_str().get(..60).unwrap_or(base.as_str()).trim_end_matches('-');
    (2..=MAX_APPLICATIONS + 1)
        .filter_map(|n| format!("{stem}-{n}").parse().ok())
        .find(is_free)
}

/// What an application is for, trimmed.
///
/// # Errors
/// More than 500 characters, or control characters.
pub fn check_description(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_MAX {
        Err(format!("Use at most {DESCRIPTION_MAX} characters."))
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err("Leave out control characters.".into())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_avoid_what_is_taken() {
        for (name, taken, slug) in [
            ("My App", &[][..], Some("my-app")),
            ("My App", &["my-app"], Some("my-app-2")),
            ("My App", &["my-app", "my-app-2"], Some("my-app-3")),
            ("…", &[], None),
        ] {
            let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
            assert_eq!(
                suggest(name, &taken).as_ref().map(Slug::as_str),
                slug,
                "{name} beside {taken:?}"
            );
        }
        let long = "a".repeat(63);
        assert_eq!(
            suggest(&long, std::slice::from_ref(&long)).map(|slug| slug.as_str().len()),
            Some(62)
        );
    }
}
