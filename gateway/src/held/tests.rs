use std::{
    collections::VecDeque,
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::{HeldAnswer, Memory, hold};
use crate::{
    client::Caller,
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    phase::forward::NotAnswered,
    problem::Reason,
    relay::{BodySink, BodySource, Fill, Passage, SourceError},
    worker::{Order, Slot},
};

const PAUSE: Duration = Duration::from_secs(5);

/// Someone whose body comes piece by piece, with a pause after each.
struct Script {
    pieces: VecDeque<Result<Bytes, SourceError>>,
    is_paused: bool,
    informed: Vec<StatusCode>,
    pushed: Vec<u8>,
}

impl Script {
    fn new(pieces: &[&'static str]) -> Self {
        Self {
            pieces: pieces
                .iter()
                .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
                .collect(),
            is_paused: true,
            informed: Vec::new(),
            pushed: Vec::new(),
        }
    }

    fn broken(pieces: &[&'static str]) -> Self {
        let mut script = Self::new(pieces);
        script.pieces.push_back(Err(SourceError::BrokenOff));
        script
    }
}

impl BodySource for Script {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        if std::mem::take(&mut self.is_paused) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match self.pieces.front() {
            Some(Ok(_)) => Ok(Fill::Data),
            Some(Err(error)) => Err(*error),
            None => Ok(Fill::End),
        })
    }

    fn data(&self) -> &[u8] {
        match self.pieces.front() {
            Some(Ok(piece)) => piece,
            _ => &[],
        }
    }

    fn consume(&mut self, count: usize) {
        let Some(Ok(piece)) = self.pieces.front_mut() else {
            panic!("there is no piece");
        };
        let _ = piece.split_to(count);
        if piece.is_empty() {
            self.pieces.pop_front();
            self.is_paused = true;
        }
    }

    fn trailers(&self) -> Option<&Fields> {
        None
    }
}

impl BodySink for Script {
    fn poll_push(&mut self, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.pushed.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn finish(&mut self, _: Option<&Fields>) -> io::Result<()> {
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Caller for Script {
    fn body_length(&self) -> BodyLength {
        BodyLength::Open
    }

    fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn inform(&mut self, head: &AnswerHead) {
        self.informed.push(head.status);
    }

    fn answer(&mut self, _: &mut AnswerHead, _: BodyLength) -> bool {
        true
    }

    fn switch(&mut self, _: &mut AnswerHead) -> bool {
        false
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn slot() -> Slot {
    Slot::new(Rc::default(), Order::GoOn)
}

fn expecting() -> RequestHead {
    let mut request = RequestHead::default();
    request
        .fields
        .append(Known::Expect, &HeaderValue::from_static("100-Continue"));
    request
}

/// What a source brings from now on.
async fn read(source: &mut impl BodySource) -> Vec<u8> {
    let mut sink = Script::new(&[]);
    let mut passage = Passage::new(u64::MAX);
    std::future::poll_fn(|cx| passage.poll(cx, source, &mut sink))
        .await
        .unwrap();
    sink.pushed
}

#[tokio::test]
async fn a_body_is_held_and_passed_on() {
    let share = Memory::new(1_000).share("acme");
    for (max_bytes, held, is_whole) in [
        (100, "one two three", true),
        (13, "one two three", true),
        (12, "one two thre", false),
        (4, "one ", false),
    ] {
        let mut script = Script::new(&["one ", "two ", "three"]);
        let mut request = expecting();
        let mut caller = hold(&mut script, &mut request, &slot(), &share, (max_bytes, PAUSE))
            .await
            .unwrap_or_else(|_| panic!("held"));
        assert_eq!((caller.body(), caller.is_whole()), (held.as_bytes(), is_whole));
        let length = if is_whole {
            BodyLength::Exact(13)
        } else {
            BodyLength::Open
        };
        assert_eq!(caller.body_length(), length);
        assert_eq!(read(&mut caller).await, b"one two three");
        assert_eq!(script.informed, [StatusCode::CONTINUE]);
        assert!(!request.fields.contains(Known::Expect), "nobody asks twice");
    }
}

#[tokio::test]
async fn a_body_that_is_there_needs_no_word() {
    let mut script = Script::new(&["one"]);
    script.is_paused = false;
    let share = Memory::new(1_000).share("acme");
    let held = hold(&mut script, &mut expecting(), &slot(), &share, (100, PAUSE)).await;
    assert!(held.is_ok_and(|held| held.is_whole()));
    assert!(script.informed.is_empty());
}

#[tokio::test]
async fn another_body_takes_the_place_of_one() {
    let mut script = Script::new(&["one"]);
    let share = Memory::new(1_000).share("acme");
    let mut request = RequestHead::default();
    let held = hold(&mut script, &mut request, &slot(), &share, (100, PAUSE)).await;
    let mut held = held.unwrap_or_else(|_| panic!("held"));
    held.replace(b"another".to_vec(), &mut request.fields).unwrap();
    assert_eq!(held.body_length(), BodyLength::Exact(7));
    assert_eq!(read(&mut held).await, b"another");
}

#[tokio::test]
async fn what_can_not_be_held_is_refused() {
    for (mut script, memory, reason) in [
        (Script::broken(&["one"]), 100, Reason::Malformed),
        (Script::new(&["one", "two"]), 5, Reason::NoRoomForBody),
    ] {
        let share = Memory::new(memory).share("acme");
        let mut request = RequestHead::default();
        let held = hold(&mut script, &mut request, &slot(), &share, (100, PAUSE)).await;
        match held.err() {
            Some(NotAnswered::Refused(refusal)) => assert_eq!(refusal.reason, reason),
            _ => panic!("{reason:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_is_held_and_passed_on() {
    for (memory, max_bytes, held, is_whole) in [
        (100, 6, "onetwo", true),
        (100, 5, "onetw", false),
        // No memory is no reason to break an answer off.
        (5, 100, "one", false),
    ] {
        let share = Memory::new(memory).share("acme");
        let mut caller = Script::new(&[]);
        let mut upload = Passage::new(u64::MAX);
        let stream = Script::new(&["one", "two"]);
        let mut answer = HeldAnswer::hold(stream, &mut upload, &mut caller, &slot(), &share, (max_bytes, PAUSE))
            .await
            .unwrap();
        assert_eq!((answer.body(), answer.is_whole()), (held.as_bytes(), is_whole));
        if is_whole {
            answer.replace(b"another".to_vec()).unwrap();
            assert_eq!(read(&mut answer).await, b"another");
        } else {
            assert_eq!(read(&mut answer).await, b"onetwo");
        }
        assert!(answer.stream.pushed.is_empty());
    }
    let stream = Script::broken(&["one"]);
    let (mut upload, mut caller) = (Passage::new(u64::MAX), Script::new(&[]));
    let broken = HeldAnswer::hold(
        stream,
        &mut upload,
        &mut caller,
        &slot(),
        &Memory::new(9).share("acme"),
        (9, PAUSE),
    )
    .await;
    assert!(broken.is_err());
}
