//! `write-manual`: the manual pages and completions have what `--help` has.

use std::{collections::BTreeSet, fs::read_to_string, path::Path};

use invitation_service::config::variables::variables;

use crate::support::{Backend, Home};

/// The names of the subcommands in `--help`.
fn commands(help: &str) -> Vec<String> {
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // Descriptions that go over several lines are further to the right.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The long options in a `--help`.
fn options(help: &str) -> BTreeSet<String> {
    let (_, list) = help.split_once("\nOptions:\n").unwrap();
    let lines = list.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    let heads = lines.map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = heads.flat_map(|line| line.split([' ', ',', '=', '[']));
    names.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

/// A page as people read it: without the escapes of roff.
fn page(folder: &Path, name: &str) -> String {
    let text = read_to_string(folder.join(format!("{name}.1"))).unwrap();
    ["\\fB", "\\fI", "\\fR"].iter().fold(text.replace("\\-", "-"), |text, font| text.replace(font, ""))
}

#[test]
fn pages_and_completions_have_every_command_option_and_variable() {
    let home = Home::new(Backend::Sqlite, &[]);
    assert_eq!(home.print(&["write-manual", "manual/of/it"]), "");
    let folder = home.path().join("manual/of/it");
    let completions = ["invitation-service.bash", "_invitation-service", "invitation-service.fish"]
        .map(|name| read_to_string(folder.join(name)).unwrap());
    let help = home.print(&["--help"]);
    let whole = page(&folder, "invitation-service");
    for variable in variables() {
        assert!(whole.contains(&format!("\n{}", variable.name)), "{}", variable.name);
    }
    let commands: Vec<String> = commands(&help).into_iter().filter(|name| name != "help").collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in &commands {
        assert!(whole.contains(&format!("invitation-service-{command}(1)")), "{command}");
        let page = page(&folder, &format!("invitation-service-{command}"));
        let options = options(&home.print(&[command, "--help"]));
        assert!(options.contains("--help"), "{command}: {options:?}");
        for option in &options {
            assert!(
                page.contains(&format!("{option}\n")) || page.contains(&format!("{option} ")),
                "{option}"
            );
            let name = option.trim_start_matches("--");
            for text in &completions {
                let fish = format!("-l {name} ");
                assert!(text.contains(option) || text.contains(&fish) || text.contains(fish.trim_end()));
            }
        }
        assert!(completions.iter().all(|text| text.contains(command.as_str())), "{command}");
    }
    let pages = folder
        .read_dir()
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "1"));
    assert_eq!(pages.count(), commands.len() + 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let home = Home::new(Backend::Sqlite, &[]);
    std::fs::write(home.path().join("file"), "").unwrap();
    let output = home.run(&["write-manual", "file/manual"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stderr.is_empty());
}
