//! The lines of a watch's body, each at most so long; it never decodes one.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::cluster::{problem::Fault, request::OBJECT_LIMIT};

/// A body that holds one JSON document a line.
pub(super) struct Lines<B> {
    body: B,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line break.
    searched: usize,
}

impl<B> Lines<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    pub(super) fn new(body: B) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0 }
    }

    /// The next line without its break; `None` after a clean end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n') {
                let mut line = self.buffer.split_to(self.searched + at + 1);
                line.truncate(line.len() - 1);
                self.searched = 0;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some(line.freeze()));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > OBJECT_LIMIT {
                return Err(Fault::Unreadable(format!("a line is longer than {} MiB", OBJECT_LIMIT / (1024 * 1024))));
            }
            match self.body.frame().await {
                // A line that was cut off is repeated by the next watch.
                None => return Ok(None),
                Some(Err(error)) => return Err(Fault::broken(&error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    async fn lines(pieces: &'static [&'static str]) -> Vec<String> {
        let frames =
            pieces.iter().map(|piece| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        let mut lines = Lines::new(StreamBody::new(stream::iter(frames)));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(String::from_utf8(line.to_vec()).unwrap());
        }
        seen
    }

    #[tokio::test]
    async fn lines_are_put_together_from_pieces() {
        assert_eq!(
            lines(&["{\"a\":", "1}\n{\"b\"", ":2}\n\n \n{\"c\":3}", "\n{\"cut"]).await,
            ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]
        );
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_an_error() {
        let piece = Bytes::from(vec![b'x'; 1024 * 1024]);
        let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(Frame::data(piece.clone())));
        assert!(Lines::new(StreamBody::new(endless)).next().await.is_err());
    }
}
