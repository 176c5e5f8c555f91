//! How the demo's servers listen; it decides on no address.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may stand in line until they are accepted, as far as the system allows it: what is listened for
/// with nothing said drops the first packets of a crowd, which is then a second late.
const IN_LINE: u32 = 1024;

/// Listens at this address.
pub(super) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(IN_LINE)
}
