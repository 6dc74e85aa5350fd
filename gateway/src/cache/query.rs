//! What a call asks the cache for.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::{
    directives::RequestDirectives,
    key::{Identity, Origin, Partition, key_of},
    list::members,
    settings::{CacheScope, CacheSettings},
    status::NotKept,
    storability::{Asked, Keepable, judge},
    store::{Found, Stamp, Store},
    stored::{Exchange, Stored},
    validation::{Agreement, Conditions, agreement, updated},
};
use crate::message::{AnswerHead, BodyLength, Fields, Known, RequestHead, strip_hop_by_hop};

/// What a call is to the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It may be answered from what is kept.
    Ask,
    /// It may change what its target is (RFC 9111 §4.4).
    Change,
    /// Nothing.
    Other,
}

impl Kind {
    /// Judges a request.
    pub(crate) fn of(request: &RequestHead, body: BodyLength) -> Self {
        match request.method {
            Method::GET | Method::HEAD => {
                let is_plain = body == BodyLength::NONE && !request.fields.contains(Known::Upgrade);
                let has_preconditions = [&b"if-match"[..], b"if-unmodified-since"]
                    .into_iter()
                    .any(|name| request.fields.all_named(name).next().is_some());
                if is_plain && !has_preconditions {
                    Self::Ask
                } else {
                    Self::Other
                }
            }
            Method::OPTIONS | Method::TRACE | Method::CONNECT => Self::Other,
            _ => Self::Change,
        }
    }
}

/// Host of a request.
fn authority(request: &RequestHead) -> &str {
    let host = request.fields.get(Known::Host);
    let host = host.and_then(|host| std::str::from_utf8(host).ok());
    request.authority.as_deref().or(host).unwrap_or_default()
}

/// Path and query below a version's base.
fn own_target(request: &RequestHead, base_length: usize) -> &str {
    request.target().get(base_length..).unwrap_or_default()
}

/// A GET, HEAD or POST, as the cache sees it.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) settings: Arc<CacheSettings>,
    pub(crate) key: Arc<[u8]>,
    /// Where answers are that only this caller may see.
    pub(crate) own: Option<Partition>,
    pub(crate) directives: RequestDirectives,
    pub(crate) conditions: Conditions,
    pub(crate) is_head: bool,
    /// Whether the request is a POST, whose answer may be kept for later GETs.
    is_post: bool,
}

impl Query {
    /// Reads a request. `base_length` is the length of the version's part of the path.
    pub(crate) fn of(
        scope: &CacheScope,
        settings: &Arc<CacheSettings>,
        request: &RequestHead,
        base_length: usize,
        identity: Identity,
    ) -> Self {
        let target = own_target(request, base_length);
        let origin = Origin {
            is_secure: identity.is_secure,
            authority: authority(request),
        };
        let key = key_of(scope, &settings.ignore_query, origin, target);
        Self {
            settings: Arc::clone(settings),
            key: key.into(),
            own: identity.own(settings.share),
            directives: if settings.has_request_directives {
                RequestDirectives::of(&request.fields)
            } else {
                RequestDirectives::default()
            },
            conditions: Conditions::of(&request.fields),
            is_head: request.method == Method::HEAD,
            is_post: request.method == Method::POST,
        }
    }

    /// Whether the caller has asked not to be answered from here.
    pub(crate) fn is_fresh_wanted(&self) -> bool {
        self.directives.no_store || self.directives.no_cache
    }

    /// Whether the caller wants nothing rather than wait for the upstream.
    pub(crate) fn is_only_if_kept(&self) -> bool {
        self.directives.only_if_cached
    }

    /// Whether nothing of this exchange may be kept.
    pub(crate) fn is_keeping_forbidden(&self) -> bool {
        self.directives.no_store
    }

    /// What is kept for the request.
    pub(crate) fn find(&self, store: &Store, request: &Fields) -> Found {
        let is_selected = |kept: &Stored| kept.is_selected(request, &self.settings.key_headers);
        store.find(&self.key, [self.own, Some(Partition::Shared)], is_selected)
    }

    /// For whom calls of this kind are joined.
    pub(crate) fn crowd(&self) -> Partition {
        self.own.unwrap_or(Partition::Shared)
    }

    /// Judges an answer to the request.
    ///
    /// # Errors
    /// Why it is not kept.
    pub(crate) fn judge(&self, request: &Fields, answer: &AnswerHead, exchange: Exchange) -> Result<Keepable, NotKept> {
        if self.is_head {
            return Err(NotKept::Method);
        }
        self.judge_whole(request, answer, exchange)
    }

    /// Judges an answer whose body is known to be all of it.
    fn judge_whole(&self, request: &Fields, answer: &AnswerHead, exchange: Exchange) -> Result<Keepable, NotKept> {
        if self.is_keeping_forbidden() {
            return Err(NotKept::Request);
        }
        let asked = Asked {
            fields: request,
            own: self.own,
            must_name_time: self.is_post,
        };
        judge(&self.settings, asked, answer, exchange)
    }

    /// What is kept becomes of the answer to a HEAD that it was not given to (RFC 9111 §4.3.5): it is as fresh as that says
    /// when both name the same validator, and forgotten when they differ. Without a validator nobody knows.
    pub(crate) fn note_head(
        &self,
        store: &Store,
        kept: &Arc<Stored>,
        request: &Fields,
        answer: &AnswerHead,
        (exchange, since): (Exchange, Stamp),
    ) {
        match agreement(&kept.fields, &answer.fields) {
            Agreement::Same => {
                let (fresh, partition) = self.refresh(kept, request, answer, exchange);
                match partition {
                    Ok(partition) => _ = self.keep(store, partition, fresh, since),
                    Err(_) => store.forget(&self.key, kept),
                }
            }
            Agreement::Different => store.forget(&self.key, kept),
            Agreement::Unknown => {}
        }
    }

    /// What is kept becomes of a 304, and where (RFC 9111 §4.3.4). It is no longer kept when the 304 says so, and still the
    /// answer to this request.
    pub(crate) fn refresh(
        &self,
        kept: &Stored,
        request: &Fields,
        not_modified: &AnswerHead,
        exchange: Exchange,
    ) -> (Arc<Stored>, Result<Partition, NotKept>) {
        let mut newer = not_modified.fields.clone();
        strip_hop_by_hop(&mut newer);
        let mut fields = updated(&kept.fields, &newer);
        if !newer.contains(Known::Date) {
            fields.remove(Known::Date);
        }
        let head = AnswerHead {
            status: kept.status,
            version: kept.version,
            fields,
        };
        match self.judge_whole(request, &head, exchange) {
            Ok(keepable) => {
                let partition = keepable.partition;
                (Arc::new(keepable.with(kept.body.clone())), Ok(partition))
            }
            Err(why) => {
                let once = Stored {
                    status: kept.status,
                    version: kept.version,
                    fields: head.fields,
                    body: kept.body.clone(),
                    selecting: kept.selecting.clone(),
                    freshness: kept.freshness,
                };
                (Arc::new(once), Err(why))
            }
        }
    }

    /// Keeps an answer that was asked for at `since`.
    pub(crate) fn keep(&self, store: &Store, partition: Partition, stored: Arc<Stored>, since: Stamp) -> bool {
        store.keep(&self.key, partition, stored, since)
    }
}

/// Forgets what a request that was not refused may have changed: its target, and where its answer points to within the same
/// version (RFC 9111 §4.4). Returns the keys of that, each once.
pub(crate) fn invalidate(
    store: &Store,
    scope: &CacheScope,
    authority: &str,
    target: &str,
    answer: &AnswerHead,
) -> Vec<Vec<u8>> {
    if !answer.status.is_success() && !answer.status.is_redirection() {
        return Vec::new();
    }
    let path = target.split('?').next().unwrap_or_default();
    let mut targets = vec![target.to_owned(), path.to_owned()];
    for name in [&b"location"[..], b"content-location"] {
        let values = answer.fields.all_named(name).flat_map(members);
        let references = values.filter_map(|value| std::str::from_utf8(value).ok());
        targets.extend(references.filter_map(|reference| scope.own_target(reference, authority, target)));
    }
    let mut keys: Vec<_> = targets
        .iter()
        .flat_map(|target| [false, true].map(|is_secure| key_of(scope, &[], Origin { is_secure, authority }, target)))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        store.invalidate(key);
    }
    keys
}

/// Whether the answer to a POST says that it is what a GET of the same target would be answered now (RFC 9110 §9.3.3).
pub(crate) fn is_of_target(scope: &CacheScope, authority: &str, target: &str, answer: &AnswerHead) -> bool {
    let mut locations = answer.fields.all_named(b"content-location");
    let location = locations.next().and_then(|value| std::str::from_utf8(value).ok());
    let location = location.filter(|_| answer.status == StatusCode::OK && locations.next().is_none());
    location.and_then(|location| scope.own_target(location, authority, target)) == Some(target.to_owned())
}

/// What [`invalidate`] needs to know of a request that will have changed when its answer comes.
pub(crate) fn place(request: &RequestHead, base_length: usize) -> (String, String) {
    (
        authority(request).to_owned(),
        own_target(request, base_length).to_owned(),
    )
}
