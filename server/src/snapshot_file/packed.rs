//! Subscriptions and keys, packed: there may be millions.

use domain::{
    clock::Timestamp,
    gateway_config::{KeyRecord, QuotaStart, SubscriptionRecord},
    id::{ApplicationId, KeyId, PlanId, SubscriptionId},
    key::KeyHash,
    subscription::SubscriptionState,
};
use uuid::Uuid;

/// Bytes of a subscription at least: three ids, state, period, units, length of the scopes.
pub(super) const SUBSCRIPTION: usize = 16 * 3 + 1 + 8 + 8 + 2;
/// Bytes of a key: id, hash, application.
pub(super) const KEY: usize = 16 + 32 + 16;

/// Reads a frame of records of one size.
pub(super) fn read_records<T>(payload: &[u8], read: fn(&mut Bytes<'_>) -> Option<T>, into: &mut Vec<T>) -> Option<()> {
    let mut bytes = Bytes(payload);
    while !bytes.0.is_empty() {
        into.push(read(&mut bytes)?);
    }
    Some(())
}

pub(super) fn put_list<T>(bytes: &mut Vec<u8>, list: &[T], put: fn(&mut Vec<u8>, &T)) {
    bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
    put_all(bytes, list, put);
}

pub(super) fn put_all<T>(bytes: &mut Vec<u8>, list: &[T], put: fn(&mut Vec<u8>, &T)) {
    for record in list {
        put(bytes, record);
    }
}

pub(super) fn put_subscription(bytes: &mut Vec<u8>, record: &SubscriptionRecord) {
    let SubscriptionRecord {
        id,
        application_id,
        plan_id,
        state,
        used: QuotaStart { period_start, units },
        scopes,
    } = record;
    for id in [id.uuid(), application_id.uuid(), plan_id.uuid()] {
        bytes.extend_from_slice(id.as_bytes());
    }
    bytes.push(match state {
        SubscriptionState::Pending => 1,
        SubscriptionState::Active => 2,
        SubscriptionState::Suspended => 3,
        SubscriptionState::Canceled => 4,
    });
    bytes.extend_from_slice(&period_start.unix_timestamp().to_le_bytes());
    bytes.extend_from_slice(&units.to_le_bytes());
    // At most 50 scopes of 128 characters without spaces.
    let scopes = scopes.join(" ");
    bytes.extend_from_slice(&(scopes.len() as u16).to_le_bytes());
    bytes.extend_from_slice(scopes.as_bytes());
}

pub(super) fn put_key(bytes: &mut Vec<u8>, record: &KeyRecord) {
    let KeyRecord {
        id,
        hash,
        application_id,
    } = record;
    bytes.extend_from_slice(id.uuid().as_bytes());
    bytes.extend_from_slice(&hash.0);
    bytes.extend_from_slice(application_id.uuid().as_bytes());
}

/// What is left to be read; every read is bounded by it.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.array()?) as usize)
    }

    pub(super) fn uuid(&mut self) -> Option<Uuid> {
        Some(Uuid::from_bytes(self.array()?))
    }

    /// JSON behind its length; nothing where the length is 0.
    #[expect(clippy::option_option, reason = "unreadable, not there and there are three answers")]
    pub(super) fn json<T>(&mut self, read: fn(&[u8]) -> Option<T>) -> Option<Option<T>> {
        let length = self.count()?;
        let payload = self.take(length)?;
        if payload.is_empty() {
            return Some(None);
        }
        read(payload).map(Some)
    }

    pub(super) fn list<T>(&mut self, read: fn(&mut Bytes<'_>) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        // Not allocated in advance: the count is only believed as far as the bytes go.
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }
}

/// Reads a subscription.
pub(super) fn subscription(bytes: &mut Bytes<'_>) -> Option<SubscriptionRecord> {
    Some(SubscriptionRecord {
        id: SubscriptionId::from_uuid(bytes.uuid()?),
        application_id: ApplicationId::from_uuid(bytes.uuid()?),
        plan_id: PlanId::from_uuid(bytes.uuid()?),
        state: match bytes.array::<1>()? {
            [1] => SubscriptionState::Pending,
            [2] => SubscriptionState::Active,
            [3] => SubscriptionState::Suspended,
            [4] => SubscriptionState::Canceled,
            _ => return None,
        },
        used: QuotaStart {
            period_start: Timestamp::from_unix_timestamp(i64::from_le_bytes(bytes.array()?)).ok()?,
            units: u64::from_le_bytes(bytes.array()?),
        },
        scopes: {
            let length = u16::from_le_bytes(bytes.array()?);
            let text = std::str::from_utf8(bytes.take(length.into())?).ok()?;
            text.split_ascii_whitespace().map(ToOwned::to_owned).collect()
        },
    })
}

/// Reads a key.
pub(super) fn key(bytes: &mut Bytes<'_>) -> Option<KeyRecord> {
    Some(KeyRecord {
        id: KeyId::from_uuid(bytes.uuid()?),
        hash: KeyHash(bytes.array()?),
        application_id: ApplicationId::from_uuid(bytes.uuid()?),
    })
}
