//! The parts of a request and of an answer that come before their bodies.

use http::{Method, StatusCode, Version};

use super::Fields;

/// What comes before the body of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) version: Version,
    /// Path and query as they were sent; visible ASCII.
    pub(super) target: String,
    /// Length of the path in `target`.
    pub(super) path_length: usize,
    /// Where the request is for, if its target says so (RFC 9112 §3.2.2) or it came by HTTP/2; goes before `Host`.
    pub(crate) authority: Option<String>,
    pub(crate) fields: Fields,
}

impl Default for RequestHead {
    fn default() -> Self {
        Self {
            method: Method::GET,
            version: Version::HTTP_11,
            target: String::new(),
            path_length: 0,
            authority: None,
            fields: Fields::default(),
        }
    }
}

impl RequestHead {
    /// Makes room for the next request.
    pub(crate) fn clear(&mut self) {
        self.target.clear();
        self.path_length = 0;
        self.authority = None;
        self.fields.clear();
    }

    /// Takes a target: `/path?query`, `http://authority/path?query` or `*`. It has visible ASCII only.
    pub(crate) fn set_target(&mut self, target: &str) {
        let target = match absolute(target) {
            Some((authority, rest)) => {
                self.authority = Some(authority.to_owned());
                if !rest.starts_with('/') {
                    self.target.push('/');
                }
                rest
            }
            None => target,
        };
        self.target.push_str(target);
        self.path_length = memchr::memchr(b'?', self.target.as_bytes()).unwrap_or(self.target.len());
    }

    /// As sent, without the query.
    pub(crate) fn path(&self) -> &str {
        &self.target[..self.path_length]
    }

    /// As sent, without the question mark; empty without one.
    pub(crate) fn query(&self) -> &str {
        self.target.get(self.path_length + 1..).unwrap_or_default()
    }

    /// Takes a parameter out of the query, however its name is written and how often it is there.
    pub(crate) fn remove_parameter(&mut self, name: &str) {
        let is_it = |piece: &str| form_urlencoded::parse(piece.as_bytes()).any(|(found, _)| found == name);
        if !self.query().split('&').any(is_it) {
            return;
        }
        let kept: Vec<&str> = self.query().split('&').filter(|piece| !is_it(piece)).collect();
        let query = kept.join("&");
        self.target.truncate(self.path_length);
        if !query.is_empty() {
            self.target.push('?');
            self.target.push_str(&query);
        }
    }

    /// Path and query without so many bytes at the beginning.
    pub(crate) fn from(&self, base_length: usize) -> &str {
        self.target.get(base_length..).unwrap_or_default()
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

/// Authority and the rest of an absolute target.
fn absolute(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

/// What comes before the body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
}

impl Default for AnswerHead {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            version: Version::HTTP_11,
            fields: Fields::default(),
        }
    }
}

/// How long the body is that comes after a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// So many bytes.
    Exact(u64),
    /// As many as come until it says that it is over.
    Open,
}

impl AnswerHead {
    /// Makes room for the next answer.
    pub(crate) fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.version = Version::HTTP_11;
        self.fields.clear();
    }
}

impl BodyLength {
    /// No body at all, or an empty one.
    pub(crate) const NONE: Self = Self::Exact(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_taken_out() {
        for (sent, left) in [
            ("/a?key=1", "/a"),
            ("/a?x=1&key=1&y=%20", "/a?x=1&y=%20"),
            ("/a?k%65y=1&&key&key=2&x", "/a?&x"),
            ("/a?keys=1&x=key", "/a?keys=1&x=key"),
            ("/key?", "/key?"),
            ("/key=1", "/key=1"),
        ] {
            let mut head = RequestHead::default();
            head.set_target(sent);
            head.remove_parameter("key");
            assert_eq!(head.target(), left, "{sent}");
            assert_eq!(head.path(), sent.split('?').next().unwrap());
        }
    }

    #[test]
    fn a_target_is_taken_apart() {
        for (sent, authority, target, path) in [
            ("/a/b?c", None, "/a/b?c", "/a/b"),
            ("/a", None, "/a", "/a"),
            ("*", None, "*", "*"),
            ("http://h:8/a?b", Some("h:8"), "/a?b", "/a"),
            ("HTTP://h", Some("h"), "/", "/"),
            ("https://h?x", Some("h"), "/?x", "/"),
            ("/a?u=http://x/", None, "/a?u=http://x/", "/a"),
        ] {
            let mut head = RequestHead::default();
            head.set_target(sent);
            assert_eq!(
                (head.authority.as_deref(), head.target(), head.path()),
                (authority, target, path),
                "{sent}"
            );
        }
    }
}
