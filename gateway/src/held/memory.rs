//! Memory of bodies that are held.

use std::{cell::Cell, rc::Rc};

/// How much memory the bodies take that one worker holds.
#[derive(Debug)]
pub(crate) struct Memory {
    used: Cell<usize>,
    limit: usize,
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
        })
    }

    fn take(&self, bytes: usize) -> Result<(), MemoryFull> {
        let used = self.used.get().checked_add(bytes).filter(|used| *used <= self.limit);
        self.used.set(used.ok_or(MemoryFull)?);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.used.set(self.used.get() - bytes);
    }
}

/// A body or a part of it that is held. Its memory is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    memory: Rc<Memory>,
    bytes: Vec<u8>,
    /// What of the memory it has taken: what the bytes take.
    taken: usize,
}

impl HeldBytes {
    pub(crate) fn new(memory: &Rc<Memory>) -> Self {
        Self {
            memory: Rc::clone(memory),
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
            let wanted = needed.max(self.taken + self.taken / 2);
            self.memory.take(wanted - self.taken)?;
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
            self.memory.take(needed - self.taken)?;
        } else {
            self.memory.give_back(self.taken - needed);
        }
        self.taken = needed;
        self.bytes = bytes;
        Ok(())
    }

    /// Forgets the bytes and gives their memory back.
    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
        self.memory.give_back(std::mem::take(&mut self.taken));
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.memory.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bodies_together_are_bounded() {
        let memory = Memory::new(100);
        let mut one = HeldBytes::new(&memory);
        let mut other = HeldBytes::new(&memory);
        one.extend(&[1; 60]).unwrap();
        assert_eq!(other.extend(&[2; 41]), Err(MemoryFull));
        other.extend(&[2; 40]).unwrap();
        assert_eq!(one.extend(&[1]), Err(MemoryFull));
        assert_eq!(one.as_slice().len(), 60, "what was there stays");
        one.replace(vec![3; 10]).unwrap();
        other.extend(&[2; 20]).unwrap();
        other.clear();
        drop(one);
        assert_eq!(memory.used.get(), 0);
        other.extend(&[2; 100]).unwrap();
        drop(other);
        assert_eq!(memory.used.get(), 0);
    }
}
