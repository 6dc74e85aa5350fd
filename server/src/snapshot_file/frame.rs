//! Frames: length, kind and payload, each with the checksum of everything before it.

/// Kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Begin = 1,
    Catalog = 2,
    Subscriptions = 3,
    Keys = 4,
    End = 5,
    Changes = 6,
    Document = 7,
    Identities = 8,
}

impl Kind {
    pub(super) fn parse(byte: u8) -> Option<Self> {
        [
            Self::Begin,
            Self::Catalog,
            Self::Subscriptions,
            Self::Keys,
            Self::End,
            Self::Changes,
            Self::Document,
            Self::Identities,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// The checksum of everything up to and with `part`, going on from the one before.
pub(super) fn checksum(before: u32, part: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(part);
    hasher.finalize()
}

/// Adds a frame and returns its checksum.
pub(super) fn frame(bytes: &mut Vec<u8>, before: u32, kind: Kind, payload: &[u8]) -> u32 {
    let [a, b, c, d] = (payload.len() as u32).to_le_bytes();
    let head = [a, b, c, d, kind as u8];
    let sum = checksum(before, &head);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&sum.to_le_bytes());
    let sum = checksum(sum, payload);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&sum.to_le_bytes());
    sum
}
