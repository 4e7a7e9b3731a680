//! Identities, handles, facts, trees, tags and clocks.

use nightkeep_os::{
    Delivery, DetachedStdin, Identity, Process, ProcessError, ProcessState, Signal, boot_id, clocks, descendants,
    facts, identify, spawn_detached, tagged,
};

use crate::support::{DEADLINE, WAIT, WAIT_BELOW, shell, words};

#[test]
fn an_identity_survives_being_written_down() {
    let own = identify(std::process::id()).unwrap().unwrap();
    assert_eq!(own.boot, boot_id().unwrap());
    let read: Identity = serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap();
    assert_eq!(read, own);
    assert!(Process::open(&read).unwrap().unwrap().is_alive());
}

#[test]
fn a_process_of_another_boot_or_another_start_is_refused() {
    let own = identify(std::process::id()).unwrap().unwrap();
    let elsewhere = Identity { boot: "boot-0".to_owned(), ..own.clone() };
    assert!(Process::open(&elsewhere).unwrap().is_none());
    let before = Identity { start: own.start - 1, ..own };
    assert!(Process::open(&before).unwrap().is_none());
}

#[test]
fn a_pid_that_does_not_exist_is_nobody() {
    assert_eq!(identify(u32::MAX - 3).unwrap(), None);
    assert_eq!(facts(u32::MAX - 3).unwrap(), None);
    assert_eq!(descendants(u32::MAX - 3).unwrap(), []);
}

#[test]
fn a_process_that_has_ended_is_nobody_although_its_handle_is_open() {
    let mut ended = shell(&format!("{WAIT}& exit 7"), &[]);
    let identity = ended.identity();
    let process = Process::open(&identity).unwrap().unwrap();
    assert!(process.is_alive());
    assert_eq!(ended.let_end(), 7);
    assert!(!process.is_alive());
    assert_eq!(identify(identity.pid).unwrap(), None);
    assert!(Process::open(&identity).unwrap().is_none());
    assert_eq!(process.signal(Signal::Kill).unwrap(), Delivery::Gone);
}

#[test]
fn a_process_is_killed_through_its_handle_and_cannot_be_asked() {
    let mut killed = shell(WAIT, &[]);
    let process = Process::open_pid(killed.child.id()).unwrap().unwrap();
    assert!(matches!(process.signal(Signal::Term), Err(ProcessError::Refused { .. })));
    assert!(process.is_alive());
    assert_eq!(process.signal(Signal::Kill).unwrap(), Delivery::Delivered);
    assert_eq!(killed.child.wait().unwrap().code(), Some(1), "the code that the task manager gives");
    assert!(!process.is_alive());
}

#[test]
fn a_tree_is_listed_with_parents_before_children() {
    let root = shell(WAIT_BELOW, &[]);
    let tree = descendants(root.child.id()).unwrap();
    let shape: Vec<_> = tree.iter().map(|member| (member.depth, member.name.to_lowercase())).collect();
    assert_eq!(shape, [(0, "cmd.exe".to_owned()), (1, "cmd.exe".to_owned())]);
    assert_eq!(tree[0].identity, root.identity());
    assert_eq!(tree[1].parent, root.child.id());
    assert!(Process::open(&tree[1].identity).unwrap().unwrap().is_alive());
}

#[test]
fn the_facts_of_this_process_are_true() {
    let own = facts(std::process::id()).unwrap().unwrap();
    assert_eq!(own.identity, identify(std::process::id()).unwrap().unwrap());
    let program = std::env::current_exe().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(own.name, program);
    assert!(own.command.contains(program.trim_end_matches(".exe")), "{}", own.command);
    assert_eq!(own.state, ProcessState::Running);
    assert!(own.memory_bytes > 500_000, "{}", own.memory_bytes);
    assert!(own.age_ms < 3_600_000, "{}", own.age_ms);
}

#[test]
fn a_tag_in_the_environment_is_found_and_a_similar_one_is_not() {
    let value = format!("tag-{}", std::process::id());
    let longer = format!("{value}0");
    let one = shell(WAIT, &[("NK_TEST_TAG", &value)]);
    let _other = shell(WAIT, &[("NK_TEST_TAG", &longer)]);
    assert_eq!(tagged("NK_TEST_TAG", &value).unwrap(), [one.identity()]);
}

#[test]
fn the_clocks_go_on_and_agree() {
    let before = clocks();
    let after = clocks();
    assert!(after.awake_ms >= before.awake_ms && after.boot_ms >= before.boot_ms);
    assert!(after.awake_ms > 0 && after.boot_ms + 20 >= after.awake_ms, "{after:?}");
    assert!(after.wall_ms > 1_700_000_000_000, "{after:?}");
}

#[test]
fn a_detached_program_runs_in_its_place_with_its_environment() {
    let directory = tempfile::tempdir().unwrap();
    let args = words(["/d", "/c", "echo %NK_TEST_WORD%> aside& ren aside said"]);
    let env = [("NK_TEST_WORD".into(), "detached".into())];
    spawn_detached("cmd".as_ref(), &args, &env, Some(directory.path()), DetachedStdin::Null).unwrap();
    let said = directory.path().join("said");
    let begun = std::time::Instant::now();
    while !said.exists() {
        assert!(begun.elapsed() < DEADLINE, "nothing was said");
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_to_string(said).unwrap().trim(), "detached");
}

#[test]
fn a_program_that_does_not_exist_is_an_error_also_when_detached() {
    let error = spawn_detached("no-such-program".as_ref(), &[], &[], None, DetachedStdin::Null).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
