//! OAuth clients of applications, and what providers grant and map to their subscriptions.

use anyhow::Result;
use domain::{
    actor::Actor,
    application::service::{ApplicationDetail, SubscriptionView},
    client::{check_client_id, import::FixedClient, scope},
    identity::{ExternalIdentity, Thumbprint, ThumbprintError},
    key::{KeyPlaintext, KeyState, service as key_service},
    subscription::SubscriptionState,
};

use super::{
    Run,
    applications::{full_name, thing},
    at::At,
    manifest::{ApplicationEntry, IdentityEntry, SubscriptionEntry},
};
use crate::config::Secret;

impl IdentityEntry {
    /// As the domain has it.
    fn to_identity(&self, at: &At<'_>) -> Result<ExternalIdentity> {
        let identity = match (&self.subject, &self.certificate) {
            (Some(subject), None) => ExternalIdentity::subject(&subject.issuer, &subject.name),
            (None, Some(text)) => {
                let thumbprint: Result<Thumbprint, ThumbprintError> = text.parse();
                ExternalIdentity::Certificate {
                    thumbprint: thumbprint.map_err(|error| at.field("certificate").error(error))?,
                }
            }
            _ => return Err(at.error("name either a `subject` or a `certificate`")),
        };
        match identity.validate().first() {
            Some(error) => Err(at.field("subject").field(&error.field).error(&error.message)),
            None => Ok(identity),
        }
    }
}

/// Judges what an application says of clients, scopes and identities. `seen` has the ids of clients so far.
pub(super) fn check<'m>(
    at: &At<'_>,
    entry: &'m ApplicationEntry,
    seen: &mut std::collections::HashSet<&'m str>,
) -> Result<()> {
    for (i, subscription) in entry.subscriptions.iter().enumerate() {
        let at = at.entry("subscriptions", i);
        scope::check(subscription.scopes.as_deref().unwrap_or_default())
            .map_err(|error| at.field("scopes").error(error.message))?;
        for (i, identity) in subscription.identities.iter().enumerate() {
            identity.to_identity(&at.entry("identities", i))?;
        }
    }
    for (i, client) in entry.clients.iter().enumerate() {
        let at = at.entry("clients", i);
        if let Some(given) = &client.name {
            domain::catalog::input::name(given, key_service::NAME_MAX)
                .map_err(|sentence| at.field("name").error(sentence))?;
        }
        check_client_id(&client.id).map_err(|error| at.field("id").error(error.message))?;
        if !seen.insert(&client.id) {
            return Err(at.field("id").error("this client is named twice"));
        }
        secret(&at, &client.secret)?;
    }
    Ok(())
}

fn secret(at: &At<'_>, text: &Secret) -> Result<KeyPlaintext> {
    KeyPlaintext::fixed(text.expose()).map_err(|_| {
        at.field("secret")
            .error("A secret has 8 to 128 visible ASCII characters.")
    })
}

impl Run<'_> {
    /// Clients of an application.
    pub(super) async fn clients(
        &mut self,
        at: &At<'_>,
        detail: Option<&ApplicationDetail>,
        entry: &ApplicationEntry,
    ) -> Result<()> {
        if entry.clients.is_empty() {
            return Ok(());
        }
        let known = match detail {
            Some(detail) => self.services.clients.known(&Actor::System, detail.application.id).await,
            None => Ok(Vec::new()),
        };
        let known = known.map_err(|error| at.refused(error))?;
        for (i, client) in entry.clients.iter().enumerate() {
            let at = at.entry("clients", i);
            let secret = secret(&at, &client.secret)?;
            let there = known.iter().find(|known| known.client.client_id == client.id);
            let verb = match there {
                None => "import",
                // A revoked one is not brought back.
                Some(known) if known.client.state == KeyState::Revoked || known.secret == secret.hash() => continue,
                Some(_) => "update",
            };
            let makes = self.makes(verb, format!("client {} of {}", client.id, thing(entry)));
            if let Some(detail) = detail.filter(|_| makes) {
                let fixed = FixedClient {
                    name: client.name.clone().unwrap_or_else(|| client.id.clone()),
                    client_id: client.id.clone(),
                    secret,
                };
                let imported = self
                    .services
                    .clients
                    .import(&Actor::System, detail.application.id, fixed)
                    .await;
                imported.map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }

    /// Scopes and identities of an application's subscriptions, which are there unless this is a dry run.
    pub(super) async fn grants(
        &mut self,
        at: &At<'_>,
        detail: Option<&ApplicationDetail>,
        entry: &ApplicationEntry,
    ) -> Result<()> {
        let says = |wanted: &SubscriptionEntry| wanted.scopes.is_some() || !wanted.identities.is_empty();
        if !entry.subscriptions.iter().any(says) {
            return Ok(());
        }
        // Read again: some may have been made or moved since.
        let detail = match detail {
            Some(detail) => {
                let read = self.services.applications.detail(&Actor::System, detail.application.id);
                Some(read.await.map_err(|error| at.refused(error))?)
            }
            None => None,
        };
        for (i, wanted) in entry.subscriptions.iter().enumerate() {
            let at = at.entry("subscriptions", i);
            let there = detail.as_ref().and_then(|detail| {
                detail.subscriptions.iter().find(|known| {
                    known.subscription.state != SubscriptionState::Canceled && full_name(known) == wanted.plan
                })
            });
            self.scopes(&at, there, entry, wanted).await?;
            self.identities(&at, there, entry, wanted).await?;
        }
        Ok(())
    }

    async fn scopes(
        &mut self,
        at: &At<'_>,
        there: Option<&SubscriptionView>,
        entry: &ApplicationEntry,
        wanted: &SubscriptionEntry,
    ) -> Result<()> {
        let Some(named) = &wanted.scopes else { return Ok(()) };
        let scopes = scope::split(&named.join(" "));
        let granted = there.map_or(&[][..], |there| &there.subscription.scopes);
        if granted == scopes {
            return Ok(());
        }
        let makes = self.makes(
            "grant",
            format!("scopes to {} on {}: {}", thing(entry), wanted.plan, scopes.join(" ")),
        );
        if let Some(there) = there.filter(|_| makes) {
            let granted = self
                .services
                .subscriptions
                .grant_scopes(&Actor::System, there.subscription.id, scopes)
                .await;
            granted.map_err(|error| at.refused(error))?;
        }
        Ok(())
    }

    async fn identities(
        &mut self,
        at: &At<'_>,
        there: Option<&SubscriptionView>,
        entry: &ApplicationEntry,
        wanted: &SubscriptionEntry,
    ) -> Result<()> {
        if wanted.identities.is_empty() {
            return Ok(());
        }
        let known = match there {
            Some(there) => self.services.identities.of(&Actor::System, there.subscription.id).await,
            None => Ok(Vec::new()),
        };
        let known = known.map_err(|error| at.refused(error))?;
        for (i, identity) in wanted.identities.iter().enumerate() {
            let at = at.entry("identities", i);
            let identity = identity.to_identity(&at)?;
            if known.iter().any(|known| known.identity == identity) {
                continue;
            }
            let makes = self.makes("map", format!("{identity} to {} on {}", thing(entry), wanted.plan));
            if let Some(there) = there.filter(|_| makes) {
                let added = self
                    .services
                    .identities
                    .add(&Actor::System, there.subscription.id, identity)
                    .await;
                added.map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }

    /// Takes away clients that a manifest no longer names, and identities of the subscriptions that it names.
    pub(super) async fn prune_clients(
        &mut self,
        at: &At<'_>,
        detail: &ApplicationDetail,
        entry: &ApplicationEntry,
    ) -> Result<()> {
        for client in detail.clients.iter().filter(|client| client.state == KeyState::Active) {
            if entry.clients.iter().any(|named| named.id == client.client_id) {
                continue;
            }
            if self.makes("revoke", format!("client {} of {}", client.client_id, thing(entry))) {
                let revoked = self.services.clients.revoke(&Actor::System, client.id).await;
                revoked.map_err(|error| at.refused(error))?;
            }
        }
        for known in &detail.subscriptions {
            let named = entry.subscriptions.iter().find(|named| named.plan == full_name(known));
            let Some(named) = named.filter(|_| known.subscription.state != SubscriptionState::Canceled) else {
                continue;
            };
            let kept = named
                .identities
                .iter()
                .map(|identity| identity.to_identity(at))
                .collect::<Result<Vec<_>>>()?;
            let mapped = self.services.identities.of(&Actor::System, known.subscription.id).await;
            for mapped in mapped.map_err(|error| at.refused(error))? {
                if kept.contains(&mapped.identity) {
                    continue;
                }
                if self.makes(
                    "remove",
                    format!("{} of {} on {}", mapped.identity, thing(entry), named.plan),
                ) {
                    let removed = self.services.identities.remove(&Actor::System, mapped.id).await;
                    removed.map_err(|error| at.refused(error))?;
                }
            }
        }
        Ok(())
    }
}
