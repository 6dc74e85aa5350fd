//! Mails that stay in memory, for the demo and for tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    clock::{Clock, Timestamp},
    notify::Mail,
};
use tokio::sync::watch;

/// Mails that are kept; older ones go.
const CAPACITY: usize = 200;

/// A mail in the sink.
#[derive(Clone, Debug)]
pub struct StoredMail {
    /// 1, 2, 3 … in the order of arrival.
    pub number: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// The mail.
    pub mail: Mail,
}

/// The newest mails of the process. Cheap to clone; clones share the mails.
#[derive(Clone, Debug)]
pub struct MailSink {
    mails: Arc<Mutex<VecDeque<StoredMail>>>,
    arrived: watch::Sender<u64>,
    clock: Clock,
}

impl MailSink {
    /// An empty sink.
    pub fn new(clock: Clock) -> Self {
        Self {
            mails: Arc::default(),
            arrived: watch::Sender::new(0),
            clock,
        }
    }

    pub(super) fn put(&self, mail: &Mail) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *self.arrived.borrow() + 1;
        if mails.len() == CAPACITY {
            mails.pop_front();
        }
        mails.push_back(StoredMail {
            number,
            at: self.clock.now(),
            mail: mail.clone(),
        });
        self.arrived.send_replace(number);
    }

    /// The mails, newest first.
    pub fn newest(&self) -> Vec<StoredMail> {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .rev()
            .cloned()
            .collect()
    }

    /// One mail.
    pub fn get(&self, number: u64) -> Option<StoredMail> {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|mail| mail.number == number)
            .cloned()
    }

    /// Changes with each mail that arrives: the number of the newest.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrived.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mails_are_kept() {
        let sink = MailSink::new(Clock::System);
        for n in 0..=CAPACITY {
            sink.put(&Mail {
                to: "a@b.example".into(),
                subject: format!("{n}"),
                body: String::new(),
            });
        }
        let newest = sink.newest();
        assert_eq!(newest.len(), CAPACITY);
        assert_eq!(
            (newest[0].number, newest[0].mail.subject.as_str()),
            (CAPACITY as u64 + 1, "200")
        );
        assert!(sink.get(1).is_none() && sink.get(2).is_some());
        assert_eq!(*sink.arrivals().borrow(), CAPACITY as u64 + 1);
    }
}
