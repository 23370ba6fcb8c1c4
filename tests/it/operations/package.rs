//! The Debian package: its files agree with the program and with each other. `make test-deb` installs it.

use std::{fs::read_to_string, path::Path};

use invitation_service::config::variables::variables;

fn file(name: &str) -> String {
    read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

const UNITS: [&str; 2] = ["invitation-service.service", "invitation-service-courier.service"];

fn unit(name: &str) -> String {
    file(&format!("deploy/package/{name}"))
}

#[test]
fn the_versions_are_those_of_the_program() {
    let changelog = file("deploy/package/changelog");
    let head = format!("invitation-service ({}-", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&head), "the changelog of the package has no entry {head}…");
    let release = format!("## [{}] - ", env!("CARGO_PKG_VERSION"));
    assert!(file("CHANGELOG.md").contains(&release), "CHANGELOG.md has no {release}…");
}

#[test]
fn the_settings_that_are_shipped_are_known() {
    let known: Vec<&str> = variables().map(|variable| variable.name).collect();
    let text = file("deploy/package/service.conf");
    let mut named = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let line = line.strip_prefix('#').expect("nothing is set by the package");
        let Some((name, _)) = line.split_once('=').filter(|(name, _)| !name.contains(' ')) else { continue };
        let is_option = UNITS.iter().any(|name_of_unit| unit(name_of_unit).contains(&format!("${name}\n")));
        assert!(known.contains(&name) || is_option, "{name}");
        named += 1;
    }
    assert!(named > 5, "{text}");
}

/// The lines of a unit that restrict it.
fn restrictions(unit: &str) -> Vec<String> {
    let (_, rest) = unit.split_once("\n# What it does not need.").unwrap();
    rest.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn both_units_are_restricted_alike() {
    let [service, courier] = UNITS.map(unit);
    assert_eq!(restrictions(&service), restrictions(&courier));
    assert!(restrictions(&service).len() > 25);
    for (unit, command) in [(service, "serve $SERVE_OPTIONS"), (courier, "courier $COURIER_OPTIONS")] {
        assert!(unit.contains(&format!("\nExecStart=/usr/bin/invitation-service {command}\n")));
        // The exit codes of a faulty command line and a faulty configuration: src/cli.rs.
        assert!(unit.contains("\nRestartPreventExitStatus=2 78\n"));
    }
}

#[test]
fn what_the_manifest_packs_is_there() {
    let manifest = file("Cargo.toml");
    let (_, deb) = manifest.split_once("[package.metadata.deb]").unwrap();
    let deb = deb.split("\n[").next().unwrap();
    let assets = deb.lines().filter_map(|line| line.trim_start().strip_prefix("[\"")?.split('"').next());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // What is in target/ is built before.
    let sources: Vec<&str> = assets.filter(|source| !source.starts_with("target/")).collect();
    assert!(sources.len() > 10, "{sources:?}");
    for source in sources {
        assert!(root.join(source).is_file(), "{source}");
    }
    for script in ["postinst", "prerm", "postrm"] {
        assert!(
            file(&format!("deploy/package/scripts/{script}")).starts_with("#!/bin/sh\nset -e\n"),
            "{script}"
        );
    }
}
