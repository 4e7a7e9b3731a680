//! `job edit` without flags: the configuration in the user's own editor.

use std::env;
use std::ffi::OsString;

use nightkeep_engine::config::Config;
use nightkeep_os::run_in_foreground;

use super::Here;
use crate::console;
use crate::failure::Failure;

/// What is tried when neither variable is set.
const USUAL_EDITOR: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// Opens `config.toml`, and says where the fault is when it was left broken.
pub(super) fn edit_config(here: &Here, job: &str) -> Result<(), Failure> {
    let path = here.places.config_file();
    let before = std::fs::read_to_string(&path)
        .map_err(|cause| Failure::new(format!("`{}` cannot be read: {cause}", path.display())))?;
    if Config::parse(&before).is_ok_and(|config| config.job(job).is_none()) {
        return Err(Failure::new(format!("there is no job `{job}`")).with_hint("see `nightkeep job list`"));
    }
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env::var(name).ok().filter(|it| !it.is_empty()));
    let editor = editor.unwrap_or_else(|| USUAL_EDITOR.to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or(USUAL_EDITOR);
    let arguments: Vec<OsString> = words.map(OsString::from).chain([path.clone().into_os_string()]).collect();
    let (succeeded, how) = run_in_foreground(program.as_ref(), &arguments).map_err(|cause| {
        Failure::new(format!("the editor `{program}` cannot be started: {cause}")).with_hint("name yours in `EDITOR`")
    })?;
    if !succeeded {
        return Err(Failure::new(format!("the editor `{program}` ended with {how}")));
    }
    let after = std::fs::read_to_string(&path).unwrap_or_default();
    match Config::parse(&after) {
        Err(fault) => Err(Failure::new(format!("`{}` cannot be used: {fault}", path.display()))
            .with_hint("the last good configuration stays in force until it is mended")),
        Ok(_) if after == before => console::print("nothing was changed\n"),
        Ok(_) => console::print(&format!("changed {}\n", path.display())),
    }
}
