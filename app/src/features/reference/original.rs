//! The uploaded document, byte for byte, as a download.

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{cx::Cx, error::PageError};

pub(super) async fn original(
    cx: Cx,
    Path((organization, api, version)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    let (name, bytes) = cx
        .services()
        .catalog_reads
        .original(cx.actor(), &organization, &api, &version)
        .await?;
    let media_type = media_type(&bytes);
    let disposition = format!("attachment; filename=\"{}\"", file_name(&name, media_type));
    let disposition = HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    // A stranger's bytes: saved, never shown; and if something shows them, nothing in them runs.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, bytes).into_response())
}

fn media_type(bytes: &[u8]) -> &'static str {
    let without_mark = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match without_mark.trim_ascii_start() {
        [0x1F, 0x8B, ..] => "application/gzip",
        [b'P', b'K', 3, 4, ..] => "application/zip",
        [b'{' | b'[', ..] => "application/json",
        _ => "application/yaml",
    }
}

/// The name with nothing in it that a header or a file system could stumble over, and an ending that fits the content.
fn file_name(name: &str, media_type: &str) -> String {
    const LONGEST: usize = 80;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .take(LONGEST)
        .collect();
    let plain = plain.trim_matches(['.', '-']);
    let stem = if plain.is_empty() { "openapi" } else { plain };
    let (endings, ending): (&[&str], &str) = match media_type {
        "application/json" => (&[".json"], ".json"),
        "application/gzip" => (&[".gz"], ".gz"),
        "application/zip" => (&[".zip"], ".zip"),
        _ => (&[".yaml", ".yml"], ".yaml"),
    };
    let fits = endings.iter().any(|ending| stem.to_ascii_lowercase().ends_with(ending));
    if fits {
        stem.to_owned()
    } else {
        format!("{stem}{ending}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_follows_the_bytes() {
        for (bytes, expected) in [
            (&b"  {\"openapi\": 1}"[..], "application/json"),
            (b"\xEF\xBB\xBF{", "application/json"),
            (b"openapi: 3.1.0", "application/yaml"),
            (b"\x1F\x8B\x08", "application/gzip"),
            (b"PK\x03\x04", "application/zip"),
            (b"<html>", "application/yaml"),
            (b"", "application/yaml"),
        ] {
            assert_eq!(media_type(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn file_names_are_harmless() {
        for (name, media_type, expected) in [
            ("petstore.yaml", "application/yaml", "petstore.yaml"),
            ("Petstore.YML", "application/yaml", "Petstore.YML"),
            ("../../etc/passwd", "application/json", "passwd.json"),
            ("C:\\specs\\a b.json", "application/json", "a-b.json"),
            (
                "x\"; filename=evil.exe\r\nSet-Cookie: a=b",
                "application/yaml",
                "x---filename-evil.exe--Set-Cookie--a-b.yaml",
            ),
            ("…", "application/json", "openapi.json"),
            ("", "application/gzip", "openapi.gz"),
        ] {
            assert_eq!(file_name(name, media_type), expected, "{name}");
        }
        assert!(file_name(&"a".repeat(500), "application/json").len() < 100);
    }
}
