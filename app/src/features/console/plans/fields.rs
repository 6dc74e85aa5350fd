//! The form of a plan: between what is typed and what the domain takes.

use domain::{
    error::FieldError,
    id::ApiId,
    plan::{Approval, Period, Plan, Price, Quota, RateLimit, service::PlanInput},
};
use leptos::prelude::*;

use crate::{
    form::{FormData, FormState},
    ui::{CheckField, Choice, Fieldset, InputKind, RadioCards, SelectField, TextField},
};

/// Windows that a form offers, in seconds and in words.
const WINDOWS: [(u32, &str); 4] = [(1, "second"), (60, "minute"), (3_600, "hour"), (86_400, "day")];
/// Rate limits that a form offers; a manifest may have up to four.
const RATE_LIMITS: usize = 2;

/// What was typed, as a plan.
pub(super) fn input_of(form: &FormData) -> Result<PlanInput, Vec<FieldError>> {
    let mut errors = Vec::new();
    let apis = form.all("apis").filter_map(|id| id.parse::<ApiId>().ok()).collect();
    let rate_limits = (0..RATE_LIMITS)
        .filter_map(|i| rate_limit_of(form, i, &mut errors))
        .collect();
    let quota = quota_of(form, &mut errors);
    let approval = if form.text("approval") == "manual" {
        Approval::Manual
    } else {
        Approval::Automatic
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(PlanInput {
        slug: form.text("slug").to_owned(),
        name: form.text("name").to_owned(),
        price: Price::Free,
        rate_limits,
        quota,
        approval,
        apis,
    })
}

/// A number as people type it: `10,000` and `10 000` too.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.replace([',', ' ', '_'], "").parse().ok()
}

fn rate_limit_of(form: &FormData, i: usize, errors: &mut Vec<FieldError>) -> Option<RateLimit> {
    let requests = form.text(&format!("rate_limits.{i}.requests"));
    if requests.is_empty() {
        return None;
    }
    let mut read = |field: String, text: &str| {
        number::<u32>(text).or_else(|| {
            errors.push(FieldError::new(field, format!("`{text}` is not a whole number.")));
            None
        })
    };
    let requests = read(format!("rate_limits.{i}.requests"), requests)?;
    let burst = match form.text(&format!("rate_limits.{i}.burst")) {
        "" => requests,
        text => read(format!("rate_limits.{i}.burst"), text)?,
    };
    let per_s = number(form.text(&format!("rate_limits.{i}.per_s"))).unwrap_or(1);
    Some(RateLimit { requests, per_s, burst })
}

fn quota_of(form: &FormData, errors: &mut Vec<FieldError>) -> Option<Quota> {
    let text = form.text("quota");
    if text.is_empty() {
        return None;
    }
    let Some(requests) = number(text) else {
        errors.push(FieldError::new("quota", format!("`{text}` is not a whole number.")));
        return None;
    };
    let per = Period::ALL
        .into_iter()
        .find(|period| period.as_str() == form.text("quota_per"))
        .unwrap_or(Period::Month);
    Some(Quota { requests, per })
}

/// A stored plan, as the form shows it.
pub(super) fn form_of(plan: &Plan) -> FormData {
    let mut pairs = vec![
        ("slug".to_owned(), plan.slug.to_string()),
        ("name".to_owned(), plan.name.clone()),
        ("approval".to_owned(), plan.approval.as_str().to_owned()),
    ];
    pairs.extend(plan.apis.iter().map(|id| ("apis".to_owned(), id.to_string())));
    for (i, limit) in plan.rate_limits.iter().enumerate() {
        pairs.push((format!("rate_limits.{i}.requests"), limit.requests.to_string()));
        pairs.push((format!("rate_limits.{i}.per_s"), limit.per_s.to_string()));
        pairs.push((format!("rate_limits.{i}.burst"), limit.burst.to_string()));
    }
    if let Some(quota) = plan.quota {
        pairs.push(("quota".to_owned(), quota.requests.to_string()));
        pairs.push(("quota_per".to_owned(), quota.per.as_str().to_owned()));
    }
    FormData::from_pairs(pairs)
}

/// The fields.
#[component]
pub(super) fn PlanFields(
    /// What to fill in, and what is wrong.
    form: FormState,
    /// Apis of the organization: id and name.
    apis: Vec<(ApiId, String)>,
    /// Whether the plan is there already: then its short name is fixed.
    is_stored: bool,
) -> impl IntoView {
    let chosen: Vec<String> = form.values.all("apis").map(ToOwned::to_owned).collect();
    let only_one = apis.len() == 1;
    let api_checks = apis
        .into_iter()
        .map(|(id, name)| {
            let checked = chosen.contains(&id.to_string()) || (only_one && chosen.is_empty() && !is_stored);
            view! { <CheckField name="apis" value=id.to_string() label=name checked=checked /> }
        })
        .collect_view();
    let limits = (0..RATE_LIMITS).map(|i| rate_limit_fields(&form, i)).collect_view();
    let periods = Period::ALL
        .into_iter()
        .map(|p| (p.as_str().to_owned(), p.in_words().to_owned()))
        .collect();
    let quota_per = match form.value("quota_per") {
        empty if empty.is_empty() => "month".to_owned(),
        value => value,
    };
    let approvals = vec![
        Choice::new("automatic", "At once", "A subscription begins when it is asked for."),
        Choice::new(
            "manual",
            "After approval",
            "A member of your organization approves each subscription first.",
        ),
    ];
    view! {
        <div class="form-grid">
            <TextField name="name" label="Name" value=form.value("name") error=form.error("name") max_length=100 />
            <TextField
                name="slug"
                label="Short name"
                value=form.value("slug")
                error=form.error("slug")
                mono=true
                readonly=is_stored
                help=if is_stored { "Cannot be changed." } else { "Small letters, digits and hyphens, for example free." }
                max_length=63
            />
        </div>
        <Fieldset legend="Covers" id="apis" error=form.error("apis")>{api_checks}</Fieldset>
        <Fieldset legend="Rate limits" id="rate_limits" error=form.error("rate_limits")>
            <p class="help">"All of them hold at once. Leave them empty for no limit."</p>
            {limits}
        </Fieldset>
        <div class="form-grid">
            <TextField
                name="quota"
                label="Quota"
                kind=InputKind::Number
                value=form.value("quota")
                error=form.error("quota")
                optional=true
                help="Calls that the plan includes. Refused calls never count."
            />
            <SelectField name="quota_per" label="Counted by" options=periods value=quota_per help="Calendar periods in UTC." />
        </div>
        <RadioCards legend="Subscriptions begin" name="approval" choices=approvals value=form.value("approval") />
    }
}

fn rate_limit_fields(form: &FormState, i: usize) -> impl IntoView + use<> {
    let field = |part: &str| format!("rate_limits.{i}.{part}");
    let windows = WINDOWS
        .iter()
        .map(|(s, word)| (s.to_string(), format!("a {word}").replace("a hour", "an hour")))
        .collect();
    let per = match form.value(&field("per_s")) {
        empty if empty.is_empty() => if i == 0 { "1" } else { "60" }.to_owned(),
        value => value,
    };
    let error = form
        .error(&field("requests"))
        .or_else(|| form.error(&format!("rate_limits.{i}")));
    view! {
        <div class="form-grid" data-columns="3">
            <TextField
                name=field("requests")
                label=format!("Limit {}: requests", i + 1)
                kind=InputKind::Number
                value=form.value(&field("requests"))
                error=error
                optional=true
            />
            <SelectField name=field("per_s") label=format!("Limit {}: window", i + 1) options=windows value=per />
            <TextField
                name=field("burst")
                label=format!("Limit {}: at once at most", i + 1)
                kind=InputKind::Number
                value=form.value(&field("burst"))
                error=form.error(&field("burst"))
                optional=true
            />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back_as_it_was_shown() {
        let form = FormData::from_pairs([
            ("name", "Starter"),
            ("slug", "starter"),
            ("rate_limits.0.requests", "10"),
            ("rate_limits.0.per_s", "1"),
            ("rate_limits.0.burst", "20"),
            ("quota", "10,000"),
            ("quota_per", "month"),
        ]);
        let input = input_of(&form).unwrap();
        assert_eq!(
            input.rate_limits,
            [RateLimit {
                requests: 10,
                per_s: 1,
                burst: 20
            }]
        );
        assert_eq!(
            input.quota,
            Some(Quota {
                requests: 10_000,
                per: Period::Month
            })
        );
    }

    #[test]
    fn what_is_no_number_is_named() {
        let form = FormData::from_pairs([("rate_limits.0.requests", "ten"), ("quota", "many")]);
        let fields: Vec<_> = input_of(&form).unwrap_err().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["rate_limits.0.requests", "quota"]);
    }
}
