//! The window's TypeScript for the wire types is generated from them, and committed.
//!
//! A difference is written into the committed folder and fails the test, so that running it twice regenerates:
//! `cargo test -p nightkeep-engine --features bindings --test bindings`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nightkeep_engine::api;
use ts_rs::{Config, TS};

#[test]
fn the_committed_typescript_is_that_of_the_wire_types() {
    let made = tempfile::tempdir().expect("a temporary directory can be made");
    export_into(made.path());

    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/backend/generated");
    let (want, have) = (read_folder(made.path()), read_folder(&committed));
    if want == have {
        return;
    }
    let changed: Vec<&String> = want
        .keys()
        .chain(have.keys().filter(|name| !want.contains_key(*name)))
        .filter(|name| want.get(*name) != have.get(*name))
        .collect();
    replace_folder(&committed, &want);
    panic!("the TypeScript in {} was out of date and has been rewritten: {changed:?}", committed.display());
}

/// Everything that the window speaks; what these refer to comes along.
fn export_into(folder: &Path) {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    let exported = [
        api::Live::export_all(&config),
        api::HistoryRow::export_all(&config),
        api::HistoryQuery::export_all(&config),
        api::HistoryPageQuery::export_all(&config),
        api::HistoryPage::export_all(&config),
        api::NightReport::export_all(&config),
        api::RunDetail::export_all(&config),
        api::JobView::export_all(&config),
        api::TypeView::export_all(&config),
        api::GapsView::export_all(&config),
        api::TypeDraft::export_all(&config),
        api::JobSpec::export_all(&config),
        api::Validation::export_all(&config),
        api::JobCheck::export_all(&config),
        api::ProbeRequest::export_all(&config),
        api::ProbeReport::export_all(&config),
        api::StartReply::export_all(&config),
        api::StopReply::export_all(&config),
        api::ExtendReply::export_all(&config),
        api::ResumeReply::export_all(&config),
        api::SettingsView::export_all(&config),
        api::NotificationTest::export_all(&config),
        api::StorageView::export_all(&config),
        api::Cleaned::export_all(&config),
        api::PauseRequest::export_all(&config),
        api::ResumedReply::export_all(&config),
        api::SnoozeView::export_all(&config),
        api::UnsnoozedReply::export_all(&config),
        api::QuitRequest::export_all(&config),
        api::ApiError::export_all(&config),
    ];
    for result in exported {
        result.expect("every wire type has a TypeScript form");
    }
    let names: Vec<String> = read_folder(folder).into_keys().collect();
    let index: String = names
        .iter()
        .filter_map(|name| name.strip_suffix(".ts"))
        .map(|name| format!("export type {{ {name} }} from './{name}';\n"))
        .collect();
    fs::write(folder.join("index.ts"), index).expect("the index can be written");
}

fn read_folder(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_name().expect("a listed file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("generated files are text"))
        })
        .collect()
}

fn replace_folder(folder: &Path, files: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the generated folder can be cleared");
    }
    fs::create_dir_all(folder).expect("the generated folder can be made");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a generated file can be written");
    }
}
