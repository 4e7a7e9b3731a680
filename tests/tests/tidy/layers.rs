//! Which crate may use which.

use std::fs;
use std::process::Command;

use nightkeep_tests::root;
use toml::Table;

use crate::tree::check;

/// The names of everything a member depends on, on any system, without what only its tests use.
fn dependencies(member: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
    let manifest: Table = text.parse().unwrap();
    let mut names = names_in(manifest.get("dependencies"));
    for target in manifest.get("target").and_then(|targets| targets.as_table()).into_iter().flatten() {
        names.extend(names_in(target.1.get("dependencies")));
    }
    names
}

fn names_in(dependencies: Option<&toml::Value>) -> Vec<String> {
    dependencies.and_then(|table| table.as_table()).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn check_that_none_is_used(member: &str, forbidden: &[&str]) {
    let used = dependencies(member);
    let broken: Vec<String> = used.into_iter().filter(|name| forbidden.contains(&name.as_str())).collect();
    check(&format!("`{member}` may not depend on"), &broken);
}

#[test]
fn core_depends_on_nothing() {
    assert_eq!(dependencies("crates/core"), Vec::<String>::new());
}

#[test]
fn each_crate_uses_only_the_crates_below_it() {
    let surfaces = ["nightkeep", "nightkeep-app", "nightkeep-tests", "xtask"];
    check_that_none_is_used("crates/os", &[&surfaces[..], &["nightkeep-core", "nightkeep-engine", "tokio"]].concat());
    check_that_none_is_used("crates/engine", &surfaces);
    check_that_none_is_used("crates/cli", &["nightkeep-core", "nightkeep-app", "nightkeep-tests", "xtask", "rusqlite"]);
    let below = ["nightkeep-core", "nightkeep-os", "nightkeep-tests", "xtask", "rusqlite", "sysinfo", "libc", "rustix"];
    check_that_none_is_used("src-tauri", &below);
}

#[test]
fn the_command_line_program_uses_no_window_library() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--package", "nightkeep", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--target", "all"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"nightkeep-engine"), "the tree was not read: {tree}");
    let window = ["tauri", "wry", "tao", "gtk", "webkit2gtk", "tray-icon", "muda", "ksni"];
    let broken: Vec<String> =
        window.iter().filter(|name| names.contains(name)).map(|name| (*name).to_owned()).collect();
    check("`nightkeep` uses", &broken);
}
