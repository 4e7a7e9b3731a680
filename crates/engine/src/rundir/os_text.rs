//! Text of the operating system (arguments, paths) in JSON: a string where it is Unicode, else its units.

#[cfg_attr(unix, path = "os_text_unix.rs")]
#[cfg_attr(windows, path = "os_text_windows.rs")]
mod imp;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An argument or a path, which need not be Unicode: a command line must come out as it went in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct OsText(pub OsString);

/// How it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(std::borrow::Cow<'a, str>),
    Units { units: Vec<imp::Unit> },
}

impl OsText {
    /// As a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// For people.
    #[must_use]
    pub fn lossy(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl<T: AsRef<OsStr>> From<T> for OsText {
    fn from(text: T) -> Self {
        Self(text.as_ref().to_owned())
    }
}

impl From<OsText> for PathBuf {
    fn from(text: OsText) -> Self {
        Self::from(text.0)
    }
}

impl Serialize for OsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => Written::Units { units: imp::units(&self.0) }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for OsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => Self(OsString::from(text.into_owned())),
            Written::Units { units } => Self(imp::text(units)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_is_written_as_a_plain_string() {
        let written = serde_json::to_string(&OsText::from("grün")).expect("text can be written");
        assert_eq!(written, "\"grün\"");
    }

    #[test]
    #[cfg(unix)]
    fn an_argument_that_is_no_unicode_comes_out_as_it_went_in() {
        let argument = OsText(imp::text(vec![b'a', 0xff, b'z']));
        let written = serde_json::to_string(&argument).expect("text can be written");
        assert_eq!(serde_json::from_str::<OsText>(&written).expect("what was written can be read"), argument);
    }
}
