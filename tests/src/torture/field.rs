//! Where a round plays: a home, agents, surfaces, and an engine that somebody always starts again.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nightkeep_os::{Process, Signal};

use super::agents::{Agent, Kind, Start};
use super::locks::{holder, signal_holder};
use super::notes;
use super::plan::Plan;
use super::scout::{Scout, lock};
use crate::dbus::SessionBus;
use crate::night::{Night, Tree, fake_agent};
use crate::window::Screen;
use crate::{PATIENCE, binary, eventually};

/// Between two looks at what nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// An engine that is being started is given so long before another one is.
const STARTS_WITHIN: Duration = Duration::from_millis(150);
/// How long keepers may take to end once nothing of their runs is left.
const KEEPERS_GONE_WITHIN: Duration = Duration::from_secs(10);

/// A home that is watched by a scout.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) scout: Scout,
    notes: PathBuf,
    bus: SessionBus,
    screen: Option<Screen>,
    // The last, because what is above lives in it.
    pub(super) night: Night,
}

/// What was started for a round.
#[derive(Debug)]
pub(super) struct Played {
    /// The commands that started the agents, with what they ended with.
    pub(super) commands: Vec<(String, Child)>,
    pub(super) trees: Vec<(String, Tree)>,
    surfaces: Vec<Child>,
}

impl Field {
    /// A fresh one, without an engine.
    pub(super) fn new() -> Result<Self> {
        let night = Night::new("")?;
        let notes = night.work().join("notes");
        fs::create_dir(&notes)?;
        nightkeep_os::private_dir(&night.home().join("runs"))?;
        let scout = Scout::start(night.home(), &notes)?;
        Ok(Self { scout, notes, bus: SessionBus::start()?, screen: None, night })
    }

    /// Where agents put their notes.
    pub(super) fn notes(&self) -> &std::path::Path {
        &self.notes
    }

    /// What was done in this home; where it failed, the home is kept as evidence.
    pub(super) fn kept<T>(&mut self, done: Result<T>) -> Result<T> {
        done.map_err(|error| {
            let error = self.night.explained(error);
            self.night.keep();
            error.context(format!("the evidence is in `{}`", self.night.home().display()))
        })
    }

    /// Starts an engine if there is none, and waits until it answers.
    pub(super) fn with_engine(&self) -> Result<()> {
        // The one that answers may be killed meanwhile.
        eventually("an engine", || self.night.told(&["status"]).ok()).map(drop)
    }

    /// Whether an engine owns the home.
    pub(super) fn has_engine(&self) -> bool {
        holder(&self.night.home().join("engine.lock")).is_some()
    }

    /// Starts an engine and does not wait.
    pub(super) fn start_engine(&self) -> Result<Child> {
        let mut command = self.night.command(&["status"])?;
        Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Kills the engine and waits for its end; the tray may start another one at once. Whether there was one.
    pub(super) fn kill_engine(&self) -> Result<bool> {
        let lock_file = self.night.home().join("engine.lock");
        let killed = holder(&lock_file);
        let is_hit = signal_holder(&lock_file, Signal::Kill);
        eventually("the engine to be gone", || (killed.is_none() || holder(&lock_file) != killed).then_some(()))?;
        Ok(is_hit)
    }

    /// Plays a plan: starts who is to be started when it is time, and the engine whenever there is none, until all has
    /// happened.
    pub(super) fn play(&mut self, plan: &Plan) -> Result<Played> {
        self.night.configure(&self.config(plan)?)?;
        self.with_engine()?;
        lock(&self.scout.seen.commands).clear();
        let mut played = Played { commands: Vec::new(), trees: Vec::new(), surfaces: self.surfaces(plan)? };
        self.scout.seen.shots.arm(plan.shots.clone());
        let begin = Instant::now();
        let mut coming: Vec<&Agent> = plan.agents.iter().collect();
        coming.sort_by_key(|agent| agent.at);
        let mut coming = coming.into_iter().peekable();
        let mut asked = Asked::new();
        let mut engines = Engines { away: plan.away, gone_since: None, last: None, started: Vec::new() };
        while !self.is_over(plan, &mut played)? {
            ensure!(begin.elapsed() < PATIENCE, "the round did not come to its end: {}", self.what_is_left(plan));
            while let Some(agent) = coming.next_if(|agent| begin.elapsed() >= agent.at) {
                self.start(agent, &mut played)?;
            }
            self.ask_unwanted(plan, &mut asked)?;
            engines.revive(self)?;
            std::thread::sleep(LOOK_EVERY);
        }
        engines.end();
        for mut stop in asked.into_values() {
            stop.wait().map(drop)?;
        }
        Ok(played)
    }

    /// Starts everybody of a plan, and waits until the journal knows them.
    pub(super) fn begin(&mut self, plan: &Plan) -> Result<Played> {
        self.night.configure(&self.config(plan)?)?;
        self.with_engine()?;
        let mut played = Played { commands: Vec::new(), trees: Vec::new(), surfaces: Vec::new() };
        for agent in &plan.agents {
            self.start(agent, &mut played)?;
        }
        for agent in &plan.agents {
            let is_up = || {
                let is_known = lock(&self.scout.seen.registered).contains(&agent.label);
                (is_known && !notes::of(&self.notes, &agent.label).is_empty()).then_some(())
            };
            eventually("an agent to be known", is_up)?;
        }
        Ok(played)
    }

    fn start(&self, agent: &Agent, played: &mut Played) -> Result<()> {
        let tree = Tree::watched_in(&self.notes, &agent.label)?;
        let mut command = self.command(agent)?;
        if agent.start == Start::Attach {
            let root = command.spawn().context("start an agent")?;
            command = self.attach(agent, root.id())?;
            played.surfaces.push(root);
        }
        let said = fs::File::create(self.notes.join(format!("{}.said", agent.label)))?;
        // Whoever is to be killed may do something before it is known here.
        let mut commands = lock(&self.scout.seen.commands);
        let child = command.stdout(said.try_clone()?).stderr(said).spawn().context("start a command")?;
        if let Ok(Some(process)) = Process::open_pid(child.id()) {
            commands.insert(agent.label.clone(), process);
        }
        drop(commands);
        played.trees.push((agent.label.clone(), tree));
        played.commands.push((agent.label.clone(), child));
        Ok(())
    }

    fn command(&self, agent: &Agent) -> Result<Command> {
        let program = [fake_agent()?];
        let option = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let steps = agent.steps();
        let words = match agent.start {
            Start::Job => option(&["start", &agent.label]),
            Start::Run => {
                [option(&["run", "--name", &agent.label]), agent.limits(), option(&["--"]), program.to_vec(), steps]
                    .concat()
            }
            Start::Detach => {
                let options = option(&["run", "--detach", "--name", &agent.label]);
                [options, agent.limits(), option(&["--"]), program.to_vec(), steps].concat()
            }
            Start::Attach => {
                let mut command = self.night.program(fake_agent()?);
                let marker = self.notes.join(format!("{}.marker", agent.label));
                command.args(&steps).envs(self.environment(agent)).env("NIGHTKEEP_PROGRESS", marker);
                return Ok(command);
            }
        };
        let mut command = self.night.command(&words)?;
        command.envs(self.environment(agent));
        Ok(command)
    }

    fn attach(&self, agent: &Agent, pid: u32) -> Result<Command> {
        let marker = self.notes.join(format!("{}.marker", agent.label)).display().to_string();
        let pid = pid.to_string();
        let options = ["attach", "--name", &agent.label, "--pid", &pid, "--progress", &marker];
        let options = options.into_iter().map(str::to_owned).collect::<Vec<_>>();
        self.night.command(&[options, agent.limits()].concat())
    }

    fn environment(&self, agent: &Agent) -> [(&'static str, String); 3] {
        let file = |ending: &str| self.notes.join(format!("{}.{ending}", agent.label)).display().to_string();
        let notes = notes::path(&self.notes, &agent.label).display().to_string();
        [("FAKE_AGENT_HOLD", file("held")), ("FAKE_AGENT_PIDS", file("pids")), ("FAKE_AGENT_NOTES", notes)]
    }

    /// The jobs of a round.
    fn config(&self, plan: &Plan) -> Result<String> {
        let mut text = String::new();
        for agent in plan.agents.iter().filter(|agent| agent.start == Start::Job) {
            let quoted = |text: String| serde_json::Value::from(text).to_string();
            let words: Vec<String> = [fake_agent()?].into_iter().chain(agent.steps()).map(quoted).collect();
            let env = self.environment(agent).map(|(name, value)| format!("{name} = {}", quoted(value)));
            let (label, words, env, limits) = (&agent.label, words.join(", "), env.join(", "), agent.limit_lines());
            text += &format!("[jobs.{label}]\ncommand = [{words}]\nenv = {{ {env} }}\ncwd = \"work\"\n{limits}\n");
        }
        Ok(text)
    }

    fn surfaces(&mut self, plan: &Plan) -> Result<Vec<Child>> {
        let mut started = Vec::new();
        if plan.has_tray {
            let mut command = self.night.program(binary("nightkeep-tray")?);
            command.env("DBUS_SESSION_BUS_ADDRESS", self.bus.address()).env("NIGHTKEEP_BIN", binary("nightkeep")?);
            started.push(("tray", command));
        }
        if plan.has_window {
            if self.screen.is_none() {
                self.screen = Some(Screen::start()?);
            }
            let screen = self.screen.as_ref().context("a screen was started")?;
            let mut command = self.night.program(binary("nightkeep-app")?);
            command.env("DBUS_SESSION_BUS_ADDRESS", self.bus.address()).env("NIGHTKEEP_BIN", binary("nightkeep")?);
            command.env("DISPLAY", screen.display()).env("GDK_BACKEND", "x11").env("NO_AT_BRIDGE", "1");
            started.push(("window", command));
        }
        let mut children = Vec::new();
        for (name, mut command) in started {
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("start a surface")?;
            if let Ok(Some(process)) = Process::open_pid(child.id()) {
                lock(&self.scout.seen.commands).insert(name.to_owned(), process);
            }
            children.push(child);
        }
        Ok(children)
    }

    /// Whether everybody has ended and the journal says so.
    fn is_over(&self, plan: &Plan, played: &mut Played) -> Result<bool> {
        if played.commands.len() < plan.agents.len() {
            return Ok(false);
        }
        for (label, command) in &mut played.commands {
            // A command waits for its run, which nobody may know of; settling finds it.
            let is_known = lock(&self.scout.seen.registered).contains(label.as_str());
            let has_ended = command.try_wait()?.is_some();
            if !self.is_told(label) || (is_known && !has_ended) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether an agent's story is at its end: as it is told, or because there is none, or nobody knows of it.
    fn is_told(&self, label: &str) -> bool {
        let seen = &self.scout.seen;
        if lock(&seen.registered).contains(label) {
            let end = lock(&seen.ends).get(label).copied();
            let is_dead = lock(&seen.deaths).contains_key(label) || notes::of(&self.notes, label).is_empty();
            return end.is_some_and(|end| is_dead || end.root_lived);
        }
        // Nobody may know of a run where somebody was killed at its start; the next engine finds it.
        !seen.shots.kills().is_empty()
    }

    fn what_is_left(&self, plan: &Plan) -> String {
        let left = plan.agents.iter().filter(|agent| !self.is_told(&agent.label));
        left.map(|agent| format!("{} ({:?})", agent.label, agent.kind)).collect::<Vec<_>>().join(", ")
    }

    /// Asks for the stop of those that are stopped by hand, once they run.
    fn ask_unwanted(&self, plan: &Plan, asked: &mut Asked) -> Result<()> {
        for agent in plan.agents.iter().filter(|agent| agent.kind == Kind::Unwanted) {
            let is_up = !notes::of(&self.notes, &agent.label).is_empty();
            // Whoever is refused, because nobody knows of the run yet or no engine is there, asks again.
            let is_asked = match asked.get_mut(&agent.label) {
                Some(stop) => stop.try_wait()?.is_none_or(|status| status.success()),
                None => false,
            };
            if is_up && !is_asked && !self.is_told(&agent.label) {
                let mut command = self.night.command(&["stop", &agent.label])?;
                let stop = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
                if let Some(mut refused) = asked.insert(agent.label.clone(), stop) {
                    refused.wait().map(drop)?;
                }
            }
        }
        Ok(())
    }

    /// Ends what a round has left, and says which keepers do not end then.
    pub(super) fn clear(&self, played: &mut Played) -> Vec<String> {
        for child in &mut played.surfaces {
            // What has ended cannot be killed, which is as good.
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or_default();
        }
        let runs = self.night.home().join("runs");
        let tags: Vec<String> = played.trees.iter().filter_map(|(label, _)| self.scout.seen.tag_of(label)).collect();
        for (_, tree) in &played.trees {
            tree.end();
        }
        let start = Instant::now();
        loop {
            let held = |tag: &&String| holder(&runs.join(tag.as_str()).join("keeper.lock")).is_some();
            let left: Vec<String> = tags.iter().filter(held).cloned().collect();
            if left.is_empty() || start.elapsed() > KEEPERS_GONE_WITHIN {
                return left;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// The commands that ask for a stop.
type Asked = std::collections::HashMap<String, Child>;

/// Who is started when no engine is there.
struct Engines {
    away: Duration,
    gone_since: Option<Instant>,
    last: Option<Instant>,
    started: Vec<Child>,
}

impl Engines {
    fn revive(&mut self, field: &Field) -> Result<()> {
        if field.has_engine() {
            self.gone_since = None;
            return Ok(());
        }
        let gone_since = *self.gone_since.get_or_insert_with(Instant::now);
        let is_coming = self.last.is_some_and(|last| last.elapsed() < STARTS_WITHIN);
        if gone_since.elapsed() >= self.away && !is_coming {
            self.started.push(field.start_engine()?);
            self.last = Some(Instant::now());
        }
        Ok(())
    }

    fn end(&mut self) {
        for child in &mut self.started {
            // It waits for an engine at most.
            child.wait().map(drop).unwrap_or_default();
        }
    }
}
