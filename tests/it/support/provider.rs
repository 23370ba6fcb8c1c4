//! A mail provider's HTTP interface on the loopback interface: answers as it is told, one answer a letter.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A provider; it answers until the test ends.
pub struct Provider {
    /// For `?api=` in `MAIL_URL`.
    pub base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    /// Gives these answers, each a status line, headers and a body, one after the other; the last one again
    /// and again.
    pub async fn start(answers: &[(&str, &str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let whole = |(status, headers, body): &(&str, &str, &str)| {
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
        };
        let answers: Arc<Vec<String>> = Arc::new(answers.iter().map(whole).collect());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, answers.clone(), told.clone()));
            }
        });
        Self { base, asked }
    }

    /// The bodies of what it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Ends when the caller hangs up.
async fn talk(
    stream: TcpStream,
    answers: Arc<Vec<String>>,
    asked: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let answer = {
            let mut asked = asked.lock().unwrap();
            asked.push(String::from_utf8(body).unwrap());
            answers[(asked.len() - 1).min(answers.len() - 1)].clone()
        };
        stream.get_mut().write_all(answer.as_bytes()).await?;
    }
}
