//! Open sockets: the inodes among a process's files, looked up in the kernel's tables.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use super::procfs;
use crate::facts::SocketFacts;
use crate::identity::ProcessError;

/// The most sockets one look returns.
const SOCKETS_MAX: usize = 512;
/// The most open files of one process that are looked at.
const FILES_MAX: usize = 4096;
/// The most bytes of one socket table that are read: some 100,000 sockets.
const TABLE_BYTES_MAX: u64 = 16 * 1024 * 1024;

const TABLES: [(&str, &str); 4] = [("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp")];

pub(crate) fn open_sockets(pids: &[u32]) -> Result<Vec<SocketFacts>, ProcessError> {
    // The tables differ between network namespaces, so each namespace is asked through one of its processes.
    let mut namespaces: HashMap<PathBuf, (u32, HashMap<u64, u32>)> = HashMap::new();
    for pid in pids {
        let inodes = socket_inodes(*pid);
        if inodes.is_empty() {
            continue;
        }
        let namespace = fs::read_link(format!("/proc/{pid}/ns/net")).unwrap_or_default();
        let (_, owners) = namespaces.entry(namespace).or_insert_with(|| (*pid, HashMap::new()));
        // A socket that several processes share is shown once, under the first of them.
        for inode in inodes {
            owners.entry(inode).or_insert(*pid);
        }
    }
    let mut found = Vec::new();
    for (pid, owners) in namespaces.values() {
        for (table, protocol) in TABLES {
            read_table(*pid, table, protocol, owners, &mut found)?;
        }
    }
    Ok(found)
}

fn socket_inodes(pid: u32) -> Vec<u64> {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let inode = |file: io::Result<fs::DirEntry>| {
        let target = fs::read_link(file.ok()?.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    files.take(FILES_MAX).filter_map(inode).collect()
}

fn read_table(
    pid: u32,
    table: &str,
    protocol: &str,
    owners: &HashMap<u64, u32>,
    found: &mut Vec<SocketFacts>,
) -> Result<(), ProcessError> {
    let unreadable = |source| ProcessError::Unreadable { pid, what: "the table of sockets", source };
    let file = match File::open(format!("/proc/{pid}/net/{table}")) {
        Ok(file) => file,
        // The process has gone, or the kernel has no such protocol.
        Err(error) if procfs::is_gone(&error) || error.raw_os_error() == Some(libc::EINVAL) => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for line in BufReader::new(file.take(TABLE_BYTES_MAX)).lines().skip(1) {
        if found.len() >= SOCKETS_MAX {
            return Ok(());
        }
        let line = match line {
            Ok(line) => line,
            Err(error) if procfs::is_gone(&error) || error.raw_os_error() == Some(libc::EINVAL) => return Ok(()),
            Err(error) => return Err(unreadable(error)),
        };
        found.extend(parse_line(&line, protocol, owners));
    }
    Ok(())
}

/// The columns are: number, near end, far end, state, five more, inode.
fn parse_line(line: &str, protocol: &str, owners: &HashMap<u64, u32>) -> Option<SocketFacts> {
    let mut columns = line.split_ascii_whitespace();
    let local = parse_address(columns.nth(1)?)?;
    let remote = parse_address(columns.next()?)?;
    let state = u8::from_str_radix(columns.next()?, 16).ok()?;
    let inode: u64 = columns.nth(5)?.parse().ok()?;
    let remote = (remote.port() != 0 || !remote.ip().is_unspecified()).then_some(remote);
    Some(SocketFacts {
        pid: *owners.get(&inode)?,
        protocol: protocol.to_owned(),
        local,
        remote,
        state: state_name(state).to_owned(),
    })
}

/// Addresses are printed as 32-bit words in the machine's byte order, ports as plain numbers.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = if address.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let mut bytes = [0; 16];
        for (chunk, at) in bytes.chunks_exact_mut(4).zip([0, 8, 16, 24]) {
            chunk.copy_from_slice(&word(at)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
    };
    Some(SocketAddr::new(ip, port))
}

/// The states of `include/net/tcp_states.h`.
fn state_name(state: u8) -> &'static str {
    match state {
        1 => "established",
        2 => "syn_sent",
        3 => "syn_recv",
        4 => "fin_wait1",
        5 => "fin_wait2",
        6 => "time_wait",
        7 => "close",
        8 => "close_wait",
        9 => "last_ack",
        10 => "listen",
        11 => "closing",
        12 => "new_syn_recv",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn addresses_are_read_in_the_byte_order_of_the_machine() {
        assert_eq!(parse_address("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(parse_address("00000000000000000000000001000000:0050"), Some("[::1]:80".parse().unwrap()));
        assert_eq!(parse_address("0000000000000000FFFF00000100007F:0050"), Some("127.0.0.1:80".parse().unwrap()));
        assert_eq!(parse_address("01007F:1F90"), None);
    }
}
