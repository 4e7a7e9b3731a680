//! The agents of a round: what each does, how it is started, and what has to become of it.

use std::time::Duration;

use nightkeep_engine::api::Outcome;

use super::chance::Chance;

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ends soon, with success.
    Quick,
    /// Ends soon, with a code of its own.
    Failing,
    /// Advances for a second or so, then ends with a code of its own.
    Working,
    /// Ends by a signal of its own.
    Crashing,
    /// Ends with a code of its own and leaves processes behind.
    Leaving,
    /// Stalls, and ends when it is asked to.
    Polite,
    /// Stalls, ends when it is asked to, and leaves a child that does not.
    Halfhearted,
    /// Stalls, and does not hear.
    Stubborn,
    /// Stalls below a tree of all hostile roles.
    Hostile,
    /// Is stopped by hand, and ends when it is asked to.
    Unwanted,
    /// Was started by somebody else; stalls, and ends when it is asked to.
    AttachedPolite,
    /// Was started by somebody else; stalls, and does not hear.
    AttachedStubborn,
}

/// How an agent is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// `nightkeep run`, which waits.
    Run,
    /// `nightkeep run --detach`.
    Detach,
    /// `nightkeep start JOB`.
    Job,
    /// By somebody else; `nightkeep attach` follows.
    Attach,
}

/// An agent of a round.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    /// Unique for ever: its job is called so.
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) start: Start,
    /// When it is started, from the beginning of the round on.
    pub(super) at: Duration,
    /// The exit code of those that choose one.
    code: u8,
}

/// From the polite signal to the forced one, for those that do not hear.
pub(super) const GRACE: Duration = Duration::from_millis(1000);
/// The same for those that do: the machine may be busy.
const LONG_GRACE: Duration = Duration::from_secs(5);
/// After how long a run stalls.
const STALL_AFTER: Duration = Duration::from_millis(700);

impl Kind {
    /// Whether Nightkeep stops it.
    pub(super) const fn is_stopped(self) -> bool {
        match self {
            Self::Quick | Self::Failing | Self::Working | Self::Crashing | Self::Leaving => false,
            Self::Polite
            | Self::Halfhearted
            | Self::Stubborn
            | Self::Hostile
            | Self::Unwanted
            | Self::AttachedPolite
            | Self::AttachedStubborn => true,
        }
    }

    /// How its story ends when nobody disturbs it.
    pub(super) const fn outcome(self) -> Outcome {
        if self.is_stopped() {
            Outcome::Aborted
        } else if matches!(self, Self::Quick) {
            Outcome::Succeeded
        } else {
            Outcome::Failed
        }
    }

    /// Whether its root ends of nothing but SIGKILL.
    pub(super) const fn is_deaf(self) -> bool {
        matches!(self, Self::Stubborn | Self::Hostile | Self::AttachedStubborn)
    }

    /// Whether nothing but SIGKILL ends it all.
    pub(super) const fn needs_force(self) -> bool {
        self.is_deaf() || matches!(self, Self::Halfhearted)
    }

    const fn is_attached(self) -> bool {
        matches!(self, Self::AttachedPolite | Self::AttachedStubborn)
    }
}

impl Agent {
    /// One with a name and a code of its own.
    pub(super) fn new(label: String, kind: Kind, chance: &mut Chance) -> Self {
        let starts = [Start::Run, Start::Detach, Start::Job];
        let start = if kind.is_attached() { Start::Attach } else { chance.one_of(&starts).unwrap_or(Start::Job) };
        let code = u8::try_from(3 + chance.below(90)).unwrap_or(3);
        Self { label, kind, start, at: chance.within_ms(400), code }
    }

    /// What it notes just before it ends by itself.
    pub(super) fn exit_code(&self) -> i32 {
        match self.kind {
            Kind::Quick => 0,
            Kind::Polite | Kind::Halfhearted | Kind::Unwanted | Kind::AttachedPolite => 143,
            Kind::Failing
            | Kind::Working
            | Kind::Crashing
            | Kind::Leaving
            | Kind::Stubborn
            | Kind::Hostile
            | Kind::AttachedStubborn => i32::from(self.code),
        }
    }

    /// What the fake agent is told to do. Between the note of the end and the end there is time to be seen.
    pub(super) fn steps(&self) -> Vec<String> {
        let code = self.exit_code();
        let end = [format!("note exit {code}"), "sleep 30ms".to_owned(), format!("exit {code}")];
        let polite = format!("on-term note term then {}", end.join(" then "));
        let own = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
        let body = match self.kind {
            Kind::Quick | Kind::Failing => [own(&["mark 1", "sleep 50ms"]), end.to_vec()].concat(),
            Kind::Working => [own(&["advance 6 every 150ms"]), end.to_vec()].concat(),
            Kind::Crashing => own(&["mark 1", "sleep 50ms", "note crash", "sleep 30ms", "crash"]),
            Kind::Leaving => [own(&["child settle then linger", "mark 1", "sleep 50ms"]), end.to_vec()].concat(),
            Kind::Polite | Kind::Unwanted | Kind::AttachedPolite => [vec![polite], own(&["mark 1", "hang"])].concat(),
            Kind::Halfhearted => {
                [vec![polite], own(&["child ignore all then settle then linger", "mark 1", "hang"])].concat()
            }
            Kind::Stubborn | Kind::AttachedStubborn => own(&["ignore term", "on-term note term", "mark 1", "linger"]),
            Kind::Hostile => own(&["hostile-twelve", "ignore term", "on-term note term", "mark 1", "linger"]),
        };
        [own(&["note start"]), body].concat()
    }

    /// The limits, as options of the command line.
    pub(super) fn limits(&self) -> Vec<String> {
        let grace = if self.kind.needs_force() { GRACE } else { LONG_GRACE };
        let mut options = vec!["--grace".to_owned(), format!("{}ms", grace.as_millis())];
        if self.kind.is_stopped() && self.kind != Kind::Unwanted {
            options.extend(["--stall-after".to_owned(), format!("{}ms", STALL_AFTER.as_millis())]);
        }
        options
    }

    /// The same as lines of `config.toml`.
    pub(super) fn limit_lines(&self) -> String {
        let options = self.limits();
        let pairs = options.chunks_exact(2).filter_map(|pair| {
            let [name, value] = pair else { return None };
            Some(format!("{} = \"{value}\"\n", name.trim_start_matches("--").replace('-', "_")))
        });
        pairs.collect()
    }
}
