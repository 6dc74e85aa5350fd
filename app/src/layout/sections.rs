//! Dashboard and console: a side navigation beside the page.

use leptos::prelude::*;

use crate::{
    href,
    page::{ConsoleSection, DashboardSection},
    render::Frame,
    ui::{Button, ButtonSize, Callout, IconName, SideGroup, SideLink, SideNav, Tone, short_text},
};

/// Longest name of an organization in the navigation; longer ones are cut.
const MAX_NAME: usize = 40;

/// The consumer's pages.
pub(super) fn dashboard(
    frame: &Frame,
    section: DashboardSection,
    flash: AnyView,
    body: AnyView,
) -> impl IntoView + use<> {
    let link = |icon, text: &str, to: String, of: DashboardSection| SideLink::page(icon, text, to, of == section);
    let groups = vec![SideGroup {
        title: String::new(),
        links: vec![
            link(
                IconName::Home,
                "Dashboard",
                href::dashboard(),
                DashboardSection::Overview,
            ),
            link(IconName::Chart, "Usage", href::usage(), DashboardSection::Usage),
            link(IconName::Gear, "Settings", href::settings(), DashboardSection::Settings),
        ],
    }];
    let summary = frame
        .viewer
        .as_ref()
        .map_or_else(|| "Dashboard".to_owned(), |viewer| short_text(&viewer.name, MAX_NAME));
    let verify = unverified(frame);
    view! {
        <div class="shell">
            <SideNav label="Your account" summary groups />
            <main id="main" class="stack">
                {flash}
                {verify}
                {body}
            </main>
        </div>
    }
}

/// The pages of one organization.
pub(super) fn console(
    frame: &Frame,
    organization: &str,
    name: &str,
    section: ConsoleSection,
    flash: AnyView,
    body: AnyView,
) -> impl IntoView + use<> {
    let link = |icon, text: &str, to: String, of: ConsoleSection| SideLink::page(icon, text, to, of == section);
    let mut groups = vec![
        SideGroup {
            title: String::new(),
            links: vec![
                link(
                    IconName::Home,
                    "Overview",
                    href::console_overview(organization),
                    ConsoleSection::Overview,
                ),
                link(
                    IconName::Route,
                    "APIs",
                    href::console_apis(organization),
                    ConsoleSection::Apis,
                ),
                link(
                    IconName::Card,
                    "Plans",
                    href::console_plans(organization),
                    ConsoleSection::Plans,
                ),
                link(
                    IconName::Shield,
                    "Policies",
                    href::organization_policies(organization),
                    ConsoleSection::Policies,
                ),
                link(
                    IconName::Check,
                    "Spec rules",
                    href::organization_rules(organization),
                    ConsoleSection::Rules,
                ),
                link(
                    IconName::Users,
                    "Subscribers",
                    href::subscribers(organization),
                    ConsoleSection::Subscribers,
                ),
            ],
        },
        SideGroup {
            title: "Organization".to_owned(),
            links: vec![
                link(
                    IconName::Doc,
                    "Audit log",
                    href::audit(organization),
                    ConsoleSection::Audit,
                ),
                link(
                    IconName::Gear,
                    "Settings",
                    href::organization_settings(organization),
                    ConsoleSection::Settings,
                ),
                SideLink::page(IconName::Eye, "Provider page", href::provider(organization), false),
            ],
        },
    ];
    let others: Vec<_> = frame
        .viewer
        .iter()
        .flat_map(|viewer| &viewer.organizations)
        .filter(|(slug, _)| slug != organization)
        .map(|(slug, name)| {
            SideLink::page(
                IconName::Arrow,
                short_text(name, MAX_NAME),
                href::console_overview(slug),
                false,
            )
        })
        .collect();
    if !others.is_empty() {
        groups.push(SideGroup {
            title: "Switch to".to_owned(),
            links: others,
        });
    }
    let name = short_text(name, MAX_NAME);
    let top = view! { <p class="sidenav-title">{name.clone()}</p> }.into_any();
    let verify = unverified(frame);
    view! {
        <div class="shell">
            <SideNav label=format!("Console of {name}") summary=name groups top />
            <main id="main" class="stack">
                {flash}
                {verify}
                {body}
            </main>
        </div>
    }
}

/// Asks an account to verify its address.
fn unverified(frame: &Frame) -> Option<impl IntoView + use<>> {
    let viewer = frame.viewer.as_ref().filter(|viewer| viewer.is_unverified)?;
    let email = viewer.email.clone();
    Some(view! {
        <Callout tone=Tone::Warn title="Confirm your e-mail address">
            <p class="muted">"We sent a link to " <strong>{email}</strong> ". It proves that the address is yours."</p>
            <form class="btn-row" method="post" action=href::resend_verification()>
                <Button size=ButtonSize::Small>"Send the mail again"</Button>
            </form>
        </Callout>
    })
}
