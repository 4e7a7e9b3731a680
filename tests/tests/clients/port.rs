//! An open port with checks behind it: one job that runs, and two whose names make the same slug.

use std::path::Path;

use nightkeep_core::Signal;
use nightkeep_engine::api::JobSpec;
use nightkeep_engine::pings::{self, Answer, Asked, Book, HEARD_MAX, Heard, Listen, Listening, Reply, Target};
use nightkeep_engine::places::Places;
use nightkeep_engine::time::Now;
use tokio::sync::mpsc;

pub(crate) const KEY: &str = "a-key-of-128-bits-or-more";
pub(crate) const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

/// A ping, and what it came to in words.
pub(crate) struct Told {
    pub(crate) told: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Port {
    listening: Listening,
    told: mpsc::UnboundedReceiver<Told>,
    home: tempfile::TempDir,
}

impl Port {
    pub(crate) async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        places.create().unwrap();
        std::fs::write(places.pings_key(), KEY).unwrap();
        let key = pings::key(&places).unwrap();
        let (asks, asked) = mpsc::channel(HEARD_MAX);
        let listening = Listening::open(&places, Listen::parse("127.0.0.1:0").unwrap(), asks).await.unwrap();
        let (tells, told) = mpsc::unbounded_channel();
        tokio::spawn(answer(key, asked, tells));
        Self { listening, told, home }
    }

    pub(crate) fn url(&self) -> String {
        self.listening.url().to_owned()
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// All that was heard. Each ping was told before it was answered.
    pub(crate) fn heard(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }

    pub(crate) fn told(&mut self) -> Vec<String> {
        self.heard().into_iter().map(|heard| heard.told).collect()
    }
}

async fn answer(key: String, mut asked: mpsc::Receiver<Asked>, tells: mpsc::UnboundedSender<Told>) {
    let named = |name: &str| JobSpec { name: name.to_owned(), ..JobSpec::default() };
    let nightly = JobSpec { ping: Some(CHECK.to_owned()), ..named("nightly") };
    let mut book = Book::new(key, &[nightly, named("a b"), named("a-b")]);
    book.run_began("nightly", Now::default());
    while let Some(Asked { heard, reply }) = asked.recv().await {
        let answer = book.hear(&heard, Now::default(), |_, _| None);
        tells.send(Told { told: words(&heard, &answer), body: heard.body }).unwrap();
        reply.send(answer.reply).unwrap();
    }
}

/// The check, what was pinged, and what that said of its run.
fn words(heard: &Heard, answer: &Answer) -> String {
    let Ok(ping) = heard.request.ping else { return format!("{:?}", answer.reply) };
    let of = match (&answer.job, &heard.request.target) {
        (Some(job), _) => job.clone(),
        (None, Target::Slug { slug, .. }) if answer.reply == Reply::Created => slug.clone(),
        (None, _) => return format!("{:?}", answer.reply),
    };
    let said: Vec<String> = answer.taken.signals.iter().map(word).collect();
    format!("{of} {:?}: {}", ping.kind, said.join(", ")).trim_end().to_owned()
}

fn word(signal: &Signal) -> String {
    match signal {
        Signal::Claims(claim) => {
            let message = claim.message.as_deref().unwrap_or_default();
            format!("{} {message}", if claim.succeeded { "done" } else { "failed" })
        }
        Signal::Note(note) => format!("noted {note}"),
        other @ (Signal::Beat
        | Signal::Advance(_)
        | Signal::Begins { .. }
        | Signal::Ends { .. }
        | Signal::EmptyTurn
        | Signal::Waits(_)
        | Signal::Resumes
        | Signal::Unclaims
        | Signal::Result(_)
        | Signal::Metrics(_)
        | Signal::Expects(_)) => format!("{other:?}"),
    }
}
