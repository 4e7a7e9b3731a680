//! What people read: text as a function of what the API says. Nothing here asks, waits or decides.
//!
//! Nothing depends on colour. Texts of agents arrive cleaned.

mod history;
mod jobs;
mod limits;
mod reports;
mod show;
mod status;
mod units;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;
pub(crate) use nightkeep_engine::words::{bytes, count};

pub use history::{history, night, result_of};
pub use jobs::{checks, job, jobs, type_of, types};
pub use show::run;
pub use status::{paused, snoozed, status, summary};
use units::day;
pub use units::{length, moment};

/// For whom a text is made.
#[derive(Debug, Clone)]
pub struct View {
    /// What time it is.
    pub now: Timestamp,
    /// Where.
    pub zone: TimeZone,
    /// How many characters a line may have.
    pub width: u16,
}

impl View {
    /// For whoever sits before this terminal.
    #[must_use]
    pub fn of_this_terminal() -> Self {
        Self { now: nightkeep_engine::clock::timestamp(), zone: TimeZone::system(), width: crate::console::width() }
    }
}

/// What stands where nothing is known.
pub const UNKNOWN: &str = "–";

/// A table without lines, whose columns are two spaces apart. The column called `wide` gives way when a line gets too
/// long: its text goes on below.
fn table(view: &View, header: &[&str], wide: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(view.width)
        .set_header(header)
        .add_rows(rows);
    for (column, name) in table.column_iter_mut().zip(header) {
        column.set_padding((0, 2));
        if *name != wide {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    lines(&table.trim_fmt())
}

/// Facts about one thing: names on the left, in one column.
fn facts<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let pairs: Vec<(&str, String)> = pairs.into_iter().collect();
    let widest = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    pairs.iter().map(|(name, value)| format!("{name:widest$}  {value}\n")).collect()
}

/// Without the blanks at the ends of lines, which a copied text should not have.
fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
