//! What looks like a secret, so that a report can be handed to others. It is a net, not a wall: what looks like nothing is
//! not caught.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

/// Home directories, with the name of their owner.
pub(super) static HOMES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?:/home|/Users)/[^/\s'"`]+|/root\b|[A-Z]:\\Users\\[^\\\s'"`]+"#));

/// Names that speak of a secret, and the value behind them.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?ix) ( \b [a-z0-9_.-]* (?: password | passwd | passphrase | secret | token | api[_-]?key | access[_-]?key
               | private[_-]?key | credential s? ) [a-z0-9_]* ["']? \s* [=:] \s* ["']? | --(?: password | token | api-key )\s+ )
           ( [^\s"',;&`)]{4,} )"#,
    )
});

/// Words for a secret in the name of something.
static SECRET_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "(?i)password|passwd|passphrase|secret|token|credential|auth$|authorization|cookie\
         |(?:api|access|private|signing|encryption)[_-]?key|(?:^|[_-])(?:pw|pwd|key)$",
    )
});

/// A word that nobody made up: digits and letters without an end, or a UUID.
static RANDOM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:[0-9a-z+=]{24,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
});

/// What says who asks, in the header of a request.
static BEARER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b((?:bearer|basic)\s+|authorization:\s*(?:\w+\s+)?)([A-Za-z0-9._~+/=-]{8,})"));

/// Keys that are known by how they begin.
static KEYS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) \b (?: sk-[A-Za-z0-9_-]{16,} | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
             | glpat-[A-Za-z0-9_-]{16,} | xox[abprs]-[A-Za-z0-9-]{10,} | AKIA[A-Z0-9]{12,} | AIza[A-Za-z0-9_-]{30,}
             | npm_[A-Za-z0-9]{30,} | hf_[A-Za-z0-9]{20,} | eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+ )",
    )
});

/// A name and a password in an address.
static IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"([a-z][a-z0-9+.-]*://[^/\s:@]+:)([^/\s@]+)(@)"));

/// A private key in full, or what there is of it.
static PEM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\z)"));

/// The address of a ping: whoever knows it can ping.
static PING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(/ping/)[0-9A-Za-z_-]{20,}|(https?://\S*?/)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file is one")
}

/// Whether what goes by this name is likely to be a secret: a variable, or a flag.
pub(crate) fn names_a_secret(name: &str) -> bool {
    SECRET_WORDS.is_match(name)
}

/// Whether there is a word in it that looks like a key, of whatever kind: letters and digits without an end.
pub(crate) fn looks_like_a_key(text: &str) -> bool {
    RANDOM.find_iter(text).any(|word| {
        let has = |kind: fn(&u8) -> bool| word.as_str().as_bytes().iter().any(kind);
        has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    })
}

/// The text without what looks like a secret.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let text = PEM.replace_all(text, |found: &Captures<'_>| format!("{}{HIDDEN}{}", &found[1], &found[2]));
    let text = IN_ADDRESS.replace_all(&text, |found: &Captures<'_>| format!("{}{HIDDEN}{}", &found[1], &found[3]));
    let text = KEYS.replace_all(&text, HIDDEN);
    let text = BEARER.replace_all(&text, |found: &Captures<'_>| format!("{}{HIDDEN}", &found[1]));
    let text = NAMED.replace_all(&text, |found: &Captures<'_>| {
        // "Tokens: 3400" is a count.
        let is_number = found[2].chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_'));
        if is_number { found[0].to_owned() } else { format!("{}{HIDDEN}", &found[1]) }
    });
    let kept = |found: &Captures<'_>| found.get(1).or(found.get(2)).map_or("", |at| at.as_str()).to_owned() + HIDDEN;
    PING.replace_all(&text, kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_left_out() {
        for (said, shown) in [
            ("key sk-ant-xxxxxxxxxxxxxxxxxxxx here", "key [hidden] here"),
            ("ghp_0123456789abcdefghijABCDEFGHIJ", "[hidden]"),
            ("OPENAI_API_KEY=abcdef123456", "OPENAI_API_KEY=[hidden]"),
            (r#"{"password": "hunter22", "step": 3}"#, r#"{"password": "[hidden]", "step": 3}"#),
            ("curl --token abcd1234 x", "curl --token [hidden] x"),
            ("Authorization: Bearer abcdef.ghijkl", "Authorization: Bearer [hidden]"),
            ("postgres://ann:topsecret@db/x", "postgres://ann:[hidden]@db/x"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "-----BEGIN RSA PRIVATE KEY-----[hidden]"),
            ("http://127.0.0.1:8/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278/start", "http://127.0.0.1:8/[hidden]/start"),
        ] {
            assert_eq!(without_secrets(said), shown);
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_stays() {
        for text in [
            "12 tokens: 3400 left",
            "test parse::secret_names ... ok",
            "step 14 of 40",
            "/runs/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278/x",
            "tokenizer.rs:14:3",
        ] {
            assert_eq!(without_secrets(text), text);
        }
    }
}
