//! Work that goes on as long as somebody listens; it knows nothing of what is told.

use tokio::sync::mpsc;

/// The listener is gone.
pub(in crate::cluster) struct Unwanted;

/// Begins work that tells what it hears through a queue with so many places; dropping the receiver ends it.
pub(in crate::cluster) fn listened<T, F>(places: usize, work: impl FnOnce(mpsc::Sender<T>) -> F) -> mpsc::Receiver<T>
where
    T: Send + 'static,
    F: Future + Send + 'static,
    F::Output: Send,
{
    let (out, news) = mpsc::channel(places);
    let working = work(out.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ = working => {}
            () = out.closed() => {}
        }
    });
    news
}
