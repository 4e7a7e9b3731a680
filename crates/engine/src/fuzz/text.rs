//! What makes texts of agents fit to be shown, and what reads lengths of time.

use crate::clean::{clean_line, clean_text, harmless};
use crate::config::duration;

pub(super) fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for most in [1, 7, 80, 2_000] {
        for clean in [clean_text(&text, most), clean_line(&text, most)] {
            assert!(clean.chars().count() <= most, "{clean:?}");
            assert_eq!(harmless(&clean), clean);
            assert!(!clean.contains('\n'), "{clean:?}");
        }
    }
    let shown = harmless(&text);
    assert_eq!(harmless(&shown), shown, "what was made harmless stays as it is");
    assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
    if let Ok(span) = duration::parse(&text) {
        assert_eq!(duration::parse(&duration::format(span)), Ok(span));
    }
}
