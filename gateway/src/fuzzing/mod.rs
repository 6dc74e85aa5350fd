//! Properties of the request path that hold for any bytes, for `gateway/fuzz`. Each function panics where its property
//! does not hold. The seeds in `gateway/fuzz/corpus` are also tried by `cargo test`.

mod identity;
mod keys;
mod messages;
mod protection;
mod routes;

pub use identity::jwt;
pub use keys::cache_keys;
pub use messages::{answer_head, chunked_body, header_rewriting, request_head};
pub use protection::{json_limits, signatures, xml_limits};
pub use routes::{document, matcher};

/// Panics where its property does not hold for the bytes.
pub type Target = fn(&[u8]);

/// Every target, by name.
pub const TARGETS: [(&str, Target); 11] = [
    ("answer_head", answer_head),
    ("cache_keys", cache_keys),
    ("chunked_body", chunked_body),
    ("document", document),
    ("header_rewriting", header_rewriting),
    ("json_limits", json_limits),
    ("jwt", jwt),
    ("matcher", matcher),
    ("request_head", request_head),
    ("signatures", signatures),
    ("xml_limits", xml_limits),
];

/// Takes the first byte off, which says how the rest comes.
fn cut(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
}

/// Pieces of 1 to 16 bytes, other ones for each `how`.
fn pieces(how: u8, mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut state = u32::from(how);
    std::iter::from_fn(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, rest) = bytes
            .split_at_checked((state >> 28) as usize + 1)
            .unwrap_or((bytes, &[]));
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::{prelude::*, sample::Index};

    fn seeds(name: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    #[test]
    fn seeds_hold() {
        for (name, target) in super::TARGETS {
            let seeds = seeds(name);
            assert!(!seeds.is_empty(), "{name} has no seeds");
            for seed in seeds {
                target(&seed);
            }
        }
    }

    #[test]
    fn every_target_has_its_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
        let mut programs: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        programs.sort();
        let names: Vec<&str> = super::TARGETS.iter().map(|(name, _)| *name).collect();
        assert_eq!(programs, names);
    }

    /// A change of a text.
    #[derive(Clone, Debug)]
    enum Edit {
        Replace(Index, u8),
        Insert(Index, u8),
        Remove(Index, Index),
        /// A part of it once more, somewhere else.
        Repeat(Index, Index, Index),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        // Bytes that mean something to one of the readers, and all others.
        let meaningful = prop::sample::select(b"\r\n\t :;,=?&%/.{}[]\"'\\<>!-0a".to_vec());
        let byte = prop_oneof![meaningful, any::<u8>()];
        prop_oneof![
            (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
            (any::<Index>(), byte).prop_map(|(at, byte)| Edit::Insert(at, byte)),
            any::<[Index; 2]>().prop_map(|[from, to]| Edit::Remove(from, to)),
            any::<[Index; 3]>().prop_map(|[from, to, at]| Edit::Repeat(from, to, at)),
        ]
    }

    fn apply(text: &mut Vec<u8>, edit: &Edit) {
        let length = text.len() + 1;
        let range = |from: &Index, to: &Index| {
            let (from, to) = (from.index(length), to.index(length));
            from.min(to)..from.max(to)
        };
        match edit {
            Edit::Replace(at, byte) => {
                let at = at.index(length);
                if let Some(place) = text.get_mut(at) {
                    *place = *byte;
                }
            }
            Edit::Insert(at, byte) => text.insert(at.index(length), *byte),
            Edit::Remove(from, to) => drop(text.drain(range(from, to))),
            Edit::Repeat(from, to, at) => {
                let part = text[range(from, to)].to_vec();
                let at = at.index(length);
                text.splice(at..at, part);
            }
        }
        text.truncate(4096);
    }

    proptest! {
        /// A fuzzer for those who have no time: `PROPTEST_CASES=100000` makes it a longer one.
        #[test]
        fn changed_seeds_hold(target in any::<Index>(), seed in any::<Index>(), edits in prop::collection::vec(edit(), 1..12)) {
            let (name, target) = target.get(&super::TARGETS);
            let mut text = seed.get(&seeds(name)).clone();
            for edit in &edits {
                apply(&mut text, edit);
            }
            let held = std::panic::catch_unwind(|| target(&text));
            prop_assert!(held.is_ok(), "{name} with {:?}", String::from_utf8_lossy(&text));
        }
    }
}
