//! Runs of earlier nights, as the journal has them, for histories that are made up.

use nightkeep_engine::store::entry::{Entry, LimitsMs, Registration, Stamp, Stamped};

/// So long after a time of the wall clock, in milliseconds, before the computer was last started.
#[must_use]
pub fn at(first_ms: i64, ms: u64) -> Stamp {
    let at_wall_ms = first_ms.saturating_add_unsigned(ms);
    Stamp { at_wall_ms, at_awake_ms: ms, boot: "an-earlier-boot".to_owned() }
}

/// A run that works through the chapters of a novel.
#[must_use]
pub fn registration(tag: String, job: String) -> Registration {
    Registration {
        tag,
        job,
        job_type: "llm".to_owned(),
        command: ["write-novel", "--all", "--chapter"].map(str::to_owned).to_vec(),
        cwd: Some("/home/ann/novel".to_owned()),
        marker: Some("/home/ann/novel/progress.json".to_owned()),
        attached: false,
        observe: false,
        limits: LimitsMs { warn_ms: 900_000, stall_ms: 2_700_000, grace_ms: 20_000, ..LimitsMs::default() },
        identity: None,
        sources: Vec::new(),
        by_job: None,
        restart: None,
    }
}

/// Its start, and one advance a minute.
#[must_use]
pub fn advances(night: u64, count: u64, since: impl Fn(u64) -> Stamp) -> Vec<Stamped> {
    let mut story = vec![Stamped { at: since(10), entry: Entry::Started { pid: 4_711, identity: None } }];
    for n in 1..=count {
        let step = i64::try_from(n * 10).unwrap_or(i64::MAX);
        let note = Some(format!("chapter {n} of night {night}"));
        let entry = Entry::Advanced { n, step, total: Some(40), note, gap_ms: 60_000, source: None };
        story.push(Stamped { at: since(n * 60_000), entry });
    }
    story
}
