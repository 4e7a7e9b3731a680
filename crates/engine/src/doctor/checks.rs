//! What is checked the same way on every system.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Check;
use crate::api::{API_VERSION, ErrorCode, Fault, FaultKind, PingsView, Reconciled};
use crate::client::{Client, engine_at, nightkeep_program};
use crate::config::{Config, read_text};
use crate::pings;
use crate::places::Places;
use crate::surface::program_beside;
use crate::version::{self, VERSION};
use crate::words::{chain, count};

/// What a database of SQLite begins with.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

pub(super) fn places(places: &Places) -> Check {
    match places.create() {
        Ok(()) => Check::good("places", format!("runs are kept in `{}`", places.runs_dir().display())),
        Err(error) => Check::broken("places", format!("failed to {}", chain(&error)), error.hint()),
    }
}

/// Whether the engine answers, and whether it is the one of this program.
pub(super) async fn engine(places: &Places) -> Vec<Check> {
    let socket = places.socket();
    let engine = match engine_at(&socket).await {
        Ok(engine) => engine,
        Err(error) if error.code == ErrorCode::Unreachable && error.message == "the engine is not running" => {
            return vec![Check::good("engine", "does not run; it is started when it is needed")];
        }
        Err(error) => {
            let hint = error.hint.unwrap_or_else(|| format!("see `{}`", places.log_dir().display()));
            return vec![Check::broken("engine", error.message, hint)];
        }
    };
    let runs =
        Check::good("engine", format!("runs as process {}, logs to `{}`", engine.pid, places.log_dir().display()));
    let own = VERSION;
    let versions = if engine.version == own && engine.api == API_VERSION {
        Check::good("versions", format!("engine and program are of version {own}"))
    } else if version::is_later(own, &engine.version) {
        Check::remark(
            "versions",
            format!("the engine is of version {}, this program of version {own}", engine.version),
            "the next command has the engine hand over to this version; its runs go on",
        )
    } else if engine.api == API_VERSION {
        Check::remark(
            "versions",
            format!(
                "the engine is of version {}, this program of version {own}; they understand each other",
                engine.version
            ),
            "use the programs of the engine's version",
        )
    } else {
        Check::broken(
            "versions",
            format!("the engine speaks API version {}, this program speaks {API_VERSION}", engine.api),
            format!("use the programs of version {}", engine.version),
        )
    };
    [runs, versions].into_iter().chain(faults(&socket).await).chain(accounts(&socket).await).collect()
}

/// What the engine itself says is wrong with the watch. The configuration and the desktop are looked at from places.
async fn faults(socket: &Path) -> Vec<Check> {
    let Ok(engine) = Client::connect(socket).await else { return Vec::new() };
    let faults = engine.live().await.map(|live| live.faults).unwrap_or_default();
    let check = |fault: Fault| match fault.kind {
        FaultKind::Config | FaultKind::Notifications => None,
        FaultKind::Pings => Some(Check::remark(
            "pings",
            fault.message,
            "end whoever holds the port, or write another one; the engine tries again by itself",
        )),
        FaultKind::Storage => Some(Check::broken("storage", fault.message, "free some space, or make it writable")),
        FaultKind::Quarantine => {
            Some(Check::remark("damage", fault.message, "keep the file if you want to look into it; nothing reads it"))
        }
        FaultKind::Tray => Some(Check::remark(
            "tray",
            fault.message,
            "GNOME shows tray icons with the extension \"AppIndicator and KStatusNotifierItem Support\"",
        )),
        FaultKind::Awake => Some(Check::remark(
            "sleep",
            fault.message,
            "a sleep is on no limit of a run; `nightkeep config set keep_awake never` asks for nothing",
        )),
        FaultKind::Watch => Some(Check::remark("watch", fault.message, "markers are still read, on a timer")),
    };
    faults.into_iter().filter_map(check).collect()
}

/// Whether what runs is what the history calls running; the engine looks, and mends what does not fit.
async fn accounts(socket: &Path) -> Option<Check> {
    let engine = Client::connect(socket).await.ok()?;
    let Reconciled { watched, recovered, doubtful } = engine.reconcile().await.ok()?;
    Some(if !doubtful.is_empty() {
        Check::remark(
            "runs",
            format!("{watched} are watched; of {} it is not known whether they still run", doubtful.len()),
            "the engine looks again in ten seconds; see `nightkeep history` then",
        )
    } else if !recovered.is_empty() {
        Check::remark("runs", format!("{} were recovered just now", recovered.len()), "see `nightkeep history`")
    } else {
        Check::good("runs", format!("{watched} are watched, and each is accounted for"))
    })
}

pub(super) fn config(places: &Places) -> Check {
    let path = places.config_file();
    match read_text(&path) {
        Ok(text) if text.is_empty() && !path.exists() => {
            Check::good("configuration", format!("there is no `{}` yet; the defaults are in force", path.display()))
        }
        Ok(text) => match Config::parse(&text) {
            Ok(config) => {
                let jobs = count(config.jobs().len(), "job", "jobs");
                Check::good("configuration", format!("`{}` is good and has {jobs}", path.display()))
            }
            Err(fault) => Check::broken(
                "configuration",
                format!("`{}`: {fault}", path.display()),
                "mend it; until then the last good configuration is in force",
            ),
        },
        Err(cause) => {
            Check::broken("configuration", format!("`{}`: {cause}", path.display()), "make the file readable for you")
        }
    }
}

/// Where pings are heard, if the configuration wants that. The key is not shown: what is printed here gets into reports.
pub(super) async fn pings(places: &Places) -> Option<Check> {
    let config = Config::parse(&read_text(&places.config_file()).ok()?).ok()?;
    config.pings().listen?;
    let key = match config.pings().key {
        Some(_) => format!("`[pings]` in `{}`", places.config_file().display()),
        None => format!("`{}`", places.pings_key().display()),
    };
    let Ok(engine) = Client::connect(&places.socket()).await else {
        let last = pings::url(places).map(|url| format!(", as the last time at {url}")).unwrap_or_default();
        return Some(Check::remark("pings", "are not heard", format!("they are heard while the engine runs{last}")));
    };
    match engine.pings().await {
        Ok(PingsView { url: Some(url), heard, foreign, limited, dropped, .. }) => {
            let counts = format!("{heard} heard, {} refused, {dropped} left out", foreign + limited);
            let place = places.pings_url();
            let what = format!("are heard at {url} (`{}`), the key is in {key}; {counts}", place.display());
            Some(Check::good("pings", what))
        }
        // The fault is told with the others.
        Ok(PingsView { url: None, .. }) => None,
        Err(error) => {
            Some(Check::remark("pings", error.message, "an engine of this version says where they are heard"))
        }
    }
}

/// Whether the history is a database at all. The engine checks what is in it whenever it starts.
pub(super) fn history(places: &Places) -> Check {
    let path = places.database();
    let mut magic = [0; 16];
    match File::open(&path).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) if &magic == SQLITE_MAGIC => Check::good("history", format!("is in `{}`", path.display())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Check::good("history", "is empty: nothing ran yet"),
        Ok(()) => not_a_database(&path.display().to_string()),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => not_a_database(&path.display().to_string()),
        Err(cause) => {
            Check::broken("history", format!("`{}`: {cause}", path.display()), "make the file readable for you")
        }
    }
}

fn not_a_database(path: &str) -> Check {
    Check::broken("history", format!("`{path}` is no database"), "move it away; the engine begins another one")
}

/// The other programs of Nightkeep.
pub(super) fn programs() -> Vec<Check> {
    let own = match nightkeep_program() {
        Ok(program) if program.is_file() => Check::good("program", format!("is `{}`", program.display())),
        Ok(program) => Check::broken(
            "program",
            format!("`{}` is missing", program.display()),
            "install `nightkeep` there, or name it in `NIGHTKEEP_BIN`",
        ),
        Err(cause) => Check::broken("program", format!("cannot be located: {cause}"), "name it in `NIGHTKEEP_BIN`"),
    };
    let beside = |name: &'static str, program: &str| match program_beside(program) {
        Ok(path) => Check::good(name, format!("is `{}`", path.display())),
        Err(fault) => {
            Check::remark(name, fault.to_string(), "install the desktop package; the commands work without it")
        }
    };
    vec![own, beside("tray", "nightkeep-tray"), beside("window", "nightkeep-app")]
}
