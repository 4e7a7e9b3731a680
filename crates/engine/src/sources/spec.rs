//! Which sources a job has, as it is written: `claude-stream`, `pattern:step (\d+)/(\d+)`, `files:articles/*.md`, …

use std::path::{Path, PathBuf};

use super::feed::{Counted, Feed, Grown, Origin, Sentinels, Silent, Stamped};
use super::sd_notify::{Listening, Notified};
use super::{Commits, Files, Lines, Osc, Pattern, Printed, Reader, claude, codex, sd_notify};
use crate::config::expand;

/// So many sources one job may have.
pub const SOURCES_MAX: usize = 16;

/// The longest text of a source, in bytes.
const TEXT_MAX: usize = 500;

/// What can be written, each with what it means.
pub const KINDS: [(&str, &str); 13] = [
    ("claude-stream", "Claude Code with `--output-format stream-json`, in the run's output"),
    ("claude-transcript:PATH", "the transcript of a Claude Code session, or the folder of a project's transcripts"),
    ("codex-exec", "Codex with `exec --json`, in the run's output"),
    ("codex-rollout:PATH", "the rollout file of a Codex session, or the folder of the sessions"),
    ("terminal", "OSC 9;4 and OSC 7501 in the run's output"),
    ("pattern:REGEX", "the number in the first group of a regular expression, in the run's output"),
    ("ping:REGEX", "the number in the first group of a regular expression, in what is pinged to `/log`"),
    ("output", "any output is a sign of life, and never progress"),
    ("files:GLOB", "the number of files that match"),
    ("commits", "new commits on the branch that is checked out"),
    ("commits:BRANCH", "new commits on a branch"),
    ("sentinel:FOLDER", "sentinel files"),
    ("sd-notify", "what is sent to a `NOTIFY_SOCKET` of its own, as for systemd"),
];

/// One source of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpec {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    ClaudeStream,
    ClaudeTranscript(String),
    CodexExec,
    CodexRollout(String),
    Terminal,
    Pattern(String),
    Ping(String),
    Output,
    Files(String),
    Commits(Option<String>),
    Sentinel(String),
    SdNotify,
}

/// Where a run is, for its sources.
#[derive(Debug, Clone)]
pub struct Whereabouts {
    /// The directory it runs in.
    pub cwd: PathBuf,
    /// The user's home.
    pub home: PathBuf,
    /// The file that its output goes to; an attached run has none.
    pub output: Option<PathBuf>,
    /// Where it was told to send what it says, if it was.
    pub notify: Option<Listening>,
}

impl SourceSpec {
    /// Reads a source as it is written.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TEXT_MAX {
            return Err(format!("it is longer than {TEXT_MAX} bytes"));
        }
        let (word, rest) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
        let named = |what: &str| match rest.map(str::trim).filter(|rest| !rest.is_empty()) {
            Some(rest) => Ok(rest.to_owned()),
            None => Err(format!("it has to say {what}, as in `{word}:…`")),
        };
        let kind = match (word.trim(), rest) {
            ("claude-stream", None) => Kind::ClaudeStream,
            ("claude-transcript", _) => Kind::ClaudeTranscript(named("which file or folder")?),
            ("codex-exec", None) => Kind::CodexExec,
            ("codex-rollout", _) => Kind::CodexRollout(named("which file or folder")?),
            ("terminal", None) => Kind::Terminal,
            ("pattern", _) => Kind::Pattern(named("a regular expression")?),
            ("ping", _) => Kind::Ping(named("a regular expression")?),
            ("output", None) => Kind::Output,
            ("files", _) => Kind::Files(named("which files")?),
            ("commits", None) => Kind::Commits(None),
            ("commits", Some(_)) => Kind::Commits(Some(named("which branch")?)),
            ("sentinel", _) => Kind::Sentinel(named("which folder")?),
            (sd_notify::SOURCE, None) => Kind::SdNotify,
            _ => {
                let known: Vec<String> = KINDS.iter().map(|(kind, _)| format!("`{kind}`")).collect();
                return Err(format!("there is no such source; the sources are {}", known.join(", ")));
            }
        };
        let spec = Self { text: text.trim().to_owned(), kind };
        // Whether a pattern can be meant does not depend on where it is looked for.
        let nowhere =
            Whereabouts { cwd: PathBuf::new(), home: PathBuf::new(), output: Some(PathBuf::new()), notify: None };
        if spec.kind == Kind::SdNotify { Ok(spec) } else { spec.feed(&nowhere, None).map(|_| spec) }
    }

    /// The text, which is the name of the source as well.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What a step looks like in what is pinged, if that is what the source is.
    #[must_use]
    pub fn in_pings(&self) -> Option<Pattern> {
        match &self.kind {
            Kind::Ping(regex) => Pattern::new(regex).ok(),
            Kind::ClaudeStream
            | Kind::ClaudeTranscript(_)
            | Kind::CodexExec
            | Kind::CodexRollout(_)
            | Kind::Terminal
            | Kind::Pattern(_)
            | Kind::Output
            | Kind::Files(_)
            | Kind::Commits(_)
            | Kind::Sentinel(_)
            | Kind::SdNotify => None,
        }
    }

    /// What reads the source for a run. `from` is how far an earlier reader had come, as [`Feed::came_to`] said.
    ///
    /// # Errors
    /// Why it cannot be read there at all, as a fragment.
    pub fn feed(&self, run: &Whereabouts, from: Option<&str>) -> Result<Box<dyn Feed>, String> {
        let path = |text: &str| expand(text, &run.cwd, &run.home);
        let is_new = from.is_none();
        Ok(match &self.kind {
            Kind::ClaudeStream => self.printed(run, from, Box::new(Lines::new(claude::Stream::default())))?,
            Kind::CodexExec => self.printed(run, from, Box::new(Lines::new(codex::Exec::default())))?,
            Kind::Terminal => self.printed(run, from, Box::new(Osc::new()))?,
            Kind::Output => self.printed(run, from, Box::new(Printed))?,
            Kind::Ping(regex) => {
                // It is heard, not read.
                let _good = Pattern::new(regex).map_err(|fault| fault.to_string())?;
                Box::new(Silent)
            }
            Kind::Pattern(regex) => {
                let pattern = Pattern::new(regex).map_err(|fault| fault.to_string())?;
                self.printed(run, from, Box::new(Lines::with_returns(pattern)))?
            }
            Kind::ClaudeTranscript(text) => {
                let reader = Lines::new(claude::Transcript::joined());
                Box::new(Grown::new(Origin::Newest(path(text)), from, Box::new(reader)))
            }
            Kind::CodexRollout(text) => {
                let reader = Lines::new(codex::Rollout::default());
                Box::new(Grown::new(Origin::Newest(path(text)), from, Box::new(reader)))
            }
            Kind::Files(glob) => {
                let pattern = expand(glob, Path::new(""), &run.home);
                let files = Files::new(&pattern.to_string_lossy(), &run.cwd).map_err(|fault| fault.to_string())?;
                Box::new(Counted(if is_new { files } else { files.going_on() }))
            }
            Kind::Commits(branch) => {
                let commits = Commits::new(&run.cwd, branch.as_deref()).map_err(|fault| fault.to_string())?;
                Box::new(Stamped(match from {
                    Some(tip) => commits.going_on_from(tip),
                    None => commits,
                }))
            }
            Kind::Sentinel(folder) => Box::new(Sentinels::new(path(folder), from)),
            Kind::SdNotify => match &run.notify {
                Some(at) => Box::new(Notified::new(at.clone())),
                None => return Err(format!("the run was given no `{}`", sd_notify::SOCKET_VARIABLE)),
            },
        })
    }

    fn printed(&self, run: &Whereabouts, from: Option<&str>, reader: Box<dyn Reader>) -> Result<Box<dyn Feed>, String> {
        match &run.output {
            Some(output) => Ok(Box::new(Grown::new(Origin::File(output.clone()), from, reader))),
            None => Err(format!(
                "the output of a run that is only attached is not captured, so `{}` says nothing",
                self.text
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_source_that_is_listed_can_be_written() {
        for (kind, _) in KINDS {
            let text = kind.replace("PATH", "~/x").replace("REGEX", r"step (\d+)").replace("GLOB", "a/*.md");
            let text = text.replace("BRANCH", "main").replace("FOLDER", "out");
            assert_eq!(SourceSpec::parse(&text).map(|spec| spec.text), Ok(text));
        }
    }

    #[test]
    fn what_is_wrong_with_a_source_is_said() {
        let fault = |text: &str| SourceSpec::parse(text).unwrap_err();
        assert!(fault("claude").starts_with("there is no such source; the sources are `claude-stream`, "));
        assert_eq!(fault("pattern:"), "it has to say a regular expression, as in `pattern:…`");
        assert!(fault("pattern:step (").contains("unclosed group"), "{}", fault("pattern:step ("));
        assert!(fault("pattern:step").contains("group"), "{}", fault("pattern:step"));
    }
}
