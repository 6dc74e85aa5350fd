//! Reads what a gateway has forwarded, as strictly as RFC 9112 is written.

/// How many requests the bytes are, and what is wrong with them.
pub fn judge(bytes: &[u8]) -> (usize, Vec<&'static str>) {
    let (mut count, mut faults, mut rest) = (0, Vec::new(), bytes);
    while !rest.is_empty() {
        let Some(end) = find(rest, b"\r\n\r\n") else {
            faults.push("the head breaks off");
            break;
        };
        let (head, body) = (&rest[..end], &rest[end + 4..]);
        count += 1;
        match request(head, body, &mut faults) {
            Ok(after) => rest = after,
            Err(fault) => {
                faults.push(fault);
                break;
            }
        }
    }
    (count, faults)
}

/// Judges one request; returns what comes after it.
fn request<'a>(head: &[u8], body: &'a [u8], faults: &mut Vec<&'static str>) -> Result<&'a [u8], &'static str> {
    let mut lines = split(head, b"\r\n").into_iter();
    if !is_request_line(lines.next().unwrap_or_default()) {
        faults.push("the request line is wrong");
    }
    if find(head, b"/smuggled ").is_some_and(|at| at < find(head, b"\r\n").unwrap_or(head.len())) {
        faults.push("a request was smuggled");
    }
    let (mut hosts, mut lengths, mut codings) = (0, Vec::new(), Vec::new());
    for line in lines {
        let Some((name, value)) = field(line) else {
            faults.push("a field is wrong");
            continue;
        };
        match name.to_ascii_lowercase().as_slice() {
            b"host" => hosts += 1,
            b"content-length" => lengths.push(value),
            b"transfer-encoding" => codings.push(value),
            _ => {}
        }
    }
    if hosts != 1 {
        faults.push("not one host");
    }
    if !lengths.is_empty() && !codings.is_empty() {
        return Err("a length and a coding");
    }
    if !codings.is_empty() {
        return if codings == [b"chunked"] {
            chunks(body, faults)
        } else {
            Err("another coding than chunked")
        };
    }
    let length = match lengths[..] {
        [] => 0,
        [length] if length.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
            length.ok_or("the length is wrong")?
        }
        _ => return Err("the length is wrong"),
    };
    body.get(length..).ok_or("the body breaks off")
}

fn chunks<'a>(mut body: &'a [u8], faults: &mut Vec<&'static str>) -> Result<&'a [u8], &'static str> {
    loop {
        let Some(end) = find(body, b"\r\n") else {
            return Err("the body breaks off");
        };
        let size = body[..end].split(|byte| *byte == b';').next().unwrap_or_default();
        let is_size = !size.is_empty() && size.len() <= 15 && size.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(size).ok().filter(|_| is_size);
        let size = usize::from_str_radix(text.ok_or("a chunk's size is wrong")?, 16).map_err(|_| "too large")?;
        body = &body[end + 2..];
        if size == 0 {
            break;
        }
        match body.get(size..size + 2) {
            Some(b"\r\n") => body = &body[size + 2..],
            Some(_) => return Err("a chunk ends wrongly"),
            None => return Err("the body breaks off"),
        }
    }
    loop {
        let Some(end) = find(body, b"\r\n") else {
            return Err("the body breaks off");
        };
        let line = &body[..end];
        body = &body[end + 2..];
        if line.is_empty() {
            return Ok(body);
        }
        let (name, _) = field(line).ok_or("a trailer is wrong")?;
        if matches!(
            name.to_ascii_lowercase().as_slice(),
            b"host" | b"content-length" | b"transfer-encoding"
        ) {
            faults.push("a trailer about framing");
        }
    }
}

fn is_request_line(line: &[u8]) -> bool {
    let parts = split(line, b" ");
    let [method, target, protocol] = parts[..] else {
        return false;
    };
    is_token(method)
        && !target.is_empty()
        && target.iter().all(u8::is_ascii_graphic)
        && matches!(protocol, b"HTTP/1.1" | b"HTTP/1.0")
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = find(line, b":")?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_value = value.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t');
    (is_token(name) && is_value).then_some((name, value.trim_ascii()))
}

fn is_token(name: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_tchar)
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

fn split<'a>(mut bytes: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = find(bytes, separator) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + separator.len()..];
    }
    parts.push(bytes);
    parts
}
