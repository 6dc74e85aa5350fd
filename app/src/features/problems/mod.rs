//! The problems that gateways answer with: `type` of each problem+json is the URL of a page here.

use axum::{Router, extract::Path, routing::get};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx, ProblemText as Problem},
    error::PageError,
    href,
    page::{Page, PageResult},
    twin::Markdown,
    ui::{CodeBlock, Column, Crumbs, Empty, Language, Place, ProblemText, Row, Status, Table, markdown::plain_text},
};

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/problems", get(list_page))
        .route("/problems/{slug}", get(problem_page))
}

async fn list_page(cx: Cx) -> PageResult {
    let problems = cx.settings().problems.clone();
    let page = Page::new("Problems", move || list(&problems));
    Ok(page.description("What the gateway answers when it refuses a call, and what to do then."))
}

fn list(problems: &[Problem]) -> AnyView {
    let rows: Vec<Row> = problems
        .iter()
        .map(|problem| {
            Row::linked(problem.title.clone(), href::problem(&problem.slug))
                .cell(view! { <Status code=problem.status.to_string() /> })
                .cell(plain_text(&problem.explanation, 160))
        })
        .collect();
    let table = if rows.is_empty() {
        view! { <Empty title="No problems" text="The gateway of this installation runs elsewhere and has named none." /> }.into_any()
    } else {
        let columns = ["Problem", "Status", "What happened"]
            .into_iter()
            .map(Column::text)
            .collect::<Vec<_>>();
        view! {
            <div class="card" data-flush=true>
                <Table caption="Problems" columns=columns rows=rows />
            </div>
        }
        .into_any()
    };
    view! {
        <main id="main" class="wrap">
            <div class="page-head">
                <h1>"Problems"</h1>
                <p class="lead">
                    "When the gateway refuses a call, it says why: the answer is a problem (RFC 9457) whose "
                    <code class="inline-code">"type"</code> " is the address of one of these pages."
                </p>
            </div>
            {table}
        </main>
    }
    .into_any()
}

async fn problem_page(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let problems = &cx.settings().problems;
    let problem = problems.iter().find(|problem| problem.slug == slug).cloned();
    let problem = problem.ok_or_else(|| PageError::not_found("problem"))?;
    let address = format!("{}{}", cx.settings().portal_url, href::problem(&slug));
    let description = plain_text(&problem.explanation, 200);
    let text = twin(&problem, &address);
    let page = Page::new(problem.title.clone(), move || one(&problem, &address));
    Ok(page.description(description).with_islands().with_twin(move || text))
}

/// The page as Markdown.
fn twin(problem: &Problem, address: &str) -> String {
    Markdown::new()
        .heading(1, &problem.title)
        .paragraph(&format!("Status {}.", problem.status))
        .block(&problem.explanation)
        .heading(2, "What to do")
        .block(&problem.remedy)
        .heading(2, "The answer")
        .code("json", &example(problem, address))
        .finish()
}

fn one(problem: &Problem, address: &str) -> AnyView {
    let Problem {
        title,
        status,
        explanation,
        remedy,
        ..
    } = problem.clone();
    let lead = view! { <Status code=status.to_string() /> }.into_any();
    let example = example(problem, address);
    view! {
        <main id="main" class="wrap">
            <div class="page-head">
                <Crumbs above=vec![Place::new("Problems", href::problems())] current=title.clone() />
            </div>
            <div class="stack" data-gap="lg">
                <ProblemText title status explanation remedy />
                <section class="stack" data-gap="sm" aria-labelledby="answer">
                    <h2 id="answer">"The answer"</h2>
                    <CodeBlock title="application/problem+json" language=Language::Json lead=lead text=example />
                    <p class="help">
                        "Quote the " <code>"request_id"</code> " when you ask the provider about a call."
                    </p>
                </section>
            </div>
        </main>
    }
    .into_any()
}

/// An answer as the gateway sends it.
fn example(problem: &Problem, address: &str) -> String {
    let answer = serde_json::json!({
        "type": address,
        "title": problem.title,
        "status": problem.status,
        "detail": plain_text(&problem.explanation, 120),
        "instance": "/acme/petstore/v1/pets",
        "request_id": "01jcz6var9t0",
    });
    serde_json::to_string_pretty(&answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Problem {
        Problem {
            slug: "quota-exceeded".into(),
            title: "The quota is used up".into(),
            status: 429,
            explanation: "Every call of the period is used.".into(),
            remedy: "Wait, or choose a **larger plan**.".into(),
        }
    }

    #[test]
    fn a_problem_page_shows_the_answer_and_the_way_out() {
        let html = one(&problem(), "https://portal.example/problems/quota-exceeded").to_html();
        for part in [
            "The quota is used up",
            "429",
            "<strong>larger plan</strong>",
            "https://portal.example/problems/quota-exceeded",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn the_list_links_to_every_problem() {
        assert!(list(&[problem()]).to_html().contains("/problems/quota-exceeded"));
        assert!(list(&[]).to_html().contains("No problems"));
    }
}
