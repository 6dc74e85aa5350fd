//! Memory of bodies that are held, and of what encodes answers.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
};

/// How much memory the bodies take that one worker holds. Each organization has a share of it: one of them can't keep
/// others from holding anything.
#[derive(Debug)]
pub(crate) struct Memory {
    used: Cell<usize>,
    limit: usize,
    /// Those of organizations that hold something.
    shares: RefCell<HashMap<Box<str>, Weak<Share>>>,
}

/// What an organization takes of a worker's memory. Beyond half of it, a quarter stays free for others.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Rc<Memory>,
    organization: Box<str>,
    used: Cell<usize>,
}

/// The bodies that are held take all the memory that they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory for bodies that are held is full")]
pub(crate) struct MemoryFull;

impl Memory {
    /// Memory for so many bytes.
    pub(crate) fn new(limit: usize) -> Rc<Self> {
        Rc::new(Self {
            used: Cell::new(0),
            limit,
            shares: RefCell::default(),
        })
    }

    /// What an organization takes of it, by its short name.
    pub(crate) fn share(self: &Rc<Self>, organization: &str) -> Rc<Share> {
        let mut shares = self.shares.borrow_mut();
        if let Some(share) = shares.get(organization).and_then(Weak::upgrade) {
            return share;
        }
        let share = Rc::new(Share {
            memory: Rc::clone(self),
            organization: organization.into(),
            used: Cell::new(0),
        });
        shares.insert(organization.into(), Rc::downgrade(&share));
        share
    }

    /// What all may take while a quarter stays free.
    fn three_quarters(&self) -> usize {
        self.limit - self.limit / 4
    }
}

impl Share {
    fn take(&self, bytes: usize) -> Result<(), MemoryFull> {
        let memory = &self.memory;
        let own = self.used.get().checked_add(bytes).ok_or(MemoryFull)?;
        let most = if own <= memory.limit / 2 {
            memory.limit
        } else {
            memory.three_quarters()
        };
        self.take_up_to(most, bytes)
    }

    /// Takes memory for what can be done without: a quarter stays free for bodies.
    pub(crate) fn take_spare(self: &Rc<Self>, bytes: usize) -> Option<Taken> {
        self.take_up_to(self.memory.three_quarters(), bytes).ok()?;
        let share = Rc::clone(self);
        Some(Taken { share, bytes })
    }

    fn take_up_to(&self, most: usize, bytes: usize) -> Result<(), MemoryFull> {
        let used = self.memory.used.get().checked_add(bytes);
        self.memory
            .used
            .set(used.filter(|used| *used <= most).ok_or(MemoryFull)?);
        self.used.set(self.used.get() + bytes);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.used.set(self.used.get() - bytes);
        self.memory.used.set(self.memory.used.get() - bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.shares.borrow_mut().remove(&self.organization);
    }
}

/// Memory that was taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    share: Rc<Share>,
    bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.share.give_back(self.bytes);
    }
}

/// A body or a part of it that is held. Its memory is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    share: Rc<Share>,
    bytes: Vec<u8>,
    /// What of the memory it has taken: what the bytes take.
    taken: usize,
}

impl HeldBytes {
    pub(crate) fn new(share: &Rc<Share>) -> Self {
        Self {
            share: Rc::clone(share),
            bytes: Vec::new(),
            taken: 0,
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a piece. Memory is taken as bytes come, and not when they are announced.
    ///
    /// # Errors
    /// There is no memory left; what was there stays.
    pub(crate) fn extend(&mut self, piece: &[u8]) -> Result<(), MemoryFull> {
        let needed = self.bytes.len() + piece.len();
        if needed > self.taken {
            // As a vector grows: by half at least, so that many small pieces cost no more than a large one.
            let mut wanted = needed.max(self.taken + self.taken / 2);
            if self.share.take(wanted - self.taken).is_err() {
                wanted = needed;
                self.share.take(wanted - self.taken)?;
            }
            self.taken = wanted;
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// Takes other bytes in place of those that are there.
    ///
    /// # Errors
    /// There is no memory left; what was there stays.
    pub(crate) fn replace(&mut self, bytes: Vec<u8>) -> Result<(), MemoryFull> {
        let needed = bytes.capacity();
        if needed > self.taken {
            self.share.take(needed - self.taken)?;
        } else {
            self.share.give_back(self.taken - needed);
        }
        self.taken = needed;
        self.bytes = bytes;
        Ok(())
    }

    /// Forgets the bytes and gives their memory back.
    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
        self.share.give_back(std::mem::take(&mut self.taken));
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.share.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bodies_together_are_bounded() {
        let memory = Memory::new(100);
        let (acme, other) = (memory.share("acme"), memory.share("other"));
        let mut one = HeldBytes::new(&acme);
        let mut two = HeldBytes::new(&other);
        one.extend(&[1; 60]).unwrap();
        assert_eq!(two.extend(&[2; 41]), Err(MemoryFull));
        two.extend(&[2; 40]).unwrap();
        assert_eq!(one.extend(&[1]), Err(MemoryFull));
        assert_eq!(one.as_slice().len(), 60, "what was there stays");
        one.replace(vec![3; 10]).unwrap();
        two.extend(&[2; 20]).unwrap();
        two.clear();
        drop(one);
        assert_eq!(memory.used.get(), 0);
        two.extend(&[2; 75]).unwrap();
        drop(two);
        assert_eq!(memory.used.get(), 0);
    }

    #[test]
    fn one_organization_leaves_room_for_others() {
        let memory = Memory::new(100);
        let mut greedy = HeldBytes::new(&memory.share("acme"));
        // Its share is one, however many bodies it holds.
        let mut more = HeldBytes::new(&memory.share("acme"));
        greedy.extend(&[1; 40]).unwrap();
        more.extend(&[1; 35]).unwrap();
        assert_eq!(greedy.extend(&[1]), Err(MemoryFull), "a quarter stays free");
        let mut modest = HeldBytes::new(&memory.share("other"));
        modest.extend(&[2; 25]).unwrap();
        drop(greedy);
        modest.extend(&[2; 25]).unwrap();
        more.extend(&[1; 15]).unwrap();
        assert_eq!(memory.used.get(), 100, "half each");
        drop((more, modest));
        assert!(memory.shares.borrow().is_empty());
    }

    #[test]
    fn what_can_be_done_without_leaves_room_for_bodies() {
        let memory = Memory::new(100);
        let share = memory.share("acme");
        let taken = share.take_spare(75).unwrap();
        assert!(share.take_spare(1).is_none());
        let mut body = HeldBytes::new(&memory.share("other"));
        body.extend(&[1; 25]).unwrap();
        drop(taken);
        assert!(share.take_spare(50).is_some());
        assert_eq!(memory.used.get(), 25);
    }
}
