//! `/demo/mail`: the mails of the demo, with links that can be followed.

use app::{
    cx::{AppState, Cx},
    error::PageError,
    page::{Page, PageResult},
    ui::{Column, Empty, LinkButton, Row, Table, moment::Ago},
};
use axum::{Extension, Router, extract::Path, routing::get};
use domain::clock::Timestamp;
use leptos::prelude::*;

use crate::tasks::mail::{MailSink, StoredMail};

/// The list and a page for each mail.
pub(super) fn router(sink: MailSink) -> Router<AppState> {
    Router::new()
        .route("/demo/mail", get(list))
        .route("/demo/mail/{number}", get(show))
        .layer(Extension(sink))
}

async fn list(cx: Cx, Extension(sink): Extension<MailSink>) -> Page {
    let mails = sink.newest();
    let now = cx.now();
    let page = Page::new("Mails of the demo", move || {
        let content = if mails.is_empty() {
            let text = "Sign up with any address, or ask for a new password: the mail appears here.";
            view! {
                <Empty title="No mail yet" text=text>
                    <LinkButton href=app::href::sign_up()>"Sign up"</LinkButton>
                </Empty>
            }
            .into_any()
        } else {
            let columns = ["Mail", "To", "Arrived"]
                .into_iter()
                .map(Column::text)
                .collect::<Vec<_>>();
            let rows = mails.into_iter().map(|mail| row(mail, now)).collect::<Vec<_>>();
            view! { <div class="card" data-flush=true><Table caption="Mails" columns=columns rows=rows /></div> }
                .into_any()
        };
        view! {
            <main id="main" class="wrap">
                <div class="page-head">
                    <h1>"Mails of the demo"</h1>
                    <p class="lead">"Nothing is sent anywhere: every mail of this demo ends here."</p>
                </div>
                {content}
            </main>
        }
    });
    page.unlisted()
}

fn row(StoredMail { number, at, mail }: StoredMail, now: Timestamp) -> Row {
    Row::linked(mail.subject, format!("/demo/mail/{number}"))
        .cell(mail.to)
        .cell(view! { <Ago at=at now=now /> })
}

async fn show(Extension(sink): Extension<MailSink>, Path(number): Path<String>) -> PageResult {
    let found = number.parse().ok().and_then(|number| sink.get(number));
    let StoredMail { mail, .. } = found.ok_or_else(|| PageError::not_found("mail"))?;
    let page = Page::new(mail.subject.clone(), move || {
        view! {
            <main id="main" class="wrap">
                <div class="page-head">
                    <p><a href="/demo/mail">"All mails"</a></p>
                    <h1>{mail.subject}</h1>
                    <p class="lead">"To " {mail.to}</p>
                </div>
                <div class="prose">{mail.body.split("\n\n").map(paragraph).collect_view()}</div>
            </main>
        }
    });
    Ok(page.unlisted())
}

/// A paragraph of a mail with its line breaks.
fn paragraph(text: &str) -> AnyView {
    let lines = text.lines().enumerate().map(|(i, line)| {
        view! { {(i > 0).then(|| view! { <br /> })} {pieces(line).into_iter().map(piece).collect_view()} }
    });
    view! { <p>{lines.collect_view()}</p> }.into_any()
}

/// A part of a mail's text.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Link(String),
}

/// Cuts a text at its links.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = ["http://", "https://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let end = rest[start..]
            .find(char::is_whitespace)
            .map_or(rest.len(), |length| start + length);
        let link = rest[start..end].trim_end_matches(['.', ',', ')', '>']);
        if start > 0 {
            pieces.push(Piece::Text(rest[..start].to_owned()));
        }
        pieces.push(Piece::Link(link.to_owned()));
        rest = &rest[start + link.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

fn piece(piece: Piece) -> AnyView {
    match piece {
        Piece::Text(text) => text.into_any(),
        Piece::Link(link) => {
            let address = link.clone();
            view! { <a href=address>{link}</a> }.into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found() {
        let text = |text: &str| Piece::Text(text.into());
        let link = |text: &str| Piece::Link(text.into());
        assert_eq!(
            pieces("Open\nhttp://h:1/verify?token=a_b-c\nor https://x.example."),
            [
                text("Open\n"),
                link("http://h:1/verify?token=a_b-c"),
                text("\nor "),
                link("https://x.example"),
                text(".")
            ]
        );
        assert_eq!(pieces("none"), [text("none")]);
        assert_eq!(pieces(""), []);
    }
}
