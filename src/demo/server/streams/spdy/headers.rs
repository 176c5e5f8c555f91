//! SPDY's header blocks: pairs, compressed with the protocol's own dictionary over the life of a connection.

use std::collections::HashMap;
use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// The largest block once it is unpacked, in bytes.
const LARGEST: usize = 32 << 10;

/// The words of the dictionary that come with their length before them (SPDY/3, 2.6.10.1); `_` is a space.
const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language \
    accept-ranges age allow authorization cache-control connection content-base content-encoding content-language \
    content-length content-location content-md5 content-range content-type date etag expect expires from host if-match \
    if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma \
    proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade \
    user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie \
    keep-alive origin";

/// What follows them as it is.
const TAIL: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 \
    Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not \
    Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov \
    Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,\
    application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,\
    utf-,*,enq=0.";

fn dictionary() -> Vec<u8> {
    let mut dictionary = Vec::new();
    for word in WORDS.split(' ') {
        let length = u32::try_from(word.len()).unwrap_or(0);
        dictionary.extend(length.to_be_bytes());
        dictionary.extend(word.replace('_', " ").bytes());
    }
    dictionary.extend(TAIL.bytes());
    dictionary
}

fn broken(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Reads header blocks, in the order they come.
pub(super) struct Unpacker(Decompress);

impl Unpacker {
    pub(super) fn new() -> Self {
        Self(Decompress::new(true))
    }

    /// The headers of the next block; names in lower case.
    pub(super) fn headers(&mut self, block: &[u8]) -> io::Result<HashMap<String, String>> {
        let bytes = self.unpack(block)?;
        let mut rest = bytes.as_slice();
        let count = number(&mut rest)?;
        let mut headers = HashMap::new();
        for _ in 0..count {
            let name = text(&mut rest)?.to_ascii_lowercase();
            headers.insert(name, text(&mut rest)?);
        }
        Ok(headers)
    }

    fn unpack(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(LARGEST);
        let mut rest = block;
        loop {
            let before = self.0.total_in();
            let unpacked = self.0.decompress_vec(rest, &mut bytes, FlushDecompress::Sync);
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(0);
            rest = rest.get(taken..).unwrap_or_default();
            match unpacked {
                Err(error) if error.needs_dictionary().is_some() => {
                    self.0.set_dictionary(&dictionary()).map_err(broken)?;
                }
                Err(error) => return Err(broken(error)),
                Ok(_) if bytes.len() == LARGEST => return Err(broken("headers are too large")),
                Ok(_) if rest.is_empty() => return Ok(bytes),
                Ok(_) if taken == 0 => return Err(broken("headers break off")),
                Ok(_) => {}
            }
        }
    }
}

fn number(rest: &mut &[u8]) -> io::Result<usize> {
    let (four, after) = rest.split_first_chunk().ok_or_else(|| broken("headers break off"))?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*four)).map_err(broken)
}

fn text(rest: &mut &[u8]) -> io::Result<String> {
    let length = number(rest)?;
    let (text, after) = rest.split_at_checked(length).ok_or_else(|| broken("headers break off"))?;
    *rest = after;
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// Writes header blocks, in the order they are sent.
pub(super) struct Packer(Compress);

impl Packer {
    pub(super) fn new() -> io::Result<Self> {
        let mut compress = Compress::new(Compression::fast(), true);
        compress.set_dictionary(&dictionary()).map_err(broken)?;
        Ok(Self(compress))
    }

    /// A block without headers: a reply needs none.
    pub(super) fn no_headers(&mut self) -> io::Result<Vec<u8>> {
        self.pack(&[0; 4])
    }

    fn pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut block = Vec::with_capacity(bytes.len() + 64);
        self.0.compress_vec(bytes, &mut block, FlushCompress::Sync).map_err(broken)?;
        Ok(block)
    }
}

/// The first block of a client with these headers.
#[cfg(test)]
pub(super) fn pack_for_test(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.bytes());
    }
    Packer::new().unwrap().pack(&bytes).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_the_protocols() {
        let mut compress = Compress::new(Compression::fast(), true);
        assert_eq!(dictionary().len(), 1423);
        assert_eq!(compress.set_dictionary(&dictionary()).unwrap(), 0xe3c6_a7c2);
    }

    #[test]
    fn a_block_that_unpacks_without_end_is_refused() {
        let huge = "a".repeat(LARGEST * 2);
        let mut bytes = 1_u32.to_be_bytes().to_vec();
        bytes.extend(u32::try_from(huge.len()).unwrap().to_be_bytes());
        bytes.extend(huge.bytes());
        let mut block = Vec::with_capacity(1 << 20);
        let mut packer = Packer::new().unwrap();
        packer.0.compress_vec(&bytes, &mut block, FlushCompress::Sync).unwrap();
        assert!(Unpacker::new().headers(&block).is_err());
    }
}
