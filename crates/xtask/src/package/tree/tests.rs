//! The package from programs that are none: which files it has, and what they say to a desktop.

use std::collections::BTreeMap;

use super::*;

/// A build of everything, in a folder of one test.
struct Build {
    folder: tempfile::TempDir,
}

impl Build {
    fn new() -> Self {
        let build = Self { folder: tempfile::tempdir().unwrap() };
        for path in [
            "bin/nightkeep",
            "bin/nightkeep-tray",
            "bin/nightkeep-app",
            "made/man/nightkeep.1",
            "made/man/nightkeep-job-add.1",
            "made/bash",
            "made/zsh",
            "made/fish",
            "made/third-party",
        ] {
            let path = build.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "made for a test").unwrap();
        }
        build
    }

    fn entries(&self) -> Vec<Entry> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let (programs, made) = (self.folder.path().join("bin"), self.folder.path().join("made"));
        let sources = Sources { checkout: &checkout, programs: &programs, made: &made, changes: "none" };
        entries(&sources).unwrap()
    }

    /// The text of a file that is installed as it is.
    fn text(&self, place: &str) -> String {
        let found = self.entries().into_iter().find(|entry| entry.place == place);
        match found.unwrap().contents {
            Contents::File(from) => fs::read_to_string(from).unwrap(),
            Contents::Packed(_) | Contents::PackedText(_) => panic!("{place} is compressed"),
        }
    }
}

#[test]
fn these_are_the_files_of_the_package() {
    let places: Vec<String> = Build::new().entries().into_iter().map(|entry| entry.place).collect();
    assert_eq!(
        places,
        [
            "etc/xdg/autostart/nightkeep-tray.desktop",
            "usr/bin/nightkeep",
            "usr/bin/nightkeep-app",
            "usr/bin/nightkeep-tray",
            "usr/share/applications/nightkeep.desktop",
            "usr/share/bash-completion/completions/nightkeep",
            "usr/share/doc/nightkeep/changelog.Debian.gz",
            "usr/share/doc/nightkeep/changelog.gz",
            "usr/share/doc/nightkeep/copyright",
            "usr/share/doc/nightkeep/third-party.gz",
            "usr/share/fish/vendor_completions.d/nightkeep.fish",
            "usr/share/icons/hicolor/128x128/apps/nightkeep.png",
            "usr/share/icons/hicolor/256x256/apps/nightkeep.png",
            "usr/share/icons/hicolor/32x32/apps/nightkeep.png",
            "usr/share/icons/hicolor/512x512/apps/nightkeep.png",
            "usr/share/icons/hicolor/scalable/apps/nightkeep.svg",
            "usr/share/lintian/overrides/nightkeep",
            "usr/share/man/man1/nightkeep-app.1.gz",
            "usr/share/man/man1/nightkeep-job-add.1.gz",
            "usr/share/man/man1/nightkeep-tray.1.gz",
            "usr/share/man/man1/nightkeep.1.gz",
            "usr/share/zsh/vendor-completions/_nightkeep",
        ]
    );
}

#[test]
fn each_file_is_written_where_it_is_to_lie() {
    let build = Build::new();
    let (entries, root) = (build.entries(), build.folder.path().join("root"));
    write(&entries, &root).unwrap();
    assert!(entries.iter().all(|entry| fs::metadata(root.join(&entry.place)).is_ok_and(|data| data.len() > 0)));
    let page = fs::read(root.join("usr/share/man/man1/nightkeep.1.gz")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(page.as_slice()), &mut text).unwrap();
    assert_eq!(text, "made for a test");
}

/// The groups of a desktop entry, each with its keys; fails on what is no such file.
fn groups(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut groups: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut group = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').unwrap().to_owned();
            assert!(groups.insert(name.clone(), BTreeMap::new()).is_none(), "{name} is there twice");
            group = Some(name);
        } else {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no key: {line}"));
            assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "no key: {line}");
            let keys = groups.get_mut(group.as_ref().expect("a group before the first key")).unwrap();
            assert!(keys.insert(key.to_owned(), value.to_owned()).is_none(), "{key} is there twice");
        }
    }
    groups
}

#[test]
fn desktop_entries_start_programs_of_the_package_and_show_its_icon() {
    let build = Build::new();
    let places: Vec<String> = build.entries().into_iter().map(|entry| entry.place).collect();
    for place in [AUTOSTART, "usr/share/applications/nightkeep.desktop"] {
        let groups = groups(&build.text(place));
        let entry = &groups["Desktop Entry"];
        assert_eq!((entry["Type"].as_str(), entry["Icon"].as_str()), ("Application", "nightkeep"));
        for keys in groups.values() {
            assert!(!keys["Name"].is_empty());
            let program = keys["Exec"].split(' ').next().unwrap();
            assert!(places.contains(&format!("usr/bin/{program}")), "{place}: {program}");
        }
        let mut actions: Vec<String> = groups.keys().filter(|name| *name != "Desktop Entry").cloned().collect();
        let listed = entry.get("Actions").map_or("", |list| list.as_str());
        let mut listed: Vec<String> =
            listed.split_terminator(';').map(|name| format!("Desktop Action {name}")).collect();
        actions.sort();
        listed.sort();
        assert_eq!(actions, listed);
    }
}

#[test]
fn the_tray_comes_with_nobody_s_login_until_that_is_asked_for() {
    let groups = groups(&Build::new().text(AUTOSTART));
    assert_eq!(groups["Desktop Entry"]["Hidden"], "true");
}

/// What Tauri's bundler reads for the other systems, where nobody has run it.
#[test]
fn the_bundles_of_other_systems_have_all_programs_and_what_they_name_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src-tauri");
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let bundle = &read("tauri.conf.json")["bundle"];
    for target in ["app", "dmg", "msi", "nsis", "appimage"] {
        assert!(bundle["targets"].as_array().unwrap().iter().any(|known| known == target), "{target}");
    }
    for named in bundle["icon"].as_array().unwrap().iter().chain([&bundle["licenseFile"]]) {
        assert!(folder.join(named.as_str().unwrap()).is_file(), "{named}");
    }
    // Tray and window are programs of one package, which the bundler takes as a whole.
    let package = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert_eq!(package.matches("[[bin]]").count(), 2);
    let beside = read("tauri.bundle.conf.json")["bundle"]["externalBin"].clone();
    assert_eq!(beside, serde_json::json!(["../target/bundle/nightkeep"]));
    let guide = fs::read_to_string(folder.join("../docs/PACKAGING.md")).unwrap();
    assert!(guide.contains("\"target/bundle/nightkeep-$host\""), "the guide puts it somewhere else");
}
