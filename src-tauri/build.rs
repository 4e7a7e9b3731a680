//! Declares the window's commands to Tauri, so that each of them is refused unless a capability grants it.

#[cfg(feature = "window")]
#[path = "src/bin/nightkeep-app/command_names.rs"]
mod command_names;

fn main() {
    #[cfg(feature = "window")]
    {
        let manifest = tauri_build::AppManifest::new().commands(command_names::COMMANDS);
        let attributes = tauri_build::Attributes::new().app_manifest(manifest);
        tauri_build::try_build(attributes).expect("tauri.conf.json and the capabilities fit the commands");
    }
}
