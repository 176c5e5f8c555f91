//! Bytes that arrive in pieces as text, as asciicast wants it: a character cut in two is put together, what is no UTF-8
//! becomes U+FFFD; it never holds more than three bytes.

/// One stream on its way to text.
#[derive(Debug, Default)]
pub(super) struct Utf8Stream {
    /// The beginning of a character whose rest has not arrived.
    carried: Vec<u8>,
}

impl Utf8Stream {
    /// The text of these bytes, after what was carried over; the beginning of a character at their end waits.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        let mut whole = std::mem::take(&mut self.carried);
        whole.extend_from_slice(bytes);
        let tail = incomplete_tail(&whole);
        self.carried = whole.split_off(whole.len() - tail);
        String::from_utf8_lossy(&whole).into_owned()
    }

    /// What is left at the end: a character that never came whole.
    pub(super) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.carried)).into_owned()
    }
}

/// How many bytes at the end are the beginning of a character that is not all there.
fn incomplete_tail(bytes: &[u8]) -> usize {
    let is_beginning = |length: &usize| {
        str::from_utf8(&bytes[bytes.len() - length..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).rev().find(is_beginning).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_give_the_text_of_the_whole(pieces in prop::collection::vec(
            prop_oneof![prop::collection::vec(any::<u8>(), 0..6), "\\PC{0,3}".prop_map(String::into_bytes)], 0..20),
            cut in 1..4usize)
        {
            let whole = pieces.concat();
            let mut stream = Utf8Stream::default();
            let mut text: String = whole.chunks(cut).map(|piece| stream.push(piece)).collect();
            text += &stream.finish();
            prop_assert_eq!(text, String::from_utf8_lossy(&whole));
        }
    }
}
