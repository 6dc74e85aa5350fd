//! The outbox.

use std::time::Duration;

use domain::{
    account::SignUp,
    fixture::{PASSWORD, World, on_both_engines},
};

async fn queue(world: &World, n: u32) {
    let input = SignUp {
        email: format!("a{n}@example.com"),
        name: "Ada".into(),
        password: PASSWORD.into(),
    };
    world.services.accounts.sign_up(input).await.unwrap();
}

on_both_engines! {
    async fn a_mail_is_leased_to_one_task_at_a_time(world) {
        let outbox = &world.services.outbox;
        for n in 0..3 {
            queue(&world, n).await;
        }
        world.services.context.mail_queued.notified().await;
        let first = outbox.lease(2).await.unwrap();
        let second = outbox.lease(10).await.unwrap();
        let to: Vec<_> = first.iter().chain(&second).map(|(_, mail)| mail.to.as_str()).collect();
        assert_eq!(to, ["a0@example.com", "a1@example.com", "a2@example.com"]);
        assert!(outbox.lease(10).await.unwrap().is_empty(), "all are leased");
        outbox.sent(first[0].0).await.unwrap();
        world.advance(Duration::from_secs(61));
        assert_eq!(
            outbox.lease(10).await.unwrap().len(),
            2,
            "what was neither sent nor failed comes again"
        );
    }

    async fn tasks_of_two_nodes_never_get_the_same_mail(world) {
        for n in 0..20 {
            queue(&world, n).await;
        }
        let other = world.second_node().await;
        let (a, b) = tokio::join!(world.services.outbox.lease(15), other.outbox.lease(15));
        let mut ids: Vec<_> = a.unwrap().into_iter().chain(b.unwrap()).map(|(id, _)| id).collect();
        let leased = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), leased >= 15), (leased, true));
    }

    async fn failures_wait_longer_each_time_and_end(world) {
        let outbox = &world.services.outbox;
        queue(&world, 0).await;
        for attempt in 1..=8_u32 {
            let [(id, mail)] = &outbox.lease(10).await.unwrap()[..] else {
                panic!("attempt {attempt}")
            };
            assert!(mail.body.contains("token="), "attempt {attempt}");
            outbox.failed(*id, "no answer").await.unwrap();
            let wait_s = 60 * 2_u64.pow(attempt - 1);
            world.advance(Duration::from_secs(wait_s - 5));
            assert!(
                outbox.lease(10).await.unwrap().is_empty(),
                "too early after attempt {attempt}"
            );
            world.advance(Duration::from_secs(5));
        }
        world.advance(Duration::from_hours(24));
        assert!(outbox.lease(10).await.unwrap().is_empty(), "given up");
    }
}
