//! The engine's one task: it owns the core, hands it one input at a time, and carries out what it answers.
//!
//! ```text
//! markers, keepers, processes, store ──► Fact ─┐
//! API ──► Handle ──► Command ──────────────────┼─► Actor ─► core ─► effects ─► tasks ─► Fact …
//! the core's next wake-up ─────────────────────┘     └────► Live ─► every surface
//! ```
//! The task itself never waits for anything but its inputs: what takes time (a signal, the evidence, a write that has
//! to be durable) is done in a task of its own, and its result comes back as a `Fact`.

mod alerts;
mod attach;
mod attach_sentinel;
mod attached;
mod awake;
mod carry_out;
mod decisions;
mod demo;
mod early;
mod evidence;
mod extend;
mod fact;
mod faults;
mod hand_over;
mod handle;
mod inlet;
mod jobs;
mod keepers;
mod launch;
mod leftovers;
mod live;
mod morning;
mod on_command;
mod on_fact;
mod output;
mod pause;
mod pings;
mod presence;
mod presses;
mod quit;
mod reconcile;
mod record;
mod recover;
mod recovered;
mod remains;
mod run;
mod signals;
mod slots;
mod snooze;
mod sources;
mod stops;
mod story;
mod task;
mod time;
mod usage;
mod view;
mod waiting;

pub use demo::{DEMO_AGENT, DEMO_JOB};
pub use handle::Handle;
pub use task::{Parts, start};
pub use waiting::SlotRequest;
