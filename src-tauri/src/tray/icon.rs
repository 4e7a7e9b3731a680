//! The tray icons: rendered beforehand from `icons/tray/*.svg` (see `icons/README.md`) and embedded.

#[cfg(test)]
mod artwork;

use nightkeep_engine::api::IconStyle;

use super::TrayState;

/// Sides of the icons that are embedded, in pixels.
pub const SIZES: [u32; 5] = [16, 22, 24, 32, 48];

/// A picture as rows of pixels from the top left, four bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Its width and height.
    pub side: u32,
    /// Red, green, blue, alpha; not premultiplied.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// The same shape in white.
    fn in_white(mut self) -> Self {
        for pixel in self.rgba.chunks_exact_mut(4) {
            if let [colour @ .., _alpha] = pixel {
                colour.fill(u8::MAX);
            }
        }
        self
    }

    /// The bytes in the order in which StatusNotifierItem wants them: alpha, red, green, blue.
    #[must_use]
    pub fn into_argb(mut self) -> Vec<u8> {
        for pixel in self.rgba.chunks_exact_mut(4) {
            pixel.rotate_right(1);
        }
        self.rgba
    }
}

/// The icon of `state` in all [`SIZES`]: in colours for panels of any colour, or in one colour for those that stay light or
/// dark.
#[must_use]
pub fn pixels(state: TrayState, style: IconStyle) -> Vec<Pixels> {
    match style {
        IconStyle::Colour => colour_pngs(state).into_iter().map(decode).collect(),
        IconStyle::Black => plain_pngs(state).into_iter().map(decode).collect(),
        IconStyle::White => plain_pngs(state).into_iter().map(decode).map(Pixels::in_white).collect(),
    }
}

/// The icon of `state` in black for a menu bar that colours it itself.
#[must_use]
pub fn template(state: TrayState) -> Pixels {
    decode(template_png(state))
}

macro_rules! pngs {
    ($name:literal) => {
        [
            include_bytes!(concat!("../../../icons/tray/", $name, "-16.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-22.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-24.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-32.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-48.png")),
        ]
    };
}

fn colour_pngs(state: TrayState) -> [&'static [u8]; SIZES.len()] {
    match state {
        TrayState::Fault => pngs!("fault"),
        TrayState::Stopped => pngs!("stopped"),
        TrayState::Warning => pngs!("warning"),
        TrayState::Working => pngs!("working"),
        TrayState::Paused => pngs!("paused"),
        TrayState::Idle => pngs!("idle"),
    }
}

/// In black.
fn plain_pngs(state: TrayState) -> [&'static [u8]; SIZES.len()] {
    match state {
        TrayState::Fault => pngs!("plain/fault"),
        TrayState::Stopped => pngs!("plain/stopped"),
        TrayState::Warning => pngs!("plain/warning"),
        TrayState::Working => pngs!("plain/working"),
        TrayState::Paused => pngs!("plain/paused"),
        TrayState::Idle => pngs!("plain/idle"),
    }
}

fn template_png(state: TrayState) -> &'static [u8] {
    match state {
        TrayState::Fault => include_bytes!("../../../icons/tray/template/fault-36.png"),
        TrayState::Stopped => include_bytes!("../../../icons/tray/template/stopped-36.png"),
        TrayState::Warning => include_bytes!("../../../icons/tray/template/warning-36.png"),
        TrayState::Working => include_bytes!("../../../icons/tray/template/working-36.png"),
        TrayState::Paused => include_bytes!("../../../icons/tray/template/paused-36.png"),
        TrayState::Idle => include_bytes!("../../../icons/tray/template/idle-36.png"),
    }
}

/// The embedded files are square 8-bit RGBA without a palette; a test renders each of them anew and compares.
fn decode(png: &[u8]) -> Pixels {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("an embedded PNG has a header");
    let length = reader.output_buffer_size().expect("an embedded PNG is small");
    let mut rgba = vec![0; length];
    let info = reader.next_frame(&mut rgba).expect("an embedded PNG is whole");
    Pixels { side: info.width, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: [IconStyle; 3] = [IconStyle::Colour, IconStyle::White, IconStyle::Black];

    #[test]
    fn every_state_has_its_own_icon_in_every_size() {
        for (place, size) in SIZES.into_iter().enumerate() {
            let mut seen: Vec<Pixels> = Vec::new();
            for (state, style) in TrayState::ALL.into_iter().flat_map(|state| STYLES.map(|style| (state, style))) {
                let icon = pixels(state, style).swap_remove(place);
                assert_eq!((icon.side, icon.rgba.len()), (size, (size * size * 4) as usize), "{state:?}");
                assert!(!seen.contains(&icon), "{state:?} in {style:?} at {size}");
                seen.push(icon);
            }
        }
    }

    #[test]
    fn an_icon_in_one_colour_has_no_other_one() {
        for (style, channel) in [(IconStyle::White, 255), (IconStyle::Black, 0)] {
            for icon in TrayState::ALL.into_iter().flat_map(|state| pixels(state, style)) {
                let drawn: Vec<&[u8]> = icon.rgba.chunks_exact(4).filter(|pixel| pixel[3] > 0).collect();
                assert!(drawn.len() > 20 && drawn.iter().all(|pixel| pixel[..3] == [channel; 3]), "{style:?}");
            }
        }
    }

    #[test]
    fn argb_moves_alpha_to_the_front() {
        let pixels = Pixels { side: 1, rgba: vec![1, 2, 3, 4] };
        assert_eq!(pixels.into_argb(), [4, 1, 2, 3]);
    }
}
