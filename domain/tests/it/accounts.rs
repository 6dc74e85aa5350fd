//! Sign-up and verification.

use std::time::Duration;

use domain::{
    account::{NewSession, SignUp, service::Browser},
    actor::Actor,
    error::{DomainError, ErrorCode},
    fixture::{PASSWORD, World, on_both_engines},
    notify::Mail,
};

use crate::fields;

pub(crate) fn sign_up(email: &str) -> SignUp {
    SignUp {
        email: email.into(),
        name: "Ada".into(),
        password: PASSWORD.into(),
    }
}

pub(crate) fn browser() -> Browser {
    Browser {
        user_agent: "Test/1".into(),
        ip: "127.0.0.1".into(),
    }
}

/// The token of the one link in a mail.
pub(crate) fn token_in(mail: &Mail) -> String {
    let (_, rest) = mail
        .body
        .split_once("?token=")
        .unwrap_or_else(|| panic!("no link in {mail:?}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// A session of an account whose password is [`PASSWORD`], and its actor.
pub(crate) async fn signed_in(world: &World, email: &str) -> (NewSession, Actor) {
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
        let session = accounts.verify(&token, PASSWORD, browser()).await.unwrap();
        let (id, actor) = accounts.authenticate(&session.token).await.unwrap().expect("signed in");
        assert_eq!(
            (id, actor.email.as_str(), actor.is_verified, actor.is_operator),
            (session.id, "ada@example.com", true, false)
        );
        let again = accounts.verify(&token, PASSWORD, browser()).await.err().unwrap();
        assert_eq!(again.code(), ErrorCode::Conflict, "a link works once");
    }

    async fn verification_links_live_for_a_day(world) {
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        let token = token_in(&world.mails().await[0]);
        world.advance(Duration::from_hours(24));
        assert_eq!(
            accounts.verify(&token, PASSWORD, browser()).await.err().unwrap().code(),
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
        accounts.verify(&token_in(&mails[0]), PASSWORD, browser()).await.unwrap();
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

    async fn an_address_that_waits_belongs_to_the_last_to_sign_up(world) {
        let accounts = &world.services.accounts;
        let stranger = SignUp {
            name: "Win a prize at http://evil.example".into(),
            password: "chosen by a stranger".into(),
            ..sign_up("ada@example.com")
        };
        accounts.sign_up(stranger.clone()).await.unwrap();
        let early = world.mails().await;
        assert!(!early[0].body.contains("prize"), "{}", early[0].body);
        let held = accounts
            .sign_in("ada@example.com", &stranger.password, browser())
            .await
            .unwrap();
        accounts.request_reset("ada@example.com").await.unwrap();
        let reset = world.mails().await;
        assert!(!reset[0].body.contains("prize"), "{}", reset[0].body);

        world.advance(Duration::from_mins(1));
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        assert!(accounts.authenticate(&held.token).await.unwrap().is_none(), "ended");
        for mail in early.iter().chain(&reset) {
            let token = token_in(mail);
            assert!(accounts.verify(&token, PASSWORD, browser()).await.is_err(), "{}", mail.subject);
            assert!(
                accounts.reset_password(&token, "another good one").await.is_err(),
                "{}",
                mail.subject
            );
        }
        let error = accounts.sign_in("ada@example.com", &stranger.password, browser()).await;
        assert!(error.is_err(), "the stranger's password");
        let mails = world.mails().await;
        let session = accounts.verify(&token_in(&mails[0]), PASSWORD, browser()).await.unwrap();
        let (_, actor) = accounts.authenticate(&session.token).await.unwrap().unwrap();
        assert_eq!((actor.name.as_str(), actor.is_verified), ("Ada", true));

        // From now on it is theirs.
        accounts.sign_up(stranger.clone()).await.unwrap();
        let error = accounts.sign_in("ada@example.com", &stranger.password, browser()).await;
        assert!(error.is_err(), "a verified account is taken over by nobody");
        signed_in(&world, "ada@example.com").await;
    }

    async fn a_link_approves_no_password_that_somebody_else_chose(world) {
        let accounts = &world.services.accounts;
        let stranger = SignUp { password: "chosen by a stranger".into(), ..sign_up("ada@example.com") };
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        world.mails().await;
        world.advance(Duration::from_mins(1));
        accounts.sign_up(stranger).await.unwrap();
        // Ada only knows what she chose herself, and the link that comes last is the stranger's.
        let token = token_in(&world.mails().await[0]);
        let refused = accounts.verify(&token, PASSWORD, browser()).await.err().unwrap();
        assert_eq!(refused.code(), ErrorCode::Invalid);
        // The way out is a new password, which verifies the address as well.
        accounts.request_reset("ada@example.com").await.unwrap();
        let token = token_in(&world.mails().await[0]);
        accounts.reset_password(&token, PASSWORD).await.unwrap();
        let (_, actor) = signed_in(&world, "ada@example.com").await;
        actor.require_verified().unwrap();
    }

    async fn signing_up_floods_no_mailbox(world) {
        let accounts = &world.services.accounts;
        world.account("there@example.com").await;
        for (email, subject) in [
            ("there@example.com", "You already have an account"),
            ("new@example.com", "Verify your e-mail address"),
        ] {
            for n in 0..4 {
                let input = SignUp {
                    password: format!("password number {n}"),
                    ..sign_up(email)
                };
                accounts.sign_up(input).await.unwrap();
            }
            world.advance(Duration::from_mins(1));
            accounts.sign_up(sign_up(email)).await.unwrap();
            let mails = world.mails().await;
            let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
            assert_eq!(subjects, [subject; 2], "one a minute");
        }
    }

    async fn signing_up_twice_keeps_the_link(world) {
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
        let mails = world.mails().await;
        assert_eq!(mails.len(), 1);
        accounts.verify(&token_in(&mails[0]), PASSWORD, browser()).await.unwrap();
    }

    async fn accounts_of_the_installation_leave_the_operator_to_who_signs_up(world) {
        let fresh = World::empty(world.services.context.db.engine()).await;
        let accounts = &fresh.services.accounts;
        fresh.account("made@example.com").await;
        assert!(accounts.is_operator_awaited().await.unwrap());
        accounts.sign_up(sign_up("made@example.com")).await.unwrap();
        assert!(accounts.is_operator_awaited().await.unwrap(), "the address was taken");
        for (email, is_operator) in [("first@example.com", true), ("second@example.com", false)] {
            accounts.sign_up(sign_up(email)).await.unwrap();
            let (_, actor) = signed_in(&fresh, email).await;
            assert_eq!(actor.account().unwrap().is_operator, is_operator, "{email}");
            assert!(!accounts.is_operator_awaited().await.unwrap());
        }
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
        let accounts = &world.services.accounts;
        accounts.sign_up(sign_up("ada@example.com")).await.unwrap();
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
        assert_eq!(subjects.len(), 1, "{subjects:?}");
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
