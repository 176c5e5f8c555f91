//! SPDY/3.1 frames as bytes, read and written; it keeps no state but that of the header blocks.

use std::io;

use super::header::{Folder, Headers, Malformed, Unfolder};

/// The version on the wire; 3.1 differs from 3 in the window of the whole connection only.
const VERSION: u16 = 3;

/// The largest control frame that is read, in bytes.
const LARGEST_CONTROL: u32 = 16 << 10;

/// Identifiers and window sizes have 31 bits.
const BITS_31: u32 = 0x7fff_ffff;

/// In a frame's flags: the sender is done with the stream.
const FIN: u8 = 1;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const SETTINGS: u16 = 4;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const WINDOW_UPDATE: u16 = 9;

/// In SETTINGS: how much may be sent on a new stream.
pub(super) const INITIAL_WINDOW_SIZE: u32 = 7;

/// Why a stream is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// What it says makes no sense.
    ProtocolError,
    /// There is no such stream.
    InvalidStream,
    /// It was not begun, and may be tried again.
    Refused,
    /// It is not wanted any more.
    Cancel,
    /// More was granted than a window can hold.
    FlowControl,
    /// It was closed before.
    AlreadyClosed,
    /// Another reason, by number.
    Other(u32),
}

impl Reset {
    const NUMBERED: [(u32, Self); 6] = [
        (1, Self::ProtocolError),
        (2, Self::InvalidStream),
        (3, Self::Refused),
        (5, Self::Cancel),
        (7, Self::FlowControl),
        (9, Self::AlreadyClosed),
    ];

    fn from_number(number: u32) -> Self {
        let known = Self::NUMBERED.into_iter().find(|(one, _)| *one == number);
        known.map_or(Self::Other(number), |(_, reset)| reset)
    }

    fn number(self) -> u32 {
        let known = Self::NUMBERED.into_iter().find(|(_, one)| *one == self);
        match (known, self) {
            (Some((number, _)), _) | (None, Self::Other(number)) => number,
            (None, _) => 1,
        }
    }
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// Everything was said.
    Done,
    /// The other end broke the protocol.
    ProtocolError,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A new stream.
    SynStream { stream: u32, fin: bool, headers: Headers },
    /// The new stream is there.
    SynReply { stream: u32, fin: bool, headers: Headers },
    /// The stream is gone, both directions of it.
    RstStream { stream: u32, reset: Reset },
    /// Numbered settings; of the flags none means anything here.
    Settings(Vec<(u32, u32)>),
    /// To be sent back as it is.
    Ping(u32),
    /// No more streams after this one.
    GoAway { last: u32, away: Away },
    /// More headers of a stream.
    Headers { stream: u32, fin: bool, headers: Headers },
    /// So much more may be sent, in bytes; stream 0 is the whole connection.
    WindowUpdate { stream: u32, bytes: u32 },
    /// What a stream carries. It is never read as a whole, see [`Head::Data`].
    Data { stream: u32, fin: bool, bytes: bytes::Bytes },
}

/// The first eight bytes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// So many bytes of a stream follow, up to 16 MiB.
    Data { stream: u32, fin: bool, length: u32 },
    /// A payload of so many bytes follows, which [`Frame::read`] takes.
    Control { kind: u16, flags: u8, length: u32 },
}

impl Head {
    /// Its length on the wire.
    pub(crate) const LENGTH: usize = 8;

    /// Reads it.
    pub(crate) fn read(head: [u8; Self::LENGTH]) -> Result<Self, Malformed> {
        let [version @ .., kind_high, kind_low, flags, _, _, _] = head;
        let length = u32::from_be_bytes([0, head[5], head[6], head[7]]);
        if version[0] & 0x80 == 0 {
            let stream = u32::from_be_bytes([version[0], version[1], kind_high, kind_low]);
            if stream == 0 {
                return Err(Malformed("data of stream 0"));
            }
            let fin = flags & FIN != 0;
            return Ok(Self::Data { stream, fin, length });
        }
        if u16::from_be_bytes([version[0] & 0x7f, version[1]]) != VERSION {
            return Err(Malformed("a frame of another version"));
        }
        if length > LARGEST_CONTROL {
            return Err(Malformed("a control frame is too large"));
        }
        let kind = u16::from_be_bytes([kind_high, kind_low]);
        Ok(Self::Control { kind, flags, length })
    }
}

impl Frame {
    /// Reads the payload of a control frame; `None` for a kind that is not known, which is to be passed over.
    pub(crate) fn read(
        kind: u16,
        flags: u8,
        payload: &[u8],
        unfolder: &mut Unfolder,
    ) -> Result<Option<Self>, Malformed> {
        let fin = flags & FIN != 0;
        let mut payload = Payload(payload);
        let frame = match kind {
            SYN_STREAM => {
                let stream = payload.stream()?;
                // the associated stream, the priority and the credential slot say nothing to us
                payload.skip(6)?;
                let headers = unfolder.unfold(payload.all())?;
                Self::SynStream { stream, fin, headers }
            }
            SYN_REPLY => {
                let stream = payload.stream()?;
                let headers = unfolder.unfold(payload.all())?;
                Self::SynReply { stream, fin, headers }
            }
            RST_STREAM => {
                let stream = payload.stream()?;
                let reset = Reset::from_number(payload.number()?);
                Self::RstStream { stream, reset }
            }
            SETTINGS => {
                let count = payload.number()?;
                let mut settings = Vec::new();
                for _ in 0..count {
                    let flags_and_id = payload.number()?;
                    settings.push((flags_and_id & 0x00ff_ffff, payload.number()?));
                }
                Self::Settings(settings)
            }
            PING => Self::Ping(payload.number()?),
            GOAWAY => {
                let last = payload.number()? & BITS_31;
                let away = if payload.number()? == 0 { Away::Done } else { Away::ProtocolError };
                Self::GoAway { last, away }
            }
            HEADERS => {
                let stream = payload.stream()?;
                let headers = unfolder.unfold(payload.all())?;
                Self::Headers { stream, fin, headers }
            }
            WINDOW_UPDATE => {
                let stream = payload.number()? & BITS_31;
                let bytes = payload.number()? & BITS_31;
                Self::WindowUpdate { stream, bytes }
            }
            _ => return Ok(None),
        };
        if payload.0.is_empty() {
            Ok(Some(frame))
        } else {
            Err(Malformed("a control frame is longer than its kind allows"))
        }
    }

    /// Appends the frame as it goes over the wire. Frames must be written in the order they are sent in.
    pub(crate) fn write(&self, folder: &mut Folder, out: &mut Vec<u8>) -> io::Result<()> {
        let flag = |fin: &bool| if *fin { FIN } else { 0 };
        match self {
            Self::SynStream { stream, fin, headers } => {
                let mut payload = stream.to_be_bytes().to_vec();
                payload.extend([0; 6]);
                payload.extend(folder.fold(headers)?);
                control(out, SYN_STREAM, flag(fin), &payload)
            }
            Self::SynReply { stream, fin, headers } => {
                let payload = [&stream.to_be_bytes()[..], &folder.fold(headers)?].concat();
                control(out, SYN_REPLY, flag(fin), &payload)
            }
            Self::RstStream { stream, reset } => numbers(out, RST_STREAM, &[*stream, reset.number()]),
            Self::Settings(settings) => {
                let count = u32::try_from(settings.len()).map_err(io::Error::other)?;
                let pairs = settings.iter().flat_map(|(id, value)| [*id, *value]);
                numbers(out, SETTINGS, &std::iter::once(count).chain(pairs).collect::<Vec<_>>())
            }
            Self::Ping(id) => numbers(out, PING, &[*id]),
            Self::GoAway { last, away } => {
                let status = u32::from(*away == Away::ProtocolError);
                numbers(out, GOAWAY, &[*last, status])
            }
            Self::Headers { stream, fin, headers } => {
                let payload = [&stream.to_be_bytes()[..], &folder.fold(headers)?].concat();
                control(out, HEADERS, flag(fin), &payload)
            }
            Self::WindowUpdate { stream, bytes } => numbers(out, WINDOW_UPDATE, &[*stream, *bytes]),
            Self::Data { stream, fin, bytes } => {
                out.extend(stream.to_be_bytes());
                out.extend(flags_and_length(flag(fin), bytes.len())?);
                out.extend(bytes);
                Ok(())
            }
        }
    }
}

fn numbers(out: &mut Vec<u8>, kind: u16, numbers: &[u32]) -> io::Result<()> {
    let payload: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    control(out, kind, 0, &payload)
}

fn control(out: &mut Vec<u8>, kind: u16, flags: u8, payload: &[u8]) -> io::Result<()> {
    out.extend((0x8000 | VERSION).to_be_bytes());
    out.extend(kind.to_be_bytes());
    out.extend(flags_and_length(flags, payload.len())?);
    out.extend(payload);
    Ok(())
}

fn flags_and_length(flags: u8, length: usize) -> io::Result<[u8; 4]> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    match length.to_be_bytes() {
        [0, a, b, c] => Ok([flags, a, b, c]),
        _ => Err(io::Error::other("a frame of more than 16 MiB cannot be written")),
    }
}

/// What of a payload is still to be read.
struct Payload<'a>(&'a [u8]);

impl<'a> Payload<'a> {
    fn number(&mut self) -> Result<u32, Malformed> {
        let short = Malformed("a control frame is cut short");
        let (number, rest) = self.0.split_first_chunk().ok_or(short)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    fn stream(&mut self) -> Result<u32, Malformed> {
        match self.number()? & BITS_31 {
            0 => Err(Malformed("a frame of stream 0")),
            stream => Ok(stream),
        }
    }

    fn skip(&mut self, bytes: usize) -> Result<(), Malformed> {
        let short = Malformed("a control frame is cut short");
        self.0 = self.0.get(bytes..).ok_or(short)?;
        Ok(())
    }

    fn all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests;
