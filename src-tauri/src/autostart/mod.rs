//! Whether the tray comes with the login. The system's own place for that is asked each time: it can be changed there, too.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod imp;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod imp;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "other.rs"]
mod imp;

use std::io;
use std::path::{Path, PathBuf};

/// The program that comes with the login, which opens no window.
const TRAY: &str = "nightkeep-tray";

/// The place where the system looks for what comes with the login.
#[derive(Debug, Clone)]
pub struct Autostart {
    entry: PathBuf,
    /// Entries for everybody on this computer, which count where the user has none.
    of_everybody: Vec<PathBuf>,
    program: PathBuf,
    /// Where this Nightkeep keeps its files, when not where the system says.
    home: Option<PathBuf>,
}

impl Autostart {
    /// That of this user. `config` is the folder of his settings, `home` his home folder.
    ///
    /// # Errors
    /// When this program cannot be located, or the system offers no such place.
    pub fn of_this_user(config: &Path, home: &Path) -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let beside = own.with_file_name(format!("{TRAY}{}", std::env::consts::EXE_SUFFIX));
        let variable = nightkeep_engine::places::HOME_VARIABLE;
        let files = std::env::var_os(variable).filter(|files| !files.is_empty());
        let (entry, of_everybody) = (imp::entry(config, home)?, imp::of_everybody());
        Ok(Self { entry, of_everybody, program: beside, home: files.map(PathBuf::from) })
    }

    /// Whether it comes with the login.
    ///
    /// # Errors
    /// When the system's place cannot be read.
    pub fn is_on(&self) -> io::Result<bool> {
        match read(&self.entry)? {
            Some(text) => Ok(imp::is_on(&text)),
            None => self.is_on_for_everybody(),
        }
    }

    fn is_on_for_everybody(&self) -> io::Result<bool> {
        for entry in &self.of_everybody {
            if let Some(text) = read(entry)? {
                return Ok(imp::is_on(&text));
            }
        }
        Ok(false)
    }

    /// Has it come with the login, or not.
    ///
    /// # Errors
    /// When the system's place cannot be written.
    pub fn set(&self, on: bool) -> io::Result<()> {
        if !on && !self.is_on_for_everybody()? {
            return match std::fs::remove_file(&self.entry) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        if on && !self.program.is_file() {
            let message = format!("`{}` is not installed", self.program.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        if let Some(folder) = self.entry.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let program = self.program.display().to_string();
        let home = self.home.as_ref().map(|home| home.display().to_string());
        let off = if on { "" } else { imp::OFF };
        std::fs::write(&self.entry, imp::text(&program, home.as_deref()) + off)
    }
}

/// What an entry says, if there is one.
fn read(entry: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(entry) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn autostart(folder: &Path) -> Autostart {
        let program = folder.join("night keep $1");
        std::fs::write(&program, "").expect("a file can be written");
        let entry = imp::entry(folder, folder).expect("there is a place here");
        Autostart { entry, of_everybody: Vec::new(), program, home: None }
    }

    #[test]
    fn it_is_off_until_asked_and_off_again_when_that_is_wanted() {
        let folder = Folder::new("asked");
        let autostart = autostart(&folder.0);
        assert!(!autostart.is_on().unwrap());
        autostart.set(true).unwrap();
        assert!(autostart.is_on().unwrap());
        let text = std::fs::read_to_string(folder.0.join("autostart/nightkeep-tray.desktop")).unwrap();
        assert!(text.contains("/night keep \\\\$1\"\n"), "{text}");
        autostart.set(false).unwrap();
        autostart.set(false).unwrap();
        assert!(!autostart.is_on().unwrap());
    }

    #[test]
    fn what_was_switched_off_in_the_desktop_s_own_settings_is_off() {
        let folder = Folder::new("desktop");
        let autostart = autostart(&folder.0);
        for line in ["Hidden=true", "X-GNOME-Autostart-enabled=false", "Hidden = true"] {
            autostart.set(true).unwrap();
            let text = std::fs::read_to_string(&autostart.entry).unwrap();
            std::fs::write(&autostart.entry, format!("{text}{line}\n")).unwrap();
            assert!(!autostart.is_on().unwrap(), "{line}");
        }
    }

    #[test]
    fn what_is_installed_for_everybody_counts_until_the_user_has_chosen() {
        let folder = Folder::new("everybody");
        let shipped = folder.0.join("shipped.desktop");
        let autostart =
            Autostart { of_everybody: vec![folder.0.join("none"), shipped.clone()], ..autostart(&folder.0) };
        // As the package ships it, and as an administrator may change it.
        for (line, is_on) in [("Hidden=true", false), ("Hidden=false", true)] {
            std::fs::write(&shipped, format!("[Desktop Entry]\n{line}\n")).unwrap();
            assert_eq!(autostart.is_on().unwrap(), is_on, "{line}");
            autostart.set(true).unwrap();
            assert!(autostart.is_on().unwrap(), "{line}");
            autostart.set(false).unwrap();
            assert!(!autostart.is_on().unwrap(), "{line}");
            // The user's own entry is there only where it has to say no.
            assert_eq!(autostart.entry.exists(), is_on, "{line}");
        }
    }

    #[test]
    fn a_tray_that_is_not_installed_is_named_and_nothing_is_written() {
        let folder = Folder::new("missing");
        let autostart = Autostart { program: folder.0.join("nowhere"), ..autostart(&folder.0) };
        assert!(autostart.set(true).unwrap_err().to_string().ends_with("nowhere` is not installed"));
        assert!(!autostart.entry.exists());
    }

    /// A folder of one test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("nightkeep-autostart-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder can be made");
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }
}
