//! Files that only this user can read. One file per system behind the same signature.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::create;
#[cfg(windows)]
pub(super) use windows::create;
