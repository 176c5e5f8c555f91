//! A store of lines that come late, begin, are filtered, held and dropped; its index and its counts stay right.

use proptest::prelude::*;

use super::super::entry::COST;
use super::*;
use crate::cluster::{LogLine, LogMark, MarkKind};

fn entry(source: u32, time: i64, text: &str) -> Entry {
    let time = Timestamp::from_second(time).ok();
    Entry::line(&LogLine { source, time, text: text.into(), whole: true })
}

fn begun(source: u32, time: i64, text: &str) -> Entry {
    Entry { whole: false, ..entry(source, time, text) }
}

fn shown(store: &Store) -> Vec<&str> {
    let of = |row: &Row| store.entry(row.entry).filter(|_| row.part == 0).map(|entry| &*entry.text);
    store.rows.iter().filter_map(of).collect()
}

fn open() -> Filter {
    Filter::default()
}

#[test]
fn sources_are_put_in_the_order_of_time_and_keep_their_own() {
    let mut store = Store::new(1 << 20);
    let changed = store.add(vec![entry(0, 1, "a1"), entry(0, 5, "a5"), entry(0, 4, "late")], &open());
    assert_eq!(changed, Changed::default());
    let changed = store.add(vec![entry(1, 2, "b2"), entry(1, 6, "b6")], &open());
    assert!(changed.replaced);
    assert_eq!(shown(&store), ["a1", "b2", "a5", "late", "b6"]);
    let mark = LogMark { source: None, time: None, kind: MarkKind::Gap, text: "here".to_owned() };
    store.add(vec![Entry::mark(mark), entry(0, 7, "a7")], &open());
    assert_eq!(shown(&store)[5..], ["here", "a7"]);
}

#[test]
fn a_line_that_has_begun_gives_way_to_itself() {
    let mut store = Store::new(1 << 20);
    store.add(vec![entry(0, 1, "one"), begun(0, 2, "tw")], &open());
    store.add(vec![entry(1, 2, "other")], &open());
    store.add(vec![begun(0, 2, "two")], &open());
    store.add(vec![entry(0, 2, "two!"), entry(0, 2, "three")], &open());
    assert_eq!(shown(&store), ["one", "other", "two!", "three"]);
    store.add(vec![begun(0, 3, "half"), entry(0, 4, "of another life")], &open());
    assert_eq!(shown(&store)[4..], ["half", "of another life"]);
}

#[test]
fn memory_is_bounded_and_what_goes_is_counted() {
    let mut store = Store::new(100_000);
    let mut rows_dropped = 0;
    for number in 0..10_000 {
        rows_dropped += store.add(vec![entry(0, number, &format!("line {number}"))], &open()).dropped;
    }
    assert!(store.bytes() <= 100_000 && store.len() > 100);
    let room = store.entries.capacity() * size_of::<Entry>() + store.rows.capacity() * size_of::<Row>();
    assert!(room <= store.len() * COST, "{room} bytes of rings for {} lines", store.len());
    assert_eq!(usize::try_from(store.dropped()).unwrap() + store.len(), 10_000);
    assert_eq!((rows_dropped + store.rows.len(), *shown(&store).last().unwrap()), (10_000, "line 9999"));
    store.add(vec![entry(0, 10_000, &"x".repeat(300_000))], &open());
    assert_eq!(store.len(), 1, "one line is kept whatever it costs");
}

#[test]
fn a_view_that_was_held_gives_its_room_back() {
    let mut store = Store::new(100_000);
    let add = |store: &mut Store, number| store.add(vec![entry(0, number, "line")], &open());
    for number in 0..1_000 {
        add(&mut store, number);
    }
    let (room, lines) = (store.entries.capacity(), store.len());
    store.hold(true);
    for number in 1_000..3_000 {
        add(&mut store, number);
    }
    assert!(store.len() > lines * 3 / 2 && store.entries.capacity() > room);
    store.hold(false);
    add(&mut store, 3_000);
    assert!(store.len() <= lines && store.entries.capacity() <= room + room / 8);
}

#[test]
fn a_filter_hides_and_brings_back() {
    let mut store = Store::new(1 << 20);
    store.add((0..100).map(|n| entry(0, n, &format!("GET /{n}"))).collect(), &open());
    let filter = Filter::literal("/9");
    store.filter(&filter);
    assert_eq!(store.rows.len(), 11);
    store.add(vec![entry(0, 100, "GET /950"), entry(0, 101, "GET /850")], &filter);
    assert_eq!(store.rows.len(), 12);
    store.filter(&open());
    assert_eq!(store.rows.len(), 102);
    assert!(store.has_any(&Filter::literal("/850")) && !store.has_any(&Filter::literal("POST")));
}

#[test]
fn a_held_view_loses_nothing() {
    let mut store = Store::new(1 << 20);
    store.add(vec![entry(0, 1, "one")], &open());
    store.hold(true);
    store.add(vec![entry(0, 2, "two"), begun(0, 3, "thr")], &open());
    store.add(vec![entry(0, 3, "three")], &open());
    assert_eq!((shown(&store), store.held()), (vec!["one"], Some(2)));
    store.hold(false);
    assert_eq!((shown(&store), store.held()), (vec!["one", "two", "three"], None));
}

#[test]
fn objects_unfold_one_by_one_and_all_at_once() {
    let mut store = Store::new(1 << 20);
    store.add(vec![entry(0, 1, r#"{"a":1,"b":2}"#), entry(0, 2, "plain"), entry(0, 3, "{\"c\":3}")], &open());
    assert_eq!(store.unfold(1), None, "no object");
    assert_eq!(store.unfold(0), Some(0));
    assert_eq!(store.rows.len(), 5);
    assert_eq!(store.unfold(2), Some(0), "from a row inside of it");
    assert_eq!(store.rows.len(), 3);
    store.unfold_all();
    store.add(vec![entry(0, 4, "{\"d\":4}")], &open());
    assert_eq!(store.rows.len(), 3 + 1 + 4);
    store.unfold_all();
    assert_eq!(store.rows.len(), 4);
}

proptest! {
    /// However lines come: the index is the one that would be made anew, and bytes are counted right.
    #[test]
    fn the_index_is_right_whatever_comes(
        batches in prop::collection::vec(
            prop::collection::vec((0..3_u32, 0..50_i64, "[ab]{1,3}", any::<bool>()), 1..8), 1..20),
        limit in 600..6_000_usize,
        hold_at in 0..20_usize,
    ) {
        let filter = Filter::literal("a");
        let mut store = Store::new(limit);
        let mut rows = 0;
        for (step, batch) in batches.into_iter().enumerate() {
            if step == hold_at {
                store.hold(true);
            }
            let batch = batch.into_iter().map(|(source, time, text, whole)| Entry { whole, ..entry(source, time, &text) });
            let changed = store.add(batch.collect(), &filter);
            rows += changed.dropped;
            prop_assert_eq!(store.bytes, store.entries.iter().map(Entry::cost).sum::<usize>());
            let lines = store.entries.iter().filter(|entry| entry.mark.is_none());
            let counted = lines.fold((0, 0), |(shown, all), entry| (shown + usize::from(entry.shown), all + 1));
            prop_assert_eq!(store.counted(), counted);
            let order: Vec<Timestamp> = store.entries.iter().map(|entry| entry.order).collect();
            prop_assert!(order.is_sorted());
            if step > hold_at + 2 {
                store.hold(false);
            }
            let kept = store.rows.clone();
            store.index(store.first);
            prop_assert_eq!(&kept, &store.rows);
        }
        let _ = rows;
    }
}
