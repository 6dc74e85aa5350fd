//! Every answer that the gateway makes itself: its slug, status and words, and how it looks on the wire (RFC 9457).

use bytes::Bytes;
use openapi::validate::Violation;
use serde::Serialize;

/// A kind of problem, as its page in the portal explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Last segment of the problem's page, `{portal}/problems/{slug}`.
    pub slug: &'static str,
    /// Short name, the same for every occurrence.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What happened, in a sentence or two for people.
    pub explanation: &'static str,
    /// What the caller can do, in order.
    pub next_steps: &'static [&'static str],
}

macro_rules! problems { ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:literal, $title:literal, $explanation:literal, [$($step:literal),+ $(,)?];)*) => {
    /// Why the gateway answers itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Reason {
        $($(#[$doc])* $name,)*
    }

    impl Reason {
        /// Every reason, in the order of [`ALL`].
        pub const ALL: [Self; ALL.len()] = [$(Self::$name),*];
    }

    /// Every problem of the gateway; the portal renders a page for each.
    pub const ALL: &[ProblemType] = &[$(ProblemType {
        slug: $slug, title: $title, status: $status, explanation: $explanation, next_steps: &[$($step),+],
    }),*];
}; }

problems! {
    /// No configuration was loaded yet.
    NotReady = "not-ready", 503, "The gateway is starting",
        "The gateway has not loaded its configuration yet, so it can't tell who may call what.",
        ["Try again after the number of seconds in Retry-After."];
    /// The message is not well-formed or can be read in two ways.
    Malformed = "malformed-request", 400, "The request is malformed",
        "The request breaks the rules of HTTP/1.1, or can be read in two ways: for example it has both Content-Length and Transfer-Encoding, two different lengths, a bad chunk size, or line ends without a carriage return.",
        ["Send the request with a standard HTTP client.", "Look at proxies between you and the gateway that rewrite headers."];
    /// The request line and header section are too large.
    HeadersTooLarge = "headers-too-large", 431, "The header section is too large",
        "The request line and headers together are larger than the gateway accepts, or there are too many of them.",
        ["Send fewer or shorter headers; cookies are the usual reason.", "Move large values into the body."];
    /// The request target is too long.
    TargetTooLong = "url-too-long", 414, "The URL is too long",
        "The path and query of the request are longer than the gateway accepts.",
        ["Send long values in the body instead of the query."];
    /// The header section did not arrive in time.
    HeadersTooSlow = "request-timeout", 408, "The request took too long to arrive",
        "The connection was open, but the request's headers or body did not arrive in time.",
        ["Try again on a new connection.", "Look at the network between you and the gateway."];
    /// The body is larger than allowed.
    BodyTooLarge = "body-too-large", 413, "The body is too large",
        "The body of the request is larger than this gateway passes on.",
        ["Send less in one request."];
    /// The bodies that are held for policies take all the memory they may.
    NoRoomForBody = "gateway-busy", 503, "The gateway has no room for the body",
        "The provider has the bodies of such requests looked at as a whole, and the gateway holds as many of them right now as it has memory for. The request was not passed on and was not counted.",
        ["Try again after the number of seconds in Retry-After.", "Tell the operator of the gateway if it lasts."];
    /// The body is deeper, wider or longer than the provider allows, or not what its content type says.
    BodyShape = "body-shape", 400, "The body has a shape that is not accepted",
        "The provider limits how deep, wide and long JSON and XML bodies may be, and the body of the request is beyond that or not well-formed.",
        ["Check that the body is well-formed.", "Send less or flatter data in one request; the detail says what was too much."];
    /// The path has dot segments or encoded separators that hide them.
    AmbiguousPath = "ambiguous-path", 400, "The path is ambiguous",
        "The path has `.` or `..` segments, possibly percent-encoded, a backslash or a control character. Servers disagree about such paths, so the gateway passes none on.",
        ["Resolve the path before you send the request.", "Percent-encode values that you put into a path."];
    /// No version is at this path.
    UnknownVersion = "unknown-api", 404, "There is no such API here",
        "No published version is at this host and path. Calls go to /{organization}/{api}/{version}/… on the gateway's own host, or to the host and base path that a version has of its own, where that address does not count.",
        ["Compare host and path with the base URL on the API's page in the portal: host, then base path, then the operation's path.", "If the base URL has a host of its own, send the call to that host."];
    /// The version has no such path.
    UnknownOperation = "unknown-operation", 404, "The API has no such path",
        "The version exists, but its description has no operation at this path. Only described operations are passed on.",
        ["Compare the path with the API's reference, including trailing slashes."];
    /// The path exists with other methods.
    MethodNotAllowed = "method-not-allowed", 405, "The path does not support this method",
        "The API describes this path, but not with this method.",
        ["Use one of the methods in the Allow header."];
    /// The version is retired.
    Retired = "version-retired", 410, "This version is retired",
        "The version has reached its end and no longer answers.",
        ["Move to the version that the Link header with rel=\"successor-version\" names, if there is one.", "Read the migration guide on the API's page."];
    /// A condition of the provider refuses the call.
    NotPermitted = "not-permitted", 403, "The provider's rules do not permit this request",
        "The provider refuses requests like this one by a rule of its own, for example for a plan, a time or a header.",
        ["Read the detail: where the provider gave a reason, it is there.", "Ask the provider of the API."];
    /// The caller's address is kept out.
    AddressForbidden = "address-forbidden", 403, "Calls from this address are not accepted",
        "The provider accepts calls from some networks only, and the request comes from another.",
        ["Call from a network that the provider accepts, or ask the provider to accept yours."];
    /// No key was sent.
    MissingKey = "missing-key", 401, "A key is needed",
        "This API can only be called with a key, and the request has none.",
        ["Send `Authorization: Bearer YOUR_KEY` or `X-Api-Key: YOUR_KEY`.", "Create a key for one of your applications in the dashboard."];
    /// The key is not known.
    UnknownKey = "unknown-key", 401, "The key is not accepted",
        "The key in the request is not known: it was mistyped, revoked or belongs to another installation.",
        ["Check that the whole key was copied.", "Create a new key in the dashboard if this one was revoked."];
    /// Two different credentials were sent.
    ConflictingKeys = "conflicting-keys", 400, "The request has two different keys",
        "The request carries more than one key or token and they differ, so it is unclear whose request it is.",
        ["Send one key or token, in one place: `Authorization: Bearer` or `X-Api-Key`."];
    /// None of several kinds of credentials was sent.
    MissingCredential = "missing-credential", 401, "A credential is needed",
        "This API can only be called with a credential, and the request has none that is accepted here.",
        ["Send one of the credentials that the detail and WWW-Authenticate name.", "Look at the API's page for how to get one."];
    /// A token, or what goes with it, is not accepted.
    InvalidToken = "invalid-token", 401, "The token is not accepted",
        "The token in the request has expired, is of an issuer that is not accepted here, or was not signed by it.",
        ["Get a new token from its issuer and try again.", "Read the detail: it says what is wrong with the token."];
    /// Nobody can say whether a token is good.
    TokenNotChecked = "token-not-checked", 503, "The token can't be checked now",
        "The server that says which tokens are good does not answer, so the gateway can't accept any.",
        ["Try again after the number of seconds in Retry-After.", "Tell the provider if it lasts."];
    /// Too many tokens from the caller's address were not known.
    TooManyTokens = "too-many-unknown-tokens", 429, "Too many unknown tokens came from this address",
        "So many tokens from the caller's address were not known to their server that it is not asked about more of them for a while. The token in the request was not looked at.",
        ["Wait for the number of seconds in Retry-After.", "Get a new token when one is not accepted any more, instead of sending it again."];
    /// A genuine credential belongs to no application.
    UnknownConsumer = "unknown-consumer", 403, "The credential belongs to no application",
        "The token or certificate is genuine, but the provider has not said which application its calls are of.",
        ["Ask the provider to map the identity in the detail to your application's subscription."];
    /// The token is not good for the operation.
    InsufficientScope = "insufficient-scope", 403, "The token has not the scopes that are needed",
        "The operation asks for scopes that the credential in the request does not have.",
        ["Ask the issuer for a token with the scopes in WWW-Authenticate."];
    /// The application has no subscription to the api.
    NotSubscribed = "not-subscribed", 403, "The application has no subscription to this API",
        "The key is valid, but its application is not subscribed to a plan that covers this API.",
        ["Subscribe the application to a plan on the API's page."];
    /// The subscription waits for approval.
    SubscriptionPending = "subscription-pending", 403, "The subscription waits for approval",
        "The application has asked for a plan that covers this API, and the provider has not approved it yet.",
        ["Wait for the provider's answer; it comes by mail.", "Contact the provider if it takes too long."];
    /// The subscription is suspended.
    SubscriptionSuspended = "subscription-suspended", 403, "The subscription is suspended",
        "The provider has suspended the application's subscription.",
        ["Contact the provider; the subscription's page says why and how."];
    /// A rate limit is used up.
    RateLimited = "rate-limited", 429, "Too many requests",
        "The application has sent more requests in a short time than its plan allows. Refused requests don't count.",
        ["Wait for the number of seconds in Retry-After.", "Spread requests by the RateLimit header, or move to a larger plan."];
    /// A window of the policy `rate_limits` is used up.
    CallsLimited = "calls-limited", 429, "Too many requests",
        "The provider limits how many requests pass in a short time: for each key, application or address, for an operation, or for all callers together. Refused requests don't count.",
        ["Wait for the number of seconds in Retry-After."];
    /// Too many calls run at the same time.
    TooManyConcurrent = "too-many-concurrent", 429, "Too many requests at the same time",
        "The provider limits how many requests run at the same time, and no place became free. Refused requests don't count.",
        ["Wait for answers before you send more requests.", "Try again after the number of seconds in Retry-After."];
    /// The quota of the period is used up.
    QuotaExceeded = "quota-exceeded", 429, "The quota is used up",
        "The application has used all requests that its plan includes in this period. Refused requests don't count.",
        ["Wait for the next period; Retry-After says how long.", "Move to a plan with a larger quota."];
    /// The version has no usable upstream.
    NoUpstream = "no-upstream", 503, "The API has no server behind it",
        "The provider has not set a usable address to pass requests on to.",
        ["Tell the provider of the API.", "Try again later."];
    /// The upstream's breaker is open.
    BreakerOpen = "upstream-paused", 503, "The API's server is given a pause",
        "Too many of the last requests to the API's server failed, so the gateway asks it nothing for a while. The request was not passed on and was not counted.",
        ["Wait for the number of seconds in Retry-After.", "Tell the provider if it lasts."];
    /// The upstream has as many connections as it may have.
    ConnectionsFull = "upstream-busy", 503, "The API's server is busy",
        "There are as many connections to the API's server as the provider allows, and none is free. The request was not passed on and was not counted.",
        ["Try again after the number of seconds in Retry-After.", "Tell the provider if it lasts."];
    /// The upstream's address may not be connected to.
    UpstreamForbidden = "upstream-refused", 502, "The API's server has a forbidden address",
        "The address of the API's server is one that this installation does not connect to, such as a link-local or private one.",
        ["Tell the provider of the API.", "Operators: private addresses have to be allowed explicitly."];
    /// The request is not as the document says.
    InvalidRequest = "invalid-request", 400, "The request is not as the API describes it",
        "The provider has requests checked against the API's description, and this one does not fit: a parameter, a header or the body. It was not passed on and was not counted.",
        ["Read `errors`: each says what is wrong and where.", "Compare the request with the operation's page in the reference."];
    /// The body is of a type that the document does not list, or of a coding that can't be checked.
    MediaType = "media-type-not-accepted", 415, "The body's content type is not accepted",
        "The provider has bodies checked against the API's description, and it does not list the content type of this one, or the body is compressed in a way that can't be checked.",
        ["Send one of the content types on the operation's page in the reference.", "Send the body as it is, or compressed with gzip."];
    /// The request looks like an attack.
    Suspicious = "suspicious-request", 403, "The request looks like an attack",
        "The provider refuses requests in which something looks like an injection: a piece of a query language, of a script, of a command or of a path. It was not passed on and was not counted.",
        ["Look for quotes, tags or path separators in values that you pass on from others.", "Ask the provider of the API if the request is meant as it is."];
    /// The document's operation can't be gone by.
    NotJudged = "description-unusable", 503, "The API's description can't be used",
        "The provider has requests checked against the API's description, and the gateway can't check those of this operation.",
        ["Tell the provider of the API."];
    /// The document has no answer for a mock.
    NoMock = "no-mock", 501, "There is nothing to answer with",
        "The API is answered from its description, and that has no response for this operation.",
        ["Tell the provider of the API."];
    /// The mock has no answer of a type that the caller accepts.
    NotAcceptable = "not-acceptable", 406, "No content type is acceptable",
        "The API is answered from its description, and that has no response of a content type that the request accepts.",
        ["Accept one of the content types on the operation's page in the reference."];
    /// No connection to the upstream.
    UpstreamUnreachable = "upstream-unreachable", 502, "The API's server can't be reached",
        "The gateway could not connect to the API's server. The request was not counted.",
        ["Try again in a moment.", "Tell the provider if it lasts."];
    /// The upstream broke the protocol or the connection.
    UpstreamBroken = "upstream-broken", 502, "The API's server broke off",
        "The API's server closed the connection before it answered, or its answer was not valid HTTP. The request was not counted.",
        ["Try again if the request may be repeated safely.", "Tell the provider if it lasts."];
    /// A part of a composed answer failed that has to be there.
    PartFailed = "part-failed", 502, "A part of the answer could not be made",
        "The answer is made of several answers of the API's server, and one that it can't do without failed. The request was not counted.",
        ["Try again in a moment.", "Tell the provider if it lasts."];
    /// A part of a composed answer did not come in time.
    PartTooLate = "part-timeout", 504, "A part of the answer did not come in time",
        "The answer is made of several answers of the API's server, and one that it can't do without did not come in time. The request was not counted.",
        ["Try again in a moment.", "Tell the provider if it lasts."];
    /// The upstream says of a part that it is not there.
    PartNotFound = "part-not-found", 404, "What the request is for does not exist",
        "The answer is made of several answers of the API's server, and for one of them it said that there is no such thing.",
        ["Check what the path and the query name."];
    /// The caller wants a kept answer or none.
    NotKept = "not-cached", 504, "There is no kept answer",
        "The request said only-if-cached, and the gateway keeps no answer that it may give.",
        ["Send the request without only-if-cached."];
    /// No connection to the upstream in time.
    ConnectTimeout = "upstream-connect-timeout", 504, "The API's server did not accept a connection in time",
        "The gateway waited for a connection to the API's server for as long as the provider allows. The request was not counted.",
        ["Try again in a moment.", "Tell the provider if it lasts."];
    /// No answer from the upstream in time.
    UpstreamTimeout = "upstream-timeout", 504, "The API's server did not answer in time",
        "The gateway passed the request on, and the API's server did not begin to answer within the time that the provider allows. The request was not counted, but it may have had an effect.",
        ["Check whether the request had an effect before you repeat it.", "Tell the provider if it lasts."];
}

impl Reason {
    /// The problem's words.
    pub fn problem(self) -> &'static ProblemType {
        &ALL[self as usize]
    }

    /// Last segment of the problem's page.
    pub fn slug(self) -> &'static str {
        self.problem().slug
    }

    /// HTTP status.
    pub fn status(self) -> u16 {
        self.problem().status
    }
}

/// One occurrence, as it is sent. The order of the fields is that of RFC 9457 §3.1, extensions after it.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instance: &'a str,
    request_id: &'a str,
    #[serde(rename = "violated-policies", skip_serializing_if = "<[String]>::is_empty")]
    violated_policies: &'a [String],
    #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
    errors: &'a [Violation],
    next_steps: &'a [&'a str],
}

/// What is particular about one occurrence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occurrence<'a> {
    /// Another status than the kind's.
    pub(crate) status: Option<u16>,
    /// A sentence about this request; the explanation of the kind when empty.
    pub(crate) detail: &'a str,
    /// Path of the request without its query, which may hold secrets.
    pub(crate) instance: &'a str,
    /// The trace id.
    pub(crate) request_id: &'a str,
    /// Names of the limits that are used up (draft-ietf-httpapi-ratelimit-headers, problem type `quota-exceeded`).
    pub(crate) violated_policies: &'a [String],
    /// What is not as the API's document says.
    pub(crate) errors: &'a [Violation],
}

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Writes the JSON of a problem.
pub(crate) fn render(reason: Reason, portal_url: &str, occurrence: &Occurrence<'_>) -> Bytes {
    let kind = reason.problem();
    let document = Document {
        r#type: format!("{portal_url}/problems/{}", kind.slug),
        title: kind.title,
        status: occurrence.status.unwrap_or(kind.status),
        detail: if occurrence.detail.is_empty() {
            kind.explanation
        } else {
            occurrence.detail
        },
        instance: occurrence.instance,
        request_id: occurrence.request_id,
        violated_policies: occurrence.violated_policies,
        errors: occurrence.errors,
        next_steps: kind.next_steps,
    };
    // Strings and numbers always serialize; an empty body would still carry the right status.
    serde_json::to_vec(&document).map(Bytes::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_problem_has_its_own_page_and_words() {
        let slugs: HashSet<_> = ALL.iter().map(|p| p.slug).collect();
        assert_eq!(slugs.len(), ALL.len(), "slugs are unique");
        for (reason, kind) in Reason::ALL.iter().zip(ALL) {
            assert_eq!(reason.problem(), kind);
            assert!((400..600).contains(&kind.status), "{}", kind.slug);
            assert!(
                kind.explanation.ends_with('.') && !kind.next_steps.is_empty(),
                "{}",
                kind.slug
            );
        }
    }

    #[test]
    fn the_document_has_the_members_of_the_standard() {
        let occurrence = Occurrence {
            instance: "/a/b/v1/x\"",
            request_id: "4bf9",
            ..Occurrence::default()
        };
        let bytes = render(Reason::UnknownKey, "http://portal.test", &occurrence);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["type"], "http://portal.test/problems/unknown-key");
        assert_eq!(value["status"], 401);
        assert_eq!(value["instance"], "/a/b/v1/x\"");
        assert_eq!(value["request_id"], "4bf9");
        assert!(value.get("violated-policies").is_none());
    }
}
