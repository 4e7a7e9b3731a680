//! `completions` and `man`: what is put beside the program where it is installed, made from the command line's own
//! definition, so that neither can tell of what is not there.

use std::path::Path;
use std::{fs, io};

use clap::{Command as Definition, CommandFactory as _};
use clap_complete::Shell;

use crate::Done;
use crate::args::Cli;
use crate::console;
use crate::failure::Failure;

/// What completes the command line in a shell.
pub(super) fn completions(shell: Shell) -> Done {
    console::print_bytes(&script(shell))?;
    Ok(0)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    let mut whole = for_people(&Cli::command()).version(nightkeep_engine::VERSION);
    clap_complete::generate(shell, &mut whole, "nightkeep", &mut text);
    text
}

/// The same without hidden commands, which `clap_complete` would offer.
fn for_people(command: &Definition) -> Definition {
    // Names in clap live as long as the program, which ends after this.
    let name: &'static str = command.get_name().to_owned().leak();
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set()).map(for_people);
    Definition::new(name)
        .about(command.get_about().cloned().unwrap_or_default())
        .args(command.get_arguments().cloned())
        .groups(command.get_groups().cloned())
        .subcommands(shown)
        .disable_help_subcommand(true)
}

/// A page for each command that is there for people, in section 1.
pub(super) fn pages(folder: &Path) -> Done {
    let mut whole = Cli::command();
    whole.build();
    let written = fs::create_dir_all(folder).and_then(|()| page(&whole, folder));
    written.map_err(|cause| Failure::new(format!("failed to write the pages into `{}`: {cause}", folder.display())))?;
    Ok(0)
}

fn page(command: &Definition, folder: &Path) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        page(command, folder)?;
    }
    let source = format!("nightkeep {}", nightkeep_engine::VERSION);
    clap_mangen::Man::new(command.clone()).source(source).manual("Nightkeep").generate_to(folder).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command by its words, such as `nightkeep job add`, and whether it is there for people.
    fn commands(of: &Definition, words: &[String], is_public: bool, found: &mut Vec<(Vec<String>, bool)>) {
        for command in of.get_subcommands() {
            let words = [words, &[command.get_name().to_owned()]].concat();
            let is_public = is_public && !command.is_hide_set();
            commands(command, &words, is_public, found);
            found.push((words, is_public));
        }
    }

    fn all() -> Vec<(Vec<String>, bool)> {
        let mut found = Vec::new();
        commands(&Cli::command(), &["nightkeep".to_owned()], true, &mut found);
        assert!(found.iter().any(|(words, is_public)| words.len() == 3 && *is_public));
        assert!(found.iter().any(|(_, is_public)| !is_public));
        found
    }

    #[test]
    fn each_command_for_people_has_a_manual_page_that_the_first_one_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        pages(folder.path()).unwrap();
        for (words, is_public) in all() {
            let page = folder.path().join(format!("{}.1", words.join("-")));
            assert_eq!(page.is_file(), is_public, "{words:?}");
            let parent = folder.path().join(format!("{}.1", words[..words.len() - 1].join("-")));
            if is_public {
                let link = format!("{}(1)", words.join("\\-"));
                assert!(fs::read_to_string(parent).unwrap().contains(&link), "{link}");
            }
        }
    }

    #[test]
    fn each_shell_completes_each_command_for_people_and_no_other() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(script(shell)).unwrap();
            let is_word = |word: &str| script.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| w == word);
            for (words, is_public) in all() {
                assert_eq!(is_word(words.last().unwrap()), is_public, "{shell}: {words:?}");
            }
        }
    }
}
