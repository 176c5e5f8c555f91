//! What diagnosis tools meet in a .NET process: its diagnostic socket in `/tmp`, readable by its user only.

use std::fs::{Permissions, set_permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use jiff::Timestamp;
use tokio::net::UnixListener;

use super::{root, say};

/// Serves HTTP on port 8080 and holds the socket until it is told to end.
pub(super) async fn run() -> io::Result<()> {
    let key = Timestamp::now().as_millisecond().unsigned_abs() % 10_000_000;
    let name = format!("dotnet-diagnostic-{}-{key}-socket", std::process::id());
    let path = root().join("tmp").join(name);
    let diagnostics = UnixListener::bind(&path)?;
    set_permissions(&path, Permissions::from_mode(0o600))?;
    say("info: Microsoft.Hosting.Lifetime[14]");
    say("      Now listening on: http://[::]:8080");
    say("info: Microsoft.Hosting.Lifetime[0]");
    say("      Application started. Press Ctrl+C to shut down.");
    let served = super::web::serve(8080, |number, _| (200, format!("order {number}\n")));
    let held = async {
        loop {
            // whoever connects learns that somebody listens; no command of the protocol is understood
            diagnostics.accept().await?;
        }
    };
    let ended: io::Result<()> = tokio::select! {
        ended = served => ended,
        ended = held => ended,
    };
    // a runtime that is killed leaves its socket behind, as a real one does
    ended
}
