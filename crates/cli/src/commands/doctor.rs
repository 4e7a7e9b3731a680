//! `doctor` and `diagnostics`: whether everything is in place, and all of that to send to somebody.

use std::path::Path;

use nightkeep_engine::doctor::{Check, Verdict, examine, text};
use nightkeep_engine::{diagnostics, surface};
use serde::Serialize;

use super::Here;
use crate::Done;
use crate::args::{Diagnostics, Doctor};
use crate::console;
use crate::failure::{FAILED, Failure, chain};

/// `doctor --json`.
#[derive(Debug, Serialize)]
struct Report {
    checks: Vec<Check>,
}

pub(super) async fn doctor(here: &Here, wanted: &Doctor) -> Done {
    let checks = examine(&here.places).await;
    let is_broken = checks.iter().any(|check| check.verdict == Verdict::Broken);
    if wanted.json {
        console::print_json(&Report { checks })?;
    } else {
        console::print(&text(&checks))?;
    }
    Ok(if is_broken { FAILED } else { 0 })
}

pub(super) async fn diagnostics(here: &Here, wanted: &Diagnostics) -> Result<(), Failure> {
    let text = diagnostics::text(&here.places).await;
    match &wanted.output {
        None => console::print(&text),
        Some(file) => {
            surface::write_private(file, text.as_bytes()).map_err(|error| cannot_write(file, &error))?;
            console::print(&format!("wrote {}; read it before you send it\n", file.display()))
        }
    }
}

fn cannot_write(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("failed to write `{}`: {}", file.display(), chain(error)))
        .with_hint("leave `--output` out to have it printed")
}
