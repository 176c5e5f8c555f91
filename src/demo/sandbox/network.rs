//! The loopback interface of a pod's network namespace: up, with the pod's address; no other interface exists.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

// rtnetlink(7); the header and both bodies are in the byte order of the machine
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const IFF_UP: u32 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;

/// The loopback interface is the first of every network namespace.
const LOOPBACK: u32 = 1;

/// Brings the loopback interface of this thread's network namespace up, and gives it the pod's address.
pub(super) fn bring_up(address: Option<Ipv4Addr>) -> Result<()> {
    let mut link = vec![0_u8; 4]; // family, padding, type
    link.extend(LOOPBACK.to_ne_bytes());
    link.extend(IFF_UP.to_ne_bytes()); // flags
    link.extend(IFF_UP.to_ne_bytes()); // which of them change
    request(RTM_NEWLINK, 0, &link).context("cannot bring the loopback interface up")?;
    if let Some(address) = address {
        let mut body = vec![AF_INET, 32, 0, 0]; // family, prefix length, flags, scope
        body.extend(LOOPBACK.to_ne_bytes());
        body.extend(8_u16.to_ne_bytes()); // the attribute with its header
        body.extend(IFA_LOCAL.to_ne_bytes());
        body.extend(address.octets());
        request(RTM_NEWADDR, NLM_F_CREATE, &body).context("cannot set the pod's address")?;
    }
    Ok(())
}

fn request(kind: u16, flags: u16, body: &[u8]) -> Result<()> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None, // protocol 0 is NETLINK_ROUTE
    )?;
    let length = u32::try_from(16 + body.len())?;
    let mut message = Vec::with_capacity(16 + body.len());
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((flags | NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
    message.extend([0; 8]); // sequence number, port: one request, one answer
    message.extend(body);
    send(&socket, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 512];
    let (_, length) = recv(&socket, &mut answer[..], RecvFlags::empty())?;
    anyhow::ensure!(
        length >= 20 && answer[4..6] == NLMSG_ERROR.to_ne_bytes(),
        "the kernel's answer is no acknowledgement"
    );
    let code = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    if code == 0 {
        return Ok(());
    }
    Err(std::io::Error::from_raw_os_error(-code).into())
}
