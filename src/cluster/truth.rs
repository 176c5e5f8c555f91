//! A short look at what a debugger really sees, after it has started: read by a script of its own, never typed into
//! anybody's session.

mod judge;
mod seen;

use std::time::Duration;

use bytes::BytesMut;
use serde_json::Value;
use tokio::time::timeout;

use super::text::cleaned;
use super::{Cluster, ContainerKey, Problem};
use crate::plan::SeenUser;
use crate::session::{End, Incoming, Transport};
use judge::judge;
pub use judge::{Expected, Sight, expected};
pub(super) use seen::SeenUsers;

/// How long the look may take.
const LOOK_TIME: Duration = Duration::from_secs(20);
/// How much of its answer is read.
const LONGEST_ANSWER: usize = 8 * 1024;

impl Cluster {
    /// What this debugger sees of what it was meant to see; `None` where there is nothing to say of it. Who its target
    /// runs as is remembered, for [`Cluster::seen_user`].
    ///
    /// # Errors
    /// Why it could not be looked at: no shell in its image, no right to run anything, no answer within 20 seconds, or
    /// one that is not whole.
    pub async fn sight(&self, container: &ContainerKey, expected: &Expected) -> Result<Option<Sight>, Problem> {
        let what = format!("cannot look at what {} sees", container.container);
        let Ok(answer) = timeout(LOOK_TIME, self.look(container, &judge::host(expected))).await else {
            let why = format!("no answer within {} s", LOOK_TIME.as_secs());
            return Err(Problem::new(what, why, ""));
        };
        let answer = answer?;
        if !judge::is_whole(&answer.text) {
            let why = match (answer.text.trim(), answer.end) {
                (_, Some(End::Failed { reason } | End::Lost { reason })) => reason,
                // The runtimes' own codes for a command that is not there.
                (_, Some(End::Exited { code: 126 | 127 })) => "there is no shell in its image".to_owned(),
                ("", _) => "its shell said nothing".to_owned(),
                (said, _) if said.ends_with("all said") => "it cannot read its own status in /proc".to_owned(),
                (said, _) => {
                    let words: String = cleaned(said.lines().last().unwrap_or_default()).chars().take(80).collect();
                    format!("its answer is not whole; it ends with \u{201c}{words}\u{201d}")
                }
            };
            return Err(Problem::new(what, why, ""));
        }
        if let (Some(target), Some(user)) = (&expected.target, judge::target_user(&answer.text, expected)) {
            self.seen_users().remember(&expected.pod, target, user);
        }
        Ok(judge(&answer.text, expected))
    }

    async fn look(&self, container: &ContainerKey, host: &str) -> Result<Answer, Problem> {
        let command = ["sh", "-c", judge::SCRIPT, "sh", host].map(ToOwned::to_owned);
        let Transport { mut incoming, outgoing: _kept } = self.exec(container, &command, false).await?;
        let (mut said, mut end) = (BytesMut::new(), None);
        while let Some(incoming) = incoming.recv().await {
            match incoming {
                Incoming::Output(bytes) => {
                    let room = LONGEST_ANSWER - said.len();
                    said.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Incoming::Ended(how) => end = Some(how),
                Incoming::Past(_) | Incoming::Link(_) | Incoming::ErrorOutput(_) => {}
            }
            if said.len() == LONGEST_ANSWER || end.is_some() {
                break;
            }
        }
        Ok(Answer { text: String::from_utf8_lossy(&said).into_owned(), end })
    }

    /// Who this container of this pod was seen to run as by a debugger of this run.
    pub fn seen_user(&self, pod: &Value, container: &str) -> Option<SeenUser> {
        self.seen_users().of(pod["metadata"]["uid"].as_str()?, container)
    }
}

/// What the script said, and how its stream ended.
struct Answer {
    text: String,
    end: Option<End>,
}
