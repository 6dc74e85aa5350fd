//! `Accept-Encoding` (RFC 9110 §12.5.3).

use domain::policy::compression::Coding;

use crate::message::{Fields, Known};

/// Weight of a coding in thousandths.
type Weight = u16;

const FULL: Weight = 1_000;

/// What a caller says about codings.
#[derive(Debug, Default)]
struct Accepted {
    br: Option<Weight>,
    gzip: Option<Weight>,
    identity: Option<Weight>,
    /// All that are not named.
    any: Option<Weight>,
}

/// The coding that suits the caller best, of those that are offered; of several that it likes as much, the first. `None`
/// where it wants none of them, or says nothing.
pub(crate) fn choose(request: &Fields, offered: &[Coding]) -> Option<Coding> {
    if !request.contains(Known::AcceptEncoding) {
        return None;
    }
    let mut accepted = Accepted::default();
    for member in request
        .all(Known::AcceptEncoding)
        .flat_map(|value| value.split(|byte| *byte == b','))
    {
        accepted.read(member);
    }
    // What is not coded is always possible, and preferred where the caller says so.
    let plain = accepted.identity.unwrap_or_default();
    let weight = |coding: Coding| accepted.weight(coding).filter(|weight| *weight > 0 && *weight >= plain);
    let mut best = None;
    for coding in offered {
        if let Some(weight) = weight(*coding)
            && best.is_none_or(|(_, heaviest)| weight > heaviest)
        {
            best = Some((*coding, weight));
        }
    }
    best.map(|(coding, _)| coding)
}

impl Accepted {
    fn read(&mut self, member: &[u8]) {
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
        // A weight that can't be read is no wish.
        let weight = weight.map_or(FULL, |text| weight_of(text).unwrap_or_default());
        let is = |text: &[u8]| name.eq_ignore_ascii_case(text);
        if is(b"br") {
            self.br = Some(weight);
        } else if is(b"gzip") || is(b"x-gzip") {
            self.gzip = Some(weight);
        } else if is(b"identity") {
            self.identity = Some(weight);
        } else if is(b"*") {
            self.any = Some(weight);
        }
    }

    fn weight(&self, coding: Coding) -> Option<Weight> {
        let named = match coding {
            Coding::Br => self.br,
            Coding::Gzip => self.gzip,
        };
        named.or(self.any)
    }
}

/// A weight between 0 and 1 with up to three digits (RFC 9110 §12.4.2).
fn weight_of(text: &[u8]) -> Option<Weight> {
    let (whole, digits) = match text {
        [whole] | [whole, b'.'] => (whole, &[][..]),
        [whole, b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    let mut weight = match whole {
        b'0' => 0,
        b'1' => FULL,
        _ => return None,
    };
    let mut unit = 100;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        weight += Weight::from(digit - b'0') * unit;
        unit /= 10;
    }
    (weight <= FULL).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_is_chosen_and_then_the_first() {
        use Coding::{Br, Gzip};
        for (accepts, expected) in [
            (None, None),
            (Some(""), None),
            (Some("gzip, br"), Some(Br)),
            (Some("gzip"), Some(Gzip)),
            (Some("GZIP;q=0.5,deflate"), Some(Gzip)),
            (Some("x-gzip"), Some(Gzip)),
            (Some("br;q=0.5, gzip;q=0.501"), Some(Gzip)),
            (Some("br;q=1.0, gzip ; q=1"), Some(Br)),
            (Some("br;q=0, gzip;q=0"), None),
            (Some("*"), Some(Br)),
            (Some("*;q=0.1, br;q=0"), Some(Gzip)),
            (Some("identity, gzip;q=0.5"), None),
            (Some("identity;q=0.5, gzip;q=0.5"), Some(Gzip)),
            (Some("identity;q=0, *"), Some(Br)),
            (Some("deflate, zstd"), None),
            (Some("br;q=2, gzip;q=x"), None),
            (Some("br;q=0.1234"), None),
            (Some("br;q=1.001"), None),
            (Some("brr, gzipp"), None),
            (Some(" , ;q=1, gzip"), Some(Gzip)),
        ] {
            let mut fields = Fields::default();
            if let Some(accepts) = accepts {
                fields.append_raw(b"accept-encoding", accepts.as_bytes());
            }
            assert_eq!(choose(&fields, &[Br, Gzip]), expected, "{accepts:?}");
            if expected == Some(Br) {
                assert_ne!(choose(&fields, &[Gzip]), Some(Br), "{accepts:?}");
            }
        }
    }

    #[test]
    fn lines_are_one_list() {
        let mut fields = Fields::default();
        fields.append_raw(b"accept-encoding", b"br;q=0.2");
        fields.append_raw(b"accept-encoding", b"gzip");
        assert_eq!(choose(&fields, &[Coding::Br, Coding::Gzip]), Some(Coding::Gzip));
    }
}
