//! The session cookie: its name and form. The token in it is only known to the browser; the database has its hash.

use domain::account::NewSession;

/// Name of the cookie. The `__Host-` prefix keeps other hosts of the domain from setting it, but needs https.
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

/// The `Set-Cookie` value that begins a session.
pub fn begin(session: &NewSession, now: domain::clock::Timestamp, secure: bool) -> String {
    let max_age = (session.expires_at - now).whole_seconds().max(0);
    cookie(&session.token, max_age, secure)
}

/// The `Set-Cookie` value that ends it.
pub fn end(secure: bool) -> String {
    cookie("", 0, secure)
}

fn cookie(value: &str, max_age: i64, secure: bool) -> String {
    let name = cookie_name(secure);
    let flag = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{flag}")
}
