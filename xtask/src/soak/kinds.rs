//! Ordinary callers: small and large, one after the other on a connection or each on its own, permitted or not.

use std::time::Duration;

use super::{
    callers::{Caller, Kind, answered, steady},
    client::{Answer, Body, Request},
    framing::pattern,
    judge::{Promise, same},
    origin::SMALL,
    world::{HASTY, is_moved, is_season, passing_key},
};

/// How long the mortal target's absence may be felt when another can take its place, and when none can: connections that
/// died are found out about, and the breaker opens for a second more.
pub(super) const PAIR: Duration = Duration::from_secs(2);
const LONE: Duration = Duration::from_secs(4);

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_millis(50);

const fn kind(name: &'static str, callers: usize, pause: Duration, call: fn(&mut Caller<'_>)) -> Kind {
    Kind {
        name,
        callers,
        pause,
        call,
        seen: (&[200], &[]),
    }
}

pub(super) const KINDS: &[Kind] = &[
    kind("small answers", 3, SHORT, small),
    kind("a connection each", 1, SHORT, alone),
    kind("large answers", 1, LONG, large),
    kind("large bodies", 1, LONG, large_body),
    kind("chunked, both ways", 1, SHORT, chunked),
    kind("two in a row", 1, SHORT, pipelined),
    Kind {
        seen: (&[401], &[]),
        ..kind("wrong keys", 1, LONG, wrong_key)
    },
    Kind {
        seen: (&[404, 405, 418], &[]),
        ..kind("what is not there", 1, LONG, not_there)
    },
    Kind {
        seen: (&[200, 429], &[]),
        ..kind("beyond the plan", 2, SHORT, hasty)
    },
    Kind {
        seen: (&[200, 429], &[]),
        ..kind("beyond the policy", 2, SHORT, limited)
    },
    Kind {
        seen: (&[200], &["from the cache"]),
        ..kind("cached answers", 2, SHORT, cached)
    },
    kind("a pair, one mortal", 2, SHORT, pair),
    kind("a pair, large", 1, LONG, pair_large),
    kind("a pair, with a body", 1, SHORT, pair_body),
    kind("a mortal target", 2, SHORT, lone),
    Kind {
        seen: (&[200], &["at the one", "at the other"]),
        ..kind("a target that changes", 1, SHORT, moving)
    },
    Kind {
        seen: (&[200, 404], &[]),
        ..kind("a document that changes", 1, SHORT, season)
    },
    Kind {
        seen: (&[200, 401], &[]),
        ..kind("keys that come and go", 1, SHORT, passing)
    },
];

/// The body that tells which call it answers.
fn own(path: &str) -> impl FnOnce(&Answer) -> Result<(), String> + '_ {
    move |answer| same(&answer.body, &pattern(path, SMALL))
}

/// One configuration holds for the whole of a call, and it is one of those that are in force while it runs.
fn small(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let generations = &caller.world.generations;
    let oldest = generations.settled();
    caller.try_call(&steady(&path), &answered("steady"), |answer| {
        let (sent, received) = (answer.field("x-release-sent"), answer.field("x-release"));
        let newest = generations.begun();
        let is_one = sent == received && sent.parse().is_ok_and(|one| (oldest..=newest).contains(&one));
        if !is_one {
            return Err(format!(
                "configuration {sent:?} for the request and {received:?} for the answer, of {oldest} to {newest}"
            ));
        }
        own(&path)(answer)
    });
}

fn alone(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let request = Request {
        fields: "Connection: close\r\n",
        ..steady(&path)
    };
    caller.try_call(&request, &answered("steady"), |answer| {
        match answer.field("connection") {
            "close" => own(&path)(answer),
            other => Err(format!("the connection is to end, and the answer says {other:?}")),
        }
    });
}

fn large(caller: &mut Caller<'_>) {
    let path = caller.path("large");
    let length = 1 + (caller.calls() as usize * 777_777) % (4 << 20);
    let target = format!("{path}?bytes={length}");
    caller.try_call(&steady(&target), &answered("steady"), |answer| {
        same(&answer.body, &pattern(&path, length))
    });
}

fn large_body(caller: &mut Caller<'_>) {
    let path = caller.path("echo");
    let body = pattern(&path, 1 + (caller.calls() as usize * 555_555) % (2 << 20));
    let request = Request {
        method: "POST",
        body: Body::Sized(&body),
        ..steady(&path)
    };
    caller.try_call(&request, &answered("steady"), |answer| same(&answer.body, &body));
}

fn chunked(caller: &mut Caller<'_>) {
    let path = caller.path("echo");
    let body = pattern(&path, (caller.calls() as usize * 7_777) % 100_000);
    let request = Request {
        method: "POST",
        body: Body::Chunked(&body),
        ..steady(&path)
    };
    caller.try_call(&request, &answered("steady"), |answer| same(&answer.body, &body));
}

/// Two requests at once; the answers come in their order.
fn pipelined(caller: &mut Caller<'_>) {
    let paths = [caller.path("items"), caller.path("items")];
    let started = std::time::Instant::now();
    let bytes: Vec<u8> = paths.iter().flat_map(|path| steady(path).bytes()).collect();
    let mut connection = match caller.connection() {
        Ok(connection) => connection,
        Err(error) => return caller.wrong(&error.to_string()),
    };
    let _ = connection.send(&bytes);
    let [first, second] = &paths;
    let outcome = connection.answer();
    let is_whole = outcome.is_ok();
    caller.judge(&answered("steady"), started, outcome, own(first));
    if is_whole {
        let outcome = connection.answer();
        if let Ok(answer) = &outcome {
            caller.keep(connection, answer);
        }
        caller.judge(&answered("steady"), started, outcome, own(second));
    }
}

/// The gateway's own answer, by the problem's name.
fn problem(name: &str) -> impl FnOnce(&Answer) -> Result<(), String> + '_ {
    move |answer| match answer.problem() {
        Some(found) if found == name => Ok(()),
        found => Err(format!("{found:?} in place of {name:?}")),
    }
}

fn refused(caller: &mut Caller<'_>, request: &Request<'_>, status: u16, name: &str) {
    let promise = Promise {
        version: request.version,
        statuses: &[status],
        grace: None,
    };
    caller.try_call(request, &promise, problem(name));
}

fn wrong_key(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let key = format!("soak-key-of-nobody-{}", caller.calls());
    let request = Request {
        key: &key,
        ..steady(&path)
    };
    refused(caller, &request, 401, "unknown-key");
}

fn not_there(caller: &mut Caller<'_>) {
    let path = caller.path("nowhere");
    refused(caller, &steady(&path), 404, "unknown-operation");
    let path = caller.path("items");
    let request = Request {
        method: "DELETE",
        ..steady(&path)
    };
    refused(caller, &request, 405, "method-not-allowed");
    let request = Request {
        fields: "X-Forbidden: 1\r\n",
        ..steady(&path)
    };
    refused(caller, &request, 418, "not-permitted");
}

/// Either the answer, or a refusal that says when to come again.
fn permitted_or(caller: &mut Caller<'_>, request: &Request<'_>, path: &str, name: &str) {
    let promise = Promise {
        version: request.version,
        statuses: &[200, 429],
        grace: None,
    };
    caller.try_call(request, &promise, |answer| match answer.status {
        200 => own(path)(answer),
        _ if answer.field("retry-after").parse::<u64>().is_err() => Err("no Retry-After".to_owned()),
        _ => problem(name)(answer),
    });
}

fn hasty(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let request = Request {
        key: HASTY,
        ..steady(&path)
    };
    permitted_or(caller, &request, &path, "rate-limited");
}

fn limited(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let request = Request {
        version: "limited",
        ..steady(&path)
    };
    permitted_or(caller, &request, &path, "calls-limited");
}

/// The same few answers again and again.
fn cached(caller: &mut Caller<'_>) {
    caller.path("cached");
    let path = format!("/cached/{}", caller.calls() % 100);
    let request = Request {
        version: "cached",
        ..steady(&path)
    };
    let mut is_hit = false;
    caller.try_call(&request, &answered("cached"), |answer| {
        is_hit = answer.field("cache-status").contains("; hit");
        own(&path)(answer)
    });
    if is_hit {
        caller.tally.mark("from the cache");
    }
}

fn on_the_pair(path: &str) -> (Request<'_>, Promise<'static>) {
    let request = Request {
        version: "pair",
        ..steady(path)
    };
    let promise = Promise {
        grace: Some(PAIR),
        ..answered("pair")
    };
    (request, promise)
}

fn pair(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let (request, promise) = on_the_pair(&path);
    caller.try_call(&request, &promise, own(&path));
}

fn pair_large(caller: &mut Caller<'_>) {
    let path = caller.path("large");
    let (request, promise) = on_the_pair(&path);
    caller.try_call(&request, &promise, |answer| {
        same(&answer.body, &pattern(&path, 1 << 20))
    });
}

fn pair_body(caller: &mut Caller<'_>) {
    let path = caller.path("echo");
    let body = pattern(&path, 20_000);
    let (request, promise) = on_the_pair(&path);
    let request = Request {
        method: "POST",
        body: Body::Sized(&body),
        ..request
    };
    caller.try_call(&request, &promise, |answer| same(&answer.body, &body));
}

fn lone(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let request = Request {
        version: "lone",
        ..steady(&path)
    };
    let promise = Promise {
        grace: Some(LONE),
        ..answered("lone")
    };
    caller.try_call(&request, &promise, own(&path));
}

/// As soon as a change is settled nothing goes to the former target.
fn moving(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let request = Request {
        version: "moving",
        ..steady(&path)
    };
    let generations = &caller.world.generations;
    let oldest = generations.settled();
    let mut seen = None;
    caller.try_call(&request, &answered("moving"), |answer| {
        let target = answer.field("x-target");
        let is_moving = target == "third";
        seen = Some(if is_moving { "at the other" } else { "at the one" });
        if (oldest..=generations.begun()).any(|one| is_moved(one) == is_moving) {
            own(&path)(answer)
        } else {
            Err(format!("{target} answers though {oldest} is settled"))
        }
    });
    if let Some(seen) = seen {
        caller.tally.mark(seen);
    }
}

fn season(caller: &mut Caller<'_>) {
    let path = caller.path("season");
    let request = Request {
        version: "moving",
        ..steady(&path)
    };
    let promise = Promise {
        version: "moving",
        statuses: &[200, 404],
        grace: None,
    };
    let generations = &caller.world.generations;
    let oldest = generations.settled();
    caller.try_call(&request, &promise, |answer| {
        let is_there = answer.status == 200;
        if !(oldest..=generations.begun()).any(|one| is_season(one) == is_there) {
            return Err(format!("status {} though {oldest} is settled", answer.status));
        }
        if is_there {
            own(&path)(answer)
        } else {
            problem("unknown-operation")(answer)
        }
    });
}

/// The newest key is known as soon as it is settled, and the one before it no more.
fn passing(caller: &mut Caller<'_>) {
    let generations = &caller.world.generations;
    let path = caller.path("items");
    let settled = generations.settled();
    let key = passing_key(settled);
    let request = Request {
        key: &key,
        ..steady(&path)
    };
    let promise = Promise {
        version: "steady",
        statuses: &[200, 401],
        grace: None,
    };
    caller.try_call(&request, &promise, |answer| match answer.status {
        200 => own(&path)(answer),
        _ if generations.begun() == settled => Err("the newest key is not known".to_owned()),
        _ => problem("unknown-key")(answer),
    });
    let Some(former) = settled.checked_sub(1) else { return };
    let path = caller.path("items");
    let key = passing_key(former);
    let request = Request {
        key: &key,
        ..steady(&path)
    };
    refused(caller, &request, 401, "unknown-key");
}
