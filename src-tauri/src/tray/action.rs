//! What a click in the menu asks for.

use std::fmt;
use std::str::FromStr;

/// What a click asks for. Travels through menus as its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MenuAction {
    /// Show one run in the window.
    OpenRun(u64),
    /// Show what runs, what is wrong and what happened.
    OpenHistory,
    /// Show the form for another job.
    AddJob,
    /// Take all stopped runs as seen.
    MarkAllSeen,
    /// Let a job start again that was stopped or that failed too often.
    ResumeJob(String),
    /// End the tray, and nothing but the tray.
    Quit,
}

impl MenuAction {
    /// The page of the window that the action asks for, as `nightkeep-app` and `nightkeep open` take it.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        match self {
            Self::OpenRun(run) => Some(format!("run/{run}")),
            Self::OpenHistory => Some("history".to_owned()),
            Self::AddJob => Some("jobs/new".to_owned()),
            Self::MarkAllSeen | Self::ResumeJob(_) | Self::Quit => None,
        }
    }
}

impl fmt::Display for MenuAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRun(run) => write!(f, "open-run/{run}"),
            Self::OpenHistory => f.write_str("open-history"),
            Self::AddJob => f.write_str("add-job"),
            Self::MarkAllSeen => f.write_str("mark-all-seen"),
            Self::ResumeJob(job) => write!(f, "resume-job/{job}"),
            Self::Quit => f.write_str("quit"),
        }
    }
}

/// The text is no [`MenuAction`].
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownAction;

impl FromStr for MenuAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open-history" => Ok(Self::OpenHistory),
            "add-job" => Ok(Self::AddJob),
            "mark-all-seen" => Ok(Self::MarkAllSeen),
            "quit" => Ok(Self::Quit),
            other => {
                if let Some(job) = other.strip_prefix("resume-job/").filter(|job| !job.is_empty()) {
                    return Ok(Self::ResumeJob(job.to_owned()));
                }
                let run = other.strip_prefix("open-run/").ok_or(UnknownAction)?;
                run.parse().map(Self::OpenRun).map_err(|_| UnknownAction)
            }
        }
    }
}

/// A click, as a backend hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// What it asks for.
    pub action: MenuAction,
    /// What a Wayland desktop hands over so that the window may come to the front.
    pub activation_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_parses_back_from_its_text() {
        for action in [
            MenuAction::OpenRun(0),
            MenuAction::OpenRun(u64::MAX),
            MenuAction::OpenHistory,
            MenuAction::AddJob,
            MenuAction::MarkAllSeen,
            MenuAction::ResumeJob("run/quit, or what".to_owned()),
            MenuAction::Quit,
        ] {
            assert_eq!(action.to_string().parse(), Ok(action));
        }
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for text in ["", "open-run/", "open-run/x", "open-run/-1", "Quit", "resume-job/"] {
            assert_eq!(text.parse::<MenuAction>(), Err(UnknownAction), "{text}");
        }
    }
}
