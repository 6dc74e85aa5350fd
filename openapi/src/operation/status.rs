//! The keys of `responses`.

/// A key of `responses`, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StatusKey {
    Exact(u16),
    /// `4XX` is 4.
    Class(u16),
    Default,
}

impl StatusKey {
    /// Reads a key; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("default") {
            return Some(Self::Default);
        }
        let class = text.bytes().next().filter(|first| (b'1'..=b'5').contains(first))?;
        if text.len() != 3 {
            return None;
        }
        if text[1..].eq_ignore_ascii_case("XX") {
            return Some(Self::Class(u16::from(class - b'0')));
        }
        text.parse().ok().map(Self::Exact)
    }

    pub(crate) fn describes(self, status: u16) -> bool {
        match self {
            Self::Exact(own) => own == status,
            Self::Class(class) => status / 100 == class,
            Self::Default => true,
        }
    }
}
