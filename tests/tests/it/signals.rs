//! What agents, scripts and helpers say of a run over the API.

use nightkeep_engine::api::{Activity, HumanWaitKind, Phase, Progress, SignalSpec, SignalsReply, SignalsRequest};
use nightkeep_tests::night::{Begun, Night, fake_agent};

fn begun(night: &Night) -> Begun {
    let agent = fake_agent().unwrap();
    let begun = night.begin(&["run", "--detach", "--", &agent, "hang"]).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

fn say(night: &Night, run: &str, signals: Vec<SignalSpec>) -> SignalsReply {
    let said = SignalsRequest { run: run.to_owned(), source: "test".to_owned(), signals };
    night.ask(async move |client| client.signals(&said).await).unwrap()
}

fn step(step: i64) -> SignalSpec {
    SignalSpec::Advance { step: Some(step), total: None, note: None, series: None }
}

#[test]
fn a_step_that_is_said_counts_once_also_across_a_crash_of_the_engine() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    say(&night, &begun.tag, vec![step(7)]);
    night.until_step(begun.run, 7).unwrap();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    night.until_run("it to be found again", begun.run, |view| view.step == Some(7)).unwrap();
    say(&night, &begun.run.to_string(), vec![step(7), step(6), step(8)]);
    night.until_step(begun.run, 8).unwrap();
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.advances, row.last_step), (2, Some(8)), "{row:#?}");
}

#[test]
fn that_a_run_waits_for_a_person_is_not_forgotten_in_a_crash_of_the_engine() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let what = Some("Bash: rm -r build".to_owned());
    say(&night, &begun.tag, vec![SignalSpec::WaitingHuman { kind: HumanWaitKind::Permission, what }]);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let view = night.until_run("it to wait again", begun.run, |view| view.activity == Activity::WaitingHuman).unwrap();
    assert_eq!((view.progress, view.doing.as_deref()), (Progress::Waiting, Some("Bash: rm -r build")));
    say(&night, &begun.tag, vec![SignalSpec::Resumed]);
    night.until_run("it to work again", begun.run, |view| view.activity == Activity::Working).unwrap();
    let told: Vec<String> = night.show(begun.run).unwrap().timeline.into_iter().map(|event| event.kind).collect();
    assert!(told.ends_with(&["resumed".to_owned()]) && told.contains(&"waits".to_owned()), "{told:?}");
}

#[test]
fn a_flood_is_counted_and_its_last_step_is_not_lost() {
    let night = Night::watched("").unwrap();
    let (loud, quiet) = (begun(&night), begun(&night));
    let mut said = SignalsReply { run: 0, taken: 0, dropped: 0 };
    for round in 0..20 {
        let reply = say(&night, &loud.tag, (1..=1_000).map(|n| step(round * 1_000 + n)).collect());
        said = SignalsReply { run: reply.run, taken: said.taken + reply.taken, dropped: said.dropped + reply.dropped };
    }
    assert_eq!(said.taken + said.dropped, 20_000);
    assert!(said.dropped > 10_000, "{said:?}");
    night.until_step(loud.run, 20_000).unwrap();
    say(&night, &quiet.tag, vec![step(1)]);
    let view = night.until_step(quiet.run, 1).unwrap();
    assert_eq!(view.signals_dropped, 0);
    let loud = night.until_run("the count", loud.run, |view| view.signals_dropped > 0).unwrap();
    assert_eq!(loud.signals_dropped, said.dropped);
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_reason() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let refused = |run: &str, source: &str, signals: Vec<SignalSpec>| {
        let said = SignalsRequest { run: run.to_owned(), source: source.to_owned(), signals };
        night.ask(async move |client| client.signals(&said).await).unwrap_err().message
    };
    let number = begun.run.to_string();
    assert_eq!(refused("99", "test", vec![SignalSpec::Beat]), "no run `99` is being watched");
    assert!(refused(&number, "Not a word", vec![]).starts_with("`source` is"));
    assert_eq!(refused(&number, "test", vec![SignalSpec::Beat; 1_001]), "1001 signals at once; at most 1000");
    assert!(refused(&number, "test", vec![SignalSpec::Expects { for_s: -1.0 }]).starts_with("a length of time"));
}
