//! Where pings are listened for: this computer alone, on a port that is given or chosen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address of this computer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    v4: bool,
    v6: bool,
    /// 0 for any.
    port: u16,
}

/// A text that is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address of this computer alone; write `127.0.0.1:0` for any free port, or a port, or `localhost:8765` \
     for IPv4 and IPv6"
)]
pub struct ListenFault(String);

impl Listen {
    /// Reads `127.0.0.1:PORT`, `[::1]:PORT`, `localhost:PORT` (both), or a port alone.
    ///
    /// # Errors
    /// When it is something else: nobody else's computer is ever let in.
    pub fn parse(text: &str) -> Result<Self, ListenFault> {
        let fault = || ListenFault(text.to_owned());
        let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
        let (v4, v6) = match host {
            "127.0.0.1" => (true, false),
            "[::1]" => (false, true),
            "localhost" => (true, true),
            _ => return Err(fault()),
        };
        let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number).ok_or_else(fault)?;
        Ok(Self { v4, v6, port })
    }

    /// The port; `None` for any.
    #[must_use]
    pub const fn port(self) -> Option<u16> {
        if self.port == 0 { None } else { Some(self.port) }
    }

    /// As it would be written, in a sentence.
    pub(super) fn shown(self) -> String {
        format!("`{self}`")
    }

    /// The address to bind first, and the one that is bound beside it, with the port of the first.
    pub(super) fn addresses(self) -> (IpAddr, Option<IpAddr>) {
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        if self.v4 { (Ipv4Addr::LOCALHOST.into(), self.v6.then_some(v6)) } else { (v6, None) }
    }
}

/// As it would be written.
impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = match (self.v4, self.v6) {
            (true, true) => "localhost",
            (true, false) => "127.0.0.1",
            (false, _) => "[::1]",
        };
        write!(f, "{host}:{}", self.port)
    }
}

/// What stands before the path of a ping.
pub(super) fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_computer_alone_is_read() {
        let (v4, v6) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST));
        let cases = [
            ("127.0.0.1:0", (v4, None), None),
            ("8765", (v4, None), Some(8765)),
            ("0", (v4, None), None),
            ("[::1]:8765", (v6, None), Some(8765)),
            ("localhost:8765", (v4, Some(v6)), Some(8765)),
        ];
        for (text, addresses, port) in cases {
            let listen = Listen::parse(text).unwrap();
            assert_eq!((listen.addresses(), listen.port()), (addresses, port), "{text}");
        }
    }

    #[test]
    fn nothing_that_others_could_reach_is_read() {
        let cases =
            ["", "0.0.0.0:80", "[::]:80", "192.168.0.7:80", "127.0.0.2:80", "::1:80", "127.0.0.1", "127.0.0.1:"];
        for text in cases.into_iter().chain(["127.0.0.1:70000", "127.0.0.1:+80", "-1", "example.org:80", "localhost"]) {
            let fault = Listen::parse(text).unwrap_err().to_string();
            assert!(fault.starts_with(&format!("`{text}` is no address")), "{fault}");
        }
    }
}
