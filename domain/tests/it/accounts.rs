//! Sign-up, verification, sessions, resets.

use std::time::Duration;

use domain::{
    account::{
        SignUp,
        service::{Browser, ProfileChange},
    },
    actor::Actor,
    error::{DomainError, ErrorCode},
    fixture::{PASSWORD, World, on_both_engines},
    notify::Mail,
};

use crate::fields;

fn sign_up(email: &str) -> SignUp {
    SignUp {
        email: email.into(),
        name: "Ada".into(),
        password: PASSWORD.into(),
    }
}

fn browser() -> Browser {
    Browser {
        user_agent: "Test/1".into(),
        ip: "127.0.0.1".into(),
    }
}

/// The token of the one link in a mail.
fn token_in(mail: &Mail) -> String {
    let (_, rest) = mail
        .body
        .split_once("?token=")
        .unwrap_or_else(|| panic!("no link in {mail:?}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn signed_in(world: &World, email: &str) -> (domain::account::NewSession, Actor) {
    let session = world
        .services
        .accounts
        .sign_in(email, PASSWORD, browser())
        .await
        .unwrap();
    let (_, actor) = world
        .services
        .accounts
        .authenticate(&session.token)
        .await
        .unwrap()
        .unwrap();
    (session, Actor::Account(actor))
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

on_both_engines! {
    async fn signing_up_and_verifying_begins_a_session(world) {
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("  Ada@Example.com ")).await.unwrap();
        let mails = world.mails().await;
        let [mail] = &mails[..] else { panic!("{mails:?}") };
        assert_eq!(mail.to, "ada@example.com");
        assert!(
            mail.body.contains("http://portal.example/verify?token="),
            "{}",
            mail.body
        );
        let token = token_in(mail);
        let session = accounts.verify(&token, browser()).await.unwrap();
        let (id, actor) = accounts.authenticate(&session.token).await.unwrap().expect("signed in");
        assert_eq!(
            (id, actor.email.as_str(), actor.is_verified, actor.is_operator),
            (session.id, "ada@example.com", true, false)
        );
        let again = accounts.verify(&token, browser()).await.err().unwrap();
        assert_eq!(again.code(), ErrorCode::Conflict, "a link works once");
    }

    async fn verification_links_live_for_a_day(world) {
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        let token = token_in(&world.mails().await[0]);
        world.advance(Duration::from_secs(DAY));
        assert_eq!(
            accounts.verify(&token, browser()).await.err().unwrap().code(),
            ErrorCode::Conflict
        );
        let (_, actor) = signed_in(&world, "ada@example.com").await;
        assert_eq!(
            actor.require_verified().unwrap_err().code(),
            ErrorCode::Conflict,
            "not verified yet"
        );
        accounts.resend_verification(&actor).await.unwrap();
        let soon = accounts.resend_verification(&actor).await.unwrap_err();
        assert!(
            matches!(soon, DomainError::TooMany { retry_after_s: 1..=60 }),
            "{soon:?}"
        );
        world.advance(Duration::from_mins(1));
        accounts.resend_verification(&actor).await.unwrap();
        let mails = world.mails().await;
        accounts.verify(&token_in(&mails[0]), browser()).await.unwrap();
        let (_, actor) = signed_in(&world, "ada@example.com").await;
        assert_eq!(
            accounts.resend_verification(&actor).await.unwrap_err().code(),
            ErrorCode::Conflict,
            "verified already"
        );
    }

    async fn a_taken_address_is_told_to_its_owner_only(world) {
        world.account("ada@example.com").await;
        world
            .services
            .accounts
            .sign_up(sign_up("ada@example.com"))
            .await
            .unwrap();
        let mails = world.mails().await;
        assert_eq!(
            (mails.len(), mails[0].subject.as_str()),
            (1, "You already have an account")
        );
        assert!(!mails[0].body.contains("token"), "{}", mails[0].body);
        signed_in(&world, "ada@example.com").await;
    }

    async fn a_form_tells_everything_that_is_wrong(world) {
        let bad = SignUp {
            email: "nobody".into(),
            name: " ".into(),
            password: "short".into(),
        };
        let error = world.services.accounts.sign_up(bad).await.unwrap_err();
        assert_eq!(fields(&error), ["email", "name", "password"]);
        assert!(world.mails().await.is_empty());
    }

    async fn only_the_first_account_becomes_operator(world) {
        // The world has one already.
        world
            .services
            .accounts
            .sign_up(sign_up("ada@example.com"))
            .await
            .unwrap();
        let (_, actor) = signed_in(&world, "ada@example.com").await;
        assert!(!actor.account().unwrap().is_operator);
    }

    async fn of_many_first_accounts_at_once_one_becomes_operator(world) {
        let fresh = World::empty(world.services.context.db.engine()).await;
        let signing_up = (0..8).map(|n| {
            let accounts = fresh.services.accounts.clone();
            tokio::spawn(async move { accounts.sign_up(sign_up(&format!("a{n}@example.com"))).await })
        });
        for task in signing_up.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        let mut operators = 0;
        for n in 0..8 {
            let account = fresh
                .services
                .accounts
                .by_email(&Actor::System, &format!("a{n}@example.com"))
                .await
                .unwrap();
            operators += usize::from(account.unwrap().is_operator);
        }
        assert_eq!(operators, 1);
    }

    async fn one_address_at_once_makes_one_account(world) {
        let signing_up = (0..6).map(|_| {
            let accounts = world.services.accounts.clone();
            tokio::spawn(async move { accounts.sign_up(sign_up("ada@example.com")).await })
        });
        for task in signing_up.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        let subjects: Vec<String> = world.mails().await.into_iter().map(|mail| mail.subject).collect();
        assert_eq!(
            subjects
                .iter()
                .filter(|subject| *subject == "Verify your e-mail address")
                .count(),
            1,
            "{subjects:?}"
        );
        assert_eq!(subjects.len(), 6, "{subjects:?}");
    }

    async fn wrong_passwords_and_unknown_addresses_look_the_same(world) {
        world.account("ada@example.com").await;
        let accounts = &world.services.accounts;
        let mut texts = Vec::new();
        for (email, password) in [
            ("ada@example.com", "wrong password"),
            ("nobody@example.com", PASSWORD),
            ("ada@example.com", &"x".repeat(10_000)),
        ] {
            let error = accounts.sign_in(email, password, browser()).await.err().unwrap();
            assert_eq!(fields(&error), ["password"], "{email}");
            texts.push(error.to_string());
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{texts:?}");
        accounts.sign_in(" ADA@example.com", PASSWORD, browser()).await.unwrap();
    }

    async fn sessions_end_idle_or_old_or_by_their_owner(world) {
        world.account("ada@example.com").await;
        let accounts = &world.services.accounts;
        let is_live = async |token: &str| accounts.authenticate(token).await.unwrap().is_some();
        assert!(!is_live("unknown").await);

        let idle = accounts.sign_in("ada@example.com", PASSWORD, browser()).await.unwrap();
        let used = accounts.sign_in("ada@example.com", PASSWORD, browser()).await.unwrap();
        for _ in 0..2 {
            world.advance(Duration::from_secs(7 * DAY));
            assert!(is_live(&used.token).await);
        }
        assert!(!is_live(&idle.token).await, "idle for 14 days");
        assert_eq!(accounts.forget_expired().await.unwrap(), 1);
        for _ in 0..5 {
            world.advance(Duration::from_secs(13 * DAY));
            assert!(is_live(&used.token).await);
        }
        world.advance(Duration::from_secs(11 * DAY));
        assert!(!is_live(&used.token).await, "90 days old");

        let (session, actor) = signed_in(&world, "ada@example.com").await;
        let (other, _) = signed_in(&world, "ada@example.com").await;
        let views = accounts.sessions(&actor, session.id).await.unwrap();
        let current: Vec<bool> = views.iter().map(|view| view.is_current).collect();
        assert_eq!(
            (views.len(), current.iter().filter(|c| **c).count()),
            (2, 1),
            "{views:?}"
        );
        accounts.end_session(&actor, other.id).await.unwrap();
        assert!(!is_live(&other.token).await);
        assert_eq!(
            accounts.end_session(&actor, other.id).await.unwrap_err().code(),
            ErrorCode::NotFound
        );
        accounts.sign_out(&session.token).await.unwrap();
        accounts.sign_out(&session.token).await.unwrap();
        assert!(!is_live(&session.token).await);
    }

    async fn a_reset_sets_a_password_and_ends_sessions(world) {
        world.account("ada@example.com").await;
        let accounts = &world.services.accounts;
        let (session, _) = signed_in(&world, "ada@example.com").await;
        accounts.request_reset("nobody@example.com").await.unwrap();
        accounts.request_reset("Ada@example.com").await.unwrap();
        accounts.request_reset("ada@example.com").await.unwrap();
        let mails = world.mails().await;
        let [mail] = &mails[..] else {
            panic!("one mail a minute: {mails:?}")
        };
        assert!(
            mail.body.contains("http://portal.example/reset?token="),
            "{}",
            mail.body
        );
        let token = token_in(mail);
        assert_eq!(
            fields(&accounts.reset_password(&token, "short").await.unwrap_err()),
            ["password"]
        );
        accounts.reset_password(&token, "another good password").await.unwrap();
        assert!(
            accounts.authenticate(&session.token).await.unwrap().is_none(),
            "sessions ended"
        );
        assert!(accounts.sign_in("ada@example.com", PASSWORD, browser()).await.is_err());
        accounts
            .sign_in("ada@example.com", "another good password", browser())
            .await
            .unwrap();
        assert_eq!(
            accounts
                .reset_password(&token, "yet another one")
                .await
                .unwrap_err()
                .code(),
            ErrorCode::Conflict
        );
        assert_eq!(world.mails().await[0].subject, "Your password was changed");

        world.advance(Duration::from_mins(1));
        accounts.request_reset("ada@example.com").await.unwrap();
        let late = token_in(&world.mails().await[0]);
        world.advance(Duration::from_secs(HOUR));
        assert_eq!(
            accounts
                .reset_password(&late, "yet another one")
                .await
                .unwrap_err()
                .code(),
            ErrorCode::Conflict
        );
    }

    async fn tokens_are_good_for_their_purpose_only(world) {
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        let verify = token_in(&world.mails().await[0]);
        assert_eq!(
            accounts
                .reset_password(&verify, "another good password")
                .await
                .unwrap_err()
                .code(),
            ErrorCode::Conflict
        );
        accounts.request_reset("ada@example.com").await.unwrap();
        let reset = token_in(&world.mails().await[0]);
        assert_eq!(
            accounts.verify(&reset, browser()).await.err().unwrap().code(),
            ErrorCode::Conflict
        );
        accounts.reset_password(&reset, "another good password").await.unwrap();
        let session = accounts
            .sign_in("ada@example.com", "another good password", browser())
            .await
            .unwrap();
        assert!(
            accounts
                .authenticate(&session.token)
                .await
                .unwrap()
                .unwrap()
                .1
                .is_verified,
            "the mail was read"
        );
    }

    async fn a_profile_is_changed_by_its_owner(world) {
        world.account("ada@example.com").await;
        let accounts = &world.services.accounts;
        let (session, actor) = signed_in(&world, "ada@example.com").await;
        let (other, _) = signed_in(&world, "ada@example.com").await;
        let change = |name: &str, password: Option<(&str, &str)>| ProfileChange {
            name: name.into(),
            password: password.map(|(old, new)| (old.into(), new.into())),
        };
        for (bad, field) in [
            (change("", None), "name"),
            (
                change("Ada", Some(("wrong password", "another good password"))),
                "current_password",
            ),
            (change("Ada", Some((PASSWORD, "short"))), "password"),
        ] {
            assert_eq!(
                fields(&accounts.update_profile(&actor, session.id, bad).await.unwrap_err()),
                [field]
            );
        }
        accounts
            .update_profile(
                &actor,
                session.id,
                change("Ada Lovelace", Some((PASSWORD, "another good password"))),
            )
            .await
            .unwrap();
        let (_, now) = accounts
            .authenticate(&session.token)
            .await
            .unwrap()
            .expect("this session goes on");
        assert_eq!(now.name, "Ada Lovelace");
        assert!(
            accounts.authenticate(&other.token).await.unwrap().is_none(),
            "the others ended"
        );
        accounts
            .sign_in("ada@example.com", "another good password", browser())
            .await
            .unwrap();
    }

    async fn the_installation_makes_accounts_once(world) {
        let accounts = &world.services.accounts;
        let first = accounts
            .create_verified(&Actor::System, sign_up("op@example.com"), true)
            .await
            .unwrap();
        assert!(first.is_operator && first.verified_at.is_some());
        let other = SignUp {
            password: "another good password".into(),
            ..sign_up("op@example.com")
        };
        let again = accounts.create_verified(&Actor::System, other, false).await.unwrap();
        assert_eq!((again.id, again.is_operator), (first.id, true));
        accounts.sign_in("op@example.com", PASSWORD, browser()).await.unwrap();
        let operator = accounts.actor_of(first.id).await.unwrap();
        assert!(accounts.by_email(&operator, "OP@example.com").await.unwrap().is_some());
        assert!(
            accounts
                .by_email(&operator, "nobody@example.com")
                .await
                .unwrap()
                .is_none()
        );
    }
}
