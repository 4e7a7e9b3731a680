//! The script: from arguments to steps.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::roles::{ROLES, role};

/// One step; `main.rs` says what each does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Mark { step: i64, note: String },
    Advance { last: i64, every: Duration },
    MarkLoop { step: i64, note: String, every: Duration },
    Garble(String),
    Print(String),
    PrintLoop { text: String, every: Duration },
    Flood(u64),
    Complain(String),
    Sleep(Duration),
    Hang,
    Spin,
    Spawn(u32),
    SpawnSetsid,
    Daemon,
    DaemonGroup,
    HostileTree,
    Child(Vec<String>),
    Orphan { steps: Vec<String>, is_bare: bool },
    Each(Vec<Self>),
    Linger,
    StopSelf,
    WaitInKernel,
    Respawn(Option<u32>),
    OverwriteEnvironment,
    Hide,
    Hop(Duration),
    Storm { most: usize, every: Duration },
    NoteNumber(String),
    Note(String),
    Until(u64),
    Leash(String),
    NewSession,
    NewGroup,
    Ignore(Signals),
    OnTerm(Vec<Self>),
    CloseStdout,
    Exit(u8),
    Crash,
}

/// Polite signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signals {
    Term,
    Int,
    Hup,
    All,
}

/// Reads the steps, one from each argument.
pub(crate) fn parse(arguments: &[String]) -> Result<Vec<Step>> {
    arguments.iter().map(|argument| step(argument)).collect()
}

fn step(text: &str) -> Result<Step> {
    let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let rest = rest.trim();
    let parsed = match word {
        "mark" => marked(rest).map(|(step, note)| Step::Mark { step, note }),
        "advance" => timed(rest).and_then(|(last, every)| Ok(Step::Advance { last: number(last)?, every })),
        "mark-loop" => timed(rest).and_then(|(what, every)| {
            let (step, note) = marked(what)?;
            Ok(Step::MarkLoop { step, note, every })
        }),
        "garble" => Ok(Step::Garble(rest.to_owned())),
        "print" => Ok(Step::Print(rest.to_owned())),
        "print-loop" => timed(rest).map(|(text, every)| Step::PrintLoop { text: text.to_owned(), every }),
        "flood" => number(rest).map(Step::Flood),
        "complain" => Ok(Step::Complain(rest.to_owned())),
        "sleep" => length(rest).map(Step::Sleep),
        "spawn" => number(rest).map(Step::Spawn),
        "ignore" => signals(rest).map(Step::Ignore),
        "on-term" => each(rest.split(" then ")).map(Step::OnTerm),
        "exit" => number(rest).map(Step::Exit),
        _ => hostile(word, rest).unwrap_or_else(|| alone(word, rest)),
    };
    parsed.with_context(|| format!("failed to read the step `{text}`"))
}

/// Steps of hostile trees.
fn hostile(word: &str, rest: &str) -> Option<Result<Step>> {
    Some(match word {
        "child" => texts(rest).map(Step::Child),
        "orphan" => texts(rest).map(|steps| Step::Orphan { steps, is_bare: false }),
        "bare-orphan" => texts(rest).map(|steps| Step::Orphan { steps, is_bare: true }),
        "role" => role(rest).with_context(|| format!("there is no role `{rest}`")).and_then(step),
        "hostile-twelve" if rest.is_empty() => each(ROLES.into_iter().map(|(_, made)| made)).map(Step::Each),
        "respawn" if rest.is_empty() => Ok(Step::Respawn(None)),
        "respawn" => number(rest).map(|partner| Step::Respawn(Some(partner))),
        "hop" => rest.strip_prefix("every ").context("`every` is missing").and_then(length).map(Step::Hop),
        "storm" => timed(rest).and_then(|(most, every)| Ok(Step::Storm { most: number(most)?, every })),
        "note" => Ok(Step::Note(rest.to_owned())),
        "note-number" => Ok(Step::NoteNumber(rest.to_owned())),
        "until" => number(rest).map(Step::Until),
        "leash" => Ok(Step::Leash(rest.to_owned())),
        _ => return None,
    })
}

fn each<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<Step>> {
    texts.map(step).collect()
}

/// Steps for another process, which are understood here to find a fault early.
fn texts(rest: &str) -> Result<Vec<String>> {
    each(rest.split(" then "))?;
    Ok(rest.split(" then ").map(str::to_owned).collect())
}

/// Steps without anything behind them.
fn alone(word: &str, rest: &str) -> Result<Step> {
    if !rest.is_empty() {
        bail!("`{word}` is no step that takes anything");
    }
    Ok(match word {
        "hang" => Step::Hang,
        "spin" => Step::Spin,
        "spawn-setsid" => Step::SpawnSetsid,
        "daemon" => Step::Daemon,
        "daemon-group" => Step::DaemonGroup,
        "hostile-tree" => Step::HostileTree,
        "new-session" => Step::NewSession,
        "new-group" => Step::NewGroup,
        "linger" => Step::Linger,
        "stop-self" => Step::StopSelf,
        "wait-in-kernel" => Step::WaitInKernel,
        "overwrite-environment" => Step::OverwriteEnvironment,
        "hide" => Step::Hide,
        "close-stdout" | "settle" => Step::CloseStdout,
        "crash" => Step::Crash,
        _ => bail!("there is no step `{word}`"),
    })
}

/// `3 some note`
fn marked(text: &str) -> Result<(i64, String)> {
    let (step, note) = text.split_once(' ').unwrap_or((text, ""));
    Ok((number(step)?, note.trim().trim_matches('"').to_owned()))
}

/// `something every 100ms`
fn timed(text: &str) -> Result<(&str, Duration)> {
    let (what, every) = text.rsplit_once(" every ").context("`every` and a length are missing")?;
    Ok((what, length(every)?))
}

fn length(text: &str) -> Result<Duration> {
    humantime::parse_duration(text).with_context(|| format!("`{text}` is no length"))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N> {
    text.parse().ok().with_context(|| format!("`{text}` is no number that fits"))
}

fn signals(text: &str) -> Result<Signals> {
    Ok(match text {
        "term" => Signals::Term,
        "int" => Signals::Int,
        "hup" => Signals::Hup,
        "all" => Signals::All,
        _ => bail!("`{text}` is no signal that can be ignored here"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Step) {
        assert_eq!(parse(&[text.to_owned()]).unwrap(), [wanted]);
    }

    #[test]
    fn a_step_is_read_with_what_belongs_to_it() {
        let tenth = Duration::from_millis(100);
        check("mark 3 \"draft written\"", Step::Mark { step: 3, note: "draft written".to_owned() });
        check("mark -1", Step::Mark { step: -1, note: String::new() });
        check("print-loop every day every 100ms", Step::PrintLoop { text: "every day".to_owned(), every: tenth });
        check("advance 5 every 100ms", Step::Advance { last: 5, every: tenth });
        check("ignore term", Step::Ignore(Signals::Term));
        let handler = vec![Step::Mark { step: -1, note: "aborted".to_owned() }, Step::Exit(143)];
        check("on-term mark -1 aborted then exit 143", Step::OnTerm(handler));
        let steps = vec!["new-session".to_owned(), "hang".to_owned()];
        check("bare-orphan new-session then hang", Step::Orphan { steps, is_bare: true });
        check("storm 20 every 100ms", Step::Storm { most: 20, every: tenth });
        check("hop every 100ms", Step::Hop(tenth));
    }

    #[test]
    fn every_role_is_made_of_steps_that_are_understood() {
        let all = parse(&["hostile-twelve".to_owned()]).unwrap();
        let alone = ROLES.map(|(name, _)| parse(&[format!("role {name}")]).unwrap());
        assert_eq!(all, [Step::Each(alone.concat())]);
    }

    #[test]
    fn a_step_that_is_not_understood_is_named() {
        let fault = |text: &str| format!("{:#}", parse(&[text.to_owned()]).unwrap_err());
        assert_eq!(fault("dance"), "failed to read the step `dance`: there is no step `dance`");
        assert_eq!(
            fault("sleep long"),
            "failed to read the step `sleep long`: `long` is no length: expected number at 0"
        );
        assert_eq!(fault("role king"), "failed to read the step `role king`: there is no role `king`");
        assert!(fault("child dance").contains("there is no step `dance`"));
        assert_eq!(fault("exit 300"), "failed to read the step `exit 300`: `300` is no number that fits");
        assert_eq!(fault("mark-loop 3"), "failed to read the step `mark-loop 3`: `every` and a length are missing");
    }
}
