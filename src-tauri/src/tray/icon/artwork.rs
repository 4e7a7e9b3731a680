//! Renders `icons/` anew. A file that differs from its source is written again, and the test that finds it fails once:
//! the change is then looked at and committed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::{SIZES, TrayState, decode};

/// Floating-point units differ in the last bit; what people see does not.
const CHANNEL_TOLERANCE: u8 = 2;

const APP_PNGS: [(&str, u32); 4] =
    [("32x32.png", 32), ("128x128.png", 128), ("128x128@2x.png", 256), ("icon.png", 512)];
const ICO_SIZES: [u32; 5] = [16, 24, 32, 48, 256];
const ICNS_SIZES: [u32; 5] = [16, 32, 128, 256, 512];
const TEMPLATE_SIZE: u32 = 36;
/// Units around what is drawn in a template. A panel leaves its own room around an icon.
const TEMPLATE_MARGIN: f32 = 1.0;

#[test]
fn the_tray_icons_are_what_their_sources_render_to() {
    let mut stale = Vec::new();
    for state in TrayState::ALL {
        let name = file_stem(state);
        let folder = icons().join("tray");
        for size in SIZES {
            stale.extend(refresh_png(
                &folder.join(format!("{name}.svg")),
                &folder.join(format!("{name}-{size}.png")),
                size,
            ));
        }
        let template = folder.join("template").join(format!("{name}.svg"));
        stale.extend(refresh_png(
            &template,
            &template.with_file_name(format!("{name}-{TEMPLATE_SIZE}.png")),
            TEMPLATE_SIZE,
        ));
        for size in SIZES {
            let png = folder.join("plain").join(format!("{name}-{size}.png"));
            stale.extend(refresh(&png, &render_within(&template, size, TEMPLATE_MARGIN)));
        }
    }
    assert_eq!(stale, Vec::<PathBuf>::new(), "these were written again: look at them and commit them");
}

#[test]
fn the_app_icons_are_what_their_source_renders_to() {
    let source = icons().join("app.svg");
    let folder = icons().join("app");
    let mut stale: Vec<PathBuf> =
        APP_PNGS.iter().filter_map(|(name, size)| refresh_png(&source, &folder.join(name), *size)).collect();
    stale.extend(refresh_set(&folder.join("icon.ico"), &ICO_SIZES, read_ico, write_ico));
    stale.extend(refresh_set(&folder.join("icon.icns"), &ICNS_SIZES, read_icns, write_icns));
    assert_eq!(stale, Vec::<PathBuf>::new(), "these were written again: look at them and commit them");
}

#[test]
fn every_icon_stands_out_from_light_and_from_dark_panels() {
    const LIGHT: [u8; 3] = [0xf2; 3];
    const DARK: [u8; 3] = [0x1f; 3];
    for state in TrayState::ALL {
        let svg = fs::read_to_string(icons().join("tray").join(format!("{}.svg", file_stem(state)))).unwrap();
        let colours = colours(&svg);
        for panel in [LIGHT, DARK] {
            let best = colours.iter().map(|colour| contrast(*colour, panel)).fold(0.0, f64::max);
            assert!(best >= 3.0, "{state:?} has {best:.1}:1 at best on {panel:?}");
        }
    }
}

fn file_stem(state: TrayState) -> &'static str {
    match state {
        TrayState::Fault => "fault",
        TrayState::Stopped => "stopped",
        TrayState::Warning => "warning",
        TrayState::Working => "working",
        TrayState::Paused => "paused",
        TrayState::Idle => "idle",
    }
}

fn icons() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../icons")
}

fn render(source: &Path, size: u32) -> Pixmap {
    render_within(source, size, 0.0)
}

/// What is drawn within a margin of so many units, as large as the picture.
fn render_within(source: &Path, size: u32, margin: f32) -> Pixmap {
    let svg = fs::read(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    let tree = Tree::from_data(&svg, &Options::default()).expect("the source is SVG");
    let mut pixmap = Pixmap::new(size, size).expect("sizes are not zero");
    #[expect(clippy::cast_precision_loss, reason = "sides of icons are small")]
    let scale = size as f32 / (tree.size().width() - 2.0 * margin);
    let transform = Transform::from_translate(-margin, -margin).post_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    pixmap
}

fn rgba(pixmap: &Pixmap) -> Vec<u8> {
    pixmap
        .pixels()
        .iter()
        .map(|pixel| pixel.demultiply())
        .flat_map(|c| [c.red(), c.green(), c.blue(), c.alpha()])
        .collect()
}

/// Writes `png` again when it is not what `source` renders to, and tells so.
fn refresh_png(source: &Path, png: &Path, size: u32) -> Option<PathBuf> {
    refresh(png, &render(source, size))
}

fn refresh(png: &Path, wanted: &Pixmap) -> Option<PathBuf> {
    let same = fs::read(png).is_ok_and(|bytes| looks_same(&decode(&bytes).rgba, &rgba(wanted)));
    if same {
        return None;
    }
    fs::write(png, wanted.encode_png().unwrap()).unwrap();
    Some(png.to_owned())
}

type Pictures = BTreeMap<u32, Vec<u8>>;

/// The same for a file that holds several sizes of the app icon.
fn refresh_set(
    file: &Path,
    sizes: &[u32],
    read: fn(Vec<u8>) -> Pictures,
    write: fn(&Pictures) -> Vec<u8>,
) -> Option<PathBuf> {
    let source = icons().join("app.svg");
    let wanted: Pictures = sizes.iter().map(|size| (*size, rgba(&render(&source, *size)))).collect();
    let same = fs::read(file).is_ok_and(|bytes| {
        let found = read(bytes);
        found.keys().eq(wanted.keys()) && found.iter().all(|(size, rgba)| looks_same(rgba, &wanted[size]))
    });
    if same {
        return None;
    }
    fs::write(file, write(&wanted)).unwrap();
    Some(file.to_owned())
}

fn read_ico(bytes: Vec<u8>) -> Pictures {
    let ico = ico::IconDir::read(Cursor::new(bytes)).expect("a committed ICO is whole");
    ico.entries().iter().map(|entry| (entry.width(), entry.decode().unwrap().rgba_data().to_vec())).collect()
}

fn write_ico(pictures: &Pictures) -> Vec<u8> {
    let mut ico = ico::IconDir::new(ico::ResourceType::Icon);
    for (size, rgba) in pictures {
        let image = ico::IconImage::from_rgba_data(*size, *size, rgba.clone());
        ico.add_entry(ico::IconDirEntry::encode(&image).unwrap());
    }
    let mut bytes = Vec::new();
    ico.write(&mut bytes).unwrap();
    bytes
}

fn read_icns(bytes: Vec<u8>) -> Pictures {
    let icns = icns::IconFamily::read(Cursor::new(bytes)).expect("a committed ICNS is whole");
    let read = |kind| icns.get_icon_with_type(kind).unwrap().convert_to(icns::PixelFormat::RGBA);
    icns.available_icons().into_iter().map(|kind| (kind.pixel_width(), read(kind).data().to_vec())).collect()
}

fn write_icns(pictures: &Pictures) -> Vec<u8> {
    let mut icns = icns::IconFamily::new();
    for (size, rgba) in pictures {
        let image = icns::Image::from_data(icns::PixelFormat::RGBA, *size, *size, rgba.clone()).unwrap();
        icns.add_icon(&image).unwrap();
    }
    let mut bytes = Vec::new();
    icns.write(&mut bytes).unwrap();
    bytes
}

fn looks_same(left: &[u8], right: &[u8]) -> bool {
    let close = |(left, right): (&u8, &u8)| left.abs_diff(*right) <= CHANNEL_TOLERANCE;
    left.len() == right.len() && left.iter().zip(right).all(close)
}

/// The colours of what is drawn solid, from an SVG source.
fn colours(svg: &str) -> Vec<[u8; 3]> {
    let solid = svg.lines().filter(|line| !line.contains("-opacity"));
    solid
        .flat_map(|line| line.split('"'))
        .filter_map(|value| value.strip_prefix('#').filter(|hex| hex.len() == 6))
        .map(|hex| {
            let [_, red, green, blue] = u32::from_str_radix(hex, 16).expect("colours are hexadecimal").to_be_bytes();
            [red, green, blue]
        })
        .collect()
}

/// The contrast of WCAG 2.
fn contrast(left: [u8; 3], right: [u8; 3]) -> f64 {
    let (left, right) = (luminance(left), luminance(right));
    (left.max(right) + 0.05) / (left.min(right) + 0.05)
}

fn luminance([red, green, blue]: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}
