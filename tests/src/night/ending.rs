//! Leaving nothing behind: the engine ends, then every run that is left, each by what is known of it.

use std::fs;

use nightkeep_engine::client::stop_engine;
use nightkeep_engine::keeper::link::KeeperLink;
use nightkeep_engine::keeper::protocol::Request;
use nightkeep_engine::rundir::RunDir;
use nightkeep_os::{Identity, Process, Signal};

use super::{Night, alive};
use crate::{eventually, in_time};

impl Night {
    pub(super) fn end_all(&self) {
        let socket = self.socket();
        let engine = self.engine_pid();
        // It fails when no engine runs, which is as good.
        self.runtime.block_on(async { stop_engine(&socket).await }).unwrap_or_default();
        if let Some(mut engine) = self.engine.take() {
            // One that cannot be asked would not end either.
            if eventually("the engine to end", || engine.try_wait().ok().flatten()).is_err() {
                engine.kill().unwrap_or_default();
            }
            engine.wait().map(drop).unwrap_or_default();
        }
        // It need not be a child: it may have taken over from one.
        if let Some(pid) = engine {
            drop(eventually("the engine to end", || (!alive(pid)).then_some(())));
        }
        for entry in fs::read_dir(self.home().join("runs")).into_iter().flatten().flatten() {
            let Ok(tag) = entry.file_name().into_string() else { continue };
            self.end_run(&RunDir::at(entry.path()), &tag);
        }
    }

    fn end_run(&self, dir: &RunDir, tag: &str) {
        self.runtime.block_on(async {
            let Ok(link) = KeeperLink::connect(dir).await else { return };
            let (requests, mut events) = link.split();
            let sent = requests.send(Request::KillAll).await;
            let gone = async { while events.next().await.is_some() {} };
            // What is left is killed one by one below.
            drop((sent, in_time("a keeper to end", gone).await));
        });
        for identity in nightkeep_os::tagged("NIGHTKEEP_RUN", tag).unwrap_or_default() {
            kill(&identity);
        }
    }
}

fn kill(identity: &Identity) {
    if let Ok(Some(process)) = Process::open(identity) {
        // It fails when the process has ended, which is as good.
        drop(process.signal(Signal::Kill));
    }
}
