//! The history as a file: page by page out of the engine, under another name until it is whole. The page names no
//! place: it is the folder for downloads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nightkeep_engine::api::{ApiError, ErrorCode, HistoryPage, HistoryPageQuery};
use nightkeep_engine::client::Client;
use nightkeep_engine::export::{Exporter, Format};
use serde::Serialize;
use tauri::{AppHandle, Manager as _};

/// So many runs are asked for at once: little enough to hear of a cancel soon.
const PAGE_ROWS: u32 = 500;
/// As many files of one name, and no more are looked for.
const NAMES_MAX: u32 = 1000;

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    done: u64,
    total: u64,
}

/// An export that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Exported {
    path: PathBuf,
    runs: u64,
}

/// The exports of this window. One that is called off says so by a number that it does not know.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    cancelled: AtomicU64,
}

/// The folder for downloads, or else the home directory.
pub(crate) fn folder(app: &AppHandle) -> Result<PathBuf, ApiError> {
    let downloads = app.path().download_dir().ok().filter(|folder| folder.is_dir());
    downloads.or_else(|| app.path().home_dir().ok()).ok_or_else(|| {
        ApiError::new(ErrorCode::Internal, "there is neither a folder for downloads nor a home directory")
            .with_hint("use `nightkeep history --csv`")
    })
}

impl Exports {
    /// Calls off what is being written.
    pub(crate) fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes all runs that match into a file of its own in `folder`; `None` when it was called off, and nothing is left.
    pub(crate) async fn run(
        &self,
        client: &Client,
        query: HistoryPageQuery,
        format: Format,
        folder: &Path,
        tell: impl Fn(Progress),
    ) -> Result<Option<Exported>, ApiError> {
        let cancelled_before = self.cancelled.load(Ordering::Relaxed);
        let is_cancelled = || self.cancelled.load(Ordering::Relaxed) != cancelled_before;
        let mut draft = Draft::make(folder, format).map_err(|cause| cannot_write(folder, &cause))?;
        let mut query = HistoryPageQuery { after: None, limit: Some(PAGE_ROWS), ..query };
        loop {
            let page = client.history_page(&query).await?;
            draft.add(&page).map_err(|cause| cannot_write(&draft.part, &cause))?;
            tell(Progress { done: draft.runs, total: page.total.max(draft.runs) });
            if is_cancelled() {
                return Ok(None);
            }
            query.after = page.next;
            if page.next.is_none() {
                break;
            }
        }
        draft.keep(folder, format).map(Some).map_err(|cause| cannot_write(folder, &cause))
    }
}

fn cannot_write(path: &Path, cause: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("`{}` cannot be written: {cause}", path.display()))
}

/// A file that is not whole yet; unless it is kept it goes away.
#[derive(Debug)]
struct Draft {
    part: PathBuf,
    out: Option<Exporter<BufWriter<File>>>,
    runs: u64,
}

impl Draft {
    fn make(folder: &Path, format: Format) -> io::Result<Self> {
        let (part, file) = free_name(folder, &format!("{}.part", format.extension()))?;
        let mut draft = Self { part, out: None, runs: 0 };
        draft.out = Some(Exporter::begin(format, BufWriter::new(file))?);
        Ok(draft)
    }

    fn add(&mut self, page: &HistoryPage) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        for row in &page.rows {
            out.write(row)?;
        }
        self.runs += page.rows.len() as u64;
        Ok(())
    }

    fn keep(mut self, folder: &Path, format: Format) -> io::Result<Exported> {
        if let Some(out) = self.out.take() {
            out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        // The name is taken first, so that nothing of somebody else is replaced.
        let (path, taken) = free_name(folder, format.extension())?;
        drop(taken);
        fs::rename(&self.part, &path)?;
        Ok(Exported { path, runs: self.runs })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.out = None;
        // After it was kept it is not there any longer.
        if let Err(error) = fs::remove_file(&self.part)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an export that was called off could not be removed");
        }
    }
}

/// A file that was not there: `nightkeep-history.csv`, `nightkeep-history-2.csv` and so on.
fn free_name(folder: &Path, ending: &str) -> io::Result<(PathBuf, File)> {
    for number in 1..=NAMES_MAX {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("nightkeep-history{number}.{ending}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return Ok((path, file)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "there are too many files of that name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_kept_under_a_name_of_its_own_and_one_that_is_not_whole_goes_away() {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let names = || {
            let entries = fs::read_dir(folder.path()).expect("the folder can be listed").flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        let make = || Draft::make(folder.path(), Format::Json).expect("a draft can be made");
        let kept = make().keep(folder.path(), Format::Json).expect("it can be kept");
        assert_eq!(fs::read_to_string(&kept.path).expect("it can be read"), "[]\n");
        make().keep(folder.path(), Format::Json).expect("it can be kept");
        let draft = make();
        assert_eq!(names().len(), 3, "under another name until it is whole");
        drop(draft);
        assert_eq!(names(), ["nightkeep-history-2.json", "nightkeep-history.json"]);
    }
}
