//! Port-forward over SPDY/3.1 as kubectl and stricter clients speak it, against ports that echo.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::echo::{cluster, raw};
use crate::spdy::{Client, GOAWAY, Heard, PING, RST_STREAM, SETTINGS, SYN_REPLY, WINDOW_UPDATE, control};

/// The size of a new stream's window, in bytes.
const WINDOW: usize = 64 << 10;

fn end(stream: u32) -> Heard {
    Heard::Data { stream, fin: true, bytes: Vec::new() }
}

#[tokio::test]
async fn both_ways_in_carry_a_connection_and_its_half_close() {
    let cluster = cluster();
    for mut client in [Client::upgraded(&cluster).await, Client::tunneled(&cluster).await] {
        client.connect(1, "8000").await;
        client.data(3, false, b"hel").await;
        client.data(3, true, b"lo").await;
        let mut others = Vec::new();
        let (said, ended) = client.until(3, usize::MAX, |other| others.push(other)).await;
        assert_eq!((said.as_slice(), ended), (&b"hello"[..], true));
        assert_eq!(others, [end(1)], "the error stream ends without a word");
        client.numbers(PING, &[7]).await;
        assert_eq!(client.hear().await, control(PING, &[7]));
    }
}

#[tokio::test]
async fn a_port_that_refuses_says_so_on_the_error_stream() {
    let cluster = cluster();
    let mut client = Client::tunneled(&cluster).await;
    client.connect(1, "9").await;
    let (said, _) = client.until(1, usize::MAX, |other| panic!("{other:?}")).await;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("forwarding port 9"), "{said}");
    assert!(said.ends_with("connection refused"), "{said}");
    assert_eq!(client.hear().await, end(3));
}

#[tokio::test]
async fn a_client_without_windows_is_neither_waited_for_nor_cut_short() {
    let cluster = cluster();
    let mut client = Client::upgraded(&cluster).await;
    client.connect(1, "8000").await;
    // twice what a window holds before anything is read, as far as the pipes in between take it
    let piece: Vec<u8> = (0..=250).cycle().take(2 * WINDOW).collect();
    for round in 0..16 {
        client.data(3, false, &piece).await;
        let (said, _) = client.until(3, piece.len(), |_| {}).await;
        assert!(said == piece, "round {round}");
    }
}

#[tokio::test]
async fn a_client_that_grants_windows_gets_no_more_than_it_granted() {
    let cluster = cluster();
    let mut client = Client::upgraded(&cluster).await;
    client.numbers(SETTINGS, &[1, 7, 1000]).await;
    client.connect(1, "8000").await;
    client.connect(5, "8000").await;
    client.data(3, false, &[1; 5000]).await;
    let (said, _) = client.until(3, 1000, |other| panic!("{other:?}")).await;
    assert_eq!(said.len(), 1000);
    // another stream is not held up by that one, and overtakes what may not be sent
    client.data(7, false, b"x").await;
    let (said, _) = client.until(7, 1, |other| panic!("{other:?}")).await;
    assert_eq!(said, b"x");
    client.numbers(WINDOW_UPDATE, &[3, 3500]).await;
    let (said, _) = client.until(3, 3500, |other| panic!("{other:?}")).await;
    assert_eq!(said.len(), 3500);
    client.numbers(PING, &[1]).await;
    assert_eq!(client.hear().await, control(PING, &[1]));
}

#[tokio::test]
async fn a_client_that_heeds_windows_is_told_when_it_may_go_on() {
    let cluster = cluster();
    let mut client = Client::tunneled(&cluster).await;
    client.connect(1, "8000").await;
    let total = 10 * WINDOW;
    let mut left: HashMap<u32, usize> = [(0, WINDOW), (3, WINDOW)].into();
    let (mut sent, mut echoed) = (0, 0);
    while echoed < total {
        let piece = left[&0].min(left[&3]).min(total - sent).min(10_000);
        if piece > 0 {
            client.data(3, false, &vec![5; piece]).await;
            sent += piece;
            for window in left.values_mut() {
                *window -= piece;
            }
        }
        match client.hear().await {
            Heard::Data { stream: 3, bytes, .. } => echoed += bytes.len(),
            Heard::Control { kind: WINDOW_UPDATE, numbers } => {
                *left.get_mut(&numbers[0]).unwrap() += numbers[1] as usize;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reset_ends_one_connection_and_leaves_the_others() {
    let cluster = cluster();
    let mut client = Client::upgraded(&cluster).await;
    client.connect(1, "8000").await;
    client.connect(5, "8000").await;
    // cancel
    client.numbers(RST_STREAM, &[3, 5]).await;
    assert_eq!(client.hear().await, end(1));
    client.data(3, false, b"too late").await;
    client.data(7, true, b"still here").await;
    let (said, ended) = client.until(7, usize::MAX, |other| assert_eq!(other, end(5))).await;
    assert_eq!((said.as_slice(), ended), (&b"still here"[..], true));
}

#[tokio::test]
async fn streams_that_make_no_sense_are_reset() {
    let cluster = cluster();
    let mut client = Client::upgraded(&cluster).await;
    for (stream, kind, port) in [(1, "data", "0"), (3, "data", "70000"), (5, "video", "80")] {
        client.open(stream, kind, port, "a").await;
        // protocol error
        assert_eq!(client.hear().await, control(RST_STREAM, &[stream, 1]));
    }
    client.open(7, "data", "80", "a").await;
    assert_eq!(client.hear().await, control(SYN_REPLY, &[7]));
    client.open(9, "data", "80", "a").await;
    assert_eq!(client.hear().await, control(RST_STREAM, &[9, 1]));
    // there is no such stream
    client.data(11, false, b"x").await;
    assert_eq!(client.hear().await, control(RST_STREAM, &[11, 2]));
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_and_left() {
    let cluster = cluster();
    let ping_of_spdy_2 = [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1];
    let block_of_garbage = [0x80, 3, 0, 8, 0, 0, 0, 8, 0, 0, 0, 1, 9, 9, 9, 9];
    for wrong in [&ping_of_spdy_2[..], &block_of_garbage] {
        for mut client in [Client::upgraded(&cluster).await, Client::tunneled(&cluster).await] {
            client.connect(1, "8000").await;
            client.raw(wrong).await;
            // the last stream that was taken, and a protocol error
            assert_eq!(client.hear().await, control(GOAWAY, &[3, 1]));
            assert!(client.is_closed().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_pair_is_given_up() {
    let cluster = cluster();
    let mut client = Client::upgraded(&cluster).await;
    client.open(1, "error", "80", "a").await;
    assert_eq!(client.hear().await, control(SYN_REPLY, &[1]));
    // paused time passes once everybody waits
    tokio::time::sleep(Duration::from_secs(25)).await;
    let (said, ended) = client
        .until(1, usize::MAX, |other| {
            assert_eq!(other, control(PING, &[2]));
        })
        .await;
    assert!(ended);
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("did not come in time"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_client_is_asked_whether_it_is_there() {
    let cluster = cluster();
    let mut client = Client::tunneled(&cluster).await;
    for id in [2, 4] {
        let ping = timeout(Duration::from_secs(31), client.next()).await;
        assert_eq!(ping.unwrap(), control(PING, &[id]));
        client.numbers(PING, &[id]).await;
    }
}

#[tokio::test]
async fn other_protocols_are_refused_before_the_upgrade() {
    let cluster = cluster();
    let forward = "/api/v1/namespaces/demo/pods/multi/portforward";
    let request = http::Request::post(forward)
        .header("connection", "Upgrade")
        .header("upgrade", "SPDY/3.1")
        .header("x-stream-protocol-version", "v5.channel.k8s.io");
    let (code, body) = raw(&cluster, "edit", request, None).await;
    assert_eq!(code, 400);
    assert!(body["message"].as_str().unwrap().contains("portforward.k8s.io"));
    let request = http::Request::post("/api/v1/namespaces/demo/pods/pending/portforward")
        .header("connection", "Upgrade")
        .header("upgrade", "SPDY/3.1");
    let (code, body) = raw(&cluster, "edit", request, None).await;
    assert_eq!(code, 400);
    assert!(body["message"].as_str().unwrap().contains("does not have a host"));
}
