//! The function `alphabetical`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Found, found};
use crate::check::shortened;
use crate::lint::spectral::collation;

/// The first pair that is in the wrong order.
pub(super) fn unsorted(value: &Value, keyed_by: Option<&str>) -> Option<Found> {
    let texts: Vec<Cow<'_, str>> = match (value, keyed_by) {
        (Value::Array(items), Some(key)) => {
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get(key)?.as_str()).collect();
            let Some(texts) = texts else {
                return Some(found(format!("must be a list of objects that have {key:?}")));
            };
            texts.into_iter().map(Cow::Borrowed).collect()
        }
        (Value::Array(items), None) => {
            let texts = items.iter().map(|item| match item {
                Value::String(text) => Cow::Borrowed(text.as_str()),
                other => Cow::Owned(other.to_string()),
            });
            texts.collect()
        }
        (Value::Object(map), _) => map.keys().map(|key| Cow::Borrowed(key.as_str())).collect(),
        _ => return None,
    };
    let pair = texts
        .windows(2)
        .position(|pair| collation(&pair[0]) > collation(&pair[1]))?;
    Some(Found {
        message: format!(
            "must be in alphabetical order: {:?} comes after {:?}",
            shortened(&texts[pair]),
            shortened(&texts[pair + 1])
        ),
        path: match (value, keyed_by) {
            (_, Some(_)) => Vec::new(),
            (Value::Array(_), None) => vec![pair.to_string()],
            _ => vec![texts[pair].to_string()],
        },
        is_whole: false,
    })
}
