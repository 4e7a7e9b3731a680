//! What a request asks for: method, path and query of the pinging API of Healthchecks, read without looking anything up.
//!
//! Both `/ping/…` and `/…` are served. A check is named by its UUID, or by the ping key and its slug. A URL of the UUID kind
//! may end with a slash, one of the slug kind may not.

use axum::extract::Query;
use axum::http::{Method, Uri};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The path prefix of a self-hosted Healthchecks.
const PREFIX: &str = "ping";
/// The longest slug, as Healthchecks has it.
const SLUG_CHARS_MAX: usize = 100;

/// The check that is meant.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// By its own UUID.
    Check(Uuid),
    /// By the key of all of them and its name.
    Slug {
        /// The ping key.
        key: String,
        /// The name, in the form that stands in a URL.
        slug: String,
    },
}

/// A key is a secret, and so is the UUID of a check: neither gets into a log.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Check(_) => f.write_str("Check(…)"),
            Self::Slug { slug, .. } => write!(f, "Slug(…/{slug})"),
        }
    }
}

/// What a ping says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Done, or well.
    Success,
    /// Begun.
    Start,
    /// Gone wrong.
    Fail,
    /// Something to note, neither good nor bad.
    Log,
    /// The exit status of a command: 0 is a success.
    Exit(u8),
}

impl Kind {
    /// In a word, as surfaces show it.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Success => "success".to_owned(),
            Self::Start => "start".to_owned(),
            Self::Fail => "fail".to_owned(),
            Self::Log => "log".to_owned(),
            Self::Exit(status) => format!("exit {status}"),
        }
    }
}

/// A ping that can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// What it says.
    pub kind: Kind,
    /// Which of several runs says so.
    pub rid: Option<Uuid>,
}

/// What is wrong with the rest of a request whose check may well exist. Said only after it is known that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// An exit status above 255.
    Status,
    /// A run id that is no UUID.
    Rid,
}

/// A request that names a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The check.
    pub target: Target,
    /// What it says of it.
    pub ping: Result<Ping, Flaw>,
    /// Whether a check that is not known is to be made.
    pub create: bool,
}

/// Why a request names no check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Neither HEAD nor GET nor POST.
    Method,
    /// No such URL.
    NotFound,
    /// A slug with capital letters.
    Slug,
}

/// Reads a request.
///
/// # Errors
/// Why it is none.
pub(super) fn read(method: &Method, uri: &Uri) -> Result<Request, Refusal> {
    if ![Method::HEAD, Method::GET, Method::POST].contains(method) {
        return Err(Refusal::Method);
    }
    let mut parts: Vec<&str> = uri.path().strip_prefix('/').ok_or(Refusal::NotFound)?.split('/').collect();
    if parts.first() == Some(&PREFIX) {
        parts.remove(0);
    }
    let (target, kind) = target(&parts).ok_or(Refusal::NotFound)?;
    if let Target::Slug { slug, .. } = &target
        && slug.chars().any(|c| c.is_ascii_uppercase())
    {
        return Err(Refusal::Slug);
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default();
    let last = |name: &str| query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let rid = match last("rid").map(canonical) {
        None => Ok(None),
        Some(None) => Err(Flaw::Rid),
        Some(rid) => Ok(rid),
    };
    let ping = kind.and_then(|kind| Ok(Ping { kind, rid: rid? }));
    Ok(Request { target, ping, create: last("create") == Some("1") })
}

fn target(parts: &[&str]) -> Option<(Target, Result<Kind, Flaw>)> {
    let (first, rest) = parts.split_first()?;
    if let Some(check) = canonical(first) {
        // No key looks like a UUID.
        let kind = match rest {
            [] | [""] => Some(Ok(Kind::Success)),
            [action] | [action, ""] => kind(action),
            _ => None,
        };
        return Some((Target::Check(check), kind?));
    }
    let (slug, kind) = match rest {
        [slug] => (slug, Ok(Kind::Success)),
        [slug, action] => (slug, kind(action)?),
        _ => return None,
    };
    let is_slug = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_slug(first) || !is_slug(slug) || slug.len() > SLUG_CHARS_MAX {
        return None;
    }
    Some((Target::Slug { key: (*first).to_owned(), slug: (*slug).to_owned() }, kind))
}

fn kind(action: &str) -> Option<Result<Kind, Flaw>> {
    match action {
        "start" => Some(Ok(Kind::Start)),
        "fail" => Some(Ok(Kind::Fail)),
        "log" => Some(Ok(Kind::Log)),
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().map(Kind::Exit).map_err(|_| Flaw::Status))
        }
        _ => None,
    }
}

/// A UUID in its usual form with four hyphens; the other forms that can be read are not meant.
pub(crate) fn canonical(text: &str) -> Option<Uuid> {
    (text.len() == uuid::fmt::Hyphenated::LENGTH).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The slug of a name: small letters and digits of ASCII, hyphens and underscores; what stands between words becomes one
/// hyphen. `None` when nothing is left.
#[must_use]
pub fn slug_of(name: &str) -> Option<String> {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c.to_ascii_lowercase());
        } else if (c == '-' || c.is_whitespace()) && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    (!slug.is_empty()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
    const RID: &str = "123e4567-e89b-12d3-a456-426614174000";

    fn uri(path: &str) -> Uri {
        path.replace("CHECK", CHECK).replace("RID", RID).parse().unwrap()
    }

    fn ask(path: &str) -> Result<Request, Refusal> {
        read(&Method::GET, &uri(path))
    }

    /// In one word: which kind of target, and what is said of it.
    fn told(path: &str) -> String {
        match ask(path) {
            Err(refusal) => format!("{refusal:?}"),
            Ok(Request { target, ping, create }) => {
                let target = match target {
                    Target::Check(check) => check.to_string().replace(CHECK, "CHECK"),
                    Target::Slug { key, slug } => format!("{key}+{slug}"),
                };
                let ping = match ping {
                    Err(flaw) => format!("bad {flaw:?}"),
                    Ok(Ping { kind, rid: None }) => format!("{kind:?}"),
                    Ok(Ping { kind, rid: Some(rid) }) => format!("{kind:?} of {}", rid.to_string().replace(RID, "RID")),
                };
                format!("{target} {ping}{}", if create { " create" } else { "" })
            }
        }
    }

    #[test]
    fn every_documented_url_is_read_as_documented() {
        let cases = [
            ("/CHECK", "CHECK Success"),
            ("/CHECK/", "CHECK Success"),
            ("/CHECK/start", "CHECK Start"),
            ("/CHECK/start/", "CHECK Start"),
            ("/CHECK/fail", "CHECK Fail"),
            ("/CHECK/log", "CHECK Log"),
            ("/CHECK/log/", "CHECK Log"),
            ("/CHECK/0", "CHECK Exit(0)"),
            ("/CHECK/255", "CHECK Exit(255)"),
            ("/CHECK/007/", "CHECK Exit(7)"),
            ("/CHECK/256", "CHECK bad Status"),
            ("/CHECK/99999999999999999999", "CHECK bad Status"),
            ("/key_-9/a-job", "key_-9+a-job Success"),
            ("/key/a_job/start", "key+a_job Start"),
            ("/key/a-job/fail", "key+a-job Fail"),
            ("/key/a-job/log", "key+a-job Log"),
            ("/key/a-job/3", "key+a-job Exit(3)"),
            ("/key/a-job/300", "key+a-job bad Status"),
            ("/key/start", "key+start Success"),
        ];
        for (path, said) in cases {
            assert_eq!(told(path).replace(CHECK, "CHECK"), said, "{path}");
            assert_eq!(told(&format!("/ping{path}")).replace(CHECK, "CHECK"), said, "/ping{path}");
        }
    }

    #[test]
    fn a_url_that_is_not_documented_names_no_check() {
        let cases = [
            "/",
            "/ping",
            "/ping/",
            "/key",
            "/key/",
            "//",
            "/key/a-job/",
            "/key/a-job/start/",
            "/key/a-job/stop",
            "/key/a-job/-1",
            "/key/a-job/1.5",
            "/key/a%20job",
            "/key/%C3%A4",
            "/CHECK//",
            "/CHECK//start",
            "/CHECK/start/0",
            "/CHECK/a/b/c",
            "/CHECK/a-job",
            "/CHECK/a-job/start",
            "/v1/runs/3/stop",
            "/5bf66975d4c74bf5bcc8b8d8a82ea278",
            "/%7B5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278%7D",
        ];
        for path in cases {
            assert_eq!(ask(path), Err(Refusal::NotFound), "{path}");
        }
        assert_eq!(ask(&format!("/key/{}", "a".repeat(101))), Err(Refusal::NotFound));
        assert_eq!(ask("/key/A-Job"), Err(Refusal::Slug));
        assert_eq!(ask("/key/A-Job/300?rid=x"), Err(Refusal::Slug));
    }

    #[test]
    fn a_run_id_is_a_canonical_uuid_in_any_case() {
        let cases = [
            ("/CHECK?rid=RID", "CHECK Success of RID"),
            ("/CHECK/start?x=1&rid=123E4567-E89B-12D3-A456-426614174000", "CHECK Start of RID"),
            ("/CHECK/3?rid=123e4567%2De89b-12d3-a456-426614174000", "CHECK Exit(3) of RID"),
            ("/CHECK?rid=x&rid=RID", "CHECK Success of RID"),
            ("/CHECK?rid=", "CHECK bad Rid"),
            ("/CHECK?rid", "CHECK bad Rid"),
            ("/CHECK?rid=123e4567e89b12d3a456426614174000", "CHECK bad Rid"),
            ("/CHECK?rid=%7B123e4567-e89b-12d3-a456-426614174000%7D", "CHECK bad Rid"),
            ("/CHECK/256?rid=x", "CHECK bad Status"),
            ("/key/job?create=1&rid=RID", "key+job Success of RID create"),
            ("/key/job?create=0", "key+job Success"),
            ("/key/job?create=true", "key+job Success"),
        ];
        for (path, said) in cases {
            assert_eq!(told(path), said, "{path}");
        }
    }

    #[test]
    fn only_the_documented_methods_are_taken() {
        let uri: Uri = format!("/{CHECK}").parse().unwrap();
        for method in [Method::HEAD, Method::GET, Method::POST] {
            assert!(read(&method, &uri).is_ok(), "{method}");
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::CONNECT, Method::TRACE] {
            assert_eq!(read(&method, &uri), Err(Refusal::Method), "{method}");
        }
    }

    #[test]
    fn a_slug_is_made_of_a_name_as_people_would_write_it() {
        let cases = [
            ("nightly", Some("nightly")),
            ("The Site", Some("the-site")),
            ("  a  -  b_c!", Some("a-b_c")),
            ("v1.2", Some("v12")),
            ("été", Some("t")),
            ("夜", None),
            ("--", None),
        ];
        for (name, slug) in cases {
            assert_eq!(slug_of(name).as_deref(), slug, "{name}");
        }
    }
}
