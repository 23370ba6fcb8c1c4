//! A real browser: chromium or google-chrome, driven by chromedriver.

use std::{
    io::{BufRead, BufReader},
    panic::AssertUnwindSafe,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A small phone's screen, in CSS pixels.
const PHONE: (u32, u32) = (360, 740);

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A browser with a profile of its own.
pub struct Browser {
    driver: Child,
    pub client: Client,
    _profile: TempDir,
}

impl Browser {
    async fn start(driver: PathBuf, browser: PathBuf) -> Self {
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            Some(
                line.split_once("started successfully on port ")?
                    .1
                    .trim_end_matches('.')
                    .parse::<u16>()
                    .unwrap(),
            )
        });
        // It goes on talking, and must not be stopped by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let (width, height) = PHONE;
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 2.0, "touch": true });
        let options =
            json!({ "binary": browser, "args": arguments, "mobileEmulation": { "deviceMetrics": metrics } });
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else { unreachable!() };
        let url = format!("http://127.0.0.1:{}", port.expect("chromedriver names its port"));
        let client =
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&url).await.unwrap();
        Self { driver, client, _profile: profile }
    }

    /// Does this with a browser, and closes it whatever goes wrong. Where chromedriver or a browser is
    /// missing, says so and does nothing.
    pub async fn with(work: impl AsyncFnOnce(&Self)) {
        let found = on_path("chromedriver").zip(on_path("chromium").or_else(|| on_path("google-chrome")));
        let Some((driver, chromium)) = found else {
            eprintln!("left out: chromedriver, or chromium and google-chrome, are not on PATH");
            return;
        };
        let browser = Self::start(driver, chromium).await;
        let outcome = AssertUnwindSafe(work(&browser)).catch_unwind().await;
        browser.client.clone().close().await.unwrap();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends by itself at times.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
