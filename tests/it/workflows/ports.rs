//! Ports forwarded from the console: one of a pod, a Service's across the replacement of its pod, one that is taken, many
//! connections at once, and what leaving says of them.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::person::Person;
use super::site::{NODE_POD, Site};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where the forwarded port that the list shows as listening listens.
fn address(screen: &str) -> Option<SocketAddr> {
    let (_, rest) = screen.split_once("● 127.0.0.1:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(SocketAddr::from(([127, 0, 0, 1], digits.parse().ok()?)))
}

async fn listening(person: &mut Person) -> SocketAddr {
    let screen = person.wait_for("a port that listens", |screen| address(screen).is_some()).await;
    address(&screen).expect("it was there")
}

/// What the application says to a request whose sender has nothing more to say.
async fn answer(at: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n").await?;
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn assert_answers(at: SocketAddr) {
    let answer = timeout(PATIENCE, answer(at)).await.expect("an answer in time").expect("an answer");
    assert!(answer.starts_with("HTTP/1."), "{answer:?}");
}

/// Asks until the application answers: a container that runs may not listen yet. So many connections that took.
async fn answered_after(at: SocketAddr) -> usize {
    let asking = async {
        let mut asked = 1;
        while !answer(at).await.is_ok_and(|answer| answer.starts_with("HTTP/1.")) {
            asked += 1;
        }
        asked
    };
    timeout(PATIENCE, asking).await.expect("an answer in time")
}

/// Forwards the application's port of the selected pod, by its number.
async fn forward_by_number(site: &Site, person: &mut Person) -> SocketAddr {
    person.press("f");
    person
        .wait_for("what can be forwarded", |screen| {
            screen.contains("another port") && !screen.contains("reading the ports")
        })
        .await;
    person.press(&format!("<pgdn>:{}<enter>", site.port()));
    listening(person).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pods_port_carries_two_hundred_at_once_and_is_stopped() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    let at = forward_by_number(&site, &mut person).await;
    let asked = answered_after(at).await;
    let counted = |more: usize| format!("0/{} ", asked + more);
    person.wait_for("each connection counted", |screen| screen.contains(&counted(0))).await;
    timeout(PATIENCE, join_all((0..200).map(|_| assert_answers(at)))).await.expect("all of them are answered");
    person.wait_for("all of them counted", |screen| screen.contains(&counted(200))).await;
    // What is forwarded goes on without its list, and leaving says so.
    person.press("<esc>");
    person.wait_for("the list closed", |screen| !screen.contains(&counted(200))).await;
    assert_answers(at).await;
    person.wait_for("it stands in the inspector", |screen| screen.contains(&format!("{at} → "))).await;
    person.press("q");
    person.wait_for("what leaving ends", |screen| screen.contains("forwarded no more once you leave")).await;
    person.press("<esc>F");
    person.wait_for("the list again", |screen| screen.contains(&counted(201))).await;
    person.press("x");
    person.wait_for("it is stopped", |screen| screen.contains("■ 127.0.0.1")).await;
    let refused = timeout(PATIENCE, async { while answer(at).await.is_ok() {} }).await;
    assert!(refused.is_ok(), "the port is still open");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_services_port_survives_the_replacement_of_its_pod() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    // A pod is ready a moment before its Service leads to it.
    person.press("d");
    person.wait_for_text("among its endpoints, ready").await;
    person.press("<esc>");
    person.press("f");
    let screen = person.wait_for("its Service", |screen| screen.contains("service/nodejsapp-svc")).await;
    // A port that the container declares stands before it.
    person.press(if screen.contains("container nodejsapp") { "<down>0<enter>" } else { "0<enter>" });
    let at = listening(&mut person).await;
    answered_after(at).await;
    let pod_of = |screen: &str| {
        let row = screen.lines().find(|line| line.contains("service/nodejsapp-svc:8000 → "))?;
        let (_, pod) = row.split_once(" → ")?;
        Some(pod.split(':').next()?.to_owned())
    };
    let before = pod_of(&person.wait_for("its pod", |screen| pod_of(screen).is_some()).await).expect("it was there");
    person.press("<tab>");
    person.press("<c-d>");
    person.wait_for("the question", |screen| screen.contains("elete")).await;
    person.press("d");
    person.wait_for("the deletion", |screen| screen.contains("is being deleted")).await;
    let replaced = timeout(PATIENCE, async {
        // Callers of the pod that goes may be cut off; those who come later are led to its successor.
        loop {
            let answered = answer(at).await.is_ok_and(|answer| answer.starts_with("HTTP/1."));
            if answered && pod_of(&person.screen()).is_some_and(|now| now != before) {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    assert!(replaced.await.is_ok(), "no other pod took its place:\n{}", person.screen());
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_not_taken_and_another_is_named() {
    let site = Site::any().await;
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = taken.local_addr().expect("its address").port();
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("f");
    person
        .wait_for("what can be forwarded", |screen| {
            screen.contains("another port") && !screen.contains("reading the ports")
        })
        .await;
    person.press(&format!("<pgdn>{port}:{}<enter>", site.port()));
    person.wait_for("why not", |screen| screen.contains("✗ 127.0.0.1") && screen.contains("listens there")).await;
    person.press("<enter>");
    person.wait_for("what to do", |screen| screen.contains("is free")).await;
    drop(taken);
    person.press("r");
    assert_eq!(listening(&mut person).await.port(), port);
    person.leave().await;
    site.close().await;
}
