//! Letters through Debian's Postfix, with TLS and a sign-in, into a mailbox that is read here.
//!
//! It needs Postfix, installed or unpacked (`tests/with-postfix` does that, and `POSTFIX_ROOT` names the
//! folder), and root, which Postfix's master insists on; where either is missing, the test says so and is
//! left out. Postfix listens on the loopback interface alone, keeps everything in a folder of the test's, and
//! asks the test whether a password is right.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use invitation_service::courier::Step;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{Backend, Mail, TestApp, eventually, mailbox, on_each};

/// NUL ada NUL hunter22, as AUTH PLAIN says it.
const RIGHT: &str = "resp=AGFkYQBodW50ZXIyMg==";
const LIMIT: Duration = Duration::from_secs(20);

/// The folder that holds Postfix's `usr`, or a sentence why there will be no test.
fn root() -> Result<PathBuf, &'static str> {
    let root = std::env::var_os("POSTFIX_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    if !root.join("usr/lib/postfix/sbin/master").is_file() {
        return Err("the Postfix test is left out: there is no Postfix; tests/with-postfix unpacks it");
    }
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.trim_ascii() == b"0" {
        Ok(root)
    } else {
        Err("the Postfix test is left out: Postfix runs for root alone")
    }
}

struct Postfix {
    folder: TempDir,
    master: Child,
    starttls: u16,
    implicit: u16,
}

impl Postfix {
    async fn start(root: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (starttls, implicit, asked) =
            (free_port().await, free_port().await, answer_for_passwords().await);
        for name in ["etc", "queue", "queue/pid"] {
            fs::create_dir(at(name)).unwrap();
        }
        let own =
            "active bounce corrupt defer deferred flush hold incoming private public maildrop saved trace";
        let own =
            own.split(' ').map(|name| format!("queue/{name}")).chain(["data".to_owned(), "mail".to_owned()]);
        for name in own {
            fs::create_dir(at(&name)).unwrap();
            assert!(Command::new("chown").arg("nobody").arg(at(&name)).status().unwrap().success());
        }
        certify(folder.path());
        fs::write(at("etc/main.cf"), main_cf(root, folder.path(), asked)).unwrap();
        fs::write(at("etc/master.cf"), master_cf(starttls, implicit)).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let master = Command::new(root.join("usr/lib/postfix/sbin/master"))
            .args(["-d", "-c"])
            .arg(at("etc"))
            .env("MAIL_CONFIG", at("etc"))
            .env("LD_LIBRARY_PATH", root.join("usr/lib/postfix"))
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap();
        let postfix = Self { folder, master, starttls, implicit };
        eventually("Postfix answers", LIMIT, async || {
            let stream = TcpStream::connect(("127.0.0.1", starttls)).await.ok()?;
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).await.ok()?;
            line.starts_with("220").then_some(())
        })
        .await;
        postfix
    }

    fn url(&self, scheme: &str, password: &str, options: &str) -> String {
        let port = if scheme == "smtps" { self.implicit } else { self.starttls };
        format!(
            "{scheme}://ada:{password}@localhost:{port}?ca={}{options}",
            self.folder.path().join("ca.pem").display()
        )
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The only letter in a mailbox.
    async fn letter(&self, name: &str) -> Mail {
        let folder = self.folder.path().join("mail").join(name).join("new");
        eventually("the letter arrives", LIMIT, async || {
            let files: Vec<_> = fs::read_dir(&folder).ok()?.map(|entry| entry.unwrap().path()).collect();
            assert!(files.len() < 2, "{files:?}");
            files.first().map(|file| mailbox::parse(&fs::read(file).unwrap()))
        })
        .await
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Its master ends its servers when asked to end, and not when it is killed.
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Speaks Dovecot's authentication protocol, which Postfix asks about passwords in.
async fn answer_for_passwords() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let hello = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n\
                    COOKIE\t00112233445566778899aabbccddeeff\nDONE\n";
                stream.write_all(hello.as_bytes()).await.unwrap();
                let mut lines = BufReader::new(stream).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let words: Vec<&str> = line.split('\t').collect();
                    if words[0] == "AUTH" {
                        let verdict = if words.contains(&RIGHT) { "OK" } else { "FAIL" };
                        let answer = format!("{verdict}\t{}\tuser=ada\n", words[1]);
                        lines.get_mut().write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    port
}

/// An authority of one's own, and a certificate for `localhost` from it.
fn certify(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
    fs::write(folder.join("relay.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("relay.key"), key.serialize_pem()).unwrap();
    fs::set_permissions(folder.join("relay.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn main_cf(root: &Path, folder: &Path, asked: u16) -> String {
    let (root, folder) = (root.display().to_string(), folder.display());
    let root = root.trim_end_matches('/');
    format!(
        "compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {root}/etc/postfix
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
export_environment = MAIL_CONFIG LD_LIBRARY_PATH
mail_owner = nobody
setgid_group = mail
default_privs = daemon
myhostname = relay.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
maillog_file = /dev/stdout
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{ada@example.com = ada/}} {{grace@example.com = grace/}} }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = {folder}/relay.pem
smtpd_tls_key_file = {folder}/relay.key
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{asked}
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient
"
    )
}

fn master_cf(starttls: u16, implicit: u16) -> String {
    format!(
        "127.0.0.1:{starttls} inet n - n - - smtpd
127.0.0.1:{implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
"
    )
}

/// Invites somebody, lets the courier work, and gives `delivery`.
async fn deliver(app: &TestApp, email: &str) -> Value {
    let body = json!({ "email": email, "roles": ["viewer"] });
    let id = app.admin().post("/v1/system-users/invitations", &body).await.expect(201).text_of("id");
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

on_each! {
    async fn letters_reach_a_mailbox_through_postfix(backend: Backend) {
        let root = match root() {
            Ok(root) => root,
            Err(why) => return eprintln!("{why}"),
        };
        let postfix = Postfix::start(&root).await;
        for (name, scheme, options) in [("ada", "smtp", "&tls=required"), ("grace", "smtps", "")] {
            let app =
                TestApp::start(backend, &[("MAIL_URL", &postfix.url(scheme, "hunter22", options))]).await;
            assert_eq!(deliver(&app, &format!("{name}@example.com")).await["state"], "sent", "{scheme}");
            let letter = postfix.letter(name).await;
            assert_eq!(letter.to, format!("{name}@example.com"));
            app.activate(&letter.token).await.expect(201);

            // Over the same connection: Postfix refuses this one for good.
            let delivery = deliver(&app, "nobody@example.com").await;
            let error = delivery["last_error"].as_str().unwrap();
            assert!(
                delivery["state"] == "failed" && error.contains("550") && error.contains("5.1.1"),
                "{delivery}"
            );
        }
        let log = postfix.log();
        let count = |what: &str| log.lines().filter(|line| line.contains(what)).count();
        // A knock at the start, and one connection for each address with all that was said over it.
        assert_eq!((count("]: connect from"), count("TLS connection established from")), (3, 2), "{log}");
        assert_eq!(count("sasl_method=PLAIN, sasl_username=ada"), 2, "{log}");

        // Opportunistic TLS is taken, and a wrong password keeps the letter.
        let app = TestApp::start(backend, &[("MAIL_URL", &postfix.url("smtp", "hunter23", ""))]).await;
        let delivery = deliver(&app, "ada@example.com").await;
        let error = delivery["last_error"].as_str().unwrap();
        assert!(
            delivery["state"] == "queued" && error.contains("refused the sign-in") && error.contains("535"),
            "{delivery}"
        );
        eventually("the third connection is logged", LIMIT, async || {
            (postfix.log().matches("TLS connection established from").count() == 3).then_some(())
        })
        .await;
    }
}
