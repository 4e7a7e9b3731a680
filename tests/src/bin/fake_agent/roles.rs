//! The twelve roles of the hostile tree, in the steps that make them.
//!
//! A role settles (lets go of its output) when it is what it is to be; whoever started it goes on only then. Each ends by
//! itself after a minute, so that a test that fails leaves nothing behind for long.

/// Their names, and how each is made.
pub(crate) const ROLES: [(&str, &str); 12] = [
    ("plain", "child settle then linger"),
    ("deaf", "child ignore all then settle then wait-in-kernel"),
    ("stopped", "child ignore all then settle then stop-self"),
    ("group", "child ignore all then new-group then settle then linger"),
    ("session", "child ignore all then new-session then settle then linger"),
    ("respawners", "child ignore all then respawn"),
    ("daemon", "orphan ignore all then new-session then settle then linger"),
    ("cleared", "bare-orphan ignore all then new-session then settle then linger"),
    ("overwritten", "orphan ignore all then new-session then overwrite-environment then settle then linger"),
    ("hidden", "orphan ignore all then new-session then hide then settle then linger"),
    ("hopper", "orphan ignore all then new-session then settle then hop every 15ms"),
    ("storm", "child ignore all then settle then storm 20 every 5ms"),
];

/// How a role is made.
pub(crate) fn role(name: &str) -> Option<&'static str> {
    ROLES.into_iter().find(|(known, _)| *known == name).map(|(_, step)| step)
}
