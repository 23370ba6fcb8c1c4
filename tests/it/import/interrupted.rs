//! `import` and what goes wrong on the way: killed, interrupted, or without a service for a while, everybody
//! is invited once.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{
    Backend, Home, eventually,
    extent::rounds,
    imports::{TIMEOUT, colleagues, command, import, no_person_is_missing_or_twice, outcome_of, summary},
    on_each,
};

fn interrupt(child: &Child) {
    let done = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(done.success());
}

on_each! {
    async fn an_import_that_is_killed_is_run_again(backend: Backend) {
        const PEOPLE: usize = rounds(400, 800);
        const INVITED: [usize; 2] = [PEOPLE / 12, PEOPLE / 4];
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let lines = colleagues(PEOPLE);
        let mut killed = 0;
        for some in INVITED.map(|some| i64::try_from(some).unwrap()) {
            let mut first = command(&home, &server, &lines, &[]).stdout(Stdio::null()).spawn().unwrap();
            let under_way = async || (home.database.count("invitations") >= some).then_some(());
            eventually("some are invited", TIMEOUT, under_way).await;
            killed += usize::from(first.try_wait().unwrap().is_none());
            first.kill().unwrap();
            first.wait().unwrap();
        }
        assert_eq!(killed, 2, "both were killed in the middle of it");
        let (code, results, errors) = outcome_of(&import(&home, &server, &lines, &[]));
        let numbers: Vec<usize> =
            results.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        assert_eq!((code, numbers[0] + numbers[1], numbers[2]), (0, PEOPLE, 0), "{results}{errors}");
        assert!(numbers[1] >= INVITED[1] && numbers[0] > 0, "{results}");
        no_person_is_missing_or_twice(&home, PEOPLE).await;
        server.stop().await;
    }

    async fn an_import_that_is_interrupted_finishes_what_it_has_in_hand(backend: Backend) {
        const PEOPLE: usize = rounds(300, 600);
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let lines = colleagues(PEOPLE);
        let mut first = command(&home, &server, &lines, &["--json"]);
        let mut first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut results = BufReader::new(first.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut rows: Vec<String> = results.by_ref().take(50).collect();
        interrupt(&first);
        rows.extend(results);
        let (code, _, errors) = outcome_of(&first.wait_with_output().unwrap());
        let of = |status: &str| {
            rows.iter().filter(|row| row.contains(&format!("\"status\":\"{status}\""))).count()
        };
        assert_eq!((code, rows.len(), of("invited") + of("not_sent")), (130, PEOPLE, PEOPLE), "{errors}");
        assert!(of("not_sent") > 0, "it was interrupted in the middle of it");
        let known = i64::try_from(of("invited")).unwrap();
        assert_eq!(
            home.database.count("invitations"),
            known,
            "what was sent is told, and what is told was sent"
        );
        assert!(errors.contains("Run the same command again"), "{errors}");
        summary(
            &import(&home, &server, &lines, &[]),
            &format!("invited {}, already there {known}, failed 0", of("not_sent")),
        );
        no_person_is_missing_or_twice(&home, PEOPLE).await;
        server.stop().await;
    }

    /// The server is killed and started again while an import runs: it goes on by itself.
    async fn an_import_outlives_its_server(backend: Backend) {
        const PEOPLE: usize = rounds(300, 600);
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let home = Home::new(backend, &[("LISTEN_ADDR", &free)]);
        let mut server = home.start(&["serve"]);
        std::fs::write(home.path().join("people.csv"), colleagues(PEOPLE)).unwrap();
        // Without --url it is looked for where the configuration says.
        let mut running = home.command(&["import", "people.csv"]);
        let running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let under_way = async || (home.database.count("invitations") >= 60).then_some(());
        eventually("some are invited", TIMEOUT, under_way).await;
        server.kill();
        // What the dead server had in hand comes free a minute later. That minute passes here.
        home.database.execute(
            "UPDATE idempotency_keys SET held_until = '2026-01-01T00:00:00.000Z' WHERE status IS NULL",
        );
        let server = home.start(&["serve"]);
        let (code, results, errors) = outcome_of(&running.wait_with_output().unwrap());
        let numbers: Vec<usize> =
            results.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        assert_eq!((code, numbers[0] + numbers[1], numbers[2]), (0, PEOPLE, 0), "{results}{errors}");
        assert!(errors.lines().count() == 1 && errors.contains("Retrying for up to 2m"), "{errors}");
        // A letter that the server had in hand when it died may come twice, as the same letter; the
        // invitations may not.
        assert_eq!(home.database.count("invitations"), i64::try_from(PEOPLE).unwrap());
        server.stop().await;
    }
}

/// A database that is away for a moment: 503 with `Retry-After`.
#[tokio::test]
async fn an_import_waits_for_a_database_that_is_away() {
    let home = Home::new(Backend::Postgres, &[]);
    let server = home.start(&["serve"]);
    home.database.drop_connections();
    let mut running = command(&home, &server, &colleagues(30), &[]);
    let mut running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(running.stderr.take().unwrap()).lines();
    let first = errors.next().unwrap().unwrap();
    assert!(first.contains("503 unavailable") && first.contains("Retrying"), "{first}");
    home.database.bring_back();
    let output = running.wait_with_output().unwrap();
    assert_eq!(errors.map(Result::unwrap).collect::<Vec<_>>(), Vec::<String>::new());
    summary(&output, "invited 30, already there 0, failed 0");
    no_person_is_missing_or_twice(&home, 30).await;
    server.stop().await;
}

/// A service that goes away for good: what is left is told, and how to go on.
#[tokio::test]
async fn an_import_gives_up_when_no_server_answers() {
    let home = Home::new(Backend::Sqlite, &[]);
    let mut server = home.start(&["serve"]);
    let mut running = command(&home, &server, &colleagues(2000), &["--retry-for", "1s"]);
    let running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("some are invited", TIMEOUT, async || {
        (home.database.count("invitations") >= 20).then_some(())
    })
    .await;
    server.kill();
    let (code, results, errors) = outcome_of(&running.wait_with_output().unwrap());
    assert!(code == 1 && results.contains("failed 0, not sent 1"), "{results}");
    assert!(errors.contains("Gave up") && errors.contains("Run the same command again"), "{errors}");
}

/// A stand-in that answers as told, since nothing limits these routes: what was asked of it, and when.
fn stand_in(answers: Vec<&'static str>) -> (String, std::thread::JoinHandle<Vec<(Instant, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        answers
            .into_iter()
            .map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = String::new();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                while lines.read_line(&mut head).unwrap() > 2 {}
                let length = head
                    .to_lowercase()
                    .split_once("content-length: ")
                    .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
                lines.take(length).read_to_end(&mut Vec::new()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                (Instant::now(), head)
            })
            .collect()
    });
    (url, serving)
}

#[test]
fn a_service_that_asks_for_time_is_given_it() {
    let ready = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n{\"data\":[]}";
    let (url, serving) = stand_in(vec![
        ready,
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        // An answer that is cut off is no answer.
        "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{\"id\":",
        "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"id\":\"inv_1\"}",
    ]);
    let home = Home::new(Backend::Sqlite, &[]);
    std::fs::write(home.path().join("people.csv"), colleagues(1)).unwrap();
    let output = home.run(&["import", "people.csv", "--url", &format!("{url}/")]);
    let (code, results, errors) = outcome_of(&output);
    assert_eq!((code, results.as_str()), (0, "invited 1, already there 0, failed 0\n"), "{errors}");
    assert!(errors.contains("429") && errors.lines().count() == 1, "{errors}");
    let asked = serving.join().unwrap();
    assert!(asked[2].0 - asked[1].0 >= Duration::from_secs(2), "{:?}", asked[2].0 - asked[1].0);
    let keys: BTreeSet<&str> = asked[1..]
        .iter()
        .map(|(_, head)| head.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap())
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    // What asks for more than we have is not waited for.
    let (url, _) = stand_in(vec![
        ready,
        "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    ]);
    let (code, results, errors) = outcome_of(&home.run(&["import", "people.csv", "--url", &url]));
    assert_eq!(
        (code, results.as_str()),
        (1, "invited 0, already there 0, failed 0, not sent 1\n"),
        "{errors}"
    );
    // Something else at that address.
    let (url, _) = stand_in(vec!["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwiki"]);
    let (code, _, errors) = outcome_of(&home.run(&["import", "people.csv", "--url", &url]));
    assert!(code == 1 && errors.contains("is no invitation-service"), "{errors}");
}
