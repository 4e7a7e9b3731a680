//! How the files are packed for Debian: what the package says of itself, what it depends on, and `dpkg-deb`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result};

use super::{PROGRAMS, tree};
use crate::project::Project;
use crate::shell::Task;

/// What the programs need of a system, where nothing can be asked for the libraries that they link.
const KNOWN_LIBRARIES: &str = "libc6, libgcc-s1, libwebkit2gtk-4.1-0, libgtk-3-0 | libgtk-3-0t64";
/// Who packs, unless the variables of Debian's own tools say so. No mail comes to it.
const NOBODY: [(&str, &str); 2] = [("DEBFULLNAME", "The Nightkeep authors"), ("DEBEMAIL", "nightkeep@localhost")];

/// What a package says of itself.
#[derive(Debug)]
pub(super) struct About {
    version: String,
    architecture: String,
    packer: String,
    /// When what is packed was last changed, in seconds since 1970.
    changed: i64,
}

impl About {
    /// Of the checkout as it is.
    pub(super) fn of(project: &Project) -> Result<Self> {
        let architecture = Task::new("dpkg").args(["--print-architecture"]).output()?.trim().to_owned();
        let [name, mail] =
            NOBODY.map(|(variable, nobody)| std::env::var(variable).unwrap_or_else(|_| nobody.to_owned()));
        // The first packing of a version; whoever packs the same version again for others counts on from here.
        let version = format!("{}-1", env!("CARGO_PKG_VERSION"));
        Ok(Self { version, architecture, packer: format!("{name} <{mail}>"), changed: changed(project)? })
    }

    /// The changes, in the form that Debian wants beside the project's own.
    pub(super) fn changes(&self) -> String {
        let time = jiff::Timestamp::from_second(self.changed).unwrap_or_default();
        let time = time.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let (version, packer) = (&self.version, &self.packer);
        format!(
            "nightkeep ({version}) unstable; urgency=medium\n\n  * What changed is in changelog.gz.\n\n -- {packer}  {time}\n"
        )
    }

    fn control(&self, depends: &str, kilobytes: u64) -> String {
        let Self { version, architecture, packer, .. } = self;
        format!(
            "Package: nightkeep\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {packer}\n\
             Installed-Size: {kilobytes}\nDepends: {depends}\nRecommends: default-dbus-session-bus | dbus-session-bus\n\
             Suggests: gnome-shell-extension-appindicator\nSection: utils\nPriority: optional\n\
             Description: supervises the agents that run overnight\n \
             Nightkeep watches whether the work of a run moves forward, not only whether\n \
             its process is alive. A run that stands still for longer than its kind of\n \
             work allows is warned about, then stopped with everything it started, gently\n \
             first. What was seen is kept, and told in the morning.\n .\n \
             This package has the tray, the window and the command line.\n"
        )
    }
}

/// By the clock of whoever builds reproducibly, of the last commit, or of the list of changes.
fn changed(project: &Project) -> Result<i64> {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok();
    let committed = || project.task("git").args(["log", "-1", "--format=%ct"]).output().ok();
    if let Some(seconds) = said.or_else(committed).and_then(|text| text.trim().parse().ok()) {
        return Ok(seconds);
    }
    let time = fs::metadata(project.root.join("CHANGELOG.md")).and_then(|data| data.modified());
    let since = time.context("look at `CHANGELOG.md`")?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_secs())?)
}

/// Packs the files below `root` into a file of `folder`.
pub(super) fn pack(project: &Project, about: &About, root: &Path, folder: &Path, quick: bool) -> Result<PathBuf> {
    let depends = depends(root, folder)?;
    let size = Task::new("du").args(["-sk", "--apparent-size", "."]).dir(root).output()?;
    let kilobytes = size.split_whitespace().next().unwrap_or_default().parse().context("read what `du` says")?;
    let sums = sums(root)?;
    let control = root.join("DEBIAN");
    fs::create_dir_all(&control)?;
    fs::write(control.join("control"), about.control(&depends, kilobytes))?;
    fs::write(control.join("conffiles"), format!("/{}\n", tree::AUTOSTART))?;
    fs::write(control.join("md5sums"), sums)?;
    let mode = |path: &Path| path.display().to_string();
    Task::new("chmod").args(["-R", "u=rwX,go=rX", &mode(&control)]).run()?;
    let file = folder.join(format!("nightkeep_{}_{}.deb", about.version, about.architecture));
    let pressed: &[&str] = if quick { &["-Zgzip", "-z1"] } else { &["-Zxz"] };
    let names = [mode(root), mode(&file)];
    let task = project.task("dpkg-deb").args(["--root-owner-group"]).args(pressed.iter().copied());
    // Times later than this are set back to it, so that the same programs give the same file.
    task.args(["--build"]).args(names).env("SOURCE_DATE_EPOCH", about.changed.to_string()).run()?;
    Ok(file)
}

/// The packages that the programs need, with the versions that they need where that can be asked.
fn depends(root: &Path, folder: &Path) -> Result<String> {
    if which::which("dpkg-shlibdeps").is_err() {
        println!(
            "package: `dpkg-shlibdeps` is missing (it is in `dpkg-dev`), so versions of libraries are not asked for"
        );
        return Ok(KNOWN_LIBRARIES.to_owned());
    }
    // It wants to be called where a package is described.
    let described = folder.join("shlibdeps");
    fs::create_dir_all(described.join("debian"))?;
    let control = "Source: nightkeep\n\nPackage: nightkeep\nArchitecture: any\n";
    fs::write(described.join("debian/control"), control)?;
    let programs = PROGRAMS.map(|(_, name)| format!("-e{}", root.join("usr/bin").join(name).display()));
    let said = Task::new("dpkg-shlibdeps").args(["-O"]).args(programs).dir(&described).output()?;
    let depends = said.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(depends.context("find the packages in what `dpkg-shlibdeps` says")?.to_owned())
}

/// What `dpkg --verify` compares: of all but what a person may change.
fn sums(root: &Path) -> Result<String> {
    let task = Task::new("find").args(["usr", "-type", "f", "-exec", "md5sum", "{}", "+"]).dir(root);
    let said = task.output()?;
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_by_key(|line| line.split_once("  ").map(|(_, place)| place));
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            version: "1.2.3-1".to_owned(),
            architecture: "amd64".to_owned(),
            packer: "A Person <a@b>".to_owned(),
            changed: 1_764_000_000,
        }
    }

    #[test]
    fn the_changes_are_signed_with_the_day_of_the_last_commit() {
        let changes = about().changes();
        assert!(changes.starts_with("nightkeep (1.2.3-1) unstable;"), "{changes}");
        assert!(changes.ends_with("\n -- A Person <a@b>  Mon, 24 Nov 2025 16:00:00 +0000\n"), "{changes}");
    }

    #[test]
    fn what_the_package_says_of_itself_is_in_fields_and_lines_that_begin_with_a_space() {
        let control = about().control("libc6 (>= 2.36)", 4096);
        for line in ["Version: 1.2.3-1", "Architecture: amd64", "Depends: libc6 (>= 2.36)", "Installed-Size: 4096"] {
            assert!(control.lines().any(|found| found == line), "{line}");
        }
        let is_well_formed = |line: &str| {
            line.starts_with(' ')
                || line.split_once(": ").is_some_and(|(key, value)| {
                    !value.is_empty() && key.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
                })
        };
        assert!(control.lines().all(is_well_formed), "{control}");
    }
}
