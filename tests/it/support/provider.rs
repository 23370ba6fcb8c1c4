//! A mail provider's HTTP interface on the loopback interface: it gives the answers that it was started with.

use std::sync::{Arc, Mutex};

use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

/// A provider; it answers until the test ends.
pub struct Provider {
    /// For `?api=` in `MAIL_URL`.
    pub base: String,
    asked: Arc<Mutex<Vec<String>>>,
    _server: MockServer,
}

/// A status, a header line or an empty text, and a body.
pub type CannedAnswer<'a> = (u16, &'a str, &'a str);

impl Provider {
    /// Gives these answers one after the other, and the last one to every further request.
    pub async fn start(answers: &[CannedAnswer<'_>]) -> Self {
        let server = MockServer::start().await;
        let answers: Vec<ResponseTemplate> = answers.iter().map(template).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let requests = asked.clone();
        let respond = move |request: &Request| {
            let mut requests = requests.lock().unwrap();
            requests.push(String::from_utf8(request.body.clone()).unwrap());
            answers[(requests.len() - 1).min(answers.len() - 1)].clone()
        };
        Mock::given(method("POST")).respond_with(respond).mount(&server).await;
        Self { base: server.uri(), asked, _server: server }
    }

    /// The bodies of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn template((status, header, body): &CannedAnswer<'_>) -> ResponseTemplate {
    let answer = ResponseTemplate::new(*status).set_body_raw((*body).to_owned(), "application/json");
    match header.split_once(": ") {
        Some((name, value)) => answer.append_header(name, value),
        None => answer,
    }
}
