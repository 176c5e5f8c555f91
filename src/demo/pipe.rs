//! The kube client on in-memory pipes: real HTTP/1.1 with upgrades, and no port; it knows nothing of the API.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::client::Body;
use tokio::io::DuplexStream;
use tower::{Service, ServiceExt as _};

use super::server::Server;
use super::wire::Wire;

/// How much is under way in each direction of a connection, in bytes.
const PIPE: usize = 64 << 10;

/// A client of this server, identified by this bearer token. It must be made inside a runtime.
pub(crate) fn client(wire: &Wire, server: &Arc<Server>, token: &str) -> kube::Client {
    let connector = Connector { wire: wire.clone(), server: Arc::clone(server) };
    let http: Client<_, Body> = Client::builder(TokioExecutor::new()).build(connector);
    // a token of hexadecimal digits always is a header value
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).ok();
    let service = http.map_request(move |mut request: Request<Body>| {
        *request.uri_mut() = absolute(request.uri());
        if let Some(bearer) = &bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        request
    });
    kube::Client::new(service, "default")
}

/// The legacy client wants to know a host; the pipe has none.
fn absolute(uri: &Uri) -> Uri {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let built = Uri::builder().scheme("http").authority("demo").path_and_query(path).build();
    built.unwrap_or_else(|_| uri.clone())
}

/// Makes a pipe for each connection and serves its far end.
#[derive(Clone)]
struct Connector {
    wire: Wire,
    server: Arc<Server>,
}

impl Service<Uri> for Connector {
    type Response = Pipe;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Pipe, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { wire, server } = self.clone();
        Box::pin(async move {
            if wire.refuses() {
                let why = "the demo cluster refuses connections";
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, why));
            }
            let (near, far) = tokio::io::duplex(PIPE);
            tokio::spawn(async move { wire.serve(far, server).await });
            Ok(Pipe(TokioIo::new(near)))
        })
    }
}

/// The client's end of a connection.
struct Pipe(TokioIo<DuplexStream>);

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
