//! A line of the access log, read again.

use std::net::IpAddr;

use domain::{
    clock::Timestamp,
    id::{ApplicationId, KeyId},
    policy::access::CredentialKind,
};
use http::{Method, Version};
use serde::Deserialize;

use crate::problem::Reason;

/// A call, as the access log has it.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// When the head of the request was read.
    pub time: Timestamp,
    /// The caller's address.
    pub client_ip: IpAddr,
    /// Version of the protocol that the caller spoke.
    pub protocol: Version,
    /// As sent.
    pub method: Method,
    /// As sent, without the query.
    pub path: String,
    /// Host and port that the call was for, as sent.
    pub host: Option<String>,
    /// Why the gateway answered itself.
    pub reason: Option<Reason>,
    /// `organization/api/version` of what was called.
    pub address: Option<String>,
    /// Whose call it was.
    pub application: Option<ApplicationId>,
    /// The key, by its id.
    pub key: Option<KeyId>,
    /// What the caller's identity rested on.
    pub credential: Option<CredentialKind>,
    /// Body bytes from the caller.
    pub bytes_in: u64,
    /// How many calls the line stands for.
    pub sampled_one_in: u32,
}

/// Why a line is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not a JSON object with the fields of the access log.
    #[error("it is no line of an access log: {0}")]
    Json(#[from] serde_json::Error),
    /// No method of HTTP.
    #[error("its method is none of HTTP")]
    Method,
    /// A reason that this version of the gateway does not have.
    #[error("this gateway has no reason `{0}`")]
    Reason(String),
}

/// What is read of a line. Fields that an earlier version did not write may be missing.
#[derive(Deserialize)]
struct Line {
    #[serde(with = "time::serde::rfc3339")]
    time: Timestamp,
    client_ip: IpAddr,
    protocol: Option<String>,
    method: String,
    path: String,
    host: Option<String>,
    reason: Option<String>,
    organization: Option<String>,
    api: Option<String>,
    version: Option<String>,
    application: Option<ApplicationId>,
    key: Option<KeyId>,
    credential: Option<CredentialKind>,
    #[serde(default)]
    bytes_in: u64,
    sampled_one_in: Option<u32>,
}

impl RecordedRequest {
    /// Reads a line of the access log.
    ///
    /// # Errors
    /// It is none, or another version's.
    pub fn parse(line: &[u8]) -> Result<Self, RecordError> {
        let line: Line = serde_json::from_slice(line)?;
        let reason = line.reason.map(|slug| {
            let known = Reason::ALL.into_iter().find(|reason| reason.slug() == slug);
            known.ok_or(RecordError::Reason(slug))
        });
        let address = line.organization.zip(line.api).zip(line.version);
        Ok(Self {
            time: line.time,
            client_ip: line.client_ip,
            protocol: match line.protocol.as_deref() {
                Some("HTTP/2") => Version::HTTP_2,
                Some("HTTP/1.0") => Version::HTTP_10,
                _ => Version::HTTP_11,
            },
            method: Method::from_bytes(line.method.as_bytes()).map_err(|_| RecordError::Method)?,
            path: line.path,
            host: line.host,
            reason: reason.transpose()?,
            address: address.map(|((organization, api), version)| format!("{organization}/{api}/{version}")),
            application: line.application,
            key: line.key,
            credential: line.credential,
            bytes_in: line.bytes_in,
            sampled_one_in: line.sampled_one_in.unwrap_or(1).max(1),
        })
    }
}
