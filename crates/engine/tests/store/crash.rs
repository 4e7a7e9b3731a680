//! The engine dies in the middle of writing (INV-16).

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nightkeep_engine::store::StoreHandle;

use crate::support::{advanced, at, open, place, reader, registration, stamped, zone};

/// Names the database to the process that is going to be killed.
const WRITER: &str = "NIGHTKEEP_TEST_WRITER";

/// Acknowledged entries after which the writer is killed.
const ENOUGH: u64 = 400;

#[test]
fn no_acknowledged_entry_is_lost_when_the_writer_is_killed() {
    for _ in 0..3 {
        let place = place();
        let mut writer = start_writer(&place.path);
        let acknowledged = kill_after(&mut writer, ENOUGH);
        assert!(acknowledged >= ENOUGH, "{acknowledged}");

        let mut store = open(&place.path);
        let state = reader(&place.path).run(1).unwrap().unwrap();
        assert!(u64::from(state.gaps.count) >= acknowledged, "{} < {acknowledged}", state.gaps.count);
        let live = store.folded_tables().unwrap();
        store.rebuild().unwrap();
        assert_eq!(store.folded_tables().unwrap(), live);
    }
}

/// Not a claim of its own: the process that the test above starts and kills. Without its variable it does nothing.
#[test]
fn writer_process() {
    let Some(path) = env::var_os(WRITER).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let handle = StoreHandle::start(open(&path), zone).unwrap();
        let run = handle.register(at(0), registration("tag", "job")).await.unwrap();
        for n in 1.. {
            let step = i64::try_from(n).unwrap();
            handle.append(run, vec![stamped(n, advanced(n, step, 1))]).await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "acknowledged {n}").unwrap();
        }
    });
}

fn start_writer(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer_process", "--nocapture"])
        .env(WRITER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the writer after `enough` acknowledgements; returns the last one that it still got out.
fn kill_after(writer: &mut Child, enough: u64) -> u64 {
    let mut last = 0;
    let mut is_killed = false;
    for line in BufReader::new(writer.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(number) = line.split("acknowledged ").nth(1) else { continue };
        // The last line may have been cut off in the middle of its number.
        last = number.parse().map_or(last, |number: u64| if number == last + 1 { number } else { last });
        if last >= enough && !is_killed {
            writer.kill().unwrap();
            is_killed = true;
        }
    }
    writer.wait().unwrap();
    last
}
