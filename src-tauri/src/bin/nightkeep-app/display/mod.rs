//! Whether there is a desktop to show a window on.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as imp;

/// Why no window can be shown, if none can. The toolkit would answer with a panic.
pub(crate) fn missing() -> Option<String> {
    imp::missing()
}
