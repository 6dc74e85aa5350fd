//! What the mails about subscriptions say.

use crate::notify::Mail;

/// What a mail about a subscription is about.
pub(crate) struct About<'a> {
    /// Name of the application.
    pub(crate) application: &'a str,
    /// Name of the plan.
    pub(crate) plan: &'a str,
    /// Name of the provider.
    pub(crate) provider: &'a str,
    /// Page of the application.
    pub(crate) link: String,
}

/// The provider said yes.
pub(crate) fn approved(to: &str, about: &About<'_>) -> Mail {
    let About {
        application,
        plan,
        provider,
        link,
    } = about;
    Mail {
        to: to.to_owned(),
        subject: format!("{provider} approved your subscription"),
        body: format!(
            "Hello,\n\n\
             {provider} approved the subscription of {application} to the plan {plan}. Its keys work from now on:\n\n\
             {link}\n"
        ),
    }
}

/// The provider said no.
pub(crate) fn refused(to: &str, about: &About<'_>) -> Mail {
    let About {
        application,
        plan,
        provider,
        link,
    } = about;
    Mail {
        to: to.to_owned(),
        subject: format!("{provider} did not approve your subscription"),
        body: format!(
            "Hello,\n\n\
             {provider} did not approve the subscription of {application} to the plan {plan}. You can choose another \
             plan, or ask the provider for the reason:\n\n\
             {link}\n"
        ),
    }
}

/// The provider stopped it for now.
pub(crate) fn suspended(to: &str, about: &About<'_>) -> Mail {
    let About {
        application,
        plan,
        provider,
        link,
    } = about;
    Mail {
        to: to.to_owned(),
        subject: format!("{provider} suspended your subscription"),
        body: format!(
            "Hello,\n\n\
             {provider} suspended the subscription of {application} to the plan {plan}. Until the provider resumes it, \
             its calls are refused:\n\n\
             {link}\n"
        ),
    }
}
