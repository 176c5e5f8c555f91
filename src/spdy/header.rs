//! Header blocks: names and values, and the zlib streams that carry them; it gives no header a meaning.

use std::fmt;
use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::dictionary::DICTIONARY;

/// The most that a block may unfold to, in bytes; those of port-forward take about a hundred.
const LARGEST_BLOCK: usize = 16 << 10;

/// How much of a block is folded or unfolded at once, in bytes.
const PIECE: usize = 1 << 10;

/// The peer broke the protocol: what is wrong. The connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Names, in lower case and each of them once, with their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of this name, which is given in lower case; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(one, _)| one == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn write(&self) -> Vec<u8> {
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
        let mut block = length(self.0.len()).to_vec();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            block.extend(length(text.len()));
            block.extend(text.as_bytes());
        }
        block
    }

    fn read(mut block: &[u8]) -> Result<Self, Malformed> {
        let count = number(&mut block)?;
        let mut headers = Self::default();
        for _ in 0..count {
            let name = text(&mut block)?;
            let value = text(&mut block)?;
            if name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(Malformed("a header's name is empty or not in lower case"));
            }
            if headers.0.iter().any(|(one, _)| *one == name) {
                return Err(Malformed("a header is there twice"));
            }
            headers.0.push((name, value));
        }
        if block.is_empty() { Ok(headers) } else { Err(Malformed("a header block goes on after its headers")) }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let owned = |(name, value): (N, V)| (name.into(), value.into());
        Self(pairs.into_iter().map(owned).collect())
    }
}

fn number(block: &mut &[u8]) -> Result<u32, Malformed> {
    let (number, rest) = block.split_first_chunk().ok_or(Malformed("a header block is cut short"))?;
    *block = rest;
    Ok(u32::from_be_bytes(*number))
}

fn text(block: &mut &[u8]) -> Result<String, Malformed> {
    let length = usize::try_from(number(block)?).unwrap_or(usize::MAX);
    let (text, rest) = block.split_at_checked(length).ok_or(Malformed("a header block is cut short"))?;
    *block = rest;
    String::from_utf8(text.to_vec()).map_err(|_| Malformed("a header is not UTF-8"))
}

/// Folds the blocks of one direction of a connection; each depends on those before it.
#[derive(Debug)]
pub(crate) struct Folder(Compress);

impl Folder {
    /// For a new connection.
    pub(crate) fn new() -> io::Result<Self> {
        let mut zlib = Compress::new(Compression::default(), true);
        zlib.set_dictionary(DICTIONARY).map_err(io::Error::other)?;
        Ok(Self(zlib))
    }

    /// The next block.
    pub(crate) fn fold(&mut self, headers: &Headers) -> io::Result<Vec<u8>> {
        let block = headers.write();
        let mut folded = Vec::new();
        let mut rest = block.as_slice();
        loop {
            let mut piece = [0; PIECE];
            let before = (self.0.total_in(), self.0.total_out());
            self.0.compress(rest, &mut piece, FlushCompress::Sync).map_err(io::Error::other)?;
            rest = &rest[progress(before.0, self.0.total_in())..];
            let made = progress(before.1, self.0.total_out());
            folded.extend(&piece[..made]);
            // room that was left says that nothing is held back
            if rest.is_empty() && made < PIECE {
                return Ok(folded);
            }
        }
    }
}

/// Unfolds the blocks of one direction of a connection. After an error it is of no more use.
#[derive(Debug)]
pub(crate) struct Unfolder(Decompress);

impl Unfolder {
    /// For a new connection.
    pub(crate) fn new() -> Self {
        Self(Decompress::new(true))
    }

    /// Reads the next block.
    pub(crate) fn unfold(&mut self, folded: &[u8]) -> Result<Headers, Malformed> {
        let mut block = Vec::new();
        let mut rest = folded;
        loop {
            let mut piece = [0; PIECE];
            let before = (self.0.total_in(), self.0.total_out());
            let unfolded = self.0.decompress(rest, &mut piece, FlushDecompress::Sync);
            rest = &rest[progress(before.0, self.0.total_in())..];
            let made = progress(before.1, self.0.total_out());
            block.extend(&piece[..made]);
            match unfolded {
                Ok(Status::Ok | Status::BufError) => {}
                Ok(Status::StreamEnd) => return Err(Malformed("the header stream ended")),
                // asked for at most once, at the beginning of the stream
                Err(error) if error.needs_dictionary().is_some() => {
                    self.0
                        .set_dictionary(DICTIONARY)
                        .map_err(|_| Malformed("headers are folded with an unknown dictionary"))?;
                    continue;
                }
                Err(_) => return Err(Malformed("a header block cannot be unfolded")),
            }
            if block.len() > LARGEST_BLOCK {
                return Err(Malformed("a header block is too large"));
            }
            if made < PIECE {
                return if rest.is_empty() {
                    Headers::read(&block)
                } else {
                    Err(Malformed("a header block cannot be unfolded"))
                };
            }
        }
    }
}

/// How far a counter of zlib's went in one call, which is never further than a buffer is long.
fn progress(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_dictionary_is_the_one_of_spdy_3() {
        let mut zlib = Compress::new(Compression::default(), true);
        assert_eq!(zlib.set_dictionary(DICTIONARY).unwrap(), 0xe3c6_a7c2);
    }

    #[test]
    fn a_later_block_leans_on_the_ones_before() {
        let headers: Headers = [("streamtype", "data"), ("port", "8080")].into_iter().collect();
        let mut folder = Folder::new().unwrap();
        let first = folder.fold(&headers).unwrap();
        let second = folder.fold(&headers).unwrap();
        assert!(second.len() < first.len());
        let mut unfolder = Unfolder::new();
        assert_eq!(unfolder.unfold(&first), Ok(headers.clone()));
        assert_eq!(unfolder.unfold(&second), Ok(headers));
        assert!(Unfolder::new().unfold(&second).is_err());
    }

    #[test]
    fn a_block_that_unfolds_to_too_much_is_refused() {
        let bomb: Headers = [("a", "x".repeat(LARGEST_BLOCK))].into_iter().collect();
        let folded = Folder::new().unwrap().fold(&bomb).unwrap();
        assert!(folded.len() < 200, "{}", folded.len());
        assert_eq!(Unfolder::new().unfold(&folded), Err(Malformed("a header block is too large")));
    }

    #[test]
    fn names_are_lower_case_and_unique() {
        for wrong in [vec![("Port", "1")], vec![("", "1")], vec![("a", "1"), ("a", "2")]] {
            let headers: Headers = wrong.into_iter().collect();
            assert!(Headers::read(&headers.write()).is_err(), "{headers:?}");
        }
        assert!(Headers::read(&[0xff; 4]).is_err());
        assert!(Headers::read(&[0, 0, 0, 0, 0]).is_err());
    }

    proptest! {
        #[test]
        fn blocks_come_back_as_they_were(
            blocks in prop::collection::vec(prop::collection::btree_map("[a-z-]{1,20}", ".{0,300}", 0..8), 1..5),
        ) {
            let mut folder = Folder::new().unwrap();
            let mut unfolder = Unfolder::new();
            for block in blocks {
                let headers: Headers = block.into_iter().collect();
                let folded = folder.fold(&headers).unwrap();
                prop_assert_eq!(unfolder.unfold(&folded), Ok(headers));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in any::<prop::sample::Index>()) {
            let _ = Headers::read(&bytes);
            let _ = Unfolder::new().unfold(&bytes);
            // a stream that begins well and goes wrong somewhere
            let headers: Headers = [("streamtype", "error"), ("port", "80")].into_iter().collect();
            let mut folded = Folder::new().unwrap().fold(&headers).unwrap();
            folded.truncate(cut.index(folded.len()));
            folded.extend(&bytes);
            let mut unfolder = Unfolder::new();
            let _ = unfolder.unfold(&folded);
            let _ = unfolder.unfold(&bytes);
        }
    }
}
