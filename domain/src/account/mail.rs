//! What the mails of accounts say. No name is in them: whoever signs up with the address of somebody else chooses it, and
//! would write into that person's mailbox by it.

use crate::notify::Mail;

/// Asks for a click that proves the address.
pub(crate) fn verification(portal_url: &str, to: &str, token: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Verify your e-mail address".into(),
        body: format!(
            "Hello,\n\n\
             welcome! Open this link to verify your e-mail address:\n\n\
             {portal_url}/verify?token={token}\n\n\
             The link works once, within 24 hours. If you did not sign up, ignore this mail: \
             without your click nobody can use the account.\n"
        ),
    }
}

/// Tells the owner of an account that somebody signed up with its address.
pub(crate) fn already_there(portal_url: &str, to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "You already have an account".into(),
        body: format!(
            "Hello,\n\n\
             somebody, probably you, signed up with this address. You already have an account. Sign in here:\n\n\
             {portal_url}/signin\n\n\
             If you forgot your password, set a new one here:\n\n\
             {portal_url}/forgot-password\n\n\
             If it was not you, there is nothing to do: nothing was changed.\n"
        ),
    }
}

/// Gives the way to a new password.
pub(crate) fn reset(portal_url: &str, to: &str, token: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Set a new password".into(),
        body: format!(
            "Hello,\n\n\
             open this link to set a new password:\n\n\
             {portal_url}/reset?token={token}\n\n\
             The link works once, within one hour. If you did not ask for it, ignore this mail: your password stays as \
             it is.\n"
        ),
    }
}

/// Tells the owner that the password is a new one.
pub(crate) fn password_changed(portal_url: &str, to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Your password was changed".into(),
        body: format!(
            "Hello,\n\n\
             the password of your account was just changed, and all other sessions were ended. If it was not you, set a \
             new one at once:\n\n\
             {portal_url}/forgot-password\n"
        ),
    }
}
