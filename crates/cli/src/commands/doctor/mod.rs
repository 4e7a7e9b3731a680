//! `doctor`: whether everything is in place. Starts nothing; makes missing directories, and
//! has a running engine compare its history with what runs.

mod checks;
#[cfg_attr(target_os = "linux", path = "system_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system_other.rs")]
mod system;

use serde::Serialize;

use super::Here;
use crate::Done;
use crate::args::Doctor;
use crate::console;
use crate::failure::FAILED;

/// How it is about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// As it should be.
    Good,
    /// Something is missing that Nightkeep can do without.
    Remark,
    /// Nightkeep cannot work so.
    Broken,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    message: String,
    hint: Option<String>,
}

impl Check {
    fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Good, message: message.into(), hint: None }
    }

    fn remark(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Remark, message: message.into(), hint: Some(hint.into()) }
    }

    fn broken(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Broken, message: message.into(), hint: Some(hint.into()) }
    }
}

/// `doctor --json`.
#[derive(Debug, Serialize)]
struct Report {
    checks: Vec<Check>,
}

pub(super) async fn doctor(here: &Here, wanted: &Doctor) -> Done {
    let mut checks = vec![checks::places(here)];
    checks.extend(checks::engine(here).await);
    checks.push(checks::config(here));
    checks.extend(checks::pings(here).await);
    checks.push(checks::history(here));
    checks.extend(system::limits());
    checks.extend(system::desktop().await);
    checks.extend(checks::programs());
    let is_broken = checks.iter().any(|check| check.verdict == Verdict::Broken);
    if wanted.json {
        console::print_json(&Report { checks })?;
    } else {
        console::print(&text(&checks))?;
    }
    Ok(if is_broken { FAILED } else { 0 })
}

fn text(checks: &[Check]) -> String {
    let widest = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let lines = checks.iter().map(|check| {
        let mark = match check.verdict {
            Verdict::Good => "✓",
            Verdict::Remark => "!",
            Verdict::Broken => "✕",
        };
        let hint = check.hint.as_ref().map(|hint| format!("  {:widest$}  hint: {hint}\n", "")).unwrap_or_default();
        format!("{mark} {:widest$}  {}\n{hint}", check.name, check.message)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_a_mark_a_name_and_what_was_found() {
        let checks = [
            Check::good("engine", "runs"),
            Check::remark("window", "is not installed", "install it"),
            Check::broken("configuration", "line 3: no", "mend it"),
        ];
        insta::assert_snapshot!(text(&checks), @r"
        ✓ engine         runs
        ! window         is not installed
                         hint: install it
        ✕ configuration  line 3: no
                         hint: mend it
        ");
    }
}
