//! How often a key may ping. Whoever has none that is known shares what all strangers have, so that guessing is slow and a
//! flood of guesses reaches nobody.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::request::Target;

/// So many at once, and so many in a second.
const PER_SECOND: u32 = 50;
/// More keys than anybody has are not remembered.
const KNOWN_MAX: usize = 4096;

/// What a limit is for: the key of many checks, or one check by its UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Check(Uuid),
    Ping(String),
}

impl From<&Target> for Key {
    fn from(target: &Target) -> Self {
        match target {
            Target::Check(check) => Self::Check(*check),
            Target::Slug { key, .. } => Self::Ping(key.clone()),
        }
    }
}

/// All limits.
#[derive(Debug)]
pub(super) struct Rates {
    known: HashMap<Key, Bucket>,
    strangers: Bucket,
}

impl Rates {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: HashMap::new(), strangers: Bucket::full(now) }
    }

    /// Whether one more may be taken.
    pub(super) fn admits(&mut self, target: &Target, now: Instant) -> bool {
        self.known.get_mut(&Key::from(target)).unwrap_or(&mut self.strangers).take(now)
    }

    /// It was told that there is such a check: from here on its key has a limit of its own.
    pub(super) fn knows(&mut self, target: &Target, now: Instant) {
        if self.known.len() < KNOWN_MAX {
            self.known.entry(Key::from(target)).or_insert_with(|| Bucket::full(now));
        }
    }
}

/// Fills up evenly, and is emptied one by one.
#[derive(Debug)]
struct Bucket {
    /// When it will have been filled up.
    full_at: Instant,
}

impl Bucket {
    const EACH: Duration = Duration::from_millis(1000 / PER_SECOND as u64);

    fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + Self::EACH;
        let fits = full_at.duration_since(now) <= Self::EACH * PER_SECOND;
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(key: &str, slug: &str) -> Target {
        Target::Slug { key: key.to_owned(), slug: slug.to_owned() }
    }

    #[test]
    fn a_key_may_ping_fifty_times_a_second_whatever_its_slugs() {
        let start = Instant::now();
        let mut rates = Rates::new(start);
        rates.knows(&slug("k", "a"), start);
        let mut taken =
            |at: Duration, n: usize| (0..n).filter(|n| rates.admits(&slug("k", &n.to_string()), start + at)).count();
        assert_eq!(taken(Duration::ZERO, 80), 50);
        assert_eq!(taken(Duration::from_millis(100), 80), 5);
        assert_eq!(taken(Duration::from_millis(1100), 80), 50);
        assert_eq!(taken(Duration::from_hours(1), 80), 50);
    }

    #[test]
    fn strangers_share_one_limit_and_take_nothing_from_those_who_are_known() {
        let now = Instant::now();
        let mut rates = Rates::new(now);
        rates.knows(&slug("known", "a"), now);
        let guesses = (0..10_000).filter(|n| rates.admits(&slug(&n.to_string(), "a"), now)).count();
        assert_eq!(guesses, 50);
        assert!(!rates.admits(&Target::Check(Uuid::from_u128(7)), now));
        assert!(rates.admits(&slug("known", "b"), now));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let now = Instant::now();
        let mut rates = Rates::new(now);
        (0..2 * KNOWN_MAX).for_each(|n| rates.knows(&slug(&n.to_string(), "a"), now));
        assert_eq!(rates.known.len(), KNOWN_MAX);
    }
}
