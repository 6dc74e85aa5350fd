//! An upstream as the fields of its form, and back.

use domain::{
    error::FieldError,
    upstream::{Target, Upstream, parse_target_url, settings::Settings},
};

use crate::form::FormData;

/// Length of the settings, in bytes: certificates are the longest part.
const MAX_SETTINGS: usize = 100_000;

/// Targets as text: one a line, its weight behind it where it is not 1.
pub(super) fn targets_text(upstream: &Upstream) -> String {
    let lines: Vec<String> = upstream
        .targets
        .iter()
        .map(|target| match target.weight {
            1 => target.url.to_string(),
            weight => format!("{} {weight}", target.url),
        })
        .collect();
    lines.join("\n")
}

/// The settings as the manifest has them, in YAML; empty when all are off.
pub(super) fn settings_text(settings: &Settings) -> String {
    if settings.given().next().is_none() {
        return String::new();
    }
    yaml_serde::to_string(settings).unwrap_or_default()
}

/// One target a line: an address and, behind it, its weight. The settings are YAML.
pub(super) fn upstream_of(form: &FormData) -> Result<Upstream, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut targets = Vec::new();
    let text = form.text("upstream");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (address, weight) = line.split_once(char::is_whitespace).unwrap_or((line, "1"));
        match (parse_target_url("upstream", address), weight.trim().parse::<u16>()) {
            (Ok(url), Ok(weight)) => targets.push(Target { url, weight }),
            (Err(error), _) => errors.push(error),
            (_, Err(_)) => errors.push(FieldError::new(
                "upstream",
                format!("`{}` is not a share; use a number.", weight.trim()),
            )),
        }
    }
    if targets.is_empty() && errors.is_empty() {
        errors.extend(parse_target_url("upstream", text).err());
    }
    let mut milliseconds = |field: &'static str| match form.text(field).parse::<u32>() {
        Ok(ms) => ms,
        Err(_) => {
            errors.push(FieldError::new(field, "Enter a number of milliseconds."));
            0
        }
    };
    let (connect_timeout_ms, response_timeout_ms) =
        (milliseconds("connect_timeout_ms"), milliseconds("response_timeout_ms"));
    let settings = settings_of(form.text("settings")).unwrap_or_else(|message| {
        errors.push(FieldError::new("settings", message));
        Settings::default()
    });
    if !errors.is_empty() {
        return Err(errors);
    }
    let upstream = Upstream {
        targets,
        connect_timeout_ms,
        response_timeout_ms,
        allow_private: false,
        settings,
    };
    upstream.check().map(|()| upstream).map_err(at_form_fields)
}

fn settings_of(text: &str) -> Result<Settings, String> {
    if text.is_empty() {
        return Ok(Settings::default());
    }
    if text.len() > MAX_SETTINGS {
        return Err("Use settings of at most 100,000 characters.".into());
    }
    yaml_serde::from_str(text).map_err(|error| format!("This cannot be read: {error}."))
}

/// The form has one field for all settings: what is wrong with one of them is said there, with its name.
pub(super) fn at_form_fields(errors: Vec<FieldError>) -> Vec<FieldError> {
    let (mut own, settings): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| {
        let fields = ["upstream", "connect_timeout_ms", "response_timeout_ms", "settings", ""];
        fields.contains(&error.field.as_str())
    });
    let sentences: Vec<String> = settings
        .into_iter()
        .map(|error| format!("{}: {}", error.field, error.message))
        .collect();
    if !sentences.is_empty() {
        own.push(FieldError::new("settings", sentences.join(" ")));
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(upstream: &str, settings: &str) -> FormData {
        FormData::from_pairs([
            ("upstream", upstream),
            ("connect_timeout_ms", "5000"),
            ("response_timeout_ms", "30000"),
            ("settings", settings),
        ])
    }

    #[test]
    fn targets_stand_one_a_line_with_their_share() {
        let upstream = upstream_of(&form("http://a.example\n\n https://b.example/base 3 ", "")).unwrap();
        let targets: Vec<_> = upstream.targets.iter().map(|t| (t.url.as_str(), t.weight)).collect();
        assert_eq!(targets, [("http://a.example/", 1), ("https://b.example/base", 3)]);
        assert_eq!(targets_text(&upstream), "http://a.example/\nhttps://b.example/base 3");
        assert_eq!(settings_text(&upstream.settings), "");
    }

    #[test]
    fn every_wrong_line_is_named() {
        for (text, errors) in [
            ("", 1),
            ("ftp://a.example", 1),
            ("http://a.example many", 1),
            ("nonsense\nfile:///x", 2),
        ] {
            assert_eq!(upstream_of(&form(text, "")).unwrap_err().len(), errors, "{text}");
        }
        let form = FormData::from_pairs([
            ("upstream", "http://a.example"),
            ("connect_timeout_ms", "60001"),
            ("response_timeout_ms", "0"),
        ]);
        let errors = upstream_of(&form).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["connect_timeout_ms", "response_timeout_ms"]);
    }

    #[test]
    fn settings_are_yaml_and_their_mistakes_have_names() {
        for (settings, words) in [
            ("balanse: round_robin", "unknown field `balanse`"),
            ("slow_start: 10", "write it with its unit"),
            ("- a", "invalid type"),
            (
                "breaker: { window: 1h }\nretry: { attempts: 9 }",
                "breaker.window: Use a time between 1s and 5m. retry.attempts: Use a number between 1 and 5.",
            ),
        ] {
            let errors = upstream_of(&form("http://a.example", settings)).unwrap_err();
            assert!(
                matches!(&errors[..], [error] if error.field == "settings" && error.message.contains(words)),
                "{settings}: {errors:?}"
            );
        }
        let settings: Settings = yaml_serde::from_str("balance: { hash: ip }\nhealth: { passive: {} }").unwrap();
        let text = settings_text(&settings);
        assert_eq!(settings_of(&text).unwrap(), settings, "{text}");
        assert_eq!(
            upstream_of(&form("http://a.example", "balance: round_robin"))
                .unwrap()
                .settings,
            Settings::default()
        );
    }
}
