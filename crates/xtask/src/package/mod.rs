//! `cargo xtask package`: builds what people get and packs it for Debian and what descends from it.
//!
//! What is in the package is decided in [`tree`], which builds nothing; how it is packed, and what it depends on, in
//! [`debian`].

mod debian;
mod licenses;
mod tree;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::nightkeep::Nightkeep;
use crate::project::{Profile, Project};
use crate::setup::{self, Purpose};

/// The programs, with the packages of cargo that they are built from.
const PROGRAMS: [(&str, &str); 3] =
    [("nightkeep", "nightkeep"), ("nightkeep-app", "nightkeep-tray"), ("nightkeep-app", "nightkeep-app")];
/// The shells that find what completes a command line where a package puts it.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// How to pack.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Pack a build that is quick to make and large, to look at the package itself
    #[arg(long)]
    quick: bool,
}

/// `cargo xtask package`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    if which::which("dpkg-deb").is_err() {
        bail!("`dpkg-deb` is missing: packages are made for Debian and what descends from it, and there");
    }
    let project = Project::find()?;
    setup::everything(&project, &[Purpose::Build])?;
    let profile = if options.quick { Profile::Dev } else { Profile::Release };
    project.build(profile, &PROGRAMS)?;
    let folder = project.target.join("package");
    let made = made(&project, profile, &folder.join("made"))?;
    let about = debian::About::of(&project)?;
    let entries = tree::entries(&tree::Sources {
        checkout: &project.root,
        programs: &project.binaries(profile),
        made: &made,
        changes: &about.changes(),
    })?;
    let root = folder.join("root");
    tree::write(&entries, &root)?;
    let file = debian::pack(&project, &about, &root, &folder, options.quick)?;
    let size = fs::metadata(&file).with_context(|| format!("look at `{}`", file.display()))?.len();
    println!("\n{} ({:.1} MB)", file.display(), size as f64 / 1e6);
    println!("to install it: sudo apt install {}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Has the program that was built write its manual and what completes its command line, and collects the licenses of what
/// is in it.
fn made(project: &Project, profile: Profile, folder: &PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("empty `{}`", folder.display()))?;
    }
    let manual = folder.join("man");
    fs::create_dir_all(&manual)?;
    let nightkeep = Nightkeep::of_the_user(project, profile);
    nightkeep.task(["man".to_owned(), manual.display().to_string()]).run()?;
    for shell in SHELLS {
        fs::write(folder.join(shell), nightkeep.task(["completions", shell]).output()?)?;
    }
    fs::write(folder.join("third-party"), licenses::of_what_is_linked(project)?)?;
    Ok(folder.clone())
}
