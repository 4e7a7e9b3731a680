//! Windows: what a thread asks for keeps the computer awake until the thread asks for something else, or ends. Never run
//! on Windows, but under wine.

use std::io;
use std::sync::mpsc;
use std::thread;

use windows_sys::Win32::System::Power::{ES_CONTINUOUS, ES_SYSTEM_REQUIRED, EXECUTION_STATE, SetThreadExecutionState};

/// The thread that asks waits for the end of this.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: mpsc::Sender<()>,
}

/// No sleep for idleness.
pub(crate) fn keep_awake() -> io::Result<Lock> {
    let (held, let_go) = mpsc::channel::<()>();
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new().name("awake".to_owned()).spawn(move || {
        let is_granted = ask_for(ES_CONTINUOUS | ES_SYSTEM_REQUIRED);
        // Nobody sends anything: this waits until the other end is gone.
        let waits = tell.send(is_granted).is_ok() && is_granted;
        if waits && let_go.recv().is_err() {
            ask_for(ES_CONTINUOUS);
        }
    })?;
    match told.recv() {
        Ok(true) => Ok(Lock { _held: held }),
        Ok(false) | Err(_) => Err(io::Error::other("the request was refused")),
    }
}

/// Whether it is granted. What was asked for before is no error, and never nothing.
fn ask_for(state: EXECUTION_STATE) -> bool {
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the call takes and returns numbers.
    let before = unsafe { SetThreadExecutionState(state) };
    before != 0
}
