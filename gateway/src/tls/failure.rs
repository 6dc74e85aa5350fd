//! Why a caller's handshake came to nothing.

use std::io;

use rustls::{CertificateError, Error};

macro_rules! failures { ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
    /// Why there is no connection although one was accepted.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum HandshakeFailure {
        $($(#[$doc])* $name,)*
    }

    impl HandshakeFailure {
        /// Every one, in the order of their numbers.
        pub(crate) const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

        /// The word in metrics and logs.
        pub(crate) const fn as_str(self) -> &'static str {
            match self { $(Self::$name => $word,)* }
        }
    }
}; }

failures! {
    /// The caller showed no certificate, and one is required.
    NoCertificate = "no_certificate";
    /// Its certificate has expired.
    Expired = "certificate_expired";
    /// Its certificate is not valid yet.
    NotYetValid = "certificate_not_yet_valid";
    /// No authority of the gateway has signed its certificate.
    UnknownAuthority = "certificate_unknown_authority";
    /// Its certificate is wrong in another way: for another purpose, badly signed, not readable.
    Certificate = "certificate_invalid";
    /// The two did not agree on how to speak, or the caller spoke no TLS or refused the gateway's certificate.
    Protocol = "protocol";
    /// The caller left.
    Gone = "gone";
    /// It took longer than the head of a request may.
    TooSlow = "timeout";
}

impl HandshakeFailure {
    /// What an error of a handshake means.
    pub(crate) fn of(error: &io::Error) -> Self {
        let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<Error>()) else {
            return Self::Gone;
        };
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(error) => match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
                CertificateError::UnknownIssuer => Self::UnknownAuthority,
                _ => Self::Certificate,
            },
            _ => Self::Protocol,
        }
    }

    /// Whether it is the caller's certificate that is refused: somebody will ask why.
    pub(crate) const fn is_of_certificate(self) -> bool {
        match self {
            Self::NoCertificate | Self::Expired | Self::NotYetValid | Self::UnknownAuthority | Self::Certificate => {
                true
            }
            Self::Protocol | Self::Gone | Self::TooSlow => false,
        }
    }
}
