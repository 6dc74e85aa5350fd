//! Mails as files, where no mail server is set: the operator can pass on the links in them.

use std::path::PathBuf;

use anyhow::Context as _;
use domain::{clock::Clock, notify::Mail};
use time::macros::format_description;
use tokio::io::AsyncWriteExt as _;

/// Sender, where no mail server says who sends.
const FROM: &str = "Turnpike <turnpike@localhost.localdomain>";

/// A folder of `.eml` files, readable by the owner only, as mails hold links that sign people in.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    clock: Clock,
}

impl Files {
    /// Writes into `folder`, which is made with the first mail.
    pub fn new(folder: PathBuf, clock: Clock) -> Self {
        Self { folder, clock }
    }

    pub(super) async fn write(&self, mail: &Mail) -> anyhow::Result<()> {
        let bytes = plain(&super::message(&FROM.parse()?, mail)?, mail);
        tokio::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .await
            .with_context(|| format!("the folder {} cannot be made", self.folder.display()))?;
        let stamp = self.clock.now().format(format_description!(
            "[year][month][day]-[hour][minute][second]-[subsecond digits:6]"
        ))?;
        let path = self.folder.join(format!("{stamp}-{:08x}.eml", rand::random::<u32>()));
        let mut file = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .await
            .with_context(|| format!("the mail {} cannot be written", path.display()))?;
        file.write_all(&bytes).await?;
        file.flush().await?;
        tracing::info!(file = %path.display(), "no mail server is set (--smtp-url); wrote a mail to a file");
        Ok(())
    }
}

/// The mail with its body as it is: whoever copies a link out of the file must not meet the line breaks and escapes that
/// travelling mails need.
fn plain(message: &lettre::Message, mail: &Mail) -> Vec<u8> {
    let headers: String = message
        .headers()
        .to_string()
        .split_inclusive("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-transfer-encoding:"))
        .collect();
    let body = mail.body.replace('\n', "\r\n");
    format!("{headers}Content-Transfer-Encoding: 8bit\r\n\r\n{body}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_becomes_a_file_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("turnpike-mail-{:x}", rand::random::<u64>()));
        let files = Files::new(folder.clone(), Clock::System);
        let mail = Mail {
            to: "a@b.example".into(),
            subject: "Grüße".into(),
            body: "http://x.example/verify?token=1\n".into(),
        };
        files.write(&mail).await.unwrap();
        let entry = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(
            text.contains("To: a@b.example") && text.contains("/verify?token"),
            "{text}"
        );
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
