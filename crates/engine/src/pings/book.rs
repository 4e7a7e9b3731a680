//! Which checks there are, what they have heard, and what is answered. Pure: it is told what time it is.

use nightkeep_core::time::{Now, Wall};
use uuid::Uuid;

use super::check::{Check, Steps, Taken};
use super::listener::{Heard, Reply};
use super::request::{Kind, Target, canonical, slug_of};
use crate::api::{JobSpec, PingMode};

/// So many checks that stand in no configuration may be made by `create=1`.
const MADE_MAX: usize = 100;

/// All checks: one for each job, and those that a ping made.
#[derive(Debug, Default)]
pub struct Book {
    key: String,
    pub(super) checks: Vec<Known>,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) uuid: Option<Uuid>,
    pub(super) slug: Option<String>,
    /// `None` for a check that a ping made.
    pub(super) job: Option<String>,
    pub(super) check: Check,
    pub(super) last: Option<Record>,
}

/// The last ping of a check, as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it said.
    pub kind: Kind,
    /// Of which run.
    pub rid: Option<Uuid>,
    /// When it came.
    pub at: Wall,
    /// Whether its run was over.
    pub late: bool,
    /// The beginning of its body, as it came.
    pub body: Vec<u8>,
    /// Who sent it, in its own words.
    pub user_agent: Option<String>,
}

/// What a ping came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For whoever pinged.
    pub reply: Reply,
    /// The job it is of; `None` for a check without one, and when nothing was taken.
    pub job: Option<String>,
    /// For its run.
    pub taken: Taken,
}

impl Answer {
    fn nothing(reply: Reply) -> Self {
        Self { reply, job: None, taken: Taken::default() }
    }
}

impl Book {
    /// The checks of these jobs, reached through `key` and their slugs, or through their UUIDs.
    #[must_use]
    pub fn new(key: String, jobs: &[JobSpec]) -> Self {
        let mut book = Self { key, checks: Vec::new() };
        book.fit(jobs);
        book
    }

    /// Another key is in force.
    pub fn set_key(&mut self, key: String) {
        self.key = key;
    }

    /// Other jobs are in force. A check whose job is still there goes on with what it has heard.
    pub fn fit(&mut self, jobs: &[JobSpec]) {
        let mut before = std::mem::take(&mut self.checks);
        for job in jobs {
            let uuid = job.ping.as_deref().and_then(canonical);
            let is_gone = |name: &String| !jobs.iter().any(|job| job.name == *name);
            // A job that has another name is known by its UUID.
            let is_renamed =
                |known: &Known| uuid.is_some() && known.uuid == uuid && known.job.as_ref().is_some_and(is_gone);
            let named = before.iter().position(|known| known.job.as_ref() == Some(&job.name));
            let place = named.or_else(|| before.iter().position(is_renamed));
            let (mut check, last) = place
                .map(|place| before.swap_remove(place))
                .map_or_else(|| (Check::default(), None), |known| (known.check, known.last));
            check.set_mode(job.ping_mode.unwrap_or_default());
            self.checks.push(Known { uuid, slug: slug_of(&job.name), job: Some(job.name.clone()), check, last });
        }
        let taken: Vec<String> = self.checks.iter().filter_map(|known| known.slug.clone()).collect();
        let is_free = |known: &Known| known.slug.as_ref().is_some_and(|slug| !taken.contains(slug));
        self.checks.extend(before.into_iter().filter(|known| known.job.is_none() && is_free(known)));
    }

    /// A run of a job began.
    pub fn run_began(&mut self, job: &str, now: Now) {
        if let Some(check) = self.of_job(job) {
            check.run_began(now.awake);
        }
    }

    /// A run of a job is there that began before: what its pings said goes on to hold.
    pub fn run_goes_on(&mut self, job: &str) {
        if let Some(check) = self.of_job(job) {
            check.run_goes_on();
        }
    }

    /// The run of a job is over.
    pub fn run_ended(&mut self, job: &str) {
        if let Some(check) = self.of_job(job) {
            check.run_ended();
        }
    }

    /// The last ping of a job.
    #[must_use]
    pub fn last_of(&self, job: &str) -> Option<&Record> {
        self.checks.iter().find(|known| known.job.as_deref() == Some(job))?.last.as_ref()
    }

    /// The path by which a job is pinged: its UUID, else the key and its slug. `None` for one that has neither of its own.
    #[must_use]
    pub fn path_of(&self, job: &str) -> Option<String> {
        let known = self.checks.iter().find(|known| known.job.as_deref() == Some(job))?;
        if let Some(uuid) = known.uuid {
            return Some(uuid.to_string());
        }
        self.path_by_slug(known.slug.as_deref()?)
    }

    /// The path by which the check of this slug is pinged, if it is the only one.
    #[must_use]
    pub fn path_by_slug(&self, slug: &str) -> Option<String> {
        let is_only = self.checks.iter().filter(|known| known.slug.as_deref() == Some(slug)).count() == 1;
        (is_only && !self.key.is_empty()).then(|| format!("{}/{slug}", self.key))
    }

    /// The slug of a job.
    #[must_use]
    pub fn slug_of(&self, job: &str) -> Option<&str> {
        self.checks.iter().find(|known| known.job.as_deref() == Some(job))?.slug.as_deref()
    }

    /// The checks that pings made, by their slugs.
    pub fn made(&self) -> impl Iterator<Item = (&str, Option<&Record>)> {
        let made = self.checks.iter().filter(|known| known.job.is_none());
        made.filter_map(|known| Some((known.slug.as_deref()?, known.last.as_ref())))
    }

    /// Takes a ping in. `steps` finds progress in what is logged, for the jobs that want it.
    pub fn hear(
        &mut self,
        heard: &Heard,
        now: Now,
        steps: impl Fn(&str, &str) -> Option<(i64, Option<i64>)>,
    ) -> Answer {
        let (place, reply) = match self.find(&heard.request.target) {
            Found::One(place) => (place, Reply::Known),
            Found::Many => return Answer::nothing(Reply::Ambiguous),
            Found::None => match self.make(heard) {
                Some(place) => (place, Reply::Created),
                None => return Answer::nothing(Reply::Unknown),
            },
        };
        let Ok(ping) = heard.request.ping else { return Answer::nothing(reply) };
        let Some(known) = self.checks.get_mut(place) else { return Answer::nothing(Reply::Unknown) };
        let of_job = known.job.as_deref().map(|job| |text: &str| steps(job, text));
        let of_job = of_job.as_ref().map(|steps| -> Steps<'_> { steps });
        let taken = known.check.hear(ping, &heard.body, now.awake, of_job);
        known.last = Some(Record {
            kind: ping.kind,
            rid: ping.rid,
            at: now.wall,
            late: taken.late,
            body: heard.body.clone(),
            user_agent: heard.user_agent.clone(),
        });
        Answer { reply, job: known.job.clone(), taken }
    }

    fn of_job(&mut self, job: &str) -> Option<&mut Check> {
        self.checks.iter_mut().find(|known| known.job.as_deref() == Some(job)).map(|known| &mut known.check)
    }

    fn find(&self, target: &Target) -> Found {
        let is_meant = |known: &Known| match target {
            Target::Check(uuid) => known.uuid == Some(*uuid),
            Target::Slug { slug, .. } => known.slug.as_ref() == Some(slug),
        };
        if !self.lets_in(target) {
            return Found::None;
        }
        let mut meant = self.checks.iter().enumerate().filter(|(_, known)| is_meant(known)).map(|(place, _)| place);
        match (meant.next(), meant.next()) {
            (None, _) => Found::None,
            (Some(place), None) => Found::One(place),
            (Some(_), Some(_)) => Found::Many,
        }
    }

    /// Whether the key is the right one. How long it takes does not tell how much of it was right.
    fn lets_in(&self, target: &Target) -> bool {
        match target {
            Target::Check(_) => true,
            Target::Slug { key, .. } => {
                let pairs = self.key.bytes().zip(key.bytes());
                let differing = pairs.fold(0, |differing, (own, said)| differing | (own ^ said));
                self.key.len() == key.len() && differing == 0 && !self.key.is_empty()
            }
        }
    }

    /// Makes a check that is asked for, once all that is said of it can be meant.
    fn make(&mut self, heard: &Heard) -> Option<usize> {
        let Target::Slug { slug, .. } = &heard.request.target else { return None };
        let is_wanted = heard.request.create && heard.request.ping.is_ok() && self.lets_in(&heard.request.target);
        if !is_wanted || self.made().count() >= MADE_MAX {
            return None;
        }
        let check = Check::new(PingMode::Auto);
        self.checks.push(Known { uuid: None, slug: Some(slug.clone()), job: None, check, last: None });
        Some(self.checks.len() - 1)
    }
}

enum Found {
    None,
    One(usize),
    Many,
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use nightkeep_core::{Awake, Claim, Signal};

    use super::super::request::read;
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

    fn job(name: &str, ping: Option<&str>) -> JobSpec {
        JobSpec { name: name.to_owned(), ping: ping.map(str::to_owned), ..JobSpec::default() }
    }

    fn book() -> Book {
        let mut book = Book::new(
            KEY.to_owned(),
            &[job("The Site", None), job("nightly", Some(CHECK)), job("a b", None), job("a-b", None)],
        );
        book.run_began("nightly", Now::default());
        book
    }

    fn heard(path: &str) -> Heard {
        let uri = path.replace("KEY", KEY).replace("CHECK", CHECK).parse().unwrap();
        Heard { request: read(&Method::GET, &uri).unwrap(), body: b"said".to_vec(), user_agent: None }
    }

    fn hear(book: &mut Book, path: &str) -> Answer {
        book.hear(&heard(path), Now::default(), |_, _| None)
    }

    #[test]
    fn a_check_is_found_by_its_uuid_or_by_key_and_slug() {
        let cases = [
            ("/CHECK", Reply::Known, Some("nightly")),
            ("/KEY/nightly/start", Reply::Known, Some("nightly")),
            ("/KEY/the-site", Reply::Known, Some("The Site")),
            ("/KEY/a-b", Reply::Ambiguous, None),
            ("/KEY/gone", Reply::Unknown, None),
            ("/5bf66975-d4c7-4bf5-bcc8-000000000000", Reply::Unknown, None),
            ("/0123456789abcdef0123456789abcdee/nightly", Reply::Unknown, None),
            ("/0123456789abcdef0123456789abcde/nightly", Reply::Unknown, None),
            ("/CHECK?create=1", Reply::Known, Some("nightly")),
        ];
        for (path, reply, job) in cases {
            let answer = hear(&mut book(), path);
            assert_eq!((answer.reply, answer.job.as_deref()), (reply, job), "{path}");
        }
        assert_eq!(hear(&mut Book::default(), "/KEY/nightly").reply, Reply::Unknown);
    }

    #[test]
    fn a_check_is_made_only_by_whoever_has_the_key_and_only_so_many() {
        let mut book = book();
        assert_eq!(hear(&mut book, "/KEY/made?create=1").reply, Reply::Created);
        assert_eq!(hear(&mut book, "/KEY/made?create=1").reply, Reply::Known);
        assert_eq!(hear(&mut book, "/0123456789abcdef0123456789abcdee/other?create=1").reply, Reply::Unknown);
        assert_eq!(hear(&mut book, "/KEY/other/300?create=1").reply, Reply::Unknown);
        assert_eq!(hear(&mut book, "/KEY/other").reply, Reply::Unknown);
        let made =
            (0..1000).filter(|n| hear(&mut book, &format!("/KEY/n{n}?create=1")).reply == Reply::Created).count();
        assert_eq!(made, MADE_MAX - 1);
        let first = book.made().next().unwrap();
        assert_eq!((first.0, first.1.map(|last| last.body.as_slice())), ("made", Some(b"said".as_slice())));
    }

    #[test]
    fn what_is_wrong_is_said_only_of_a_check_that_is_there_and_changes_nothing() {
        let mut book = book();
        assert_eq!(hear(&mut book, "/KEY/gone/300").reply, Reply::Unknown);
        let answer = hear(&mut book, "/CHECK/300");
        assert_eq!(answer, Answer::nothing(Reply::Known));
        assert_eq!(book.last_of("nightly"), None);
    }

    #[test]
    fn a_ping_becomes_signals_of_the_run_of_its_job_and_is_kept() {
        let mut book = book();
        hear(&mut book, "/CHECK/start");
        let answer = hear(&mut book, "/KEY/nightly/2");
        let claim = Claim { succeeded: false, message: Some("said".to_owned()) };
        assert_eq!(answer.taken.signals, [Signal::Claims(claim)]);
        assert_eq!(book.last_of("nightly").unwrap().kind, Kind::Exit(2));
        book.run_ended("nightly");
        let answer = hear(&mut book, "/CHECK");
        assert_eq!((answer.reply, answer.taken.late, answer.taken.signals), (Reply::Known, true, vec![]));
        assert!(book.last_of("nightly").unwrap().late);
    }

    #[test]
    fn other_jobs_change_nothing_for_those_that_stay() {
        let mut book = book();
        hear(&mut book, "/CHECK/start");
        hear(&mut book, "/KEY/made?create=1");
        hear(&mut book, "/KEY/later?create=1");
        book.fit(&[job("later", None), job("nightly", Some(CHECK))]);
        let later = Now { awake: Awake::from_ms(2000), ..Now::default() };
        let answer = book.hear(&heard("/CHECK"), later, |_, _| None);
        assert_eq!(answer.taken.took.map(|took| took.as_ms()), Some(2000));
        assert_eq!(book.made().map(|(slug, _)| slug).collect::<Vec<_>>(), ["made"]);
        assert_eq!(hear(&mut book, "/KEY/the-site").reply, Reply::Unknown);
        assert_eq!(hear(&mut book, "/KEY/later").job.as_deref(), Some("later"));
    }
}
