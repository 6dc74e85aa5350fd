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

/// Every target, by name.
pub const TARGETS: [(&str, fn(&[u8])); 11] = [
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

    #[test]
    fn seeds_hold() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in super::TARGETS {
            let seeds = fs::read_dir(corpus.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            for seed in seeds {
                target(&fs::read(seed.unwrap().path()).unwrap());
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
}
