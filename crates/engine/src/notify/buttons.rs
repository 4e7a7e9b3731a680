//! What somebody can do about what a notification tells: its buttons, and what each of them asks for. Pure: what the
//! desktop can show comes in.

use super::Text;
use super::policy::{Kind, Slot};

/// So much time is given by the button for more, in seconds.
pub const MORE_TIME_S: f64 = 30.0 * 60.0;
/// So many runs of a job have failed or were stopped in a row before somebody is offered not to hear of it tonight.
const OFTEN: u32 = 2;
/// What desktops call a click on the notification itself.
const CLICK: &str = "default";

/// What a button asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// The window, at this page.
    Open(String),
    /// Another run of a job.
    RunAgain(String),
    /// More time for the present step of a run.
    MoreTime(u64),
    /// That a job may start again.
    Resume(String),
    /// No banners of a job until the morning.
    Snooze(String),
}

/// A button below a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What the desktop calls it when it is pressed.
    pub key: &'static str,
    /// What is written on it.
    pub label: &'static str,
    /// What it asks for.
    pub press: Press,
}

/// What is told, as far as it matters for what somebody could do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// What it is.
    pub kind: Kind,
    /// Of which run.
    pub run: Option<u64>,
    /// Of which job, where there is one that can be started.
    pub job: Option<&'a str>,
    /// How many runs of the job have failed or were stopped in a row.
    pub failures: u32,
    /// It is started again by itself, or is at this moment.
    pub starts_again: bool,
}

/// What the desktop's notifications can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// They have buttons and can be clicked.
    pub actions: bool,
    /// They take the text for markup.
    pub markup: bool,
}

/// A notification as its desktop can show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dressed {
    /// The text below the title.
    pub body: String,
    /// Keys and labels of the buttons; a click on the notification itself is the first of them.
    pub actions: Vec<(&'static str, &'static str)>,
}

/// The buttons below what is told, the one that a click stands for first.
#[must_use]
pub fn buttons(about: &About<'_>) -> Vec<Button> {
    let page = about.run.map_or_else(|| "overview".to_owned(), |run| format!("run/{run}"));
    let mut buttons = vec![Button { key: "details", label: "Details", press: Press::Open(page) }];
    let job = about.job.map(str::to_owned);
    match about.kind {
        Kind::Warning => buttons.extend(about.run.map(|run| Button {
            key: "more-time",
            label: "Give it 30 min more",
            press: Press::MoreTime(run),
        })),
        Kind::Stopped | Kind::Failed => {
            let again = job.clone().filter(|_| !about.starts_again);
            buttons.extend(again.map(|job| Button {
                key: "run-again",
                label: "Run again",
                press: Press::RunAgain(job),
            }));
            let often = job.filter(|_| about.failures >= OFTEN);
            buttons.extend(often.map(|job| Button {
                key: "snooze",
                label: "Snooze for tonight",
                press: Press::Snooze(job),
            }));
        }
        Kind::Breaker => {
            buttons.extend(job.map(|job| Button { key: "resume", label: "Resume", press: Press::Resume(job) }));
        }
        Kind::CouldNotStop
        | Kind::NotWatching
        | Kind::Recovered
        | Kind::CouldNotJudge
        | Kind::LeftAlone
        | Kind::WaitsForPerson
        | Kind::Unreachable
        | Kind::Circling
        | Kind::Spent
        | Kind::Finished => {}
    }
    buttons
}

/// The button below what is told of many runs.
#[must_use]
pub fn report_button() -> Vec<Button> {
    vec![Button { key: "report", label: "Open report", press: Press::Open("history".to_owned()) }]
}

/// Brings a notification into the form that its desktop understands: without buttons it says where to look instead.
#[must_use]
pub fn dressed(text: &Text, buttons: &[Button], can: Capabilities) -> Dressed {
    let mut body = if can.markup { escaped(&text.body) } else { text.body.clone() };
    if can.actions {
        let click = buttons.first().map(|first| (CLICK, first.label));
        let actions = click.into_iter().chain(buttons.iter().map(|button| (button.key, button.label))).collect();
        return Dressed { body, actions };
    }
    if let Some(Press::Open(page)) = buttons.first().map(|first| &first.press) {
        body.push_str(&format!("\nDetails: nightkeep open {page}"));
    }
    Dressed { body, actions: Vec::new() }
}

/// What was asked for by whoever pressed the button that the desktop calls `key`.
#[must_use]
pub(super) fn pressed<'b>(buttons: &'b [Button], key: &str) -> Option<&'b Press> {
    let clicked = buttons.first().filter(|_| key == CLICK);
    clicked.or_else(|| buttons.iter().find(|button| button.key == key)).map(|button| &button.press)
}

impl Press {
    /// Where on the screen it is told that it did not work.
    #[must_use]
    pub fn slot(&self) -> Slot {
        match self {
            Self::MoreTime(run) => Slot::Run(*run),
            Self::RunAgain(job) | Self::Resume(job) | Self::Snooze(job) => Slot::Breaker(job.clone()),
            Self::Open(_) => Slot::Watch,
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Urgency;

    const ALL: Capabilities = Capabilities { actions: true, markup: true };

    fn about(kind: Kind) -> About<'static> {
        About { kind, run: Some(41), job: Some("docs"), failures: 1, starts_again: false }
    }

    fn words(about: &About<'_>) -> String {
        let buttons = buttons(about);
        let words: Vec<String> = buttons.iter().map(|one| format!("{} ({:?})", one.label, one.press)).collect();
        words.join(" · ")
    }

    #[test]
    fn each_kind_has_the_buttons_that_help_with_it() {
        let table: Vec<String> =
            Kind::ALL.into_iter().map(|kind| format!("{}: {}", kind.word(), words(&about(kind)))).collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn what_nobody_could_do_has_no_button() {
        let stopped = about(Kind::Stopped);
        assert_eq!(
            words(&About { job: None, failures: 3, ..stopped }),
            r#"Details (Open("run/41"))"#,
            "no job of its own"
        );
        assert_eq!(words(&About { starts_again: true, ..stopped }), r#"Details (Open("run/41"))"#);
        assert_eq!(
            words(&About { failures: 2, ..stopped }),
            r#"Details (Open("run/41")) · Run again (RunAgain("docs")) · Snooze for tonight (Snooze("docs"))"#
        );
        assert_eq!(words(&About { job: None, ..about(Kind::Breaker) }), r#"Details (Open("run/41"))"#);
        assert_eq!(words(&About { run: None, job: None, ..about(Kind::NotWatching) }), r#"Details (Open("overview"))"#);
        assert_eq!(words(&About { run: None, ..about(Kind::Warning) }), r#"Details (Open("overview"))"#);
    }

    #[test]
    fn what_a_desktop_cannot_do_is_said_in_the_text_instead() {
        let text = Text {
            slot: Slot::Run(41),
            title: "R&D was stopped".to_owned(),
            body: "<b>Last</b> & least.".to_owned(),
            urgency: Urgency::Normal,
            is_silent: false,
        };
        let own = buttons(&about(Kind::Stopped));
        let with = |can| dressed(&text, &own, can);
        let actions = vec![("default", "Details"), ("details", "Details"), ("run-again", "Run again")];
        let body = "&lt;b&gt;Last&lt;/b&gt; &amp; least.".to_owned();
        assert_eq!(with(ALL), Dressed { body, actions: actions.clone() });
        assert_eq!(with(Capabilities { markup: false, ..ALL }), Dressed { body: text.body.clone(), actions });
        let body = "<b>Last</b> & least.\nDetails: nightkeep open run/41".to_owned();
        assert_eq!(with(Capabilities::default()), Dressed { body, actions: vec![] });
        assert_eq!(
            dressed(&text, &[], Capabilities { markup: false, ..ALL }),
            Dressed { body: text.body.clone(), actions: vec![] }
        );
    }

    #[test]
    fn a_click_is_the_first_button_and_a_key_of_nobody_is_nothing() {
        let own = buttons(&about(Kind::Breaker));
        let open = Press::Open("run/41".to_owned());
        assert_eq!(pressed(&own, "default"), Some(&open));
        assert_eq!(pressed(&own, "details"), Some(&open));
        assert_eq!(pressed(&own, "resume"), Some(&Press::Resume("docs".to_owned())));
        assert_eq!(pressed(&own, "run-again"), None);
        assert_eq!(pressed(&[], "default"), None);
    }
}
