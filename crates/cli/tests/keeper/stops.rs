//! Nothing gets away.

use nightkeep_engine::{
    keeper::protocol::{Event, Request},
    rundir::{RunEnd, RunState},
};
use nightkeep_os::{Process, Signal, identify};

use crate::harness::{Home, exit_of, gone};

#[tokio::test]
async fn a_command_that_ignores_term_is_killed_and_emptiness_is_told() {
    let mut home = Home::new();
    let up = home.meeting("up");
    let script = format!("trap '' TERM; echo up > '{}'; while :; do sleep 1000; done", up.name());
    let mut run = home.start(home.shell("a", &script)).await;
    up.reached().await;
    run.ask(Request::SignalRoot { signal: Signal::Term }).await;
    assert_eq!(run.hear().await, Event::Signalled { count: 1 });
    assert!(run.members().await.contains(&run.started.root.pid), "it is still there");

    let dir = run.dir.clone();
    let told = run.kill_all().await;
    assert_eq!(told, [Event::RootEnded { end: RunEnd::Signal(9), leftovers: Vec::new() }, Event::Empty]);
    let exit = exit_of(&dir);
    assert!(exit.killed);
    assert!(matches!(dir.state().expect("readable"), RunState::Ended { .. }));
}

#[tokio::test]
async fn sessions_of_their_own_and_daemons_are_dead_after_a_kill() {
    let mut home = Home::new();
    let (session, daemon, stopped) = (home.meeting("session"), home.meeting("daemon"), home.meeting("stopped"));
    let script = format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ > {session}; sleep 1000; :' & \
         setsid sh -c 'setsid env -i PATH=\"$PATH\" sh -c \"echo \\$\\$ > {daemon}; sleep 1000; :\" & exit' & \
         sh -c 'echo $$ > {stopped}; kill -STOP $$; sleep 1000' & \
         sleep 1000; :",
        session = session.name(),
        daemon = daemon.name(),
        stopped = stopped.name(),
    );
    let mut run = home.start(home.shell("a", &script)).await;
    let mut escaped = Vec::new();
    for meeting in [session, daemon, stopped] {
        let pid = meeting.reached().await.parse().expect("a pid");
        escaped.push(identify(pid).expect("readable").expect("it is alive"));
    }
    let members = run.members().await;
    for identity in &escaped {
        assert!(members.contains(&identity.pid), "{members:?} lacks {}", identity.pid);
    }
    let members: Vec<_> = members.iter().filter_map(|pid| identify(*pid).expect("readable")).collect();

    let told = run.kill_all().await;
    assert_eq!(told.last(), Some(&Event::Empty));
    for identity in escaped.iter().chain(&members) {
        let alive = Process::open(identity).expect("readable").is_some_and(|process| process.is_alive());
        assert!(!alive, "{} is alive", identity.pid);
    }
}

#[tokio::test]
async fn a_process_that_keeps_forking_away_is_caught() {
    let mut home = Home::new();
    let up = home.meeting("up");
    let hopper = "import os,sys\n\
                  n=0\n\
                  while True:\n \
                   if os.fork(): os._exit(0)\n \
                   os.setsid()\n \
                   n+=1\n \
                   if n==20: open(sys.argv[1],'w').write('up\\n')\n";
    let mut run = home.start(home.spec("a", &["python3", "-c", hopper, &up.name()])).await;
    assert_eq!(run.hear().await, Event::RootEnded { end: RunEnd::Code(0), leftovers: leftovers_of(&run.dir) });
    up.reached().await;
    assert_eq!(run.kill_all().await, [Event::Empty]);
}

/// What the record says was left: the hopper is somebody else at every look.
fn leftovers_of(dir: &nightkeep_engine::rundir::RunDir) -> Vec<u32> {
    exit_of(dir).leftovers
}

#[tokio::test]
async fn a_polite_signal_reaches_the_rest_but_not_the_command() {
    let mut home = Home::new();
    let (up, left) = (home.meeting("up"), home.meeting("left"));
    let script = format!(
        "trap 'exit 9' TERM; (trap 'echo term > {left}; exit' TERM; echo up > {up}; while :; do sleep 1000 & wait; done) & \
         while :; do wait; done",
        up = up.name(),
        left = left.name(),
    );
    let mut run = home.start(home.shell("a", &script)).await;
    up.reached().await;
    run.ask(Request::SignalRest { signal: Signal::Term }).await;
    let Event::Signalled { count } = run.hear().await else { panic!("a signal is answered") };
    assert!(count >= 1);
    assert_eq!(left.reached().await, "term");
    assert!(run.members().await.contains(&run.started.root.pid), "the command itself was spared");
    run.kill_all().await;
}

#[tokio::test]
async fn a_stopped_command_takes_the_polite_signal() {
    let mut home = Home::new();
    let up = home.meeting("up");
    let script = format!("(kill -STOP $$; echo up > '{}') & wait; sleep 1000", up.name());
    let mut run = home.start(home.shell("a", &script)).await;
    up.reached().await;
    run.ask(Request::SignalRoot { signal: Signal::Term }).await;
    assert_eq!(run.hear().await, Event::Signalled { count: 1 });
    let dir = run.dir.clone();
    gone(run.link).await;
    assert_eq!(exit_of(&dir).end, RunEnd::Signal(15));
}

#[tokio::test]
async fn an_interrupt_reaches_the_whole_group_and_is_remembered() {
    let mut home = Home::new();
    let up = home.meeting("up");
    // The shell runs its trap once its foreground child is gone, which takes an interrupt of its own.
    let script = format!("trap 'echo interrupted; exit 130' INT; sh -c 'echo up > {}; exec sleep 1000'; :", up.name());
    let mut run = home.start(home.shell("a", &script)).await;
    up.reached().await;
    run.ask(Request::Interrupt { signal: Signal::Int }).await;
    assert_eq!(run.hear().await, Event::Signalled { count: 1 });
    let dir = run.dir.clone();
    gone(run.link).await;
    let exit = exit_of(&dir);
    assert_eq!((exit.end, exit.interrupted_by), (RunEnd::Code(130), Some(Signal::Int)));
    assert_eq!(crate::harness::printed(dir.output()), "interrupted\n");
}

#[tokio::test]
async fn a_keeper_is_not_ended_by_signals_that_are_meant_for_others() {
    let mut home = Home::new();
    let mut run = home.start(home.spec("a", &["sleep", "1000"])).await;
    let keeper = Process::open(&run.started.keeper).expect("readable").expect("the keeper is there");
    for signal in [Signal::Term, Signal::Int, Signal::Hup] {
        keeper.signal(signal).expect("it is ours");
    }
    assert_eq!(run.members().await, [run.started.root.pid]);
    let told = run.kill_all().await;
    assert_eq!(told.last(), Some(&Event::Empty));
}
