//! Signing up, and who becomes operator by it.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use super::{
    Accounts, NAME_MAX, SignUp, actor_of, by_email, mail,
    tokens::{self, Purpose},
};
use crate::{
    account::{check_email, check_password, normalize_email},
    actor::Actor,
    catalog::input,
    clock::Timestamp,
    error::{DomainError, FieldError, Result},
    id::AccountId,
    store::{
        entity::{account, session, setting},
        unit::Unit,
    },
};

/// Name of the setting that the first to sign up claims; its value is the account's id.
const FIRST_ACCOUNT: &str = "first_account";

impl Accounts {
    /// Makes an account and queues the verification mail. The first to sign up becomes operator, unless somebody was
    /// made operator before.
    ///
    /// Whoever signs up with an address that nobody has verified yet takes it over: name and password are the newest
    /// ones, and earlier links and sessions are worth nothing. So nobody keeps a door to an account by signing up before
    /// the owner of the address does.
    ///
    /// If the address has a verified account, nothing changes and its owner gets a mail that says so. The answer is the
    /// same in all cases: a stranger cannot find out who has an account. An address gets at most one mail of each kind a
    /// minute.
    ///
    /// # Errors
    /// `Invalid` with the fields `email`, `name`, `password`.
    pub async fn sign_up(&self, input: SignUp) -> Result<()> {
        let input = checked(input)?;
        // Both before the transaction, which must be short, and both in all cases, of which none must be quicker.
        let waiting = by_email(self.cx.db.read(), &input.email)
            .await?
            .filter(is_waiting)
            .map(|account| account.password_hash);
        let is_same_password = self.cx.passwords.verify(&input.password, waiting.clone()).await?;
        let known_hash = waiting.filter(|_| is_same_password);
        let password_hash = self.cx.passwords.hash(&input.password).await?;

        let mut unit = self.cx.begin().await?;
        let made = insert(&unit, &input, password_hash.clone(), None, false).await?;
        let account = match made {
            Some(account) => {
                claim_operator(&unit, account.id).await?;
                note(&unit, &account).await?;
                account
            }
            None => {
                let there = by_email(&*unit, &input.email).await?;
                let there = there.ok_or(DomainError::NotFound { what: "account" })?;
                let mut account = tokens::lock_account(&unit, there.id).await?;
                // Sent twice by the same person, it must not spoil the link that is on its way.
                let is_taken_over = is_waiting(&account) && known_hash.as_ref() != Some(&account.password_hash);
                if is_taken_over {
                    account.name = input.name;
                    account.password_hash = password_hash;
                    take_over(&unit, &account).await?;
                    note(&unit, &account).await?;
                }
                account
            }
        };
        let kind = if is_waiting(&account) {
            Purpose::Verify
        } else {
            Purpose::Notice
        };
        if tokens::wait(&unit, account.id, kind).await?.is_none() {
            let token = tokens::issue(&unit, account.id, kind).await?;
            let mail = match kind {
                Purpose::Verify => mail::verification(&self.cx.portal_url, &account.email, &token),
                Purpose::Notice | Purpose::Reset => mail::already_there(&self.cx.portal_url, &account.email),
            };
            unit.queue_mail(mail).await?;
        }
        unit.commit().await
    }
}

/// Whether the account waits for the owner of its address.
fn is_waiting(account: &account::Model) -> bool {
    account.verified_at.is_none() && account.state == account::ACTIVE
}

/// Gives an account that waits to whoever signed up last: new name and password, nothing left of those before.
async fn take_over(unit: &Unit, account: &account::Model) -> Result<()> {
    account::ActiveModel {
        id: Set(account.id),
        name: Set(account.name.clone()),
        password_hash: Set(account.password_hash.clone()),
        ..Default::default()
    }
    .update(&**unit)
    .await?;
    session::Entity::delete_many()
        .filter(session::Column::AccountId.eq(account.id))
        .exec(&**unit)
        .await?;
    tokens::void(unit, account.id).await
}

async fn note(unit: &Unit, account: &account::Model) -> Result<()> {
    let actor = Actor::Account(actor_of(account, Vec::new()));
    unit.audit(&actor, None, "account.sign_up", account.id, account.email.clone())
        .await
}

/// Inserts the account; `None` if the address is taken.
pub(super) async fn insert(
    unit: &Unit,
    input: &SignUp,
    password_hash: String,
    verified_at: Option<Timestamp>,
    is_operator: bool,
) -> Result<Option<account::Model>> {
    let account = account::Model {
        id: AccountId::generate(),
        email: input.email.clone(),
        name: input.name.clone(),
        password_hash,
        verified_at,
        is_operator,
        state: account::ACTIVE.into(),
        created_at: unit.now(),
    };
    let row = account::ActiveModel::from(account.clone()).reset_all();
    Ok(unit
        .insert_if_absent(row, [account::Column::Email])
        .await?
        .then_some(account))
}

/// Makes an account that has just signed up operator if it is the first to do so and there is none yet.
async fn claim_operator(unit: &Unit, id: AccountId) -> Result<()> {
    let claim = setting::ActiveModel {
        name: Set(FIRST_ACCOUNT.into()),
        value: Set(id.to_string()),
    };
    // Of two at once, the unique key lets one through.
    let is_first = unit.insert_if_absent(claim, [setting::Column::Name]).await?;
    if is_first && !has_operator(&**unit).await? {
        let row = account::ActiveModel {
            id: Set(id),
            is_operator: Set(true),
            ..Default::default()
        };
        row.update(&**unit).await?;
    }
    Ok(())
}

/// Whether nobody signed up yet and nobody is operator.
pub(super) async fn is_operator_awaited(db: &impl ConnectionTrait) -> Result<bool> {
    let claimed = setting::Entity::find_by_id(FIRST_ACCOUNT).one(db).await?;
    Ok(claimed.is_none() && !has_operator(db).await?)
}

async fn has_operator(db: &impl ConnectionTrait) -> Result<bool> {
    let operator = account::Entity::find()
        .filter(account::Column::IsOperator.eq(true))
        .one(db)
        .await?;
    Ok(operator.is_some())
}

/// The input in its stored form, or everything that is wrong with it.
pub(super) fn checked(input: SignUp) -> Result<SignUp> {
    let email = normalize_email(&input.email);
    let name = input::name(&input.name, NAME_MAX);
    let errors: Vec<FieldError> = [
        check_email(&email).err(),
        name.as_ref().err().map(|sentence| FieldError::new("name", sentence)),
        check_password(&input.password, &email).err(),
    ]
    .into_iter()
    .flatten()
    .collect();
    match name {
        Ok(name) if errors.is_empty() => Ok(SignUp {
            email,
            name,
            password: input.password,
        }),
        _ => Err(DomainError::Invalid(errors)),
    }
}
