//! Which version this build is, and which of two versions is the later one.

use semver::Version;

/// The version of this build: what `NIGHTKEEP_VERSION` said when it was made, else the version of the package.
pub const VERSION: &str = match option_env!("NIGHTKEEP_VERSION") {
    Some(named) => named,
    None => env!("CARGO_PKG_VERSION"),
};

/// Whether `one` is a later version than `other`. Of a text that is no version nothing is later, nor earlier.
#[must_use]
pub fn is_later(one: &str, other: &str) -> bool {
    match (Version::parse(one), Version::parse(other)) {
        // Builds of one version are the same version.
        (Ok(one), Ok(other)) => one.cmp_precedence(&other).is_gt(),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_a_preview_comes_before_its_release() {
        assert!(is_later("0.10.0", "0.9.9"));
        assert!(is_later("1.0.0", "1.0.0-beta.2"));
        assert!(is_later("1.0.0-beta.11", "1.0.0-beta.2"));
        assert!(!is_later("0.9.9", "0.10.0"));
    }

    #[test]
    fn the_same_version_is_not_later_however_it_was_built() {
        assert!(!is_later(VERSION, VERSION));
        assert!(!is_later("1.0.0+build.2", "1.0.0+build.1"));
    }

    #[test]
    fn what_is_no_version_is_neither_later_nor_earlier() {
        for odd in ["", "latest", "1", "1.0.0.0"] {
            assert!(!is_later(odd, "0.1.0") && !is_later("0.1.0", odd), "{odd}");
        }
    }

    #[test]
    fn this_build_has_a_version() {
        assert!(Version::parse(VERSION).is_ok(), "{VERSION}");
    }
}
