//! System packages: which are missing, and getting them through the machine's own package manager.

use std::collections::HashSet;

use anyhow::{Result, bail};

use crate::shell::Task;

/// What a package is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Compiling and linking.
    Build,
    /// The tests.
    Test,
    /// The bench and the screenshots.
    Bench,
    /// Tests of Windows programs under wine.
    Cross,
}

/// How one sees that a package is there where its name cannot be asked for.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A library that pkg-config knows.
    Library(&'static str),
    /// A program in `PATH`.
    Program(&'static str),
    /// Nothing that can be looked for.
    None,
}

/// A package by its name in each manager; an empty name means that it comes with something else there.
struct Package {
    purpose: Purpose,
    sign: Sign,
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
}

const fn package(purpose: Purpose, sign: Sign, [apt, dnf, pacman]: [&'static str; 3]) -> Package {
    Package { purpose, sign, apt, dnf, pacman }
}

use Purpose::{Bench, Build, Cross, Test};
use Sign::{Library, Program};

const PACKAGES: &[Package] = &[
    package(Build, Library("webkit2gtk-4.1"), ["libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1"]),
    package(Build, Library("librsvg-2.0"), ["librsvg2-dev", "librsvg2-devel", "librsvg"]),
    package(Build, Library("openssl"), ["libssl-dev", "openssl-devel", "openssl"]),
    package(Build, Library("libxdo"), ["libxdo-dev", "libxdo-devel", "xdotool"]),
    package(Build, Program("c++"), ["build-essential", "gcc-c++", "base-devel"]),
    package(Build, Program("pkg-config"), ["pkg-config", "pkgconf-pkg-config", "pkgconf"]),
    package(Build, Program("file"), ["file", "file", "file"]),
    package(Test, Program("Xvfb"), ["xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"]),
    package(Test, Program("xauth"), ["xauth", "xorg-x11-xauth", "xorg-xauth"]),
    package(Test, Program("WebKitWebDriver"), ["webkit2gtk-driver", "webkitgtk6.0", "webkitgtk-6.0"]),
    package(Test, Program("dbus-run-session"), ["dbus", "dbus-daemon", "dbus"]),
    package(Test, Program("openbox"), ["openbox", "openbox", "openbox"]),
    package(Test, Program("xdotool"), ["xdotool", "xdotool", "xdotool"]),
    package(Test, Program("chromium"), ["chromium", "chromium", "chromium"]),
    package(Test, Sign::None, ["fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu"]),
    package(Test, Sign::None, ["adwaita-icon-theme", "adwaita-icon-theme", "adwaita-icon-theme"]),
    package(Test, Program("python3"), ["python3", "python3", "python"]),
    package(Bench, Program("import"), ["imagemagick", "ImageMagick", "imagemagick"]),
    package(Cross, Program("x86_64-w64-mingw32-gcc"), ["gcc-mingw-w64-x86-64", "mingw64-gcc", "mingw-w64-gcc"]),
    package(Cross, Program("wine"), ["wine64", "wine", "wine"]),
    package(Cross, Program("wine"), ["wine", "", ""]),
];

/// Installs what is missing for the purposes, or says in one line what to install.
pub(crate) fn install(purposes: &[Purpose]) -> Result<()> {
    match std::env::consts::OS {
        "linux" => linux(purposes)?,
        "macos" => {
            if !Task::new("xcode-select").args(["-p"]).succeeds() {
                bail!("the command line tools of Xcode are missing: run `xcode-select --install`");
            }
        }
        // That this program runs shows that the MSVC build tools are there.
        "windows" => println!("setup: the window needs WebView2, which is a part of Windows 11"),
        other => println!("setup: {other} is not known here; needed are a C compiler and WebKitGTK 4.1"),
    }
    if which::which("npm").is_err() {
        bail!("`npm` is missing: install Node.js 20.19 or later");
    }
    Ok(())
}

fn linux(purposes: &[Purpose]) -> Result<()> {
    let wanted: Vec<&Package> = PACKAGES.iter().filter(|package| purposes.contains(&package.purpose)).collect();
    let (manager, names): (&str, Vec<&str>) = if which::which("dpkg-query").is_ok() {
        let installed = debian_installed(wanted.iter().map(|package| package.apt));
        ("apt-get", wanted.iter().map(|package| package.apt).filter(|name| !installed.contains(*name)).collect())
    } else if which::which("dnf").is_ok() {
        ("dnf", missing(&wanted, |package| package.dnf))
    } else {
        ("pacman", missing(&wanted, |package| package.pacman))
    };
    if names.is_empty() {
        return Ok(());
    }
    let list = names.join(" ");
    match (manager, prefix()) {
        ("apt-get", Some(prefix)) => debian_install(prefix, &names),
        ("apt-get", None) => bail!("packages are missing: run `sudo apt-get install {list}`"),
        ("dnf", _) => bail!("packages are missing: run `sudo dnf install {list}`"),
        (_, _) if which::which("pacman").is_ok() => bail!("packages are missing: run `sudo pacman -S {list}`"),
        (_, _) => bail!("packages are missing (names as in Arch Linux): {list}"),
    }
}

fn missing<'a>(wanted: &[&'a Package], name: impl Fn(&'a Package) -> &'static str) -> Vec<&'static str> {
    let is_missing = |package: &Package| match package.sign {
        Library(library) => !Task::new("pkg-config").args(["--exists", library]).succeeds(),
        Program(program) => which::which(program).is_err(),
        Sign::None => false,
    };
    wanted
        .iter()
        .filter(|package| is_missing(package))
        .map(|package| name(package))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Those of the names that are installed, in one question.
fn debian_installed<'a>(names: impl Iterator<Item = &'a str>) -> HashSet<String> {
    let task = Task::new("dpkg-query").args(["-W", "-f=${Package} ${db:Status-Status}\n"]).args(names);
    // It fails when it knows one of them not, and still lists the others.
    let Ok(output) = task.command().and_then(|mut command| Ok(command.output()?)) else { return HashSet::new() };
    listed_as_installed(&String::from_utf8_lossy(&output.stdout))
}

fn listed_as_installed(list: &str) -> HashSet<String> {
    list.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned).collect()
}

fn debian_install(prefix: &[&str], names: &[&str]) -> Result<()> {
    println!("setup: installing {} system packages: {}", names.len(), names.join(" "));
    let apt = |arguments: &[&str]| {
        let mut words = prefix.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]);
        words.extend(arguments);
        let (program, rest) = words.split_first().expect("`env` is always among the words");
        Task::new(*program).args(rest.iter().copied()).run()
    };
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(names);
    apt(&arguments)
}

/// What goes before a command that needs the right to install; `None` without that right.
fn prefix() -> Option<&'static [&'static str]> {
    if Task::new("id").args(["-u"]).output().is_ok_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    Task::new("sudo").args(["-n", "true"]).succeeds().then_some(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_was_removed_but_not_purged_counts_as_missing() {
        let list = "xvfb installed\nopenbox config-files\nlibssl-dev installed\n";
        let installed = listed_as_installed(list);
        assert_eq!((installed.len(), installed.contains("openbox")), (2, false));
    }

    #[test]
    fn every_package_has_a_name_for_apt() {
        assert!(PACKAGES.iter().all(|package| !package.apt.is_empty()));
    }
}
