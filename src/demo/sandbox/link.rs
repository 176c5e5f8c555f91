//! Messages with file descriptors between this process and its stage processes; it knows nothing of what they mean.
//!
//! A message is its length (4 bytes, little endian) and so many bytes of JSON; descriptors travel with the length.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// No message is longer: environment and arguments of a process (`ARG_MAX` is 2 MiB) fit.
const LONGEST: usize = 4 << 20;

/// At most so many descriptors travel with one message: the three standard streams, and one to spare.
const DESCRIPTORS: usize = 4;

/// One end of a pair of connected sockets. When the other end is gone, `receive` says `None`: that is how each side
/// learns of the other's death.
#[derive(Debug)]
pub(super) struct Link(UnixStream);

impl Link {
    /// Two ends; both are closed on exec.
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Self(one), Self(other)))
    }

    /// The end that was handed over as a descriptor.
    pub(super) fn from_descriptor(descriptor: OwnedFd) -> Self {
        Self(UnixStream::from(descriptor))
    }

    /// The socket itself.
    pub(super) fn into_stream(self) -> UnixStream {
        self.0
    }

    /// The socket itself, to be given to a child process.
    pub(super) fn into_descriptor(self) -> OwnedFd {
        OwnedFd::from(self.0)
    }

    /// Another handle of this end.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// The other end reads that this one is gone, whatever other handles of it there are.
    pub(super) fn say_no_more(&self) {
        // fails only if the other end is gone already
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    /// Sends a message and copies of descriptors.
    pub(super) fn send(&self, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let body = serde_json::to_vec(message)?;
        let length = u32::try_from(body.len())
            .ok()
            .filter(|_| body.len() <= LONGEST)
            .ok_or_else(|| io::Error::other("the process's arguments and environment are longer than 4 MiB"))?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::other("too many descriptors in one message"));
        }
        let head = length.to_le_bytes();
        let sent = loop {
            match sendmsg(&self.0, &[IoSlice::new(&head)], &mut control, SendFlags::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other?,
            }
        };
        let mut stream = &self.0;
        stream.write_all(&head[sent..])?;
        stream.write_all(&body)
    }

    /// Waits for the next message; `None` once the other end is closed.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut head = [0; 4];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            match recvmsg(self.0.as_fd(), &mut [IoSliceMut::new(&mut head)], &mut control, receive_flags()) {
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CONNRESET) => return Ok(None),
                other => break other?.bytes,
            }
        };
        if received == 0 {
            return Ok(None);
        }
        let descriptors = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        let mut stream = &self.0;
        stream.read_exact(&mut head[received..])?;
        let length = u32::from_le_bytes(head) as usize;
        if length > LONGEST {
            return Err(io::Error::other("a message longer than the protocol allows"));
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        Ok(Some((serde_json::from_slice(&body)?, descriptors)))
    }
}

#[cfg(target_os = "linux")]
fn receive_flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(target_os = "linux"))]
fn receive_flags() -> RecvFlags {
    RecvFlags::empty()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_message_brings_its_descriptors() {
        let (near, far) = Link::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        near.send(&"hello", &[writer.as_fd()]).unwrap();
        drop(writer);
        let (text, mut descriptors) = far.receive::<String>().unwrap().unwrap();
        assert_eq!(text, "hello");
        let mut writer = std::fs::File::from(descriptors.pop().unwrap());
        writer.write_all(b"through the pipe").unwrap();
        drop(writer);
        let mut got = String::new();
        reader.read_to_string(&mut got).unwrap();
        assert_eq!(got, "through the pipe");
    }

    #[test]
    fn the_end_of_the_other_side_is_told_from_a_message() {
        let (near, far) = Link::pair().unwrap();
        near.send(&1, &[]).unwrap();
        drop(near);
        assert_eq!(far.receive::<i32>().unwrap().unwrap().0, 1);
        assert!(far.receive::<i32>().unwrap().is_none());
    }

    #[test]
    fn a_length_that_no_message_has_is_refused() {
        let (near, far) = Link::pair().unwrap();
        (&near.0).write_all(&u32::MAX.to_le_bytes()).unwrap();
        assert!(far.receive::<i32>().is_err());
    }
}
