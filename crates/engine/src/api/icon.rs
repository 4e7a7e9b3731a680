//! How the icon in the tray is coloured.

use serde::{Deserialize, Serialize};

/// How the icon in the tray is coloured. Each state has a silhouette of its own, so none of them needs its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum IconStyle {
    /// In colours that stand out from light and from dark panels.
    #[default]
    Colour,
    /// For panels that stay dark.
    White,
    /// For panels that stay light.
    Black,
}

impl IconStyle {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Colour, Self::White, Self::Black];

    /// The word for it in the configuration and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Colour => "colour",
            Self::White => "white",
            Self::Black => "black",
        }
    }
}
