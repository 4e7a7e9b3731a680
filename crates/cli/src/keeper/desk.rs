//! The keeper's loop: everything that happens comes in here, one thing after the other.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    time::{Duration, Instant},
};

use interprocess::local_socket::Stream;
use nightkeep_engine::{
    keeper::protocol::{Event, PROTOCOL, Request},
    rundir::{Exit, FORMAT, RunDir, RunEnd},
};
use nightkeep_os::{ChildNews, Delivery, ExitStatus, Lock, Nursery, ProcessError, Signal, Sweep, Waiter, clocks};

use super::{
    connections::{ConnectionId, Connections, spawn},
    output::Output,
    records::Records,
    start::{Kept, StartError, chain, remove_socket},
    tell,
};

/// Between two looks at the whole tree while everything is being killed.
const TREE_SWEEP_EVERY: Duration = Duration::from_millis(100);

/// Between two sweeps when nothing ends: the first pause, which doubles, and the longest one.
const SWEEP_PAUSE_MIN: Duration = Duration::from_millis(2);
const SWEEP_PAUSE_MAX: Duration = Duration::from_secs(1);

/// What the loop is told.
pub(super) enum Input {
    /// A child has ended, or none is left.
    Children,
    /// Somebody connects.
    Connected(Stream),
    /// A request, without its newline.
    Line(ConnectionId, Vec<u8>),
    /// More than a request may have, without a newline.
    TooLong(ConnectionId),
    /// The other end has gone.
    Closed(ConnectionId),
}

/// The kill that is under way.
struct Killing {
    next_sweep: Instant,
    last_tree_sweep: Instant,
    pause: Duration,
}

/// The loop and all that it owns.
pub(super) struct Desk {
    run: RunDir,
    tag: String,
    keeper: u32,
    nursery: Nursery,
    records: Records,
    output: Output,
    connections: Connections,
    exit: Option<Exit>,
    interrupted_by: Option<Signal>,
    killing: Option<Killing>,
    killed: bool,
    is_empty: bool,
    /// Held until the process ends: proof of life for whoever finds the directory.
    _lock: Lock,
}

impl Desk {
    /// Starts the threads that wait.
    pub(super) fn open(kept: Box<Kept>, inputs: SyncSender<Input>) -> Result<Self, StartError> {
        let Kept { run, tag, listener, nursery, output, started, records, lock } = *kept;
        let (waiter, children) = (nursery.waiter(), inputs.clone());
        spawn(move || wait_for_children(&waiter, &children))?;
        Ok(Self {
            run,
            tag,
            keeper: started.keeper.pid,
            nursery,
            records,
            output,
            connections: Connections::accept(listener, inputs)?,
            exit: None,
            interrupted_by: None,
            killing: None,
            killed: false,
            is_empty: false,
            _lock: lock,
        })
    }

    /// Works until nothing of the run is left and that is written down.
    pub(super) fn work(mut self, inputs: &Receiver<Input>) {
        while !self.is_empty || self.records.due().is_some() {
            match self.wait(inputs) {
                Ok(input) => self.handle(input),
                Err(RecvTimeoutError::Timeout) => {}
                // The acceptor holds a sender for as long as there is a process.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            self.records.retry(now);
            self.sweep_if_due(now);
        }
        remove_socket(&self.run);
    }

    /// Sleeps until something happens, or something is due.
    fn wait(&self, inputs: &Receiver<Input>) -> Result<Input, RecvTimeoutError> {
        let sweep = self.killing.as_ref().map(|killing| killing.next_sweep);
        let due = match (sweep, self.records.due()) {
            (Some(sweep), Some(record)) => Some(sweep.min(record)),
            (one, other) => one.or(other),
        };
        match due {
            Some(due) => inputs.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => {
                // This may be a wait of hours, and there is a keeper for every run.
                nightkeep_os::let_go_of_code();
                inputs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            }
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Children => {
                if let Some(killing) = &mut self.killing {
                    // The children of what has ended are children of this process by this time.
                    killing.next_sweep = Instant::now();
                    killing.pause = SWEEP_PAUSE_MIN;
                }
                self.reap();
            }
            Input::Connected(stream) => self.greet(stream),
            Input::Line(id, line) => match serde_json::from_slice(&line) {
                Ok(request) => self.answer(id, request),
                Err(error) => self.refuse(id, format!("understand the request: {error}")),
            },
            Input::TooLong(id) => self.refuse(id, "read the request: it is too long".to_owned()),
            Input::Closed(id) => self.connections.drop(id),
        }
    }

    fn greet(&mut self, stream: Stream) {
        let Some(id) = self.connections.admit(stream) else { return };
        let hello = Event::Hello {
            protocol: PROTOCOL,
            tag: self.tag.clone(),
            keeper: self.keeper,
            root: self.nursery.root().pid,
        };
        self.connections.tell(id, &hello);
        if let Some(exit) = &self.exit {
            self.connections.tell(id, &root_ended(exit));
        }
        if self.is_empty {
            self.connections.tell(id, &Event::Empty);
        }
    }

    fn refuse(&mut self, id: ConnectionId, message: String) {
        self.connections.tell(id, &Event::Error { message });
        self.connections.drop(id);
    }

    fn answer(&mut self, id: ConnectionId, request: Request) {
        let event = match request {
            Request::SignalRoot { signal } => signalled(self.signal_root(signal)),
            Request::SignalRest { signal } => Event::Signalled { count: self.nursery.signal_rest(signal) },
            Request::KillAll => Event::Signalled { count: self.kill_all() },
            Request::Members => Event::Members { pids: self.nursery.members() },
            Request::Interrupt { signal } => {
                self.interrupted_by = Some(signal);
                signalled(self.nursery.signal_root_group(signal))
            }
        };
        self.connections.tell(id, &event);
        // A kill shows at once, not when the waiting thread gets round to telling it.
        self.reap();
    }

    /// A stopped process takes a signal only once it goes on.
    fn signal_root(&mut self, signal: Signal) -> Result<Delivery, ProcessError> {
        let delivery = self.nursery.signal_root(signal)?;
        match signal {
            Signal::Kill | Signal::Stop | Signal::Cont => {}
            Signal::Term | Signal::Int | Signal::Hup | Signal::Quit | Signal::Usr1 | Signal::Usr2 => {
                self.nursery.signal_root(Signal::Cont)?;
            }
        }
        Ok(delivery)
    }

    fn kill_all(&mut self) -> usize {
        if self.is_empty {
            return 0;
        }
        self.killed = true;
        let count = self.nursery.kill_sweep(Sweep::Tree);
        let now = Instant::now();
        self.killing =
            Some(Killing { next_sweep: now + SWEEP_PAUSE_MIN, last_tree_sweep: now, pause: SWEEP_PAUSE_MIN });
        count
    }

    fn sweep_if_due(&mut self, now: Instant) {
        let Some(killing) = self.killing.as_mut().filter(|killing| killing.next_sweep <= now) else { return };
        let sweep = if now.duration_since(killing.last_tree_sweep) >= TREE_SWEEP_EVERY {
            killing.last_tree_sweep = now;
            Sweep::Tree
        } else {
            Sweep::Children
        };
        killing.next_sweep = now + killing.pause;
        killing.pause = (killing.pause * 2).min(SWEEP_PAUSE_MAX);
        self.nursery.kill_sweep(sweep);
        self.reap();
    }

    fn reap(&mut self) {
        if self.is_empty {
            return;
        }
        let reaped = self.nursery.reap();
        if let Some(status) = reaped.root {
            self.root_ended(status, reaped.empty);
        }
        if reaped.empty {
            self.all_gone();
        }
    }

    fn root_ended(&mut self, status: ExitStatus, is_empty: bool) {
        let is_alone = is_empty || self.killing.is_some();
        let leftovers = if is_alone { Vec::new() } else { self.nursery.members() };
        let exit = Exit {
            format: FORMAT,
            end: RunEnd::from(status),
            clocks: clocks(),
            interrupted_by: self.interrupted_by,
            killed: self.killed,
            leftovers,
            all_gone: None,
            output_dropped: 0,
        };
        // Otherwise the record that says that all is gone follows at once, and a sync takes time.
        if !is_alone {
            self.records.put_exit(exit.clone());
        }
        self.connections.tell_all(&root_ended(&exit));
        self.exit = Some(exit);
    }

    fn all_gone(&mut self) {
        self.is_empty = true;
        self.killing = None;
        if let Some(exit) = &mut self.exit {
            exit.interrupted_by = self.interrupted_by;
            exit.killed = self.killed;
            exit.all_gone = Some(clocks());
            if self.output.is_long() {
                self.records.put_exit(exit.clone());
            }
            exit.output_dropped = self.output.settle();
            self.records.put_exit(exit.clone());
        }
        self.connections.tell_all(&Event::Empty);
    }
}

fn root_ended(exit: &Exit) -> Event {
    Event::RootEnded { end: exit.end.clone(), leftovers: exit.leftovers.clone() }
}

fn signalled(delivery: Result<Delivery, ProcessError>) -> Event {
    match delivery {
        Ok(Delivery::Delivered) => Event::Signalled { count: 1 },
        Ok(Delivery::Gone) => Event::Signalled { count: 0 },
        Err(error) => Event::Error { message: chain(&error) },
    }
}

fn wait_for_children(waiter: &Waiter, desk: &SyncSender<Input>) {
    loop {
        let news = waiter.wait();
        if !tell(desk, Input::Children) {
            return;
        }
        match news {
            ChildNews::SomethingEnded => {}
            ChildNews::NoneLeft => return,
        }
    }
}
