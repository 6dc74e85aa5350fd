//! The rail of an api's overview: where it answers, how calls are let in, who stands behind it.

use leptos::prelude::*;
use serde_json::Value;

use super::api::Overview;
use crate::{
    document::{authentication, base_url, external_link, has_ended},
    href,
    ui::{Copyline, Fact, Facts, text::short_text},
};

/// The card.
pub(super) fn card(overview: &Overview) -> impl IntoView + use<> {
    let organization = &overview.detail.organization;
    let provider = href::provider(&organization.slug);
    let name = short_text(&organization.name, 100);
    let (of_version, of_document) = (of_version(overview), of_document(overview));
    view! {
        <div class="card">
            <Facts>
                {of_version}
                <Fact name="Provider">
                    <a href=provider>{name}</a>
                </Fact>
                {of_document}
            </Facts>
        </div>
    }
}

fn of_version(overview: &Overview) -> Option<AnyView> {
    let version = overview.shown.as_ref()?;
    let [organization, api, name] = overview.place(version);
    let base = (version.state.is_listed() && !has_ended(version, overview.now)).then(|| {
        let text = base_url(&overview.settings.gateway_url, &organization, &api, version);
        let authentication = overview.reference.as_ref().map(|reference| {
            let words = authentication(&reference.accepted());
            view! { <Fact name="Authentication">{words}</Fact> }
        });
        view! {
            <Fact name="Base URL">
                <Copyline text=text label="Copy the base URL" />
            </Fact>
            {authentication}
        }
    });
    let document = overview.reference.as_ref().map(|reference| {
        let href = href::original(&organization, &api, &name);
        // What overlays took out of it is not for everybody.
        let original = reference.revision.overlays.is_empty().then(|| {
            let words = format!("{}, as uploaded", reference.document.format().title());
            view! {
                <a href=href download=true>{words}</a>
                <br />
            }
        });
        let enriched = href::enriched(&organization, &api, &name);
        let overlay = href::overlay(&organization, &api, &name);
        view! {
            <Fact name="Document">
                {original}
                <a href=enriched download=true>"As it holds at the gateway"</a>
                <br />
                <a href=overlay download=true>"What the gateway adds, as an overlay"</a>
            </Fact>
        }
    });
    Some(view! { {base} {document} }.into_any())
}

/// Contact, licence and terms, as the document has them.
fn of_document(overview: &Overview) -> Option<AnyView> {
    let info = overview.reference.as_ref()?.document.root().get("info")?;
    let text = |owner: Option<&Value>, field: &str| {
        let text = owner
            .and_then(|owner| owner.get(field))
            .and_then(Value::as_str)
            .map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let contact = info.get("contact");
    let (contact_name, contact_url, email) = (text(contact, "name"), text(contact, "url"), text(contact, "email"));
    let support = (contact_url.is_some() || email.is_some() || contact_name.is_some()).then(|| {
        let page = contact_url
            .as_ref()
            .map(|url| external_link(url, contact_name.as_deref().unwrap_or(url)));
        let page = page.or_else(|| contact_name.as_ref().map(|name| short_text(name, 120).into_any()));
        let mail = email.map(|address| mail_link(&address));
        view! {
            <Fact name="Support">
                <div class="stack" data-gap="xs">
                    {page}
                    {mail}
                </div>
            </Fact>
        }
    });
    let licence = info.get("license");
    let licence = text(licence, "name")
        .or_else(|| text(licence, "identifier"))
        .map(|name| {
            let words = external_link(&text(licence, "url").unwrap_or_default(), &name);
            view! { <Fact name="Licence of the document">{words}</Fact> }
        });
    let terms = text(Some(info), "termsOfService").map(|url| {
        let words = external_link(&url, "Terms of service");
        view! { <Fact name="Terms">{words}</Fact> }
    });
    Some(view! { {support} {licence} {terms} }.into_any())
}

/// A link to an address that is plainly one; otherwise only its text.
fn mail_link(address: &str) -> AnyView {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    let is_address = address.len() <= 200
        && address
            .split_once('@')
            .is_some_and(|(name, host)| is_plain(name) && is_plain(host));
    let words = short_text(address, 120);
    if is_address {
        let href = format!("mailto:{address}");
        view! { <a href=href>{words}</a> }.into_any()
    } else {
        view! { <span>{words}</span> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_become_mail_links() {
        for (address, is_link) in [
            ("api@example.com", true),
            ("api+help@support.example.com", true),
            ("a@b?bcc=everybody@example.com", false),
            ("javascript:alert(1)@x", false),
            ("nobody", false),
            ("\"><script>@x", false),
        ] {
            assert_eq!(mail_link(address).to_html().contains("mailto:"), is_link, "{address}");
        }
    }
}
