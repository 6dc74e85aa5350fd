//! What a rule of a ruleset's own says of a place.

/// Bytes of one message.
const MOST_BYTES: usize = 2_000;

/// A text, cut where it is longer than a message may be.
pub(super) fn cut(text: &str) -> String {
    let mut message = Message::default();
    message.push(text);
    message.text
}

/// Texts as one, cut where it is longer than a message may be; the rest isn't looked at.
pub(super) fn joined<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, between: &str) -> String {
    let mut message = Message::default();
    for (at, text) in texts.into_iter().enumerate() {
        if at > 0 {
            message.push(between);
        }
        message.push(text.as_ref());
        if message.is_full {
            break;
        }
    }
    message.text
}

/// Replaces `{{name}}` by what `value` gives for the name. What is put in isn't looked at again; a name without a value stays.
pub(super) fn filled(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut message = Message::default();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once("{{") {
        message.push(before);
        if message.is_full {
            return message.text;
        }
        let named = inner.split_once("}}");
        match named.and_then(|(name, after)| Some((value(name)?, after))) {
            Some((value, after)) => {
                message.push(&value);
                rest = after;
            }
            None => {
                message.push("{");
                rest = &rest[before.len() + 1..];
            }
        }
    }
    message.push(rest);
    message.text
}

#[derive(Default)]
struct Message {
    text: String,
    is_full: bool,
}

impl Message {
    fn push(&mut self, text: &str) {
        if self.is_full {
            return;
        }
        let room = MOST_BYTES - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return;
        }
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
        self.text.push('…');
        self.is_full = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let value = |name: &str| match name {
            "a" => Some("{{b}}".to_owned()),
            "b" => Some("x".to_owned()),
            _ => None,
        };
        for (template, expected) in [
            ("{{a}} {{b}}", "{{b}} x"),
            ("{{{{b}}}}", "{{x}}"),
            ("{{{b}}", "{x"),
            ("{{c}} {{b}} {{", "{{c}} x {{"),
            ("{{c {{b}}", "{{c x"),
            ("", ""),
        ] {
            assert_eq!(filled(template, value), expected, "{template}");
        }
    }

    #[test]
    fn messages_are_short() {
        let long = "ü".repeat(5_000);
        let many = "{{a}}".repeat(5_000);
        for text in [
            cut(&long),
            joined([&long, &long], ", "),
            filled(&many, |_| Some(long.clone())),
            filled(&long, |_| None),
        ] {
            assert!(text.len() <= MOST_BYTES + 3 && text.ends_with('…'), "{}", text.len());
        }
    }
}
