//! A header or trailer section.

use std::fmt;

use http::{HeaderName, HeaderValue};

use super::Known;

/// Header fields in the order in which they came, with their names as they were written.
///
/// All text lies in one buffer: a section is read with one copy, written with a few, and its memory serves the next
/// message of the connection. Names and values come from parsers that refuse control characters, or from
/// [`HeaderValue`], so that what is written is always one line a field.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    /// `name: value\r\n`, line after line; lines of removed fields stay until the section is cleared.
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// Bits of the known names that may be there.
    present: u128,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    line: u32,
    /// End of the line with its line feed.
    end: u32,
    value: u32,
    value_end: u32,
    name_length: u16,
    known: Known,
    /// Whether the line is `name: value\r\n`, as we would write it.
    is_plain: bool,
}

impl Fields {
    /// Forgets all fields; the memory stays.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
        self.present = 0;
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the lines.
    pub(crate) fn size(&self) -> usize {
        self.entries.iter().map(|entry| (entry.end - entry.line) as usize).sum()
    }

    /// Adds a line that was read, with its line end. `name_length` bytes of it are the name, and the value without the
    /// white space around it is at `value`.
    pub(crate) fn push_line(&mut self, line: &[u8], name_length: usize, value: std::ops::Range<usize>) -> Known {
        let at = self.text.len() as u32;
        let known = Known::of(&line[..name_length]);
        self.present |= known.bit();
        self.text.extend_from_slice(line);
        self.entries.push(Entry {
            line: at,
            end: at + line.len() as u32,
            value: at + value.start as u32,
            value_end: at + value.end as u32,
            name_length: name_length as u16,
            known,
            // With a line feed alone a space before it would be as long as the line end that we write.
            is_plain: value.start == name_length + 2 && line[name_length + 1] == b' ' && line[value.end..] == *b"\r\n",
        });
        known
    }

    fn append_text(&mut self, known: Known, name: &[u8], value: &[&[u8]]) {
        let at = self.text.len();
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(b": ");
        let value_at = self.text.len();
        for part in value {
            self.text.extend_from_slice(part);
        }
        self.end_line(known, at, name.len(), value_at);
    }

    /// Ends the line that begins at `at`.
    fn end_line(&mut self, known: Known, at: usize, name_length: usize, value_at: usize) {
        let value_end = self.text.len();
        self.text.extend_from_slice(b"\r\n");
        self.present |= known.bit();
        self.entries.push(Entry {
            line: at as u32,
            end: self.text.len() as u32,
            value: value_at as u32,
            value_end: value_end as u32,
            name_length: name_length as u16,
            known,
            is_plain: true,
        });
    }

    /// Adds a field after those that are there, also after others of its name.
    pub(crate) fn append(&mut self, name: Known, value: &HeaderValue) {
        self.append_text(name, name.text().as_bytes(), &[value.as_bytes()]);
    }

    /// Adds a field whose value is made of parts that were checked: taken from other fields or made of digits.
    pub(crate) fn append_parts(&mut self, name: Known, parts: &[&[u8]]) {
        debug_assert!(
            parts
                .iter()
                .all(|part| !part.contains(&b'\n') && !part.contains(&b'\r'))
        );
        self.append_text(name, name.text().as_bytes(), parts);
    }

    /// Adds a field with any name. Both come from a section that was read.
    pub(crate) fn append_raw(&mut self, name: &[u8], value: &[u8]) {
        self.append_text(Known::of(name), name, &[value]);
    }

    /// The same fields without the memory of removed ones, in one form.
    pub(crate) fn compacted(&self) -> Self {
        let mut fields = Self {
            text: Vec::with_capacity(self.text.len()),
            entries: Vec::with_capacity(self.entries.len()),
            present: 0,
        };
        for (name, value) in self.iter() {
            fields.append_raw(name, value);
        }
        fields
    }

    /// Takes the fields of another section, into the memory that is there.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.text.clone_from(&other.text);
        self.entries.clone_from(&other.entries);
        self.present = other.present;
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// Adds a field with the value that the first field of another name has, if there is one.
    pub(crate) fn append_copy(&mut self, name: Known, source: Known) {
        let Some(entry) = self.entries.iter().find(|entry| entry.known == source) else {
            return;
        };
        let value = entry.value as usize..entry.value_end as usize;
        let at = self.text.len();
        self.text.extend_from_slice(name.text().as_bytes());
        self.text.extend_from_slice(b": ");
        let value_at = self.text.len();
        self.text.extend_from_within(value);
        self.end_line(name, at, name.text().len(), value_at);
    }

    /// Adds a field with any name.
    pub(crate) fn append_named(&mut self, name: &HeaderName, value: &HeaderValue) {
        let name = name.as_str().as_bytes();
        self.append_text(Known::of(name), name, &[value.as_bytes()]);
    }

    /// Puts a field in the place of all others of its name.
    pub(crate) fn set(&mut self, name: Known, value: &HeaderValue) {
        self.remove(name);
        self.append(name, value);
    }

    /// As [`Fields::set`], for any name.
    pub(crate) fn set_named(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.remove_named(name.as_str().as_bytes());
        self.append_named(name, value);
    }

    /// Takes out all fields of a name.
    pub(crate) fn remove(&mut self, name: Known) {
        if self.contains(name) {
            self.entries.retain(|entry| entry.known != name);
            self.present &= !name.bit();
        }
    }

    /// Takes out all fields of a name but the first.
    pub(crate) fn keep_first(&mut self, name: Known) {
        let mut is_first = true;
        if self.all(name).nth(1).is_some() {
            self.entries
                .retain(|entry| entry.known != name || std::mem::take(&mut is_first));
        }
    }

    /// As [`Fields::remove`], for any name.
    pub(crate) fn remove_named(&mut self, name: &[u8]) {
        match Known::of(name) {
            Known::Other => {
                let text = &self.text;
                self.entries
                    .retain(|entry| entry.known != Known::Other || !entry.name(text).eq_ignore_ascii_case(name));
            }
            known => self.remove(known),
        }
    }

    /// Takes out the fields that a set of known names has.
    pub(crate) fn remove_all(&mut self, names: KnownSet) {
        if self.present & names.0 != 0 {
            self.entries.retain(|entry| entry.known.bit() & names.0 == 0);
            self.present &= !names.0;
        }
    }

    /// Whether there is a field of that name.
    pub(crate) fn contains(&self, name: Known) -> bool {
        self.present & name.bit() != 0
    }

    /// Whether there is a field of one of the names.
    pub(crate) fn contains_any(&self, names: KnownSet) -> bool {
        self.present & names.0 != 0
    }

    /// The value of the first field of a name.
    pub(crate) fn get(&self, name: Known) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The values of a name, in order.
    pub(crate) fn all(&self, name: Known) -> impl Iterator<Item = &[u8]> {
        let entries = if self.contains(name) { &self.entries[..] } else { &[] };
        entries
            .iter()
            .filter(move |entry| entry.known == name)
            .map(|entry| entry.value(&self.text))
    }

    /// The values of any name, in order; case does not matter.
    pub(crate) fn all_named<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries
            .iter()
            .map(|entry| (entry.name(&self.text), entry.value(&self.text)))
    }

    /// Writes the lines, without the empty one after them.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        // Lines that still lie side by side are copied as one.
        let (mut from, mut to) = (0, 0);
        for entry in &self.entries {
            if entry.is_plain && entry.line as usize == to {
                to = entry.end as usize;
                continue;
            }
            out.extend_from_slice(&self.text[from..to]);
            (from, to) = (entry.line as usize, entry.end as usize);
            if !entry.is_plain {
                out.extend_from_slice(entry.name(&self.text));
                out.extend_from_slice(b": ");
                out.extend_from_slice(entry.value(&self.text));
                out.extend_from_slice(b"\r\n");
                from = to;
            }
        }
        out.extend_from_slice(&self.text[from..to]);
    }
}

impl Entry {
    fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.line as usize..self.line as usize + usize::from(self.name_length)]
    }

    fn value<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.value as usize..self.value_end as usize]
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        f.debug_list().entries(lines).finish()
    }
}

/// Some of the known names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownSet(u128);

impl KnownSet {
    /// The set of these names.
    pub(crate) const fn of(names: &[Known]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < names.len() {
            bits |= names[i].bit();
            i += 1;
        }
        Self(bits)
    }

    /// The set of all names that are known but these.
    pub(crate) const fn all_but(names: &[Known]) -> Self {
        Self(Known::ALL_BITS & !Self::of(names).0)
    }

    /// Whether a name is one of them.
    pub(crate) fn has(self, name: Known) -> bool {
        self.0 & name.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &Fields) -> String {
        let mut out = Vec::new();
        fields.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn read() -> Fields {
        let mut fields = Fields::default();
        fields.push_line(b"Host: a\r\n", 4, 6..7);
        fields.push_line(b"X-One:1\r\n", 5, 6..7);
        fields.push_line(b"Accept: */*\r\n", 6, 8..11);
        fields.push_line(b"Via: 1.1 x  \r\n", 3, 5..10);
        fields.push_line(b"X-Two: 2\r\n", 5, 7..8);
        fields
    }

    #[test]
    fn lines_end_as_ours_do() {
        for line in [&b"A: b\n"[..], b"A: b \n", b"A: b\t\n", b"A: b \r\n", b"A: b\r\n"] {
            let mut fields = Fields::default();
            fields.push_line(line, 1, 3..4);
            assert_eq!(written(&fields), "A: b\r\n", "{line:?}");
        }
    }

    #[test]
    fn lines_are_written_in_order_and_in_one_form() {
        assert_eq!(written(&Fields::default()), "");
        assert_eq!(
            written(&read()),
            "Host: a\r\nX-One: 1\r\nAccept: */*\r\nVia: 1.1 x\r\nX-Two: 2\r\n"
        );
    }

    #[test]
    fn fields_are_found_set_and_removed() {
        let mut fields = read();
        assert_eq!(fields.get(Known::Host), Some(&b"a"[..]));
        assert_eq!(fields.get(Known::Cookie), None);
        assert_eq!(fields.all_named(b"x-ONE").next(), Some(&b"1"[..]));
        fields.append(Known::Via, &HeaderValue::from_static("1.1 y"));
        assert_eq!(fields.all(Known::Via).collect::<Vec<_>>(), [b"1.1 x", b"1.1 y"]);
        fields.set(Known::Host, &HeaderValue::from_static("b:80"));
        fields.remove_named(b"x-two");
        fields.remove_all(KnownSet::of(&[Known::Accept, Known::Te]));
        assert_eq!(
            written(&fields),
            "X-One: 1\r\nVia: 1.1 x\r\nvia: 1.1 y\r\nhost: b:80\r\n"
        );
        assert!(!fields.contains(Known::Accept));
        fields.clear();
        assert_eq!((fields.len(), written(&fields).as_str()), (0, ""));
    }
}
