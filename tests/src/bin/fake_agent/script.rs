//! The script: from arguments to steps.

use std::time::Duration;

use anyhow::{Context, Result, bail};

/// One step; `main.rs` says what each does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Mark { step: i64, note: String },
    Advance { last: i64, every: Duration },
    MarkLoop { step: i64, note: String, every: Duration },
    Garble(String),
    Print(String),
    PrintLoop { text: String, every: Duration },
    Complain(String),
    Sleep(Duration),
    Hang,
    Spin,
    Spawn(u32),
    SpawnSetsid,
    Daemon,
    DaemonGroup,
    HostileTree,
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
        "complain" => Ok(Step::Complain(rest.to_owned())),
        "sleep" => length(rest).map(Step::Sleep),
        "spawn" => number(rest).map(Step::Spawn),
        "ignore" => signals(rest).map(Step::Ignore),
        "on-term" => rest.split(" then ").map(step).collect::<Result<_>>().map(Step::OnTerm),
        "exit" => number(rest).map(Step::Exit),
        _ => alone(word, rest),
    };
    parsed.with_context(|| format!("failed to read the step `{text}`"))
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
        "close-stdout" => Step::CloseStdout,
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
    }

    #[test]
    fn a_step_that_is_not_understood_is_named() {
        let fault = |text: &str| format!("{:#}", parse(&[text.to_owned()]).unwrap_err());
        assert_eq!(fault("dance"), "failed to read the step `dance`: there is no step `dance`");
        assert_eq!(
            fault("sleep long"),
            "failed to read the step `sleep long`: `long` is no length: expected number at 0"
        );
        assert_eq!(fault("exit 300"), "failed to read the step `exit 300`: `300` is no number that fits");
        assert_eq!(fault("mark-loop 3"), "failed to read the step `mark-loop 3`: `every` and a length are missing");
    }
}
