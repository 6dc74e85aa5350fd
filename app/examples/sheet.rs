//! The component sheet: every component in its states, inside the document around every page.
//!
//! `cargo run -p app --features ssr --example sheet -- sheet.html style.css` writes a page that refers to a style sheet.

use std::sync::Arc;

use app::{
    cx::{Assets, Settings},
    layout,
    page::{ConsoleSection, Flash, Layout},
    render::{Frame, Viewer},
    ui::{
        Ago, ApiGrid, ApiSummary, Badge, BarChart, Barrier, Button, ButtonKind, ButtonRow, ButtonSize, Callout, Card,
        ChartData, CheckField, Choice, CodeBlock, CodeTabs, Column, ConfirmByName, Copyline, Crumbs, Dialog, Empty,
        ErrorSummary, Fact, Facts, Fieldset, FileField, IconName, InputKind, Language, LineChart, LinkButton, Look,
        Markdown, Marker, MarkerSize, Meter, Method, OperationLine, PageTitle, Pager, Place, PlanCard, Plans, PlotSize,
        RadioCards, ResponseBody, ResponsePanel, Row, Sample, SchemaTree, Secret, SectionHead, Segmented, SelectField,
        Series, Shape, Sparkline, Stat, State, StateBadge, Stats, Status, Tab, Table, Tabs, TextArea, TextField, Toast,
        Tone, Unit, VersionTag, grouped, moment,
    },
};
use domain::{
    error::FieldError,
    id::{OrganizationId, PlanId},
    key::KeyState,
    plan::{Approval, Period, Plan, Price, Quota, RateLimit},
    subscription::SubscriptionState,
};
use leptos::prelude::*;
use openapi::schema::{Composition, Constraint, Cut, SchemaNode};
use time::{Duration, macros::datetime};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "sheet.html".to_owned());
    let css = arguments.next().unwrap_or_else(|| "style.css".to_owned());
    let is_console = arguments.next().is_some();
    let html = Owner::new().with(|| {
        let body = if is_console {
            console().into_any()
        } else {
            portal().into_any()
        };
        layout::document(frame(css, is_console), body).to_html()
    });
    std::fs::write(path, format!("<!doctype html>{html}"))
}

fn frame(css: String, is_console: bool) -> Frame {
    Frame {
        title: "Component sheet".to_owned(),
        description: "Every component in its states.".to_owned(),
        has_twin: false,
        feed: None,
        is_indexed: false,
        has_islands: false,
        layout: if is_console {
            Layout::Console {
                organization: "paddock".to_owned(),
                name: "Paddock Pets".to_owned(),
                section: ConsoleSection::Overview,
            }
        } else {
            Layout::Portal
        },
        viewer: is_console.then(|| Viewer {
            name: "Ada Okafor".to_owned(),
            email: "ada@paddock.example".to_owned(),
            is_unverified: true,
            organizations: vec![
                ("paddock".to_owned(), "Paddock Pets".to_owned()),
                ("isobar".to_owned(), "Isobar".to_owned()),
            ],
        }),
        flash: Some(Flash {
            is_ok: true,
            text: "Key created. The gateway knows it already.".to_owned(),
        }),
        path_and_query: if is_console {
            "/console/paddock".to_owned()
        } else {
            "/apis".to_owned()
        },
        settings: Arc::new(Settings {
            name: "Turnpike".to_owned(),
            portal_url: "http://127.0.0.1:3000".to_owned(),
            gateway_url: "http://127.0.0.1:8080".to_owned(),
            secure_cookies: false,
            has_mail_sink: true,
            assets: Assets {
                css,
                theme_js: String::new(),
                favicon: String::new(),
                islands_js: None,
            },
            problems: Vec::new(),
        }),
    }
}

fn console() -> impl IntoView {
    let now = datetime!(2026-11-20 08:41 UTC);
    let points: Vec<_> = (0..96)
        .map(|i| moment::hour_minute(now - Duration::minutes(15 * (95 - i))))
        .collect();
    let wave = |height: f64, shift: f64| {
        (0..96)
            .map(|i| Some(height * (1.4 + (f64::from(i) / 15.0 + shift).sin())))
            .collect::<Vec<_>>()
    };
    let mut errors = vec![Some(4.0); 96];
    for (at, value) in [(58, 60.0), (59, 240.0), (60, 410.0), (61, 380.0), (62, 120.0)] {
        errors[at] = Some(value);
    }
    let series = |name: &str, look, values, total: &str| Series {
        name: name.to_owned(),
        look,
        values,
        total: (!total.is_empty()).then(|| total.to_owned()),
    };
    let traffic = ChartData {
        name: "Requests and errors".to_owned(),
        finding: "Requests move between 800 and 4,600 a minute. Errors rise to 410 a minute at 23:40.".to_owned(),
        unit: Unit::Count,
        axis: "Time, UTC",
        points: points.clone(),
        series: vec![
            series("The day before", Look::Compare, wave(1_750.0, 0.2), ""),
            series("Requests a minute", Look::First, wave(1_900.0, 0.0), "2,708"),
            series("Errors a minute", Look::Danger, errors, "6"),
        ],
        empty: "No calls in this range".to_owned(),
    };
    let latency = ChartData {
        name: "Latency".to_owned(),
        finding: "Median 38 milliseconds, 95th percentile 142, 99th percentile 318.".to_owned(),
        unit: Unit::Milliseconds,
        axis: "Time, UTC",
        points: points.clone(),
        series: vec![
            series("p50", Look::First, wave(25.0, 0.0), "38 ms"),
            series("p95", Look::Second, wave(90.0, 1.0), "142 ms"),
            series("p99", Look::Third, wave(200.0, 2.0), "318 ms"),
        ],
        empty: "No calls in this range".to_owned(),
    };
    let days: Vec<_> = (0..30)
        .map(|i| moment::day_month(now - Duration::days(29 - i)))
        .collect();
    let calls = ChartData {
        name: "Calls each day".to_owned(),
        finding: "131,052 calls in 30 days. Refusals peak at 464 on 12 November.".to_owned(),
        unit: Unit::Count,
        axis: "Day, UTC",
        points: days,
        series: vec![
            series(
                "Answered",
                Look::First,
                (0..30)
                    .map(|i| {
                        Some(if i % 7 < 2 {
                            2_600.0
                        } else {
                            4_000.0 + 60.0 * f64::from(i)
                        })
                    })
                    .collect(),
                "129,700",
            ),
            series(
                "Refused",
                Look::Danger,
                (0..30).map(|i| Some(if i == 21 { 464.0 } else { 30.0 })).collect(),
                "1,352",
            ),
            series(
                "Same day, period before",
                Look::Compare,
                (0..30)
                    .map(|i| {
                        Some(if i % 7 < 2 {
                            2_200.0
                        } else {
                            3_400.0 + 40.0 * f64::from(i)
                        })
                    })
                    .collect(),
                "107,287",
            ),
        ],
        empty: "No calls in this range".to_owned(),
    };
    let empty = ChartData {
        series: Vec::new(),
        name: "Nothing yet".to_owned(),
        ..latency.clone()
    };
    let ranges = vec![
        Tab::new("1 h", "#1h", false),
        Tab::new("24 h", "#24h", true),
        Tab::new("7 d", "#7d", false),
        Tab::new("30 d", "#30d", false),
    ];
    let about = view! {
        "The gateway serves revision "
        <span class="mono">"4,182"</span>
        " since "
        <Ago at=now - Duration::minutes(29) now />
    };
    let actions = view! {
        <Segmented label="Time range" choices=ranges />
        <LinkButton href="#" kind=ButtonKind::Primary icon=IconName::Plus>
            "New API"
        </LinkButton>
    };
    view! {
        <PageTitle title="Overview" about=about.into_any() actions=actions.into_any() />
        <Stats>
            <Stat name="Requests" value="4,182,904" change="+7.1 %" note="on the day before" />
            <Stat name="Errors" value="0.73 %" tone=Tone::Danger change="+0.55 points" note="one incident" />
            <Stat name="Latency p95" value="142" unit="ms" tone=Tone::Ok change="4 ms faster" />
            <Stat name="Refused by limits" value="–" note="first calls show here" />
        </Stats>
        <Card title="Requests and errors" id="traffic">
            <LineChart data=traffic size=PlotSize::Large />
        </Card>
        <div class="cols" data-stretch=true>
            <Card title="Latency" id="latency">
                <LineChart data=latency />
            </Card>
            <Card title="Nothing yet" id="empty-chart">
                <LineChart data=empty />
            </Card>
        </div>
        <Card title="Calls each day" id="calls">
            <BarChart data=calls size=PlotSize::Large />
        </Card>
        {tables(now)}
        {forms()}
    }
}

fn tables(now: domain::clock::Timestamp) -> impl IntoView {
    let row = |name: &str, state: SubscriptionState, calls: u64, course: [f64; 6]| {
        Row::linked(name, "#")
            .cell(view! { <StateBadge state=state /> })
            .cell(view! { <Ago at=now - Duration::hours(3) now /> })
            .cell(view! { <Sparkline label="Calls over 30 days" values=course.to_vec() /> })
            .cell(grouped(calls))
    };
    let columns = vec![
        Column::text("Application"),
        Column::text("State"),
        Column::text("Last call"),
        Column::number("Course"),
        Column::number("Calls, 30 d"),
    ];
    let rows = vec![
        row(
            "storefront",
            SubscriptionState::Active,
            612_408,
            [1.0, 3.0, 2.0, 5.0, 4.0, 8.0],
        ),
        row(
            "vet-planner",
            SubscriptionState::Suspended,
            401_118,
            [8.0, 6.0, 6.0, 3.0, 2.0, 1.0],
        ),
        row(
            "a-name-that-somebody-made-as-long-as-it-could-possibly-be",
            SubscriptionState::Pending,
            0,
            [0.0; 6],
        ),
        row(
            "old-importer",
            SubscriptionState::Canceled,
            12,
            [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        ),
    ];
    view! {
        <Card title="Subscribers" id="subscribers" flush=true foot=view! { "4 subscriptions" }.into_any()>
            <Table caption="Subscribers" columns rows />
        </Card>
        <Pager label="Pages of subscribers" summary="50 shown" first=Some("#".to_owned()) next=Some("#".to_owned()) />
        <div class="cols">
            <Card title="Applications" id="applications">
                <Empty
                    title="No application yet"
                    text="An application holds your keys and subscriptions. Create one to get a key."
                >
                    <Button kind=ButtonKind::Primary>"Create application"</Button>
                </Empty>
            </Card>
            <Card title="Quota" id="quota">
                <div class="stack">
                    <Meter name="Weather, this month" used=45_000 allowed=100_000 unit="requests" />
                    <Meter name="Geocoding, today" used=912 allowed=1_000 unit="requests" />
                    <Meter name="Payments, today" used=1_200 allowed=1_000 unit="requests" />
                    <Meter name="Not used yet" used=0 allowed=1_000 unit="requests" />
                </div>
            </Card>
        </div>
    }
}

fn forms() -> impl IntoView {
    let errors = vec![
        FieldError::new("", "The form as a whole was refused."),
        FieldError::new("url", "The address needs https:// in front."),
    ];
    view! {
        <ErrorSummary errors />
        <form class="card stack">
            <div class="form-grid">
                <TextField name="name" label="Application name" value="storefront" help="Shown to the provider when you subscribe." />
                <TextField
                    name="url"
                    label="Web address"
                    kind=InputKind::Url
                    value="storefront.example"
                    error=Some("The address needs https:// in front.".to_owned())
                    help="Where your application runs."
                />
                <TextField name="cap" label="Spend cap" optional=true prefix="€" suffix="a month" value="150.00" />
                <TextField name="key" label="Key id" mono=true readonly=true value="key_01JCZ6V8QK3M" />
                <TextField name="password" label="Password" kind=InputKind::NewPassword help="10 characters or more." />
                <SelectField
                    name="plan"
                    label="Plan"
                    value="scale"
                    options=vec![
                        ("starter".to_owned(), "Starter".to_owned()),
                        ("scale".to_owned(), "Scale".to_owned()),
                    ]
                />
                <FileField name="spec" label="OpenAPI document" accept=".json,.yaml,.yml" help="JSON or YAML, at most 20 MB." />
                <TextArea name="note" label="Note" value="Nightly export of the stock list." optional=true />
                <Fieldset legend="May call">
                    <CheckField name="may" value="read" label="Read pets" checked=true count=9 />
                    <CheckField name="may" value="write" label="Change orders" count=6 help="Needs approval." />
                </Fieldset>
                <div class="wide">
                    <RadioCards
                        legend="Visibility"
                        name="visibility"
                        value="private"
                        choices=vec![
                            Choice::new("public", "Public", "Everybody finds it in the catalog."),
                            Choice::new("private", "Private", "Only members of the organization see it."),
                        ]
                    />
                </div>
            </div>
            <ButtonRow>
                <Button kind=ButtonKind::Primary>"Create application"</Button>
                <Button opens="revoke" kind=ButtonKind::Danger>
                    "Revoke key"
                </Button>
                <Button disabled=true>"Not now"</Button>
                <Button kind=ButtonKind::Quiet icon=IconName::Download size=ButtonSize::Small>
                    "Download"
                </Button>
            </ButtonRow>
        </form>
        <ConfirmByName
            action="#"
            name="web server"
            purpose="to revoke it"
            button="Revoke key"
            cancel="Keep the key"
            cancel_href="#"
        >
            <p>
                "Calls with this key are refused from now on, within 2 seconds on every gateway. It was used 12 seconds ago. This cannot be undone."
            </p>
        </ConfirmByName>
        <Secret
            text="tp_live_8Kd2vVt9Pq7c11Led0Gxa8TnQm41"
            masked="tp_live_••••••••••••••••••••••••Qm41"
            label="Copy the key"
        />
        <Dialog id="revoke" title="Revoke “web server”">
            <p>"Calls with this key are refused from now on."</p>
        </Dialog>
    }
}

fn portal() -> impl IntoView {
    view! {
        <main id="main" class="wrap stack" data-gap="lg">
            <div class="page-head">
                <Crumbs above=vec![Place::new("Catalog", "#"), Place::new("Isobar", "#")] current="Weather" />
                <div class="title">
                    <Marker name="Weather" size=MarkerSize::Large />
                    <div class="stack" data-gap="xs">
                        <h1>"Weather"</h1>
                        <p class="muted">"by " <a href="#">"Isobar"</a></p>
                    </div>
                    <span class="row">
                        <VersionTag name="v2" href="#" />
                        <StateBadge state=State::new(Shape::Live, "Published", Tone::Ok) />
                        <StateBadge state=KeyState::Revoked />
                        <Badge word="Private" outline=true />
                    </span>
                    <ButtonRow>
                        <LinkButton href="#" icon=IconName::Doc>
                            "Read the reference"
                        </LinkButton>
                        <LinkButton href="#" kind=ButtonKind::Primary icon=IconName::Key>
                            "Get a key"
                        </LinkButton>
                    </ButtonRow>
                </div>
                <Barrier
                    title="Version 1 ends on 31 March 2027"
                    id="ends"
                    actions=view! { <LinkButton href="#">"Migration guide"</LinkButton> }.into_any()
                >
                    "After the end date its calls are answered with 410."
                </Barrier>
                <Tabs
                    label="Weather"
                    tabs=vec![
                        Tab::new("Overview", "#a", true),
                        Tab::new("Reference", "#b", false).count(14),
                        Tab::new("Plans", "#c", false),
                    ]
                />
            </div>
            <div class="with-rail">
                <div class="stack" data-gap="lg">
                    <section class="prose">
                        <SectionHead title="What it does" id="what">
                            <a href="#">"All guides"</a>
                        </SectionHead>
                        <Markdown source="# Forecasts\n\nWeather *answers* questions about **any** point on land. A missing value is `null`.\n\n- [Hourly](https://isobar.example) forecasts\n- Warnings\n\n> Units are metric.\n\n```json\n{ \"temp_c\": 4.1 }\n```\n\n| field | unit |\n|---|---|\n| `temp_c` | °C |\n\n<script>alert(1)</script>" />
                    </section>
                    {code()}
                    <Plans>
                        <PlanCard plan=plan("Free", Approval::Automatic) action=view! { <LinkButton href="#">"Start free"</LinkButton> }.into_any() />
                        <PlanCard plan=plan("Starter", Approval::Automatic) is_current=true action=view! { <LinkButton href="#">"Manage"</LinkButton> }.into_any() />
                        <PlanCard plan=plan("Partners", Approval::Manual) action=view! { <LinkButton href="#">"Request access"</LinkButton> }.into_any() />
                    </Plans>
                    {reference()}
                    <ApiGrid apis=apis() />
                </div>
                <aside class="stack" aria-label="Facts">
                    <div class="card">
                        <Facts>
                            <Fact name="Base URL">
                                <Copyline text="http://127.0.0.1:8080/isobar/weather/v2" label="Copy the base URL" />
                            </Fact>
                            <Fact name="Authentication">"Bearer key"</Fact>
                        </Facts>
                    </div>
                    <Callout title="Sandbox keys are free">
                        <p class="muted">"They never count."</p>
                    </Callout>
                    <Callout tone=Tone::Ok title="The gateway serves revision 4,182" />
                    <Callout tone=Tone::Warn title="You used 91 % of the quota">
                        <p class="muted">"At this rate it lasts until 22 November."</p>
                    </Callout>
                    <Callout tone=Tone::Danger title="The list could not be loaded" request_id="01JCZ6VAR9T0">
                        <p class="muted">"Nothing was changed."</p>
                    </Callout>
                    <Toast is_ok=false text="Not saved. Your text is still here." />
                </aside>
            </div>
        </main>
    }
}

fn code() -> impl IntoView {
    let sample = |label: &str, language, text: &str| Sample {
        label: label.to_owned(),
        language,
        text: text.to_owned(),
    };
    let samples = vec![
        sample(
            "curl",
            Language::Shell,
            "curl 'http://127.0.0.1:8080/isobar/weather/v2/forecast?lat=47.37' \\\n  -H 'Authorization: Bearer tp_live_8Kd2…Qm41'",
        ),
        sample(
            "Python",
            Language::Python,
            "import requests\n\nprint(requests.get(\"https://a.example\", timeout=5).json())",
        ),
        sample(
            "Go",
            Language::Go,
            "res, err := http.Get(\"https://a.example\")\nif err != nil {\n\treturn err\n}",
        ),
    ];
    view! {
        <div class="stack" data-gap="sm">
            <CodeTabs name="sample" samples />
            <CodeBlock
                title="application/json"
                language=Language::Json
                lead=view! { <Status code="200" /> }.into_any()
                text="{\n  \"issued_at\": \"2026-11-20T06:00:00Z\",\n  \"hours\": [{ \"temp_c\": 4.1, \"rain\": false }]\n}"
            />
        </div>
    }
}

fn plan(name: &str, approval: Approval) -> Plan {
    Plan {
        id: PlanId::generate(),
        organization_id: OrganizationId::generate(),
        slug: name.to_lowercase().parse().expect("a slug"),
        name: name.to_owned(),
        price: Price::Free,
        rate_limits: vec![RateLimit {
            requests: 10,
            per_s: 1,
            burst: 20,
        }],
        quota: Some(Quota {
            requests: 100_000,
            per: Period::Month,
        }),
        approval,
        apis: Vec::new(),
        created_at: datetime!(2026-11-20 08:41 UTC),
    }
}

fn apis() -> Vec<ApiSummary> {
    let api = |name: &str, state: Option<State>| ApiSummary {
        name: name.to_owned(),
        href: "#".to_owned(),
        provider: "Paddock Pets".to_owned(),
        summary: "Pets, orders and stock of a demonstration shop. Safe to call, safe to break.".to_owned(),
        version: Some("v3".to_owned()),
        state,
        facts: vec!["Free".to_owned(), "19 operations".to_owned()],
    };
    vec![
        api("Petstore", None),
        api("Address check", Some(State::new(Shape::Half, "Deprecated", Tone::Warn))),
        api("Interoperability-directory-of-veterinary-prescriptions\u{202E}", None),
    ]
}

fn reference() -> impl IntoView {
    let property = |name: &str, type_label: &str| SchemaNode {
        name: Some(name.to_owned()),
        type_label: type_label.to_owned(),
        ..SchemaNode::default()
    };
    let constraint = |label: &str, values: &[&str]| Constraint {
        label: label.to_owned(),
        values: values.iter().map(ToString::to_string).collect(),
    };
    let tree = SchemaNode {
        type_label: "object".to_owned(),
        children: vec![
            SchemaNode {
                required: true,
                description: Some("What to take. Always in the *smallest* unit.".to_owned()),
                children: vec![
                    SchemaNode {
                        required: true,
                        constraints: vec![
                            constraint("from 50 to 99,999,999", &[]),
                            constraint("example", &["4900"]),
                        ],
                        ..property("value", "integer")
                    },
                    SchemaNode {
                        constraints: vec![constraint("one of", &["EUR", "CHF", "SEK"])],
                        ..property("currency", "string")
                    },
                ],
                ..property("amount", "object")
            },
            SchemaNode {
                composition: Some(Composition::OneOf),
                children: vec![
                    SchemaNode {
                        title: Some("Card".to_owned()),
                        type_label: "object".to_owned(),
                        ..SchemaNode::default()
                    },
                    SchemaNode {
                        title: Some("Bank".to_owned()),
                        type_label: "object".to_owned(),
                        ..SchemaNode::default()
                    },
                ],
                cut: Some(Cut::Budget { hidden: 31 }),
                ..property("method", "one of 33 objects")
            },
            SchemaNode {
                deprecated: true,
                description: Some("Use `photos` instead.".to_owned()),
                ..property("photoUrl", "uri")
            },
            SchemaNode {
                read_only: true,
                cut: Some(Cut::Recursive("Pet".to_owned())),
                ..property("parent", "Pet")
            },
        ],
        ..SchemaNode::default()
    };
    view! {
        <section class="stack" data-gap="sm" aria-labelledby="create">
            <h2 id="create">
                <OperationLine method="post" path="/payments/{paymentId}/capture" />
            </h2>
            <div class="row">
                <Method method="GET" />
                <Method method="PUT" />
                <Method method="PATCH" />
                <Method method="DELETE" />
                <Method method="QUERY" />
                <Status code="302" />
                <Status code="4XX" />
                <Status code="503" />
                <Status code="default" />
            </div>
            <SchemaTree node=tree.clone() />
            <ResponsePanel code="201" summary="The payment was created" open=true>
                <SchemaTree node=tree />
            </ResponsePanel>
            <ResponsePanel code="402" summary="The bank refused">
                <ResponseBody>
                    <p>"The body is a problem."</p>
                </ResponseBody>
            </ResponsePanel>
        </section>
    }
}
