//! The licenses of the libraries that are in the programs and in the pages of the window, as their authors ship them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::project::Project;

/// How the files begin in which authors put their licenses.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
/// The npm packages of which something is in the built pages.
const IN_THE_PAGES: [&str; 2] = ["svelte", "@tauri-apps/api"];

/// A library: its name and version, its license in one line, and where its sources are.
type Library = (String, String, PathBuf);

/// Each library with its license, and each text once.
pub(super) fn of_what_is_linked(project: &Project) -> Result<String> {
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &host(project)?];
    let text = project.task("cargo").args(arguments).output()?;
    let metadata: Value = serde_json::from_str(&text).context("read what cargo says of the libraries")?;
    let mut libraries = crates(&metadata).context("find the libraries in what cargo says")?;
    for name in IN_THE_PAGES {
        libraries.push(npm(&project.ui().join("node_modules").join(name))?);
    }
    libraries.sort();
    Ok(written(&libraries))
}

fn host(project: &Project) -> Result<String> {
    let text = project.task("rustc").args(["-vV"]).output()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("find the host in what `rustc -vV` says")?.to_owned())
}

/// The libraries that get into a program of ours: not what only builds or tests it.
fn crates(metadata: &Value) -> Option<Vec<Library>> {
    let by_id = |list: &Value| -> Option<HashMap<String, Value>> {
        list.as_array()?.iter().map(|item| Some((item.get("id")?.as_str()?.to_owned(), item.clone()))).collect()
    };
    let packages = by_id(metadata.get("packages")?)?;
    let nodes = by_id(metadata.pointer("/resolve/nodes")?)?;
    let is_ours = |package: &Value| package.get("source").is_none_or(Value::is_null);
    let is_program = |package: &Value| {
        let name = package.get("name").and_then(Value::as_str);
        is_ours(package) && name.is_some_and(|name| super::PROGRAMS.iter().any(|(program, _)| *program == name))
    };
    let mut open: Vec<&String> = packages.iter().filter(|(_, package)| is_program(package)).map(|(id, _)| id).collect();
    let mut seen: HashSet<&String> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        for link in nodes.get(id)?.get("deps")?.as_array()?.iter().filter(|link| is_linked(link)) {
            let (id, package) = packages.get_key_value(link.get("pkg")?.as_str()?)?;
            if !is_macro(package) && seen.insert(id) {
                open.push(id);
            }
        }
    }
    let found = seen.into_iter().filter_map(|id| packages.get(id)).filter(|package| !is_ours(package));
    found.map(library).collect()
}

fn is_linked(link: &Value) -> bool {
    let kinds = link.get("dep_kinds").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.get("kind").is_none_or(Value::is_null)))
}

/// A macro runs in the compiler.
fn is_macro(package: &Value) -> bool {
    let kinds = package.pointer("/targets/0/kind").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "proc-macro"))
}

fn library(package: &Value) -> Option<Library> {
    let text = |name: &str| package.get(name).and_then(Value::as_str);
    let title = format!("{} {}", text("name")?, text("version")?);
    let license = text("license").unwrap_or("see its text").to_owned();
    Some((title, license, Path::new(text("manifest_path")?).parent()?.to_owned()))
}

fn npm(folder: &Path) -> Result<Library> {
    let path = folder.join("package.json");
    let text = fs::read_to_string(&path).with_context(|| format!("read `{}`", path.display()))?;
    let package: Value = serde_json::from_str(&text).with_context(|| format!("read `{}`", path.display()))?;
    let text = |name: &str| package.get(name).and_then(Value::as_str).unwrap_or_default();
    Ok((format!("{} {} (npm)", text("name"), text("version")), text("license").to_owned(), folder.to_owned()))
}

fn written(libraries: &[Library]) -> String {
    let mut text = String::from("Nightkeep contains these libraries:\n\n");
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (title, license, folder) in libraries {
        text += &format!("{title}: {license}\n");
        for license in license_files(folder) {
            texts.entry(license).or_default().insert(title);
        }
    }
    for (license, titles) in texts {
        let titles = titles.into_iter().collect::<Vec<_>>().join(", ");
        text += &format!("\n{}\n{titles}\n\n{license}\n", "=".repeat(80));
    }
    text
}

/// The texts at the top of a library's sources, with the same ends of lines everywhere.
fn license_files(folder: &Path) -> Vec<String> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let is_license = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file() && NAMES.iter().any(|known| name.starts_with(known))
    };
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).filter(|path| is_license(path)).collect();
    paths.sort();
    let read = |path: PathBuf| fs::read_to_string(path).ok();
    paths.into_iter().filter_map(read).map(|text| text.replace('\r', "").trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_linked_is_named_and_what_only_builds_or_tests_is_not() {
        let package = |name: &str, source: Value, kind: &str| {
            json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT", "source": source,
                "manifest_path": format!("/x/{name}/Cargo.toml"), "targets": [{"kind": [kind]}]})
        };
        let other = || json!("registry");
        let link = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [
                package("nightkeep", Value::Null, "lib"), package("nightkeep-core", Value::Null, "lib"),
                package("linked", other(), "lib"), package("deep", other(), "lib"), package("builds", other(), "lib"),
                package("tests", other(), "lib"), package("derives", other(), "proc-macro"),
            ],
            "resolve": {"nodes": [
                {"id": "nightkeep", "deps": [link("nightkeep-core", Value::Null), link("builds", json!("build")),
                    link("tests", json!("dev")), link("derives", Value::Null)]},
                {"id": "nightkeep-core", "deps": [link("linked", Value::Null)]},
                {"id": "linked", "deps": [link("deep", Value::Null)]},
                {"id": "deep", "deps": []},
            ]},
        });
        let mut names: Vec<String> = crates(&metadata).unwrap().into_iter().map(|(title, ..)| title).collect();
        names.sort();
        assert_eq!(names, ["deep 1.0.0", "linked 1.0.0"]);
    }

    #[test]
    fn a_license_that_libraries_share_is_printed_once() {
        let folder = tempfile::tempdir().unwrap();
        let library = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("License-MIT.txt"), text).unwrap();
            fs::write(path.join("README.md"), "no license").unwrap();
            (format!("{name} 1.0.0"), "MIT".to_owned(), path)
        };
        let text = written(&[library("a", "Do as you like.\r\n"), library("b", "Do as you like.\n")]);
        assert_eq!(text.matches("Do as you like.").count(), 1);
        assert!(text.contains("a 1.0.0: MIT\nb 1.0.0: MIT\n"), "{text}");
        assert!(text.contains("=\na 1.0.0, b 1.0.0\n\nDo as"), "{text}");
        assert!(!text.contains("no license"));
    }
}
