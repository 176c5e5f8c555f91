//! Ports of this machine's loopback to listen on; who has one that is taken, and which is free instead.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use super::owner::owner;
use crate::cluster::Problem;

/// How many ports after one that is taken are tried, to name a free one.
const NEIGHBOURS: u16 = 50;
/// How often any free port is drawn: the one that is free on the first address may be taken on the second.
const DRAWS: u8 = 16;

/// How many callers may stand in line before they are taken, as far as the system allows it: of more that come at once the
/// kernel drops the first packet, and they are a second late.
const IN_LINE: u32 = 1024;

/// Listens on one port of as many of the addresses as there are on this machine; 0 is any that is free.
///
/// # Errors
/// A port that cannot be had, with who has it and what to do.
pub(super) async fn listen(port: u16, addresses: &[IpAddr]) -> Result<Vec<TcpListener>, Problem> {
    if !addresses.iter().any(IpAddr::is_loopback) {
        return Err(Problem::new("cannot listen", "only addresses of this machine's loopback are used", ""));
    }
    let mut draws = if port == 0 { DRAWS } else { 1 };
    loop {
        draws -= 1;
        match bind(port, addresses) {
            Ok(listeners) => return Ok(listeners),
            Err((_, error)) if draws > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err((at, error)) => return Err(refused(at, &error, addresses).await),
        }
    }
}

fn listener(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port can be had again while connections of before linger.
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(IN_LINE)
}

fn bind(port: u16, addresses: &[IpAddr]) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut failed = None;
    for address in addresses.iter().filter(|address| address.is_loopback()) {
        // The second address takes the port that was free on the first.
        let port = listeners.first().and_then(|first| first.local_addr().ok()).map_or(port, |first| first.port());
        let at = SocketAddr::new(*address, port);
        match listener(at) {
            Ok(listener) => listeners.push(listener),
            // A port that somebody else has on the other address would answer with something else there.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err((at, error)),
            Err(error) => failed = Some((at, error)),
        }
    }
    match failed {
        Some(failed) if listeners.is_empty() => Err(failed),
        _ => Ok(listeners),
    }
}

async fn refused(at: SocketAddr, error: &io::Error, addresses: &[IpAddr]) -> Problem {
    let what = format!("cannot listen on {at}");
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let hint = format!("ports below 1024 take more rights: choose another, such as {}", above(at.port()));
            Problem::new(what, error.to_string(), hint)
        }
        io::ErrorKind::AddrInUse => {
            let port = at.port();
            let found = tokio::task::spawn_blocking(move || owner(port)).await.ok().flatten();
            let why = match found {
                Some(owner) if owner.pid == std::process::id() => "bathy itself listens there already".to_owned(),
                Some(owner) => format!("{} (process {}) listens there", owner.name, owner.pid),
                None => "another program listens there".to_owned(),
            };
            let hint = match free_after(port, addresses) {
                Some(free) => format!("{free} is free; or leave it to the system, by port 0"),
                None => "leave it to the system, by port 0".to_owned(),
            };
            Problem::new(what, why, hint)
        }
        _ => Problem::new(what, error.to_string(), ""),
    }
}

/// What people choose for a port that takes more rights: 8080 for 80, 8443 for 443.
fn above(port: u16) -> u16 {
    8000 + port % 1000
}

fn free_after(port: u16, addresses: &[IpAddr]) -> Option<u16> {
    // Nobody is let in: it is closed at once.
    (port.checked_add(1)?..=port.saturating_add(NEIGHBOURS)).find(|next| bind(*next, addresses).is_ok())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::LOOPBACK;
    use super::*;

    /// More than are let in line where nothing is said.
    #[cfg(target_os = "linux")]
    const CROWD: usize = 300;

    #[tokio::test]
    async fn a_port_is_the_same_on_both_addresses_and_never_outside_of_loopback() {
        let listeners = listen(0, &LOOPBACK).await.expect("a free port");
        let ports: Vec<u16> = listeners.iter().map(|one| one.local_addr().expect("an address").port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
        let taken = listen(ports[0], &LOOPBACK).await.expect_err("it is taken");
        assert!(taken.hint.contains("is free"), "{taken}");
        #[cfg(target_os = "linux")]
        assert!(taken.why.contains("bathy itself"), "{taken}");
        assert!(listen(0, &[IpAddr::V4(Ipv4Addr::UNSPECIFIED)]).await.is_err());
    }

    /// Connections stand in the kernel's line until they are accepted, which nobody does here.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_crowd_that_comes_at_once_finds_room_in_line() {
        let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
        let most = most.and_then(|most| most.trim().parse().ok()).unwrap_or(0);
        if most < CROWD {
            println!("skipped: this system lets {most} connections stand in line");
            return;
        }
        let listeners = listen(0, &LOOPBACK[..1]).await.expect("a free port");
        let at = listeners[0].local_addr().expect("an address");
        let caller = || std::net::TcpStream::connect_timeout(&at, std::time::Duration::from_secs(20));
        let crowd: Vec<_> =
            (0..CROWD).map(|number| caller().unwrap_or_else(|_| panic!("no room for {number}"))).collect();
        assert_eq!(crowd.len(), CROWD);
    }

    #[test]
    fn privileged_ports_have_a_usual_neighbour() {
        assert_eq!([above(80), above(443), above(22)], [8080, 8443, 8022]);
    }
}
