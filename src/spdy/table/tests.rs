//! Windows and the ends of streams, step by step.

use super::*;
use futures::FutureExt as _;

fn with_stream() -> (Table, Opened) {
    let table = Table::new(Side::Server);
    let opened = table.open(1).unwrap().unwrap();
    (table, opened)
}

#[test]
fn windows_count_once_the_peer_grants_any() {
    let (table, _opened) = with_stream();
    assert_eq!(table.take(1, 1 << 20), Taken::Bytes(1 << 20));
    // now it shows that it heeds windows, so what was sent is missing
    assert_eq!(table.grant(1, 1 << 20), Ok(None));
    assert_eq!(table.take(1, 1 << 20), Taken::Bytes(WINDOW as usize));
    assert_eq!(table.take(1, 1), Taken::Later);
}

#[test]
fn settings_change_the_windows_there_are() {
    let (table, _opened) = with_stream();
    table.set_initial(1000).unwrap();
    assert_eq!(table.take(1, 600), Taken::Bytes(600));
    table.set_initial(500).unwrap();
    assert_eq!(table.take(1, 600), Taken::Later);
    assert_eq!(table.grant(1, 101), Ok(None));
    assert_eq!(table.take(1, 600), Taken::Bytes(1));
    assert!(table.set_initial(u32::MAX).is_err());
}

#[test]
fn a_window_that_is_too_large_is_an_error_of_its_stream_or_of_all() {
    let (table, _opened) = with_stream();
    assert_eq!(table.grant(1, 0x7fff_ffff), Ok(Some(Reset::FlowControl)));
    assert_eq!(table.grant(9, 0x7fff_ffff), Ok(None));
    assert!(table.grant(CONNECTION, 0x7fff_ffff).is_err());
    assert!(table.grant(1, 0).is_err());
}

#[test]
fn the_connection_has_a_window_too() {
    let (table, _opened) = with_stream();
    table.open(3).unwrap().unwrap();
    assert_eq!(table.grant(CONNECTION, 10), Ok(None));
    let both = WINDOW as usize + 10;
    assert_eq!(table.take(1, both), Taken::Bytes(WINDOW as usize));
    assert_eq!(table.take(3, both), Taken::Bytes(10));
    assert_eq!(table.take(3, both), Taken::Later);
}

#[test]
fn the_peer_is_told_of_what_was_read() {
    let (table, _opened) = with_stream();
    table.consumed(1, DUE as usize - 1);
    assert_eq!(table.due().now_or_never(), None);
    table.consumed(1, 1);
    table.received(10);
    assert_eq!(table.due().now_or_never(), Some(vec![(1, DUE)]));
    assert_eq!(table.due().now_or_never(), None);
}

#[test]
fn a_stream_is_gone_when_both_are_done() {
    let (table, _opened) = with_stream();
    table.peer_is_done(1);
    assert!(matches!(table.destination(1), Destination::Wrong(Reset::AlreadyClosed)));
    assert!(table.we_are_done(1));
    assert!(!table.we_are_done(1));
    assert_eq!(table.take(1, 1), Taken::Gone);
    assert!(matches!(table.destination(1), Destination::Nowhere));
    assert!(matches!(table.destination(3), Destination::Wrong(Reset::InvalidStream)));
}

#[test]
fn numbers_of_streams_are_odd_and_grow_and_there_is_an_end_to_them() {
    let (table, opened) = with_stream();
    for wrong in [0, 1, 2] {
        assert!(table.open(wrong).is_err());
    }
    let more = u32::try_from(MOST_STREAMS).unwrap();
    for stream in 1..more {
        assert!(table.open(stream * 2 + 1).unwrap().is_some());
    }
    assert!(table.open(more * 2 + 1).unwrap().is_none());
    assert!(table.remove(1) && opened.reset.is_cancelled());
    assert!(table.open(more * 2 + 3).unwrap().is_some());
}

#[tokio::test]
async fn whoever_waits_for_a_window_is_woken_when_the_stream_goes() {
    let (table, _opened) = with_stream();
    table.set_initial(0).unwrap();
    tokio::join!(table.sendable(1), async {
        assert_eq!(table.take(1, 1), Taken::Later);
        table.remove(1);
    });
    assert_eq!(table.take(1, 1), Taken::Gone);
}
