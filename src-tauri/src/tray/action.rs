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
    /// Show the window as it opens by itself.
    OpenWindow,
    /// Show one run in the window, and ask whether it is to be stopped.
    StopRun(u64),
    /// Show what can be set.
    OpenSettings,
    /// Pause the watch.
    Pause(PauseLength),
    /// Let the watch go on.
    ResumeWatch,
    /// Ask in the window what is to end.
    AskToQuit,
    /// Take all stopped runs as seen.
    MarkAllSeen,
    /// Let a job start again that was stopped or that failed too often.
    ResumeJob(String),
    /// End the tray, and nothing but the tray.
    Quit,
}

/// For how long the watch is to be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseLength {
    /// For an hour.
    Hour,
    /// Until the morning.
    Morning,
    /// Until a person resumes it.
    Endless,
}

impl PauseLength {
    /// In the order of the menu.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Morning, Self::Endless];

    const fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Morning => "morning",
            Self::Endless => "endless",
        }
    }
}

impl MenuAction {
    /// The page of the window that the action asks for, as `nightkeep-app` and `nightkeep open` take it.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        match self {
            Self::OpenRun(run) => Some(format!("run/{run}")),
            Self::OpenHistory => Some("history".to_owned()),
            Self::OpenWindow => Some("overview".to_owned()),
            Self::StopRun(run) => Some(format!("run/{run}/stop")),
            Self::OpenSettings => Some("settings".to_owned()),
            Self::AskToQuit => Some("quit".to_owned()),
            Self::MarkAllSeen | Self::ResumeJob(_) | Self::Pause(_) | Self::ResumeWatch | Self::Quit => None,
        }
    }
}

impl fmt::Display for MenuAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRun(run) => write!(f, "open-run/{run}"),
            Self::OpenHistory => f.write_str("open-history"),
            Self::OpenWindow => f.write_str("open-window"),
            Self::StopRun(run) => write!(f, "stop-run/{run}"),
            Self::OpenSettings => f.write_str("open-settings"),
            Self::Pause(length) => write!(f, "pause/{}", length.word()),
            Self::ResumeWatch => f.write_str("resume-watch"),
            Self::AskToQuit => f.write_str("ask-to-quit"),
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
            "open-window" => Ok(Self::OpenWindow),
            "open-settings" => Ok(Self::OpenSettings),
            "resume-watch" => Ok(Self::ResumeWatch),
            "ask-to-quit" => Ok(Self::AskToQuit),
            "mark-all-seen" => Ok(Self::MarkAllSeen),
            "quit" => Ok(Self::Quit),
            other => {
                if let Some(job) = other.strip_prefix("resume-job/").filter(|job| !job.is_empty()) {
                    return Ok(Self::ResumeJob(job.to_owned()));
                }
                if let Some(word) = other.strip_prefix("pause/") {
                    let length = PauseLength::ALL.into_iter().find(|length| length.word() == word);
                    return length.map(Self::Pause).ok_or(UnknownAction);
                }
                if let Some(run) = other.strip_prefix("stop-run/") {
                    return run.parse().map(Self::StopRun).map_err(|_| UnknownAction);
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
            MenuAction::OpenWindow,
            MenuAction::StopRun(41),
            MenuAction::OpenSettings,
            MenuAction::Pause(PauseLength::Hour),
            MenuAction::Pause(PauseLength::Morning),
            MenuAction::Pause(PauseLength::Endless),
            MenuAction::ResumeWatch,
            MenuAction::AskToQuit,
            MenuAction::MarkAllSeen,
            MenuAction::ResumeJob("run/quit, or what".to_owned()),
            MenuAction::Quit,
        ] {
            assert_eq!(action.to_string().parse(), Ok(action));
        }
    }

    #[test]
    fn every_page_that_a_click_asks_for_is_one_of_the_window() {
        for action in [
            MenuAction::OpenRun(41),
            MenuAction::OpenHistory,
            MenuAction::OpenWindow,
            MenuAction::StopRun(41),
            MenuAction::OpenSettings,
            MenuAction::AskToQuit,
        ] {
            let page = action.page().expect("it opens the window");
            assert_eq!(nightkeep_engine::surface::page_of(&page), Some(page));
        }
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for text in
            ["", "open-run/", "open-run/x", "open-run/-1", "Quit", "resume-job/", "pause/", "pause/year", "stop-run/"]
        {
            assert_eq!(text.parse::<MenuAction>(), Err(UnknownAction), "{text}");
        }
    }
}
