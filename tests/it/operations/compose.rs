//! `docker-compose.yml`: no password that everybody knows, and a role that owns its schema alone. The script
//! that makes the role is run here against a real server, as the container of PostgreSQL runs it.

use std::{path::Path, process::Command};

use crate::support::{Backend, Home, json};

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn there_is_no_default_password() {
    let compose = file("docker-compose.yml");
    for line in
        compose.lines().filter(|line| line.contains("PASSWORD") && !line.trim_start().starts_with('#'))
    {
        assert!(line.contains("_PASSWORD:?") && !line.contains(":-"), "{line}");
    }
    let url = compose.lines().find(|line| line.trim_start().starts_with("DATABASE_URL:")).unwrap();
    assert!(url.contains("://invitation_service:${SERVICE_DB_PASSWORD:?"), "{url}");
    assert!(!compose.contains("POSTGRES_USER: invitation"), "the service is no superuser");
    assert!(file("Makefile").contains("up: .env") && file(".gitignore").lines().any(|line| line == "/.env"));
}

#[tokio::test]
async fn the_service_works_as_a_role_that_owns_its_schema_alone() {
    let superuser = Home::new(Backend::Postgres, &[]);
    let (server, database) = superuser.database.url.rsplit_once('/').unwrap();
    let address: url::Url = superuser.database.url.parse().unwrap();
    let role = format!("r_{:032x}", rand::random::<u128>());
    let folder = std::env::var("PGBIN").unwrap_or_default();
    let prepared = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/postgres-role.sh"))
        .env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap()))
        .envs([
            ("POSTGRES_USER", address.username()),
            ("POSTGRES_DB", database),
            ("PGHOST", address.host_str().unwrap()),
        ])
        .envs([("PGPORT", address.port().unwrap_or(5432).to_string()), ("SERVICE_DB_ROLE", role.clone())])
        .env("SERVICE_DB_PASSWORD", "it's \\ \"quoted\" $HOME")
        .output()
        .unwrap();
    assert!(prepared.status.success(), "{prepared:?}");

    let (scheme, rest) = server.split_once("://").unwrap();
    let host = rest.rsplit('@').next().unwrap();
    let url = format!("{scheme}://{role}@{host}/{database}");
    let home = Home::new(Backend::Sqlite, &[("DATABASE_URL", &url)]);
    home.print(&["migrate"]);
    let service = home.start(&["serve"]);
    let admin = service.client(Some(home.token()));
    let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    admin.post("/v1/system-users/invitations", &invite).await.expect(201);
    admin.get("/v1/users").await.expect(200);
    service.client(None).get("/readyz").await.expect(200);
    service.stop().await;

    let texts = |query: &str| superuser.database.texts(query);
    let schemas = format!("SELECT DISTINCT schemaname AS text FROM pg_tables WHERE tableowner = '{role}'");
    assert_eq!(texts(&schemas), ["invitations"]);
    let owned = "SELECT nspname::text AS text FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner \
        WHERE r.rolname =";
    assert_eq!(texts(&format!("{owned} '{role}'")), ["invitations"]);
    let powers = "SELECT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)::text \
        AS text FROM pg_roles";
    assert_eq!(texts(&format!("{powers} WHERE rolname = '{role}'")), ["false"]);
    for right in [
        format!("has_schema_privilege('{role}', 'public', 'CREATE')"),
        format!("has_schema_privilege('{role}', 'public', 'USAGE')"),
        format!("has_database_privilege('{role}', '{database}', 'CREATE')"),
        format!("has_database_privilege('{role}', '{database}', 'TEMPORARY')"),
    ] {
        assert_eq!(texts(&format!("SELECT ({right})::text AS text")), ["false"], "{right}");
    }
    for statement in [
        format!("DROP OWNED BY {role}"),
        "DROP SCHEMA IF EXISTS invitations".to_owned(),
        format!("DROP ROLE {role}"),
    ] {
        superuser.database.execute(&statement);
    }
}
