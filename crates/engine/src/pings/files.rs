//! What scripts need to find the listener: its URL and the key, each a line in a private file of the data directory.

use std::io;
use std::path::Path;

use nightkeep_os::FileError;
use uuid::Uuid;

use super::key_fault;
use crate::places::Places;

/// More than a line has.
const BYTES_MAX: u64 = 1024;

/// The URL at which an engine listens, or listened last; what stands before the path of a ping.
#[must_use]
pub fn url(places: &Places) -> Option<String> {
    line(&places.pings_url()).ok().flatten().filter(|url| url.starts_with("http://"))
}

/// The ping key where the configuration has none: made once, and kept.
///
/// # Errors
/// It can neither be read nor written.
pub fn key(places: &Places) -> Result<String, FileError> {
    let path = places.pings_key();
    if let Some(key) = line(&path)?.filter(|key| key_fault(key).is_none()) {
        nightkeep_os::keep_private(&path)?;
        return Ok(key);
    }
    let key = made();
    nightkeep_os::write_private(&path, format!("{key}\n").as_bytes())?;
    Ok(key)
}

/// That key, if one was made.
pub(crate) fn kept_key(places: &Places) -> Option<String> {
    line(&places.pings_key()).ok().flatten()
}

/// 128 random bits: a UUID has six that are fixed, and those of one are random in the other's second half.
fn made() -> String {
    let bits = Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64);
    format!("{bits:032x}")
}

pub(super) fn write_url(places: &Places, url: &str) -> Result<(), FileError> {
    nightkeep_os::write_private(&places.pings_url(), format!("{url}\n").as_bytes())
}

/// The port of the URL that was written last: scripts go on to find it there.
pub(super) fn last_port(places: &Places) -> Option<u16> {
    url(places)?.rsplit_once(':')?.1.parse().ok()
}

/// The line in a file; `None` when there is no file, or no text in it.
fn line(path: &Path) -> Result<Option<String>, FileError> {
    let file = match nightkeep_os::open_marker(path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let failed = |source: io::Error| FileError::Io { action: "read", path: path.to_owned(), source };
    let text = String::from_utf8(file.read(BYTES_MAX).map_err(failed)?).unwrap_or_default();
    Ok(Some(text.trim().to_owned()).filter(|line| !line.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> (tempfile::TempDir, Places) {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        places.create().unwrap();
        (home, places)
    }

    #[test]
    fn a_key_is_made_once_and_cannot_be_guessed() {
        let (_home, places) = places();
        let made = key(&places).unwrap();
        assert_eq!((made.len(), key_fault(&made)), (32, None));
        assert_eq!(key(&places).unwrap(), made);
        std::fs::write(places.pings_key(), "guess-me\n").unwrap();
        let another = key(&places).unwrap();
        assert_ne!(another, made, "one that can be guessed is replaced");
        std::fs::write(places.pings_key(), "my-own-key-of-a-good-length\n").unwrap();
        assert_eq!(key(&places).unwrap(), "my-own-key-of-a-good-length");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_key_or_the_url() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_home, places) = places();
        key(&places).unwrap();
        write_url(&places, "http://127.0.0.1:4711").unwrap();
        for path in [places.pings_key(), places.pings_url()] {
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
        std::fs::set_permissions(places.pings_key(), std::fs::Permissions::from_mode(0o644)).unwrap();
        key(&places).unwrap();
        assert_eq!(std::fs::metadata(places.pings_key()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_port_that_was_chosen_is_known_the_next_time() {
        let (_home, places) = places();
        assert_eq!((url(&places), last_port(&places)), (None, None));
        write_url(&places, "http://[::1]:4711").unwrap();
        assert_eq!((url(&places).as_deref(), last_port(&places)), (Some("http://[::1]:4711"), Some(4711)));
        std::fs::write(places.pings_url(), [0xff; 2000]).unwrap();
        assert_eq!(last_port(&places), None);
    }
}
