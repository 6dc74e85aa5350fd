//! Just enough of HTTP/1.1 for both ends of a soak.

use std::io::{self, BufRead, Read as _};

/// The longest line of a head or of chunked framing that either end sends.
const LINE: u64 = 64 * 1024;

/// A head: of a request, or of an answer.
#[derive(Debug)]
pub(super) struct Head {
    /// Request line or status line.
    pub(super) first: String,
    /// Fields in their order; names in small letters.
    pub(super) fields: Vec<(String, String)>,
}

impl Head {
    /// Reads a head; `None` when the connection ends before its first byte.
    pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        if reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let first = line(reader)?;
        let mut fields = Vec::new();
        loop {
            let line = line(reader)?;
            if line.is_empty() {
                return Ok(Some(Self { first, fields }));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(candidate, _)| candidate == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some()
    }

    /// Reads the body that the head announces, which is none if it announces none.
    pub(super) fn body(&self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        if self.is_chunked() {
            return chunked(reader);
        }
        let length = match self.field("content-length") {
            Some(length) => length.parse().map_err(|_| malformed(length))?,
            None => 0,
        };
        exactly(reader, length)
    }
}

/// A body of so many bytes by which one can tell what it answers.
pub(super) fn pattern(path: &str, length: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(length + path.len() + 1);
    while body.len() < length {
        body.extend_from_slice(path.as_bytes());
        body.push(b'\n');
    }
    body.truncate(length);
    body
}

/// A body in chunks of so many bytes, the last one included.
pub(super) fn in_chunks(body: &[u8], size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len() + body.len() / size * 8 + 16);
    for piece in body.chunks(size) {
        text.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        text.extend_from_slice(piece);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"0\r\n\r\n");
    text
}

fn chunked(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(reader)?;
        let size = u64::from_str_radix(&size, 16).map_err(|_| malformed(&size))?;
        if size == 0 {
            // Trailers, of which there are none, and the empty line.
            while !line(reader)?.is_empty() {}
            return Ok(body);
        }
        body.extend(exactly(reader, size)?);
        let end = line(reader)?;
        if !end.is_empty() {
            return Err(malformed(&end));
        }
    }
}

fn exactly(reader: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{} of {length} bytes", body.len()),
        ));
    }
    Ok(body)
}

/// A line without its end.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.take(LINE).read_until(b'\n', &mut line)?;
    let Some(text) = line.strip_suffix(b"\r\n") else {
        return Err(if line.len() as u64 == LINE {
            malformed("a line without end")
        } else {
            io::Error::new(io::ErrorKind::UnexpectedEof, "within a line")
        });
    };
    String::from_utf8(text.to_vec()).map_err(|_| malformed("no UTF-8"))
}

pub(super) fn malformed(what: &str) -> io::Error {
    let what: String = what.chars().take(80).collect();
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed: {what:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_chunks_is_read_again() {
        let body = pattern("/a/1", 1000);
        for size in [1, 7, 999, 1000, 1001] {
            let mut text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            text.extend(in_chunks(&body, size));
            let reader = &mut text.as_slice();
            let head = Head::read(reader).unwrap().unwrap();
            assert_eq!(head.body(reader).unwrap(), body, "in chunks of {size}");
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error() {
        for text in [
            "X\r\nContent-Length: 5\r\n\r\nfour",
            "X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n",
            "X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour\r\n0\r\n\r\n",
        ] {
            let reader = &mut text.as_bytes();
            let head = Head::read(reader).unwrap().unwrap();
            assert!(head.body(reader).is_err(), "{text:?}");
        }
    }
}
