//! A short look at what a debugger really sees, after it has started: read by a script of its own, never typed into
//! anybody's session.

mod judge;

use std::time::Duration;

use bytes::BytesMut;
use tokio::time::timeout;

use super::{Cluster, ContainerKey};
use crate::session::{Incoming, Transport};
use judge::judge;
pub use judge::{Expected, Sight, expected};

/// How long the look may take.
const LOOK_TIME: Duration = Duration::from_secs(20);
/// How much of its answer is read.
const LONGEST_ANSWER: usize = 8 * 1024;

impl Cluster {
    /// What this debugger sees of what it was meant to see; `None` where that cannot be told: no shell in its image, no
    /// right to run anything, no answer within 20 seconds.
    pub async fn sight(&self, container: &ContainerKey, expected: &Expected) -> Option<Sight> {
        let command = ["sh", "-c", judge::SCRIPT].map(ToOwned::to_owned);
        let look = async {
            let Transport { mut incoming, outgoing: _kept } = self.exec(container, &command, false).await.ok()?;
            let mut answer = BytesMut::new();
            while let Some(Incoming::Output(bytes)) = incoming.recv().await {
                let room = LONGEST_ANSWER - answer.len();
                answer.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if answer.len() == LONGEST_ANSWER {
                    break;
                }
            }
            judge(&String::from_utf8_lossy(&answer), expected)
        };
        timeout(LOOK_TIME, look).await.ok().flatten()
    }
}
