//! Whether everything is in place: what `nightkeep doctor` says, and the diagnostics with it. Starts nothing; makes
//! missing directories, and has a running engine compare its history with what runs.

mod checks;
#[cfg_attr(target_os = "linux", path = "system_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system_other.rs")]
mod system;

use serde::Serialize;

use crate::places::Places;

/// How it is about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Something is missing that Nightkeep can do without.
    Remark,
    /// Nightkeep cannot work so.
    Broken,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub name: &'static str,
    /// How it is about it.
    pub verdict: Verdict,
    /// What was found, as a fragment after the name.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
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

/// Looks at everything, from the process that asks: its session, its rights and its programs count.
pub async fn examine(places: &Places) -> Vec<Check> {
    let mut checks = vec![checks::places(places)];
    checks.extend(checks::engine(places).await);
    checks.push(checks::config(places));
    checks.extend(checks::pings(places).await);
    checks.push(checks::history(places));
    checks.extend(system::limits());
    checks.extend(system::desktop().await);
    checks.extend(checks::programs());
    checks
}

/// A line for each check, and one for each hint.
#[must_use]
pub fn text(checks: &[Check]) -> String {
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
