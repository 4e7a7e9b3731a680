//! The window's pages: npm packages and the built files, each made again only when what it is made from changed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use walkdir::{DirEntry, WalkDir};

use crate::project::Project;

/// Installs the npm packages when the lock file is another one than at the last installation.
pub(crate) fn install(project: &Project) -> Result<()> {
    let ui = project.ui();
    let lock = ui.join("package-lock.json");
    // Within `node_modules`, so that deleting the folder deletes the stamp with it.
    let stamp = ui.join("node_modules").join(".installed-from.json");
    let wanted = fs::read(&lock).with_context(|| format!("read `{}`", lock.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("setup: installing the npm packages of ui/");
    project.task("npm").args(["ci", "--no-audit", "--no-fund"]).dir(&ui).run()?;
    fs::write(&stamp, wanted).with_context(|| format!("write `{}`", stamp.display()))
}

/// Builds the pages when one of their sources changed since the last build.
pub(crate) fn build(project: &Project) -> Result<()> {
    let ui = project.ui();
    let stamp = project.notes().join("pages-built-from.txt");
    // The pages take the rules for what they may load from Tauri's configuration.
    let sources = listing(&[ui.clone(), project.root.join("src-tauri").join("tauri.conf.json")])?;
    let is_built = ui.join("dist").join("index.html").is_file();
    if is_built && fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    println!("setup: building the pages of ui/");
    project.task("npm").args(["run", "--silent", "build"]).dir(&ui).run()?;
    fs::create_dir_all(project.notes())?;
    fs::write(&stamp, sources).with_context(|| format!("write `{}`", stamp.display()))
}

/// Path, size and time of every source: another text when anything was added, changed or deleted.
fn listing(places: &[PathBuf]) -> Result<String> {
    let is_source = |entry: &DirEntry| !["node_modules", "dist"].iter().any(|made| entry.file_name() == *made);
    let mut text = String::new();
    let entries =
        places.iter().flat_map(|place| WalkDir::new(place).sort_by_file_name().into_iter().filter_entry(is_source));
    for entry in entries {
        let entry = entry.context("list the sources of ui/")?;
        if entry.file_type().is_file() {
            let data = entry.metadata()?;
            let time = data.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            _ = writeln!(text, "{} {} {}", entry.path().display(), data.len(), time.as_nanos());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_changes_with_the_sources_and_not_with_what_is_made_from_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let list = || listing(&[folder.path().to_path_buf()]);
        write("src/app.ts", "one");
        let first = list().unwrap();
        write("dist/index.html", "made");
        write("node_modules/x/index.js", "fetched");
        assert_eq!(list().unwrap(), first);
        write("src/app.ts", "three");
        let second = list().unwrap();
        assert_ne!(second, first);
        fs::remove_file(folder.path().join("src/app.ts")).unwrap();
        assert_ne!(list().unwrap(), second);
    }
}
