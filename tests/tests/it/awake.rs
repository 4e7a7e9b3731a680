//! Keeping the computer awake while runs are active.

use nightkeep_engine::api::FaultKind;
use nightkeep_tests::dbus::{FakeUpower, Inhibitions};
use nightkeep_tests::night::Night;

const JOBS: &str = "[jobs.long]\ncommand = [\"sleep\", \"1000\"]\n[jobs.other]\ncommand = [\"sleep\", \"1000\"]\n";
const KEEP: &str = "[settings]\nkeep_awake = \"always\"\n";

fn until(night: &Night, what: &str, granted: usize, released: usize) -> Inhibitions {
    let wanted = |all: &Inhibitions| (all.granted.len(), all.released) == (granted, released);
    night.see(async |desktop| desktop.logind()?.wait_for(what, wanted).await).unwrap()
}

fn stop(night: &Night, run: u64) {
    night.told(&["stop", "--force", &run.to_string()]).unwrap();
    night.ended(run).unwrap();
}

#[test]
fn the_computer_stays_awake_from_the_first_run_to_the_end_of_the_last_one() {
    let night = Night::on_a_desktop_with_logind(&format!("{KEEP}{JOBS}")).unwrap();
    let first = night.begin(&["start", "long"]).unwrap().run;
    let all = until(&night, "an inhibition", 1, 0);
    let words = ["idle:sleep", "Nightkeep", "Runs are active", "block"].map(str::to_owned);
    assert_eq!(<[String; 4]>::from(all.granted[0].clone()), words);
    let second = night.begin(&["start", "other"]).unwrap().run;
    night.until_run("it to run", second, |view| view.pid.is_some()).unwrap();
    stop(&night, first);
    assert_eq!(until(&night, "it to be held for the other run", 1, 0).released, 0);
    stop(&night, second);
    until(&night, "it to be let go of", 1, 1);
}

#[test]
fn the_setting_is_in_force_at_once_and_off_unless_somebody_wants_it() {
    let night = Night::on_a_desktop_with_logind(JOBS).unwrap();
    assert_eq!(night.told(&["config", "get", "keep_awake"]).unwrap(), "never\n");
    let run = night.begin(&["start", "long"]).unwrap().run;
    night.until_run("it to run", run, |view| view.pid.is_some()).unwrap();
    assert_eq!(until(&night, "nobody to be asked", 0, 0), Inhibitions::default());
    night.told(&["config", "set", "keep_awake", "always"]).unwrap();
    until(&night, "an inhibition", 1, 0);
    night.told(&["config", "set", "keep_awake", "never"]).unwrap();
    until(&night, "it to be let go of", 1, 1);
    // As a switch, which it was once.
    night.told(&["config", "set", "keep_awake", "true"]).unwrap();
    assert_eq!(night.told(&["config", "get", "keep_awake"]).unwrap(), "always\n");
    until(&night, "another one", 2, 1);
    // The next engine asks anew, and nothing of the one before is left.
    night.crash_engine().unwrap();
    until(&night, "it to be let go of by a crash", 2, 2);
    night.start_engine().unwrap();
    until(&night, "one of the next engine", 3, 2);
}

#[test]
fn a_laptop_stays_awake_while_it_is_plugged_in_and_may_sleep_on_its_battery() {
    let night = Night::on_a_desktop_with_logind(&format!("[settings]\nkeep_awake = \"plugged-in\"\n{JOBS}")).unwrap();
    let laptop = night.see(async |desktop| FakeUpower::start(desktop.bus(), true).await).unwrap();
    let pull = |is_on_battery| night.see(async |_| laptop.set_on_battery(is_on_battery).await).unwrap();
    let run = night.begin(&["start", "long"]).unwrap().run;
    night.until_run("it to run", run, |view| view.pid.is_some()).unwrap();
    pull(false);
    until(&night, "an inhibition", 1, 0);
    pull(true);
    until(&night, "it to be let go of", 1, 1);
    // Another run changes nothing of that; whoever wants it on the battery too says so.
    let other = night.begin(&["start", "other"]).unwrap().run;
    night.until_run("it to run", other, |view| view.pid.is_some()).unwrap();
    assert_eq!(until(&night, "nothing more to be asked for", 1, 1).granted.len(), 1);
    night.told(&["config", "set", "keep_awake", "always"]).unwrap();
    until(&night, "another one", 2, 1);
    night.told(&["config", "set", "keep_awake", "plugged-in"]).unwrap();
    until(&night, "it to be let go of on the battery", 2, 2);
    pull(false);
    until(&night, "one when it is plugged in", 3, 2);
    // The next engine finds out by itself.
    night.crash_engine().unwrap();
    until(&night, "it to be let go of by a crash", 3, 3);
    night.start_engine().unwrap();
    until(&night, "one of the next engine", 4, 3);
    stop(&night, run);
    stop(&night, other);
    until(&night, "it to be let go of at the end", 4, 4);
}

#[test]
fn without_upower_the_kernel_says_whether_it_is_plugged_in() {
    let night = Night::on_a_desktop_with_logind(&format!("[settings]\nkeep_awake = \"plugged-in\"\n{JOBS}")).unwrap();
    let run = night.begin(&["start", "long"]).unwrap().run;
    night.until_run("it to run", run, |view| view.pid.is_some()).unwrap();
    // Of a laptop on its battery there is nothing to be waited for.
    let granted = usize::from(nightkeep_os::is_plugged_in().unwrap());
    until(&night, "what the kernel says", granted, 0);
    stop(&night, run);
    until(&night, "it to be let go of", granted, granted);
}

#[test]
fn without_logind_one_line_says_that_the_computer_may_sleep_and_runs_go_on() {
    let night = Night::on_a_desktop(&format!("{KEEP}{JOBS}")).unwrap();
    let run = night.begin(&["start", "long"]).unwrap().run;
    let fault = night.fault(FaultKind::Awake).unwrap();
    assert_eq!(fault.message, "The computer may fall asleep while runs are active: logind is not there.");
    let doctor = night.nightkeep(&["doctor"]).unwrap();
    assert!(doctor.out.contains("logind is not there"), "{}", doctor.out);
    stop(&night, run);
    night.until("nothing to be told of it", |live| live.faults.is_empty().then_some(())).unwrap();
}
