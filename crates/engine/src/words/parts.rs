//! The pieces that sentences are put together from.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightkeep_core::time::Span;

use crate::clean::clean_text;
use crate::store::entry::Survivor;

/// Text of others inside a sentence is cut to this many characters.
const QUOTE_CHARS_MAX: usize = 80;

/// Processes that a sentence lists one by one.
const LISTED_MAX: usize = 5;

/// A time of day.
pub(super) fn clock(wall_ms: i64, zone: &TimeZone) -> String {
    let time = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// A length of time.
pub(super) fn lengths(ms: u64) -> String {
    Span::from_ms(ms).to_string()
}

/// Text of others, cleaned, cut and marked as a quotation.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", clean_text(text, QUOTE_CHARS_MAX).replace('`', "'"))
}

/// Text that becomes a part of a sentence: cleaned, without the full stop and the error number at its end.
pub(super) fn fragment(text: &str) -> String {
    let clean = clean_text(text, 2 * QUOTE_CHARS_MAX);
    let without_number = clean.rfind(" (os error ").and_then(|at| clean.get(..at)).unwrap_or(&clean);
    without_number.trim_end_matches('.').to_owned()
}

/// The text with a small first letter, unless it begins with an abbreviation.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        (Some(_), _) | (None, _) => text.to_owned(),
    }
}

/// "step 14 of 40, `draft written`".
pub(super) fn place(step: Option<i64>, total: Option<i64>, note: Option<&str>) -> Option<String> {
    let step = step?;
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let note = note.filter(|note| !note.trim().is_empty());
    let note = note.map_or_else(String::new, |note| format!(", {}", quote(note)));
    Some(format!("step {step}{of}{note}"))
}

/// "1 process is still alive (pid 48211, `chrome`, not permitted)."
pub(super) fn still_alive(survivors: &[Survivor]) -> String {
    let bare = survivors.iter().all(|survivor| survivor.name.is_none() && survivor.why.is_none());
    let which = if bare {
        pids(survivors.iter().map(|survivor| survivor.pid))
    } else {
        let each = survivors.iter().map(|Survivor { pid, name, why }| {
            let name = name.as_ref().map_or_else(String::new, |name| format!(", {}", quote(name)));
            let why = why.as_ref().map_or_else(String::new, |why| format!(", {}", fragment(why)));
            format!("pid {pid}{name}{why}")
        });
        listed(each, "; ")
    };
    match survivors.len() {
        0 => String::new(),
        1 => format!("1 process is still alive ({which})."),
        count => format!("{count} processes are still alive ({which})."),
    }
}

/// "The 4 processes that could be identified were stopped."
pub(super) fn identified(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "The 1 process that could be identified was stopped.".to_owned(),
        count => format!("The {count} processes that could be identified were stopped."),
    }
}

/// "1 process", "4 processes".
pub(super) fn processes(count: usize) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{count} processes") }
}

/// "It left 2 processes behind (pids 4711, 4712)."
pub(super) fn left_behind(left: &[u32]) -> String {
    let which = pids(left.iter().copied());
    match left.len() {
        0 => String::new(),
        1 => format!("It left 1 process behind ({which})."),
        count => format!("It left {count} processes behind ({which})."),
    }
}

fn pids(pids: impl ExactSizeIterator<Item = u32>) -> String {
    let word = if pids.len() == 1 { "pid" } else { "pids" };
    format!("{word} {}", listed(pids.map(|pid| pid.to_string()), ", "))
}

fn listed(each: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let more = each.len().saturating_sub(LISTED_MAX);
    let shown = each.take(LISTED_MAX).collect::<Vec<_>>().join(separator);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// A signal with its name where the number means the same everywhere.
pub(super) fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return signal.to_string(),
    };
    format!("{signal} ({name})")
}
