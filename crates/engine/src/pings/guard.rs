//! Who may ping at all. A web page that somebody has open can send requests to this computer as well: what shows that a
//! page is behind a request is refused, whatever it asks for.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};

/// What a browser says of where a request comes from. A program says nothing.
const FETCH_SITE: &str = "sec-fetch-site";
/// A person typed the address in: no page had a hand in it.
const BY_HAND: &str = "none";

/// The names under which this computer is meant by itself.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Why a request is not even read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    /// It was sent to another name: a page whose name was turned around to this computer (DNS rebinding).
    Host,
    /// A page sent it.
    Page,
}

/// Looks at where a request comes from; `port` is where it arrived.
///
/// # Errors
/// Why it is refused.
pub(super) fn check(uri: &Uri, headers: &HeaderMap, port: u16) -> Result<(), Foreign> {
    if headers.contains_key(ORIGIN) || headers.get_all(FETCH_SITE).iter().any(|site| site != BY_HAND) {
        return Err(Foreign::Page);
    }
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Foreign::Host) };
    let is_own = |host: &str| is_own(host, port);
    // A whole URL in the first line of a request is what counts for whoever sent it.
    let is_meant = uri.authority().is_none_or(|authority| is_own(authority.as_str()));
    if is_meant && host.to_str().is_ok_and(is_own) { Ok(()) } else { Err(Foreign::Host) }
}

/// Whether it is this computer and this port. Only the port of HTTP may be left out.
fn is_own(host: &str, port: u16) -> bool {
    HOSTS.iter().any(|own| {
        let rest = host.get(..own.len()).filter(|name| name.eq_ignore_ascii_case(own)).and(host.get(own.len()..));
        rest.is_some_and(|rest| {
            rest.strip_prefix(':').map_or(rest.is_empty() && port == 80, |it| it == port.to_string())
        })
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn told(to: &str, fields: &[(&str, &str)]) -> Result<(), Foreign> {
        check(&uri(to), &headers(fields), 4711)
    }

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
        }
        headers
    }

    #[test]
    fn only_a_request_to_this_computer_by_its_own_names_is_read() {
        for host in ["127.0.0.1:4711", "localhost:4711", "LocalHost:4711", "[::1]:4711"] {
            assert_eq!(told("/x", &[("Host", host)]), Ok(()), "{host}");
        }
        let others = [
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:04711",
            "127.0.0.1:47110",
            "localhost",
            "localhost.:4711",
            "localhost.evil.example:4711",
            "evil.example:4711",
            "127.0.0.1.evil.example:4711",
            "127.0.0.2:4711",
            "0.0.0.0:4711",
            "::1:4711",
            "user@127.0.0.1:4711",
            "",
        ];
        for host in others {
            assert_eq!(told("/x", &[("Host", host)]), Err(Foreign::Host), "{host}");
        }
        assert_eq!(told("/x", &[]), Err(Foreign::Host));
        assert_eq!(told("/x", &[("Host", "127.0.0.1:4711"), ("Host", "evil.example")]), Err(Foreign::Host));
        assert_eq!(told("http://evil.example/x", &[("Host", "127.0.0.1:4711")]), Err(Foreign::Host));
        assert_eq!(told("http://127.0.0.1:4711/x", &[("Host", "127.0.0.1:4711")]), Ok(()));
    }

    #[test]
    fn the_port_of_http_may_be_left_out_where_it_is_ours() {
        assert!(is_own("localhost", 80) && is_own("localhost:80", 80));
        assert!(!is_own("localhost", 8080) && !is_own("localhost:", 80));
    }

    #[test]
    fn a_request_that_a_page_sends_is_refused_whatever_it_says() {
        let page = |name, value| told("/x", &[("Host", "127.0.0.1:4711"), (name, value)]);
        for origin in ["https://evil.example", "http://127.0.0.1:4711", "null", ""] {
            assert_eq!(page("Origin", origin), Err(Foreign::Page), "{origin}");
        }
        for site in ["cross-site", "same-site", "same-origin", "whatever"] {
            assert_eq!(page("Sec-Fetch-Site", site), Err(Foreign::Page), "{site}");
        }
        assert_eq!(page("Sec-Fetch-Site", "none"), Ok(()));
    }
}
