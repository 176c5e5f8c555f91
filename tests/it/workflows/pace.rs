//! How soon a frame follows what a key did, in virtual time: nothing here depends on how fast the machine is.

use std::sync::Arc;
use std::time::Duration;

use bathyscope::cluster::{Cluster, ContextInfo, Contexts, Problem};
use bathyscope::demo::DemoCluster;
use bathyscope::demo::node::{ContainerRef, Duplex, Exit, LogQuery, Node, Output, PodRef, StreamError, Streams, Usage};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::person::Person;
use crate::echo::{self, Echo};

/// How long the far end takes to echo a key.
const FAR: Duration = Duration::from_millis(2);
/// What is typed to see its echo.
const MARK: char = '%';

/// A node whose containers echo after a while.
struct Slow;

impl Node for Slow {
    fn log(&self, container: &ContainerRef, query: LogQuery) -> Result<BoxStream<'static, Bytes>, StreamError> {
        Echo.log(container, query)
    }

    fn attach(&self, _: &ContainerRef, _: bool) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let (input, mut heard) = mpsc::channel::<Bytes>(4);
        let (say, output) = mpsc::channel(4);
        let (resize, mut sizes) = mpsc::channel(4);
        let (ended, exit) = oneshot::channel();
        tokio::spawn(async move {
            say.send(Output::Stdout(Bytes::from_static(b"ready $"))).await.ok();
            loop {
                tokio::select! {
                    Some(_) = sizes.recv() => {}
                    bytes = heard.recv() => {
                        let Some(bytes) = bytes else { break };
                        sleep(FAR).await;
                        if say.send(Output::Stdout(bytes)).await.is_err() {
                            break;
                        }
                    }
                }
            }
            drop(say);
            ended.send(Exit::Finished).ok();
        });
        async move { Ok(Streams { input, output, resize, exit }) }.boxed()
    }

    fn exec(
        &self,
        container: &ContainerRef,
        command: Vec<String>,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        Echo.exec(container, command, tty)
    }

    fn usage(&self) -> Option<Arc<Usage>> {
        None
    }

    fn dial(&self, pod: &PodRef, port: u16) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>> {
        Echo.dial(pod, port)
    }
}

/// The administrator's context alone.
struct Admin(DemoCluster);

fn context() -> ContextInfo {
    ContextInfo {
        name: "admin".to_owned(),
        cluster: "demo".to_owned(),
        user: "admin".to_owned(),
        namespace: Some("demo".to_owned()),
    }
}

impl Contexts for Admin {
    fn list(&self) -> Vec<ContextInfo> {
        vec![context()]
    }

    fn current(&self) -> Option<String> {
        Some("admin".to_owned())
    }

    fn connect<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>> {
        async move { Ok(Cluster::from_client(self.0.client(user), context())) }.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn an_echo_is_drawn_when_it_comes() {
    let cluster = echo::cluster_on(Arc::new(Slow));
    let mut person = Person::at(Arc::new(Admin(cluster)), "admin", "demo");
    person.press("/'multi<enter>");
    // A selection rests by the clock on the wall, which virtual time knows nothing of.
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !person.screen().contains("phase     ") {
        assert!(std::time::Instant::now() < deadline, "{}", person.screen());
        sleep(Duration::from_millis(10)).await;
    }
    person.select_container("shell").await;
    person.press("a");
    person.wait_for_text("ready $").await;
    sleep(Duration::from_secs(1)).await;

    let marks = |screen: &str| screen.matches(MARK).count();
    let mut late = Vec::new();
    for pause in (0..20).map(|index| Duration::from_millis(41 + index % 7)) {
        let (before, typed) = (marks(&person.screen()), Instant::now());
        person.press(&MARK.to_string());
        person.wait_for("the echo", |screen| marks(screen) > before).await;
        late.push(typed.elapsed().saturating_sub(FAR));
        sleep(pause).await;
    }
    late.sort_unstable();
    // Time itself makes a frame now and then, and the echo that comes just after one waits for the next.
    assert!(late[15] <= Duration::from_millis(2), "an echo comes so much after what the far end took: {late:?}");
    assert!(late[19] <= Duration::from_millis(12), "{late:?}");
    person.leave().await;
}
