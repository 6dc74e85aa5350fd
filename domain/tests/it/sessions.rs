//! Signing in, sessions, resets and profiles.

use std::time::Duration;

use domain::{
    account::service::ProfileChange,
    error::ErrorCode,
    fixture::{PASSWORD, on_both_engines},
};

use crate::{
    accounts::{browser, sign_up, signed_in, token_in},
    fields,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

on_both_engines! {
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
            accounts.verify(&reset, PASSWORD, browser()).await.err().unwrap().code(),
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
}
