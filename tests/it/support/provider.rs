//! A mail provider's HTTP interface on the loopback interface: it gives the answers that it was started with.
//! [`cases`] has what each provider answers and reports.

pub mod case;
pub mod cases;
mod signing;

use std::sync::{Arc, Mutex};

use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

/// A provider; it answers until the test ends.
pub struct Provider {
    /// For `?api=` in `MAIL_URL`.
    pub base: String,
    asked: Arc<Mutex<Vec<String>>>,
    looked_up: Arc<Mutex<Vec<String>>>,
    /// The answers to GETs that were not given yet; the last one is given again and again.
    to_gets: Arc<Mutex<Vec<ResponseTemplate>>>,
    _server: MockServer,
}

/// A status, a header line or an empty text, and a body.
pub type CannedAnswer<'a> = (u16, &'a str, &'a str);

impl Provider {
    /// Gives these answers one after the other, and the last one to every further request.
    pub async fn start(answers: &[CannedAnswer<'_>]) -> Self {
        // One of its own, which ends with the provider.
        let server = MockServer::builder().start().await;
        let answers: Vec<ResponseTemplate> = answers.iter().map(template).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let requests = asked.clone();
        let respond = move |request: &Request| {
            let mut requests = requests.lock().unwrap();
            requests.push(String::from_utf8(request.body.clone()).unwrap());
            answers[(requests.len() - 1).min(answers.len() - 1)].clone()
        };
        Mock::given(method("POST")).respond_with(respond).mount(&server).await;
        let (looked_up, to_gets) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let (paths, answers): (_, Arc<Mutex<Vec<ResponseTemplate>>>) =
            (looked_up.clone(), Arc::clone(&to_gets));
        let respond = move |request: &Request| {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            paths.lock().unwrap().push(format!("{}{query}", request.url.path()));
            let mut answers = answers.lock().unwrap();
            match answers.len() {
                0 => ResponseTemplate::new(404),
                1 => answers[0].clone(),
                _ => answers.remove(0),
            }
        };
        Mock::given(method("GET")).respond_with(respond).mount(&server).await;
        Self { base: server.uri(), asked, looked_up, to_gets, _server: server }
    }

    /// Gives these answers to GETs from now on, in the same way.
    pub fn answer_gets(&self, answers: &[CannedAnswer<'_>]) {
        *self.to_gets.lock().unwrap() = answers.iter().map(template).collect();
    }

    /// The bodies of the POSTs so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Path and query of the GETs since the last call.
    pub fn looked_up(&self) -> Vec<String> {
        std::mem::take(&mut *self.looked_up.lock().unwrap())
    }
}

fn template((status, header, body): &CannedAnswer<'_>) -> ResponseTemplate {
    let answer = ResponseTemplate::new(*status).set_body_raw((*body).to_owned(), "application/json");
    match header.split_once(": ") {
        Some((name, value)) => answer.append_header(name, value),
        None => answer,
    }
}
