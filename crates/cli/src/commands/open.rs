//! `open`: the window.

use std::env;
use std::ffi::OsString;

use nightkeep_engine::surface::{PAGES, page_of, program_beside};
use nightkeep_os::DetachedStdin;

use crate::failure::Failure;

/// The window's program, which lies beside this one.
const WINDOW: &str = "nightkeep-app";
/// Where a window can be shown, on systems that say it in the environment.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];

pub(super) fn open(page: Option<String>) -> Result<(), Failure> {
    if let Some(unknown) = page.as_deref().filter(|page| page_of(page).is_none()) {
        return Err(
            Failure::usage(format!("`{unknown}` is no page of the window")).with_hint(format!("pages are {PAGES}"))
        );
    }
    let program = program_beside(WINDOW).map_err(|fault| {
        Failure::new(fault.to_string())
            .with_hint("install the desktop package of Nightkeep, or use `nightkeep status` and `nightkeep history`")
    })?;
    if cfg!(target_os = "linux") && !DISPLAYS.into_iter().any(|name| env::var_os(name).is_some_and(|it| !it.is_empty()))
    {
        return Err(Failure::new("there is no display to open a window on")
            .with_hint("use `nightkeep status` and `nightkeep history` here"));
    }
    let page: Vec<OsString> = page.map(OsString::from).into_iter().collect();
    nightkeep_os::spawn_detached(program.as_os_str(), &page, &[], None, DetachedStdin::Null)
        .map(drop)
        .map_err(|cause| Failure::new(format!("the window `{}` cannot be opened: {cause}", program.display())))
}
