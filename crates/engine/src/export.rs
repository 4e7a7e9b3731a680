//! The history for other programs: a spreadsheet or a script. The same words from the window and the command line.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::HistoryRow;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A table, a line for each run.
    Csv,
    /// A list, an object for each run, with the fields of the API.
    Json,
}

/// The columns of the table, named as the fields of the API.
const COLUMNS: [&str; 21] = [
    "run",
    "job",
    "type",
    "outcome",
    "reason",
    "method",
    "exit_code",
    "signal",
    "started_at",
    "ended_at",
    "duration_s",
    "last_step",
    "total",
    "last_note",
    "advances",
    "longest_gap_s",
    "stall_after_s",
    "survivors",
    "recovered",
    "seen",
    "message",
];

impl Format {
    /// The ending of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// Writes runs, one after the other.
#[derive(Debug)]
pub struct Exporter<W: Write> {
    sink: Sink<W>,
    is_begun: bool,
}

#[derive(Debug)]
enum Sink<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> Exporter<W> {
    /// Begins a document.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(format: Format, out: W) -> io::Result<Self> {
        let sink = match format {
            Format::Csv => {
                let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
                table.write_record(COLUMNS)?;
                Sink::Csv(Box::new(table))
            }
            Format::Json => Sink::Json(out),
        };
        Ok(Self { sink, is_begun: false })
    }

    /// Writes one run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, row: &HistoryRow) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        match &mut self.sink {
            Sink::Csv(table) => Ok(table.write_record(cells(row)?)?),
            Sink::Json(out) => {
                out.write_all(if is_first { b"[\n  " } else { b",\n  " })?;
                Ok(serde_json::to_writer(out, row)?)
            }
        }
    }

    /// Ends the document and gives back what it was written into.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.sink {
            Sink::Csv(table) => table.into_inner().map_err(|fault| io::Error::from(fault.error().kind())),
            Sink::Json(mut out) => {
                out.write_all(if self.is_begun { b"\n]\n" } else { b"[]\n" })?;
                out.flush()?;
                Ok(out)
            }
        }
    }
}

/// The cells of a run, in the order of the columns, from the one form that it has on the wire.
fn cells(row: &HistoryRow) -> io::Result<Vec<String>> {
    let row = serde_json::to_value(row)?;
    let cell = |name: &&str| match row.get(*name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Array(values)) => values.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => value.to_string(),
    };
    Ok(COLUMNS.iter().map(cell).collect())
}

/// Text of others as a spreadsheet shows it and never computes it.
fn harmless(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Outcome, Reason};

    fn row(job: &str, note: &str) -> HistoryRow {
        HistoryRow {
            run: 41,
            job: job.to_owned(),
            r#type: "llm".to_owned(),
            outcome: Outcome::Aborted,
            reason: Some(Reason::MaxRuntime),
            method: None,
            exit_code: Some(-1),
            signal: None,
            started_at: "2026-11-21T23:00:00.000Z".to_owned(),
            ended_at: "2026-11-22T00:00:00.000Z".to_owned(),
            duration_s: 3600.5,
            last_step: Some(14),
            last_note: Some(note.to_owned()),
            advances: 14,
            longest_gap_s: None,
            survivors: vec![7, 8],
            recovered: false,
            seen: true,
            message: "It took too long.".to_owned(),
            total: Some(40),
            stall_after_s: Some(2700.0),
        }
    }

    fn written(format: Format, rows: &[HistoryRow]) -> String {
        let mut out = Exporter::begin(format, Vec::new()).unwrap();
        for row in rows {
            out.write(row).unwrap();
        }
        String::from_utf8(out.finish().unwrap()).unwrap()
    }

    #[test]
    fn a_table_has_a_line_for_each_run_and_says_what_the_api_says() {
        let table = written(Format::Csv, &[row("docs, all", "parse \"tests\"\nagain")]);
        assert_eq!(
            table,
            "run,job,type,outcome,reason,method,exit_code,signal,started_at,ended_at,duration_s,last_step,total,\
             last_note,advances,longest_gap_s,stall_after_s,survivors,recovered,seen,message\r\n\
             41,\"docs, all\",llm,aborted,max-runtime,,-1,,2026-11-21T23:00:00.000Z,2026-11-22T00:00:00.000Z,3600.5,\
             14,40,\"parse \"\"tests\"\"\nagain\",14,,2700.0,7 8,false,true,It took too long.\r\n"
        );
    }

    #[test]
    fn no_text_of_an_agent_is_computed_by_a_spreadsheet() {
        for note in ["=HYPERLINK(\"http://x\")", "+1", "-2", "@SUM(A1)", "  =1+1", "\t=1", "\r=1"] {
            let table = written(Format::Csv, &[row("=cmd", note)]);
            let mut lines = csv::Reader::from_reader(table.as_bytes());
            let cells = lines.records().next().unwrap().unwrap();
            assert_eq!((cells.get(1), cells.get(13)), (Some("'=cmd"), Some(format!("'{note}").as_str())));
        }
    }

    #[test]
    fn every_field_of_the_api_has_a_column() {
        let fields = serde_json::to_value(row("a", "b")).unwrap();
        let mut names: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns = COLUMNS.to_vec();
        names.sort_unstable();
        columns.sort_unstable();
        assert_eq!(columns, names);
    }

    #[test]
    fn a_list_is_that_of_the_api() {
        let rows = [row("a", "x"), row("b", "=y")];
        assert_eq!(serde_json::from_str::<Vec<HistoryRow>>(&written(Format::Json, &rows)).unwrap(), rows);
        assert_eq!(written(Format::Json, &[]), "[]\n");
    }
}
