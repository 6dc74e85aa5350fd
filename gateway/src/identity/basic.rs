//! HTTP Basic authentication (RFC 7617).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

/// Longest credentials read, in bytes of base64.
const MAX_BYTES: usize = 4096;

/// What a caller sent. Whether it is right, somebody else says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BasicCredentials {
    text: String,
    colon: usize,
}

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BasicError {
    /// The header names another scheme, or none.
    #[error("the credentials are of another scheme")]
    Scheme,
    /// More than 4 KiB.
    #[error("the credentials are too long")]
    TooLong,
    /// Not base64 as RFC 4648 §4 writes it, padding included.
    #[error("the credentials are not base64")]
    Base64,
    /// Not UTF-8, with a control character (RFC 7617 §2), or without a colon.
    #[error("the credentials are not a user name and a password")]
    Form,
}

impl BasicCredentials {
    /// Reads the value of `Authorization` or `Proxy-Authorization`.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, BasicError> {
        let (scheme, rest) = value.split_at_checked(6).ok_or(BasicError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return Err(BasicError::Scheme);
        }
        let encoded = rest.trim_ascii();
        if encoded.len() > MAX_BYTES {
            return Err(BasicError::TooLong);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| BasicError::Base64)?;
        let text = String::from_utf8(bytes).map_err(|_| BasicError::Form)?;
        if text.chars().any(char::is_control) {
            return Err(BasicError::Form);
        }
        // The first colon ends the user name: a password may hold more of them.
        let colon = text.find(':').ok_or(BasicError::Form)?;
        Ok(Self { text, colon })
    }

    /// The user name; may be empty.
    pub(crate) fn user(&self) -> &str {
        &self.text[..self.colon]
    }

    /// The password; may be empty.
    pub(crate) fn password(&self) -> &str {
        &self.text[self.colon + 1..]
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicCredentials({:?}, ****)", self.user())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_read_as_the_standard_says() {
        for (value, user, password) in [
            // RFC 7617 §2 and §2.1.
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
            ("Basic dGVzdDoxMjPCow==", "test", "123£"),
            ("bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", "Aladdin", "open sesame"),
            ("Basic YTpiOmM=", "a", "b:c"),
            ("Basic Og==", "", ""),
        ] {
            let read = BasicCredentials::parse(value.as_bytes()).unwrap();
            assert_eq!((read.user(), read.password()), (user, password), "{value}");
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for (value, error) in [
            ("", BasicError::Scheme),
            ("Basic", BasicError::Scheme),
            ("Bearer abc", BasicError::Scheme),
            ("BasicQWxhZGRpbg==", BasicError::Scheme),
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", BasicError::Base64),
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", BasicError::Base64),
            ("Basic QWxh ZGRpbg==", BasicError::Base64),
            ("Basic _-__", BasicError::Base64),
            ("Basic QWxhZGRpbg==", BasicError::Form),
            ("Basic YQA6Yg==", BasicError::Form),
            ("Basic /zpi", BasicError::Form),
            ("Basic ", BasicError::Form),
        ] {
            assert_eq!(BasicCredentials::parse(value.as_bytes()), Err(error), "{value}");
        }
        let long = format!("Basic {}", "QQ==".repeat(2000));
        assert_eq!(BasicCredentials::parse(long.as_bytes()), Err(BasicError::TooLong));
    }

    #[test]
    fn the_password_is_not_printed() {
        let read = BasicCredentials::parse(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
        assert!(!format!("{read:?}").contains("sesame"));
    }

    proptest! {
        #[test]
        fn every_pair_is_read_back(user in "[^:\\p{Cc}]{0,20}", password in "\\PC{0,20}") {
            prop_assume!(!password.chars().any(char::is_control));
            let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            let read = BasicCredentials::parse(value.as_bytes()).unwrap();
            prop_assert_eq!((read.user(), read.password()), (&*user, &*password));
        }

        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = BasicCredentials::parse(&value);
        }
    }
}
