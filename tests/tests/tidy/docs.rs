//! What the documents say is so.

use std::fs;
use std::path::Path;

use nightkeep_tests::root;

use crate::tree::{check, files};

fn architecture() -> String {
    fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap()
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let looks_like_path = |word: &&str| {
        let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let top = word.split('/').next().unwrap_or_default();
        is_plain && word.contains('/') && !top.is_empty() && root().join(top).exists()
    };
    let mut broken = Vec::new();
    for document in ["README.md", "docs/ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        // A block of code is no text.
        let prose: String = text.split("```").step_by(2).collect();
        let missing = quoted(&prose).filter(looks_like_path).filter(|path| !root().join(path).exists());
        broken.extend(missing.map(|path| format!("{document}: {path}")));
    }
    check("a path that does not exist", &broken);
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text = architecture();
    let invariants: Vec<&str> =
        text.split("\n* **INV-").skip(1).map(|rest| rest.split("\n\n").next().unwrap()).collect();
    assert!(invariants.len() >= 10, "only {} invariants were found", invariants.len());
    let sources: String = files()
        .into_iter()
        .filter(|file| file.has_ending(&["rs"]) || Path::new(&file.path).to_str().unwrap().ends_with(".test.ts"))
        .map(|file| file.text)
        .collect();
    let exists = |name: &str| sources.contains(&format!("fn {name}(")) || sources.contains(&format!("(\"{name}\""));
    let mut broken = Vec::new();
    for invariant in invariants {
        let number = invariant.split("**").next().unwrap();
        let guards: Vec<&str> =
            invariant.split_once("Guarded by").map(|(_, guards)| quoted(guards).collect()).unwrap_or_default();
        if guards.is_empty() {
            broken.push(format!("INV-{number} names no test"));
        }
        broken.extend(
            guards.iter().filter(|name| !exists(name)).map(|name| format!("INV-{number}: there is no test `{name}`")),
        );
    }
    check("an invariant that nothing guards", &broken);
}

#[test]
fn the_readme_shows_the_helpers_as_they_are() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for helper in ["nightkeep.py", "nightkeep.sh", "nightkeep.mjs"] {
        let code = fs::read_to_string(root().join("crates/cli/helpers").join(helper)).unwrap();
        assert!(readme.contains(code.trim_end()), "README.md does not show {helper} as it is");
    }
}
