//! What is typed, as a stream that may be asked without waiting; it never looks at what it passes on.

use std::io;
use std::thread;

use crossterm::event::{self, Event};
use futures::{Stream, stream};
use tokio::sync::mpsc;

/// How many events wait for the loop; what is typed beyond them waits in the terminal.
const QUEUE: usize = 256;

/// The events of the user's terminal.
///
/// A thread of its own waits for them, and for nothing else: a key is not queued behind the tasks of a flood, and a
/// thread that mostly sleeps runs as soon as it wakes. It ends with the program, or with the first event that nobody
/// takes any more.
pub fn inputs() -> impl Stream<Item = io::Result<Event>> {
    let (sender, mut typed) = mpsc::channel(QUEUE);
    thread::spawn(move || {
        loop {
            let event = event::read();
            let failed = event.is_err();
            if sender.blocking_send(event).is_err() || failed {
                return;
            }
        }
    });
    stream::poll_fn(move |context| typed.poll_recv(context))
}
