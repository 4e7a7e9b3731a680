//! Links the release binary at a fixed address on Linux.
//!
//! A keeper is one of many processes of this binary. Each of them would otherwise own a private copy of every page that
//! the loader has to adjust, about 140 kB, which is more than all else that a keeper needs. Libraries, heap and stack
//! stay at random addresses.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=nightkeep=-no-pie");
    }
}
