//! What is typed, as a stream that may be asked without waiting; it never looks at what it passes on.

use std::io;

use crossterm::event::{Event, EventStream};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;

/// How many events wait for the loop; what is typed beyond them waits in the terminal.
const QUEUE: usize = 256;

/// The events of the user's terminal.
///
/// crossterm's own stream wakes only whoever asked first and forgets the others: asked once without waiting, it leaves the
/// loop asleep until something else wakes it. So it is read in a task of its own.
///
/// Must be called within a tokio runtime.
pub fn inputs() -> impl Stream<Item = io::Result<Event>> {
    let (sender, mut typed) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        let mut events = EventStream::new();
        while let Some(event) = events.next().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    stream::poll_fn(move |context| typed.poll_recv(context))
}
