//! The end of a run: what was asked for is still carried out, what was begun is let go of; it starts nothing.

use super::{Effects, Fact, LAST_REQUESTS};
use crate::app::Message;
use crate::cluster::{LaunchStep, Problem};

impl Effects {
    /// Ends every task; deletions that were asked for are still made, and what went wrong with them comes back.
    pub(in crate::runtime) async fn finish(mut self) -> Vec<Problem> {
        self.streams.clear();
        self.tasks.abort_all();
        let (mine, mut unanswered) = self.unanswered;
        drop(mine);
        let deletions = async {
            while self.last_requests.join_next().await.is_some() {}
            // Ends once the last launch that holds a sender has its answer; nothing is ever sent.
            let _ = unanswered.recv().await;
        };
        let recordings = std::mem::take(&mut self.recordings);
        let mut problems = Vec::new();
        if tokio::time::timeout(LAST_REQUESTS, deletions).await.is_err() {
            problems.push(Problem {
                what: "not everything was deleted or ended".to_owned(),
                why: format!("the server had not answered after {} s", LAST_REQUESTS.as_secs()),
                hint: "`bathy` lists what is left under x".to_owned(),
                fixes: Vec::new(),
            });
        }
        problems.extend(recordings.finish().await);
        while let Ok(fact) = self.facts.1.try_recv() {
            match fact {
                Fact::Message(Message::Failed(problem)) => problems.push(problem),
                Fact::Message(Message::Launch(_, LaunchStep::Accepted(container))) => problems.push(Problem::new(
                    "a debugger was accepted while bathy was leaving",
                    format!("{} in {}/{}", container.container, container.pod.namespace, container.pod.name),
                    "it is listed under leftovers",
                )),
                _ => {}
            }
        }
        problems
    }
}
