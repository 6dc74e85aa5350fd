//! `turnpike demo`: the whole product over a sample world, in one process.
//!
//! The world is a manifest (`world`) with servers behind its apis (`upstreams`), a week of traffic in the ledger
//! (`history`) and callers that go on calling through the gateway (`callers`). Everything is made through the same
//! doors that everybody uses; mails end in memory and are shown at `/demo/mail`.

mod callers;
mod history;
mod mail_pages;
mod upstreams;
mod world;

use anyhow::Result;
use domain::{clock::Clock, upstream::address::AddressPolicy};

use crate::{
    boot::{self, MailPlan, Plan, Running},
    cli::{StopSignals, output},
    config::{DemoArgs, Role, SecretKeyArgs, Store, prepare_folder},
    tasks::{Tasks, mail::MailSink},
    telemetry,
    temporary::TemporaryFolder,
};
use upstreams::Upstreams;

pub use world::{CURL_PATH, PASSWORD, REPORT_CLIENT, REPORT_SECRET, SIGN_INS, STOREFRONT_KEY, SignIn, TOKEN_PATH};

/// The sample upstreams run on this machine.
const ADDRESSES: AddressPolicy = AddressPolicy { allow_private: true };

/// Runs the demo until the process is told to stop.
pub(crate) async fn run(args: DemoArgs) -> Result<()> {
    telemetry::start(args.network.log_format);
    let signals = StopSignals::notice()?;
    let demo = Box::pin(start(args)).await?;
    for line in demo.greeting() {
        output::line(line);
    }
    demo.begin_calls();
    let Demo {
        running,
        callers,
        upstreams,
        folder,
        ..
    } = demo;
    let stopped = Box::pin(signals.serve_until(running)).await;
    // In this order, and not before: requests that finish while the product stops still need their upstreams and data.
    drop((callers, upstreams, folder));
    stopped
}

/// A running sample world.
pub struct Demo {
    /// The product.
    pub running: Running,
    /// Where its mails end.
    pub mails: MailSink,
    callers: Tasks,
    upstreams: Upstreams,
    /// Deletes the data when the demo is over; `None` where it is kept.
    folder: Option<TemporaryFolder>,
}

/// Starts the product and fills it; returns when the printed call works.
///
/// # Errors
/// As [`boot::start`], in one line for the operator.
pub async fn start(args: DemoArgs) -> Result<Demo> {
    let clock = Clock::System;
    let temporary = if args.data.is_none() {
        Some(TemporaryFolder::new("turnpike-demo")?)
    } else {
        None
    };
    let data = match (&args.data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => anyhow::bail!("no data folder"),
    };
    prepare_folder(&data)?;
    let upstreams = Upstreams::start(&clock).await?;
    // Before the gateway looks for the first time: it takes what was used this month from the ledger.
    Box::pin(world::build(&data, &args.network, &upstreams)).await?;
    let mails = MailSink::new(clock);
    let plan = Plan {
        store: Store::Folder(data.clone()),
        secret_key: SecretKeyArgs::default(),
        lost: data.clone(),
        network: args.network,
        operations: args.operations,
        roles: vec![Role::All],
        addresses: ADDRESSES,
        mail: MailPlan::Sink(mails.clone()),
        extra_pages: mail_pages::router(mails.clone()),
    };
    let running = boot::start(plan).await?;
    Ok(Demo {
        running,
        mails,
        callers: Tasks::default(),
        upstreams,
        folder: temporary,
    })
}

impl Demo {
    /// Starts the callers of the live traffic.
    pub fn begin_calls(&self) {
        if let Some(gateway) = self.running.gateway_addr() {
            self.callers.spawn(callers::call(gateway, self.callers.stop_signal()));
        }
    }

    /// What is printed when everything is up.
    pub fn greeting(&self) -> Vec<String> {
        let settings = self.running.settings();
        let mut lines = vec![
            String::new(),
            format!("  Portal    {}", settings.portal_url),
            format!("  Gateway   {}", settings.gateway_url),
            format!("  Mails     {}/demo/mail", settings.portal_url),
            String::new(),
            format!(
                "  Sign in at {}/signin; every password is {PASSWORD}",
                settings.portal_url
            ),
        ];
        lines.extend(
            SIGN_INS
                .iter()
                .map(|person| format!("    {:<26} {}", person.email, person.role)),
        );
        lines.extend([
            String::new(),
            "  Call an API:".into(),
            format!("    {}", self.curl()),
            String::new(),
            "  Call with an access token, as a program with an OAuth client does:".into(),
        ]);
        lines.extend(self.token_calls().map(|line| format!("    {line}")));
        lines.extend([String::new(), "  Ctrl+C stops it.".into()]);
        lines
    }

    /// The printed call.
    pub fn curl(&self) -> String {
        let gateway = &self.running.settings().gateway_url;
        format!("curl -H 'Authorization: Bearer {STOREFRONT_KEY}' {gateway}{CURL_PATH}")
    }
    /// The printed call with an access token: a line that gets one, and a line that sends it. Any shell knows what is in them.
    pub fn token_calls(&self) -> [String; 2] {
        let gateway = &self.running.settings().gateway_url;
        [
            format!(
                "TOKEN=$(curl -s -u {REPORT_CLIENT}:{REPORT_SECRET} -d grant_type=client_credentials \
                 {gateway}/oauth2/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
            ),
            format!("curl -H \"Authorization: Bearer $TOKEN\" {gateway}{TOKEN_PATH}"),
        ]
    }
}
