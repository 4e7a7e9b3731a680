//! Hosting the engine: one per data directory, from the lock to the last byte.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use nightkeep_os::{FileError, Lock};

use crate::actor::{self, Parts};
use crate::clock::Clock;
use crate::config::ConfigFile;
use crate::hand_over::{self, HandedOver, Successor};
use crate::local_socket::Listener;
use crate::places::{Places, PlacesError};
use crate::retention::{Broom, Tidier};
use crate::server;
use crate::store::{Opened, Store, StoreError, StoreHandle, keep_backups};
use crate::version::VERSION;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The directories cannot be used.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// Another engine owns the data directory.
    #[error("another engine owns `{}`", data.display())]
    Owned {
        /// The lock that it holds.
        data: PathBuf,
    },
    /// Whether another engine is there cannot be found out.
    #[error(transparent)]
    Lock(#[from] FileError),
    /// The history cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The socket cannot be bound, or the system lacks something.
    #[error("listen at `{}`", socket.display())]
    Socket {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The system lacks something.
    #[error("start the engine")]
    System(#[source] std::io::Error),
}

impl HostError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Places(error) => Some(error.hint()),
            Self::Owned { .. } => Some("`nightkeep engine --stop` ends it; its runs go on".to_owned()),
            Self::Store(error) => error.hint(),
            Self::Lock(_) | Self::Socket { .. } | Self::System(_) => None,
        }
    }
}

/// How the engine is hosted.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// The `nightkeep` program, which keepers are.
    pub nightkeep: PathBuf,
    /// Whether desktop notifications are shown, where the configuration allows them.
    pub notifications: bool,
    /// Where the time comes from: [`Clock::system`], but for tests.
    pub clock: Clock,
}

/// Hosts the engine until `until` is done, a client ends it, or a later version takes over. Runs go on afterwards. Must be
/// called inside a tokio runtime.
///
/// # Errors
/// Why it could not be started.
pub async fn host(places: Places, options: HostOptions, until: impl Future<Output = ()>) -> Result<(), HostError> {
    let mut until = std::pin::pin!(until);
    loop {
        let Some(successor) = watch(&places, &options, until.as_mut()).await? else { return Ok(()) };
        let passed_on = tokio::select! {
            passed_on = hand_over::pass_on(&places, &successor) => passed_on,
            () = until.as_mut() => return Ok(()),
        };
        match passed_on {
            Ok(()) => {
                tracing::info!(to = %successor.version, "a later version has taken over");
                return Ok(());
            }
            // Somebody has to watch the runs.
            Err(error) => tracing::error!(%error, "the later version did not come up; this engine goes on"),
        }
    }
}

/// Watches from the lock to the last byte. Returns who takes over, if somebody does.
async fn watch(
    places: &Places,
    options: &HostOptions,
    until: impl Future<Output = ()>,
) -> Result<Option<Successor>, HostError> {
    places.create()?;
    let lock_path = places.engine_lock();
    let Some(lock) = Lock::exclusive(&lock_path)? else { return Err(HostError::Owned { data: lock_path }) };
    for file in places.private_files() {
        nightkeep_os::keep_private(&file)?;
    }
    nightkeep_os::raise_open_files_limit();
    let Opened { store, notice, crashed } = Store::open(&places.database(), options.clock.now().wall)?;
    if let Some(set_aside) = &notice {
        tracing::error!(notice = set_aside.message(), "a damaged history was set aside");
    }
    let store = StoreHandle::start(store, TimeZone::system)?;
    let socket = places.socket();
    let listener = Listener::bind(&socket).map_err(|source| HostError::Socket { socket, source })?;
    let config = Arc::new(ConfigFile::load(places.config_file()));
    let (broom, wanted) = Broom::new();
    let (place, clock) = (places.clone(), options.clock.clone());
    let tidier = Tidier { places: place, store: store.clone(), clock, broom: broom.clone() };
    let tidying = tokio::spawn(tidier.keep_small(Arc::clone(&config), wanted));
    let parts = Parts {
        config,
        store: store.clone(),
        nightkeep: options.nightkeep.clone(),
        quarantine: notice,
        after_crash: crashed,
        notifications: options.notifications,
        clock: options.clock.clone(),
        taken_over: HandedOver::take(places, options.clock.now().wall),
        places: places.clone(),
    };
    let (handle, task) = actor::start(parts).await.map_err(HostError::System)?;
    let handle = handle.with(broom);
    let backups = tokio::spawn(keep_backups(store.clone()));
    tracing::info!(pid = std::process::id(), version = VERSION, "the engine watches");
    // Most of what a start needs is never needed again.
    nightkeep_os::let_go_of_code();
    tokio::select! {
        () = server::serve(listener, server::router(handle.clone())) => {}
        () = handle.ended() => {}
        () = until => drop(handle.stop_engine().await),
    }
    backups.abort();
    tidying.abort();
    let successor = task.await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "the engine's task failed");
        None
    });
    if let Err(fault) = store.close().await {
        tracing::error!(fault = %fault.with_causes(), "the history was not closed in order");
    }
    if let Some(successor) = &successor {
        HandedOver::leave(places, successor, options.clock.now().wall);
    }
    drop(lock);
    Ok(successor)
}
