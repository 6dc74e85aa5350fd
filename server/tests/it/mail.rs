//! Mails really leave: a mail server of the test's own takes them.

use std::time::Duration;

use server::{
    config::SmtpServer,
    tasks::mail::{Smtp, Transport},
    temporary::TemporaryFolder,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::product::{PASSWORD, Product};

/// What one mail was, as the server saw it.
#[derive(Debug)]
struct Received {
    from: String,
    to: String,
    data: String,
}

/// Speaks as much of SMTP (RFC 5321) as one sender needs, over one connection.
async fn serve(stream: TcpStream, received: mpsc::UnboundedSender<Received>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    let (mut from, mut to, mut line) = (String::new(), String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        let answer = match command.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n",
            "MAIL" => {
                from = command;
                "250 OK\r\n"
            }
            "RCPT" => {
                to = command;
                "250 OK\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 Go on\r\n").await?;
                let mut data = String::new();
                while !data.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut data).await? == 0 {
                        return Ok(());
                    }
                }
                let (from, to) = (from.clone(), to.clone());
                let _ = received.send(Received { from, to, data });
                "250 Taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 Bye\r\n").await?;
                return Ok(());
            }
            _ => "250 OK\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_up_reaches_the_mail_server() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mut mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, sender.clone()));
        }
    });
    let server: SmtpServer = format!("smtp://{address}?from=Turnpike <no-reply@portal.example>")
        .parse()
        .unwrap();
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let transport = Transport::Smtp(Smtp::new(&server).unwrap());
    let product = Product::with_mail(folder.path(), transport).await;

    let email = "dev@consumer.example";
    let fields = [("name", "Zoë"), ("email", email), ("password", PASSWORD)];
    let mut browser = product.browser();
    browser.post("/signup", &fields).await.expect(303);
    let mail = tokio::time::timeout(Duration::from_secs(20), mails.recv())
        .await
        .expect("the mail arrives")
        .unwrap();
    assert!(mail.from.contains("<no-reply@portal.example>"), "{mail:?}");
    assert!(mail.to.contains("<dev@consumer.example>"), "{mail:?}");
    for header in [
        "From: ",
        "To: dev@consumer.example",
        "Subject: ",
        "Date: ",
        "Message-ID: ",
    ] {
        assert!(mail.data.contains(header), "{header}: {}", mail.data);
    }
    // The link in it works: soft line breaks of quoted-printable taken out.
    let body = mail.data.replace("=\r\n", "").replace("=3D", "=");
    let link = &body[body.find("/verify?token=").expect("a link")..];
    let token = link["/verify?token=".len()..].split_whitespace().next().unwrap();
    browser
        .post("/verify", &[("token", token), ("password", PASSWORD)])
        .await
        .expect(303);
    browser.get("/dashboard").await.expect(200);
    product.stop().await;
}
