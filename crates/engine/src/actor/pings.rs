//! Pings on their way to the core: whose run they are of, and where they are heard.

use std::collections::BTreeMap;
use std::time::Duration;

use nightkeep_core::{Input, RunId, Source};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::fact::Fact;
use super::task::Actor;
use crate::api::{CheckView, FaultKind, PingView, PingsView};
use crate::clean::{clean_text, harmless};
use crate::clock::rfc3339;
use crate::environment;
use crate::pings::{self, Asked, Book, Counts, HEARD_MAX, Listen, Port, Porter, Record, Remembered};
use crate::places::Places;
use crate::rundir::OsText;
use crate::sources::{Pattern, SourceSpec};
use crate::store::entry::Registration;

/// What was heard is kept for the next engine this often at most.
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// The engine's end does not wait longer than this for the port, nor for the disk.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);
/// So many reports of the porter wait at most.
const PORTS_MAX: usize = 4;
/// How much is shown of what a client calls itself.
const CLIENT_CHARS_MAX: usize = 200;
/// Who says what a ping says.
const PINGS: Source = Source::of("ping");

/// The checks, and the port at which they are pinged.
#[derive(Debug)]
pub(super) struct Pings {
    book: Book,
    port: Port,
    /// Why there is no key, so that only checks with a UUID can be pinged.
    no_key: Option<String>,
    /// What a step looks like in a `/log`, for the jobs whose run says so.
    steps: BTreeMap<String, Vec<Pattern>>,
    /// Where the port puts what it hears. It is kept open whether or not there is a port.
    asks: mpsc::Sender<Asked>,
    /// What the porter is told.
    wants: watch::Sender<Option<Listen>>,
    keeping: Option<JoinHandle<()>>,
    /// Something was heard that is not kept yet.
    is_news: bool,
    /// It is being kept, or was a moment ago.
    is_kept: bool,
    /// Told when it was written.
    written: Option<oneshot::Receiver<()>>,
}

impl Pings {
    /// The checks as they were left, and where pings will come from.
    pub(super) fn new(places: &Places, boot: &str) -> (Self, mpsc::Receiver<Asked>) {
        let (asks, asked) = mpsc::channel(HEARD_MAX);
        let mut book = Book::default();
        book.recall(Remembered::read(places), boot);
        let pings = Self {
            book,
            port: Port::Closed,
            no_key: None,
            steps: BTreeMap::new(),
            asks,
            wants: watch::Sender::new(None),
            keeping: None,
            is_news: false,
            is_kept: false,
            written: None,
        };
        (pings, asked)
    }

    fn url(&self) -> Option<&str> {
        match &self.port {
            Port::Open { url, .. } => Some(url),
            Port::Closed | Port::Failed { .. } => None,
        }
    }
}

impl Actor {
    /// The configuration was read or edited: which checks there are, and where they are pinged.
    pub(super) fn take_pings(&mut self) {
        let config = self.config.current();
        let wanted = config.pings().listen;
        if wanted.is_some() {
            let key = config.pings().key.clone().map_or_else(|| pings::key(&self.places), Ok);
            let (key, no_key) = key.map_or_else(|fault| (String::new(), Some(fault.to_string())), |key| (key, None));
            self.pings.book.set_key(key);
            self.pings.no_key = no_key;
        }
        self.pings.book.fit(config.jobs());
        for run in self.runs.values() {
            self.pings.book.run_goes_on(&run.job);
        }
        let _changed = self.pings.wants.send_if_modified(|wants| std::mem::replace(wants, wanted) != wanted);
        self.settle_ping_fault();
    }

    /// Opens the port, if it is wanted, and keeps it as it is wanted from here on.
    pub(super) async fn open_pings(&mut self) {
        let mut porter = Porter::new(self.places.clone(), self.pings.asks.clone());
        let wants = self.pings.wants.subscribe();
        let wanted = *wants.borrow();
        self.port_is(porter.fit(wanted).await);
        let (ports, mut told) = mpsc::channel(PORTS_MAX);
        self.pings.keeping = Some(tokio::spawn(porter.keep(wants, ports)));
        let facts = self.facts.clone();
        let _task = tokio::spawn(async move {
            while let Some(port) = told.recv().await {
                if facts.send(Fact::PingPort(port)).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Closes the port, so that the next engine can open it at once, and keeps what was heard last.
    pub(super) async fn close_pings(&mut self) {
        self.pings.wants = watch::Sender::new(None);
        if let Some(keeping) = self.pings.keeping.take() {
            // A port that is not closed by then is closed with the process.
            drop(tokio::time::timeout(CLOSED_WITHIN, keeping).await);
        }
        if let Some(written) = self.pings.written.take() {
            // What is older must not come after what is newer.
            drop(tokio::time::timeout(CLOSED_WITHIN, written).await);
        }
        if self.pings.is_news
            && let Err(fault) = self.pings.book.remembered(&self.boot).write(&self.places)
        {
            tracing::warn!(%fault, "what was pinged last is not kept");
        }
    }

    /// The port was opened, closed, or could not be opened.
    pub(super) fn port_is(&mut self, port: Port) {
        self.pings.port = port;
        self.settle_ping_fault();
    }

    fn settle_ping_fault(&mut self) {
        let result = match (&self.pings.port, &self.pings.no_key) {
            (Port::Failed { why }, _) => Err(format!("Pings are not heard: {why}. Runs go on.")),
            (Port::Open { .. }, Some(why)) => {
                Err(format!("Pings are heard by UUID only, because there is no key: failed to {why}."))
            }
            (Port::Open { .. }, None) | (Port::Closed, _) => Ok(()),
        };
        self.faults.settle(FaultKind::Pings, result, String::clone);
    }

    /// Somebody pings. What it says of a run goes the way of all signals; it is acknowledged when that is written.
    pub(super) fn pinged(&mut self, Asked { heard, reply }: Asked) {
        let now = self.now();
        let Pings { book, steps, .. } = &mut self.pings;
        let answer =
            book.hear(&heard, now, |job, text| steps.get(job)?.iter().find_map(|pattern| pattern.last_step(text)));
        self.pings.is_news |= heard.request.ping.is_ok();
        self.keep_pings();
        let run = answer.job.as_deref().and_then(|job| self.latest_of(job));
        match run {
            Some(run) if !answer.taken.signals.is_empty() => {
                let _counted = self.take_signals(run, &PINGS, answer.taken.signals);
                self.give(Input::Settle(run));
                let store = self.store.clone();
                let _task = tokio::spawn(async move {
                    store.written(run.0).await;
                    let _waits = reply.send(answer.reply);
                });
            }
            Some(_) | None => {
                let _waits = reply.send(answer.reply);
            }
        }
    }

    /// What was heard was kept a while ago.
    pub(super) fn pings_kept(&mut self) {
        self.pings.is_kept = false;
        self.keep_pings();
    }

    fn keep_pings(&mut self) {
        if !self.pings.is_news || self.pings.is_kept {
            return;
        }
        (self.pings.is_news, self.pings.is_kept) = (false, true);
        let (kept, places) = (self.pings.book.remembered(&self.boot), self.places.clone());
        let (done, written) = oneshot::channel();
        self.pings.written = Some(written);
        self.spawn_aside(async move {
            let written = tokio::task::spawn_blocking(move || kept.write(&places)).await;
            if let Ok(Err(fault)) = written {
                tracing::warn!(%fault, "what was pinged last is not kept");
            }
            // Nobody waits for it, but whoever ends.
            let _waits = done.send(());
            tokio::time::sleep(KEPT_EVERY).await;
            Fact::PingsKept
        });
    }

    /// A run of a job is watched from here on, or again.
    pub(super) fn ping_run_began(&mut self, Registration { job, sources, .. }: &Registration, again: bool) {
        let now = self.now();
        let steps = sources.iter().filter_map(|text| SourceSpec::parse(text).ok()?.in_pings()).collect();
        let _former = self.pings.steps.insert(job.clone(), steps);
        if again {
            self.pings.book.run_goes_on(job);
        } else {
            self.pings.book.run_began(job, now);
        }
    }

    /// A run of a job is over; there may be others.
    pub(super) fn ping_run_ended(&mut self, job: &str) {
        if self.latest_of(job).is_none() {
            self.pings.book.run_ended(job);
            let _known = self.pings.steps.remove(job);
        }
    }

    fn latest_of(&self, job: &str) -> Option<RunId> {
        self.runs.values().rev().find(|run| run.job == job).map(|run| run.id)
    }

    /// What the environment of a run of this job says of pings: nothing while nobody listens.
    pub(super) fn ping_environment(&self, job: &str) -> BTreeMap<String, OsText> {
        let (Some(url), Some(path)) = (self.pings.url(), self.pings.book.path_of(job)) else { return BTreeMap::new() };
        let config = self.config.current();
        let foreign = config.job(job).filter(|job| job.export_ping_env).and_then(|job| job.ping.as_deref());
        let mut told = foreign.map(|check| environment::of_pings(url, check)).unwrap_or_default();
        let _none = told.insert(environment::PING_URL.to_owned(), OsText(format!("{url}/{path}").into()));
        told
    }

    /// What is heard, for whoever looks.
    pub(super) fn tell_pings(&self, reply: oneshot::Sender<PingsView>) {
        let Counts { heard, foreign, limited, dropped } = match &self.pings.port {
            Port::Open { counted, .. } => counted.counts(),
            Port::Closed | Port::Failed { .. } => Counts::default(),
        };
        let url = self.pings.url();
        let at = |path: Option<String>| Some(format!("{}/{}", url?, path?));
        let book = &self.pings.book;
        let config = self.config.current();
        let of_jobs = config.jobs().iter().map(|job| CheckView {
            job: Some(job.name.clone()),
            slug: book.slug_of(&job.name).map(str::to_owned),
            url: at(book.path_of(&job.name)),
            last: book.last_of(&job.name).map(view),
        });
        let made = book.made().map(|(slug, last)| CheckView {
            job: None,
            slug: Some(slug.to_owned()),
            url: at(book.path_by_slug(slug)),
            last: last.map(view),
        });
        let checks = of_jobs.chain(made).collect();
        // Whoever asked may have gone.
        let _heard = reply.send(PingsView { url: url.map(str::to_owned), heard, foreign, limited, dropped, checks });
    }
}

fn view(record: &Record) -> PingView {
    PingView {
        said: record.kind.word(),
        rid: record.rid.map(|rid| rid.to_string()),
        at: rfc3339(record.at),
        late: record.late,
        body: harmless(&String::from_utf8_lossy(&record.body)).into_owned(),
        client: record.user_agent.as_deref().map(|name| clean_text(name, CLIENT_CHARS_MAX)),
    }
}
