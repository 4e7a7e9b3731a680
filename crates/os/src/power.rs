//! What the computer draws its power from.

use std::io;

use crate::imp;

/// Whether the computer draws its power from the mains. One without a battery always does. Cheap, but on macOS, where a
/// program of the system is asked; waits.
///
/// # Errors
/// When the system does not tell.
pub fn is_plugged_in() -> io::Result<bool> {
    imp::is_plugged_in()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_system_tells_what_it_draws_its_power_from() {
        super::is_plugged_in().expect("it is known");
    }
}
