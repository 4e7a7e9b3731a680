//! Whether the computer is kept awake.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error};

/// When the computer is kept awake while runs are active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum KeepAwake {
    /// It sleeps as ever.
    #[default]
    Never,
    /// While it draws its power from the mains.
    PluggedIn,
    /// On its battery too.
    Always,
}

/// Nothing else is a word for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("has to be `never`, `plugged-in` or `always`, not `{0}`")]
pub struct UnknownKeepAwake(String);

impl KeepAwake {
    /// The word for it in the configuration and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::PluggedIn => "plugged-in",
            Self::Always => "always",
        }
    }
}

impl fmt::Display for KeepAwake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for KeepAwake {
    type Err = UnknownKeepAwake;

    fn from_str(word: &str) -> Result<Self, UnknownKeepAwake> {
        let all = [Self::Never, Self::PluggedIn, Self::Always];
        all.into_iter().find(|wish| wish.word() == word).ok_or_else(|| UnknownKeepAwake(word.to_owned()))
    }
}

/// It was a switch once.
impl From<bool> for KeepAwake {
    fn from(is_wanted: bool) -> Self {
        if is_wanted { Self::Always } else { Self::Never }
    }
}

/// The word, or the switch that it was.
impl<'de> Deserialize<'de> for KeepAwake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written {
            Switch(bool),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Switch(is_wanted) => Ok(is_wanted.into()),
            Written::Word(word) => word.parse().map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_written_as_its_word_and_the_former_switch_is_understood() {
        for wish in [KeepAwake::Never, KeepAwake::PluggedIn, KeepAwake::Always] {
            let written = serde_json::to_value(wish).unwrap();
            assert_eq!(written, wish.word());
            assert_eq!(serde_json::from_value::<KeepAwake>(written).unwrap(), wish);
        }
        assert_eq!(serde_json::from_str::<KeepAwake>("true").unwrap(), KeepAwake::Always);
        assert_eq!(serde_json::from_str::<KeepAwake>("false").unwrap(), KeepAwake::Never);
        let fault = serde_json::from_str::<KeepAwake>("\"sometimes\"").unwrap_err().to_string();
        assert_eq!(fault, "has to be `never`, `plugged-in` or `always`, not `sometimes`");
    }
}
