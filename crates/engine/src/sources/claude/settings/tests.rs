use std::fs;

use super::*;

const OTHERS: &str = r#"{
    "model": "opus",
    "hooks": {
        "Stop": [
            { "hooks": [{ "type": "command", "command": "/usr/bin/say done" }] }
        ],
        "PreToolUse": []
    },
    "z": [1.5, 12345678901234567890, "ü"]
}
"#;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn with(text: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(home.path(), text).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("settings.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

fn program() -> &'static Path {
    Path::new("/opt/night keep/nightkeep")
}

#[test]
fn what_is_to_stand_in_the_settings_is_said() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&snippet(Path::new("/usr/bin/nightkeep"))).unwrap());
}

#[test]
fn hooks_are_brought_in_beside_others_and_taken_out_again() {
    let home = Home::with(OTHERS);
    let Change::Made { events, backup: Some(backup) } = install(&home.path(), program()).unwrap() else {
        panic!("nothing was written");
    };
    assert_eq!(events, EVENTS.len());
    assert_eq!(fs::read_to_string(backup).unwrap(), OTHERS);
    let stop = &home.json()["hooks"]["Stop"];
    assert_eq!(stop[0]["hooks"][0]["command"], "/usr/bin/say done");
    assert_eq!(stop[1]["hooks"][0]["command"], "'/opt/night keep/nightkeep' hook claude");
    assert!(home.text().starts_with("{\n    \"model\": \"opus\",\n"), "{}", home.text());
    assert_ne!(uninstall(&home.path()).unwrap(), Change::None);
    let mut before: Value = serde_json::from_str(OTHERS).unwrap();
    // An empty list that was there before cannot be told from one that our hook left.
    before["hooks"].as_object_mut().unwrap().shift_remove("PreToolUse");
    assert_eq!(home.json(), before);
}

#[test]
fn a_second_time_nothing_is_written() {
    let home = Home::with("{}");
    assert_eq!(uninstall(&home.path()).unwrap(), Change::None);
    install(&home.path(), program()).unwrap();
    let text = home.text();
    assert_eq!(install(&home.path(), program()).unwrap(), Change::None);
    assert_eq!(home.text(), text);
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 2, "the file and one that was kept");
}

#[test]
fn hooks_of_a_nightkeep_elsewhere_give_way() {
    let home = Home::with("");
    install(&home.path(), Path::new("/old/nightkeep")).unwrap();
    install(&home.path(), program()).unwrap();
    assert_eq!(home.json(), snippet(program()));
    let doubled = json!({ "hooks": { "Stop": [group("Stop", program()), group("Stop", program())] } });
    let home = Home::with(&doubled.to_string());
    install(&home.path(), program()).unwrap();
    assert_eq!(home.json()["hooks"]["Stop"].as_array().unwrap().len(), 1);
}

#[test]
fn a_hook_of_ours_among_others_is_taken_out_alone() {
    let theirs = json!({ "type": "command", "command": "/usr/bin/other hook claude" });
    let ours = json!({ "type": "command", "command": "nightkeep hook claude", "timeout": 9 });
    let home = Home::with(&json!({ "hooks": { "Stop": [{ "hooks": [ours, theirs] }] } }).to_string());
    uninstall(&home.path()).unwrap();
    assert_eq!(home.json(), json!({ "hooks": { "Stop": [{ "hooks": [theirs] }] } }));
}

#[test]
fn settings_that_do_not_exist_are_made() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".claude/settings.json");
    assert_eq!(uninstall(&path).unwrap(), Change::None);
    assert_eq!(install(&path, program()).unwrap(), Change::Made { events: EVENTS.len(), backup: None });
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap(), snippet(program()));
}

#[test]
fn a_broken_file_is_left_as_it_is() {
    for (text, said) in [
        ("{ \"a\": 1, }", "is not JSON (trailing comma at line 1 column 11)"),
        ("// a comment\n{}", "is not JSON (expected value at line 1 column 1)"),
        ("[]", "`everything` in"),
        ("{ \"hooks\": [] }", "`hooks` in"),
        ("{ \"hooks\": { \"Stop\": {} } }", "`hooks.Stop` in"),
    ] {
        let home = Home::with(text);
        for done in [install(&home.path(), program()), uninstall(&home.path())] {
            let fault = done.unwrap_err().to_string();
            assert!(fault.contains(said), "{fault}");
        }
        assert_eq!(home.text(), text);
        assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 1, "nothing was kept of what was not written");
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_the_file_as_private_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with("{}");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let link = home.folder.path().join("link.json");
    std::os::unix::fs::symlink(home.path(), &link).unwrap();
    install(&link, program()).unwrap();
    assert!(link.is_symlink());
    assert_eq!(home.json(), snippet(program()));
    assert_eq!(fs::metadata(home.path()).unwrap().permissions().mode() & 0o777, 0o640);
}
