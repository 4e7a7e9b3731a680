//! Rules for the text of sources.

use serde_json::Value;

use crate::tree::{File, check, files, rust};

const LINES_MAX: usize = 500;

/// Every line of code with one of the words, in files that the rule is for.
fn lines_with(words: &[&str], is_for: impl Fn(&File) -> bool) -> Vec<String> {
    let files: Vec<File> = rust().into_iter().filter(is_for).collect();
    assert!(!files.is_empty(), "the rule is for no file at all");
    let find = |file: &File| {
        let found = file.code().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())).collect::<Vec<_>>()
    };
    files.iter().flat_map(find).collect()
}

#[test]
fn processes_are_spawned_in_one_crate() {
    let is_for = |file: &File| !file.is_in("crates/os") && !file.is_in("crates/xtask") && !file.is_test();
    check("only `crates/os` spawns", &lines_with(&["Command::new("], is_for));
}

#[test]
fn the_calendar_is_read_where_clocks_are_kept() {
    let is_clock = |file: &File| file.is_in("crates/os") || file.path == "crates/engine/src/clock.rs";
    let is_for = |file: &File| !is_clock(file) && !file.is_in("crates/xtask") && !file.is_test();
    let words = ["SystemTime::now(", "Timestamp::now(", "Zoned::now(", "UtcDateTime::now("];
    check("only the clocks of `crates/os` and `crates/engine/src/clock.rs` are read", &lines_with(&words, is_for));
}

/// Waiting has deadlines of its own; what a run is judged by has not.
#[test]
fn whoever_judges_reads_no_clock_but_the_awake_one() {
    let judges = |file: &File| file.is_in("crates/core/src") || file.is_in("crates/engine/src/actor");
    check("judgement counts awake time", &lines_with(&["Instant::now("], |file| judges(file) && !file.is_test()));
}

#[test]
fn core_touches_nothing_of_the_world() {
    let words = ["std::fs", "std::net", "std::env", "std::process", "std::thread", "std::time", "std::io", "std::sync"];
    check("`crates/core` only decides", &lines_with(&words, |file| file.is_in("crates/core/src")));
}

#[test]
fn unsafe_code_is_forbidden_outside_the_os_crate() {
    let is_crate_root = |file: &&File| {
        let path = file.path.as_str();
        let is_root = ["src/lib.rs", "src/main.rs"].iter().any(|root| path.ends_with(root));
        let is_binary = path.contains("/src/bin/") && (path.ends_with("/main.rs") || path.matches('/').count() == 3);
        // What a fuzzer calls has to be exported, which counts as unsafe.
        (is_root || is_binary) && !path.starts_with("crates/os/") && !path.starts_with("tests/fuzz/")
    };
    let files = rust();
    let roots: Vec<&File> = files.iter().filter(is_crate_root).collect();
    assert!(roots.len() >= 6, "only {} crate roots were found", roots.len());
    let broken: Vec<String> = roots
        .iter()
        .filter(|file| !file.text.contains("#![forbid(unsafe_code)]"))
        .map(|file| file.path.clone())
        .collect();
    check("a crate root without `#![forbid(unsafe_code)]`", &broken);
}

#[test]
fn no_test_is_switched_off() {
    // In two parts, so that this file does not break its own rule.
    let words = [
        concat!("#[", "ignore"),
        concat!("it.", "skip("),
        concat!("test.", "skip("),
        concat!("describe.", "skip("),
        concat!(".", "only("),
    ];
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.has_ending(&["rs", "ts", "js", "svelte"])) {
        for (number, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    check("a test that does not run", &broken);
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    let is_for = |file: &&File| {
        file.has_ending(&["rs", "ts", "svelte", "css", "py", "sh", "mjs"]) && !file.path.contains("generated")
    };
    let too_long = |file: &File| Some(file.text.lines().count()).filter(|lines| *lines > LINES_MAX);
    let files = files();
    let broken: Vec<String> = files
        .iter()
        .filter(is_for)
        .filter_map(|file| too_long(file).map(|lines| format!("{}: {lines} lines", file.path)))
        .collect();
    check("a file of more than 500 lines", &broken);
}

#[test]
fn the_window_may_do_only_what_it_is_allowed_by_name() {
    let files = files();
    let capabilities = files.iter().filter(|file| file.is_in("src-tauri/capabilities"));
    let broken: Vec<String> = capabilities
        .flat_map(|file| {
            let capability: Value = serde_json::from_str(&file.text).unwrap();
            ["windows", "webviews", "permissions"]
                .into_iter()
                .filter(move |list| capability.get(list).is_some_and(|list| list.to_string().contains('*')))
                .map(|list| format!("{}: `{list}` has a wildcard", file.path))
        })
        .collect();
    check("a wildcard", &broken);
}

#[test]
fn one_file_of_the_window_speaks_to_tauri() {
    let files = files();
    let broken: Vec<&File> =
        files.iter().filter(|file| file.is_in("ui/src") && file.text.contains("from \"@tauri-apps/")).collect();
    let paths: Vec<&str> = broken.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.len() <= 1, "`@tauri-apps` is imported in more than one file: {paths:?}");
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    let places = [concat!("/wo", "rk/"), concat!("/tm", "p/nk"), concat!("/ro", "ot/"), concat!("arti", "factory")];
    // `~/work/` and `$HOME/work/` are anybody's.
    let begins_here = |line: &str, at: usize| {
        !line.get(..at).unwrap().ends_with(|c: char| c.is_alphanumeric() || "~._-})]/".contains(c))
    };
    let mut broken = Vec::new();
    for file in files() {
        for (number, line) in file.text.lines().enumerate() {
            let names = |place: &&str| {
                line.match_indices(*place).any(|(at, _)| begins_here(line, at) || !place.starts_with('/'))
            };
            if places.iter().any(names) {
                broken.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    check("a path or host of one machine", &broken);
}

#[test]
fn the_lock_file_of_the_window_names_the_public_registry_only() {
    let files = files();
    let locks = files.iter().filter(|file| file.path.ends_with("package-lock.json"));
    let lines = locks.flat_map(|file| file.text.lines().map(|line| (&file.path, line.trim())));
    let broken: Vec<String> = lines
        .filter(|(_, line)| line.starts_with("\"resolved\":") && !line.contains("\"https://registry.npmjs.org/"))
        .map(|(path, line)| format!("{path}: {line}"))
        .collect();
    check("a package from another place", &broken);
}
