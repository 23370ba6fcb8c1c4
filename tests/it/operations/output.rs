//! Commands whose output is closed or full, on the real binary: an exit code that says so, and no panic.

use std::{
    fs::File,
    net::TcpListener,
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{Backend, Home, eventually, on_each};

/// EX_IOERR of sysexits.h.
const UNWRITABLE: i32 = 74;
/// How long a service may take to start.
const TIMEOUT: Duration = Duration::from_secs(30);

fn full() -> Stdio {
    Stdio::from(File::create("/dev/full").unwrap())
}

/// A pipe without a reader.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// The exit code, and what standard error said.
fn ended(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

on_each! {
    async fn a_command_that_cannot_print_says_so(backend: Backend) {
        let home = Home::new(backend, &[]);
        home.print(&["migrate"]);
        let made = home.run(&["token", "--role", "admin"]);
        let made = String::from_utf8(made.stderr).unwrap();
        let token = made.split_whitespace().last().unwrap();
        std::fs::write(home.path().join("faulty.csv"), "kind,email,roles\nsystem_user,,viewer\n").unwrap();
        for arguments in [
            &["--help"][..],
            &["help", "import"],
            &["token", "--help"],
            &["--version"],
            &["openapi"],
            &["check-config"],
            &["check-mail", "--resolver", "127.0.0.1:9"],
            &["migrate"],
            &["token", "--role", "admin"],
            &["token", "--revoke", token],
            &["import", "faulty.csv"],
            &["import", "faulty.csv", "--json"],
            &["mail-preview", "letters"],
            &["mail-preview", "--templates", "templates"],
            &["mail-withdraw", "--before", "2026-01-01T00:00:00Z"],
            &["bounce", "--unread"],
        ] {
            for (what, output) in [("full", full as fn() -> Stdio), ("closed", closed)] {
                // Templates replace no file.
                let anew = || drop(std::fs::remove_dir_all(home.path().join("templates")));
                anew();
                let mut command = home.command(arguments);
                command.stdout(output());
                let (code, said) = ended(command);
                assert_eq!(code, UNWRITABLE, "{arguments:?}, {what}: {said}");
                assert!(said.contains("cannot be written to standard output"), "{arguments:?}: {said}");
                assert!(!said.contains("panicked"), "{arguments:?}: {said}");
                anew();
                let mut command = home.command(arguments);
                let status = command.stdout(output()).stderr(output()).status().unwrap();
                assert_eq!(status.code(), Some(UNWRITABLE), "{arguments:?}, {what} for both");
            }
        }
    }

    async fn a_service_with_a_full_disk_behind_its_output_works(backend: Backend) {
        let mut home = Home::new(backend, &[]);
        // Otherwise its output says which port it has.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        home.set("LISTEN_ADDR", &format!("127.0.0.1:{port}"));
        let mut service = home.command(&["serve"]).stdout(full()).stderr(full()).spawn().unwrap();
        let is_ready = async || {
            let mut asking = home.command(&["healthcheck"]);
            asking.stdout(full()).stderr(full()).status().unwrap().success().then_some(())
        };
        eventually("it is ready", TIMEOUT, is_ready).await;
        assert_eq!(service.try_wait().unwrap(), None);
        service.kill().unwrap();
        service.wait().unwrap();
    }
}

#[test]
fn a_complaint_that_cannot_be_written_changes_no_exit_code() {
    let mut home = Home::new(Backend::Sqlite, &[]);
    let code = |home: &Home, arguments: &[&str]| {
        home.command(arguments).stdout(full()).stderr(full()).status().unwrap().code().unwrap()
    };
    assert_eq!(code(&home, &["--nonsense"]), 2);
    assert_eq!(code(&home, &["token"]), 1);
    // A mail server would return the message after any other code.
    assert_eq!(code(&home, &["bounce", "--nonsense"]), 75);
    home.set("LOCALE", "tlh");
    assert_eq!(code(&home, &["check-config"]), 78);
    assert_eq!(code(&home, &["bounce"]), 75);
}
