//! What is in the package: each file by the place where it is installed, from any build.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};

use crate::shell::Task;

/// What the files come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    /// The checkout's top.
    pub(super) checkout: &'a Path,
    /// Where the programs were built.
    pub(super) programs: &'a Path,
    /// What was made by them and of them: `man/*.1`, `bash`, `zsh`, `fish`, `third-party`.
    pub(super) made: &'a Path,
    /// The changes of the package, as Debian writes them.
    pub(super) changes: &'a str,
}

/// One file of the package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it is installed, from `/` on.
    pub(super) place: String,
    contents: Contents,
}

#[derive(Debug, PartialEq, Eq)]
enum Contents {
    /// A file as it is.
    File(PathBuf),
    /// A file that is read where it is compressed.
    Packed(PathBuf),
    /// A text that is compressed.
    PackedText(String),
}

/// All files of the package, in the order of their places.
pub(super) fn entries(sources: &Sources<'_>) -> Result<Vec<Entry>> {
    let ours = sources.checkout.join("crates/xtask/package");
    let icons = sources.checkout.join("icons");
    let file = |place: &str, from: PathBuf| Entry { place: place.to_owned(), contents: Contents::File(from) };
    let packed = |place: &str, from: PathBuf| Entry { place: place.to_owned(), contents: Contents::Packed(from) };
    let program = |name: &str| file(&format!("usr/bin/{name}"), sources.programs.join(name));
    let icon = |size: &str, from: &str| {
        let ending = from.rsplit_once('.').map_or("png", |(_, ending)| ending);
        file(&format!("usr/share/icons/hicolor/{size}/apps/nightkeep.{ending}"), icons.join(from))
    };
    let changes = Contents::PackedText(sources.changes.to_owned());
    let mut entries = vec![
        program("nightkeep"),
        program("nightkeep-tray"),
        program("nightkeep-app"),
        file("usr/share/applications/nightkeep.desktop", ours.join("nightkeep.desktop")),
        file(AUTOSTART, ours.join("nightkeep-tray.desktop")),
        icon("32x32", "app/32x32.png"),
        icon("128x128", "app/128x128.png"),
        icon("256x256", "app/128x128@2x.png"),
        icon("512x512", "app/icon.png"),
        icon("scalable", "app.svg"),
        file("usr/share/bash-completion/completions/nightkeep", sources.made.join("bash")),
        file("usr/share/zsh/vendor-completions/_nightkeep", sources.made.join("zsh")),
        file("usr/share/fish/vendor_completions.d/nightkeep.fish", sources.made.join("fish")),
        file("usr/share/doc/nightkeep/copyright", ours.join("copyright")),
        packed("usr/share/doc/nightkeep/third-party.gz", sources.made.join("third-party")),
        packed("usr/share/doc/nightkeep/changelog.gz", sources.checkout.join("CHANGELOG.md")),
        Entry { place: "usr/share/doc/nightkeep/changelog.Debian.gz".to_owned(), contents: changes },
        file("usr/share/lintian/overrides/nightkeep", ours.join("lintian-overrides")),
    ];
    for page in pages(&sources.made.join("man"))?.into_iter().chain(pages(&ours)?) {
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        entries.push(packed(&format!("usr/share/man/man1/{name}.gz"), page));
    }
    entries.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(entries)
}

/// The entry that has the tray come with the login, once somebody has asked for it.
pub(super) const AUTOSTART: &str = "etc/xdg/autostart/nightkeep-tray.desktop";

/// The manual pages in a folder.
fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let listed = listed.with_context(|| format!("list `{}`", folder.display()))?;
    let paths = listed.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "1")).collect())
}

/// Writes the files into an empty folder, as they are to lie below `/`.
pub(super) fn write(entries: &[Entry], root: &Path) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("empty `{}`", root.display()))?;
    }
    for entry in entries {
        let path = root.join(&entry.place);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).with_context(|| format!("make `{}`", folder.display()))?;
        let read = |from: &Path| fs::read(from).with_context(|| format!("read `{}`", from.display()));
        let written = match &entry.contents {
            Contents::File(from) => fs::copy(from, &path).map(drop),
            Contents::Packed(from) => fs::write(&path, compressed(&read(from)?)?),
            Contents::PackedText(text) => fs::write(&path, compressed(text.as_bytes())?),
        };
        written.with_context(|| format!("write `{}`", path.display()))?;
    }
    // Whatever the checkout and the builder's habits are: everybody may read, and run what is a program.
    let root = root.display().to_string();
    Task::new("chmod").args(["-R", "u=rwX,go=rX", &root]).run()
}

/// Without a name and a time, so that the same text is the same file.
fn compressed(text: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packed.write_all(text)?;
    Ok(packed.finish()?)
}

#[cfg(test)]
mod tests;
