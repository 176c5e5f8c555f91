//! Connections that can be cut and refused, whatever carries them; it reads none of their bytes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::server::Server;

/// Where connections meet the server, and where they can be made to fail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Replaced at each cut, so that later connections live.
    cut: Mutex<CancellationToken>,
    refuses: AtomicBool,
}

impl Wire {
    /// Breaks every connection there is, upgraded ones too.
    pub(crate) fn cut(&self) {
        let mut token = self.state.cut.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// Refuses new connections, or takes them again.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.state.refuses.store(refuse, Ordering::Relaxed);
    }

    /// Whether new connections are refused.
    pub(crate) fn refuses(&self) -> bool {
        self.state.refuses.load(Ordering::Relaxed)
    }

    /// Serves the API on this connection until it ends or is cut.
    pub(crate) async fn serve<T>(&self, io: T, server: Arc<Server>)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(move |request| Arc::clone(&server).answer(request));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(self.severable(io)), service)
            .with_upgrades();
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the demo's API ended early");
        }
    }

    fn severable<T>(&self, io: T) -> Severable<T> {
        let token = self.state.cut.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let watched = || Box::pin(token.clone().cancelled_owned());
        Severable { io, read: watched(), write: watched() }
    }
}

/// A connection that breaks when it is cut. Each direction waits for the cut by itself, since each may be polled by another
/// task.
struct Severable<T> {
    io: T,
    read: Pin<Box<WaitForCancellationFutureOwned>>,
    write: Pin<Box<WaitForCancellationFutureOwned>>,
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was cut")
}

impl<T: AsyncRead + Unpin> AsyncRead for Severable<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(broken()));
        }
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Severable<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.write.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(broken()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(broken()));
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
