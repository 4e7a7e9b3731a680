//! A real engine that takes pings: one job that runs, one whose command is a client, and two whose names make the same slug.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use nightkeep_engine::api::{Phase, PingView, PingsView, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, fake_agent};

pub(crate) const KEY: &str = "a-key-of-128-bits-or-more";
pub(crate) const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const OTHER: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea279";

pub(crate) struct Port {
    night: Night,
    url: String,
    run: u64,
}

impl Port {
    /// `client` is what the job `client` runs, whose environment says where to ping.
    pub(crate) fn open(client: &[&OsStr]) -> Self {
        let agent = fake_agent().unwrap();
        let client: Vec<String> = client.iter().map(|word| format!("'{}'", word.display())).collect();
        let client = if client.is_empty() { "'true'".to_owned() } else { client.join(", ") };
        let night = Night::new(&format!(
            "[pings]\nlisten = '127.0.0.1:0'\n\
             [jobs.nightly]\ncommand = ['{agent}', 'hang']\nping = '{CHECK}'\nsources = ['ping:step (\\d+)/(\\d+)']\n\
             [jobs.client]\ncommand = [{client}]\nping = '{OTHER}'\nexport_ping_env = true\n\
             env = {{ HEALTHCHECK_SEND_START = 'true' }}\n\
             [jobs.'a b']\ncommand = ['true']\n[jobs.a-b]\ncommand = ['true']\n"
        ))
        .unwrap();
        std::fs::write(night.home().join("pings.key"), KEY).unwrap();
        night.start_engine().unwrap();
        let run = night.begin(&["start", "nightly"]).unwrap().run;
        night.until_run("it to run", run, |view| view.phase == Phase::Running).unwrap();
        let url = night.ask(async |engine| engine.pings().await).unwrap().url.unwrap();
        Self { night, url, run }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn home(&self) -> &Path {
        self.night.home()
    }

    /// A program that finds the home of this engine in its environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        self.night.program(program)
    }

    /// Runs the job `client` to its end.
    pub(crate) fn run_client(&self) -> u64 {
        let Begun { run, .. } = self.night.begin(&["start", "client"]).unwrap();
        let row = self.night.ended(run).unwrap();
        assert_eq!(row.exit_code, Some(0), "{:?}", self.night.show(run).unwrap().output);
        run
    }

    /// What a run said of its end, in order; the same again is told once.
    pub(crate) fn claims_of(&self, run: u64) -> Vec<String> {
        let told = self.night.show(run).unwrap().timeline.into_iter();
        told.filter(|event| event.kind == "claimed").map(|event| event.text).collect()
    }

    /// What the run of `nightly` said of its end.
    pub(crate) fn claims(&self) -> Vec<String> {
        self.claims_of(self.run)
    }

    /// The run of `nightly`.
    pub(crate) fn nightly(&self) -> RunView {
        self.night.until_run("it", self.run, |_| true).unwrap()
    }

    pub(crate) fn pings(&self) -> PingsView {
        self.night.ask(async |engine| engine.pings().await).unwrap()
    }

    /// The last ping of `nightly`, once it said so.
    pub(crate) fn last(&self, said: &str) -> PingView {
        let last = || self.pings().check_of("nightly")?.last.filter(|last| last.said == said);
        eventually("the last ping", last).unwrap()
    }
}
