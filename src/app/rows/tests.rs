//! A list's promises: order, filter and selection, however rows come and go.

use super::*;

#[derive(Debug, Clone, PartialEq)]
struct Word(&'static str);

impl Row for Word {
    type Key = &'static str;
    type Sort = ();
    fn key(&self) -> &&'static str {
        &self.0
    }
    fn fields(&self) -> [&str; 4] {
        [self.0, "", "", ""]
    }
    fn compare(&self, other: &Self, (): ()) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

fn list(words: &[&'static str]) -> Rows<Word> {
    let mut rows = Rows::new(());
    rows.apply(RowsUpdate::Begin);
    rows.apply(RowsUpdate::Rows(words.iter().copied().map(Word).collect()));
    rows.apply(RowsUpdate::Complete);
    rows.settle();
    rows
}

fn shown(rows: &Rows<Word>) -> Vec<&str> {
    rows.visible().map(|word| word.0).collect()
}

#[test]
fn the_selection_follows_its_row() {
    let mut rows = list(&["b", "d"]);
    rows.move_to(1);
    rows.apply(RowsUpdate::Rows(vec![Word("a"), Word("c")]));
    rows.settle();
    assert_eq!(rows.selected(), Some(&"d"));
    assert_eq!(rows.selected_index(), 3);
}

#[test]
fn the_first_row_is_selected_while_a_list_comes_until_somebody_chooses() {
    let come = |rows: &mut Rows<Word>, word| {
        rows.apply(RowsUpdate::Rows(vec![Word(word)]));
        rows.settle();
    };
    let mut rows = Rows::new(());
    rows.apply(RowsUpdate::Begin);
    come(&mut rows, "c");
    come(&mut rows, "b");
    assert_eq!(rows.selected(), Some(&"b"));
    let mut chosen = rows.clone();
    chosen.move_by(1);
    come(&mut chosen, "a");
    assert_eq!((chosen.selected(), chosen.selected_index()), (Some(&"c"), 2));
    rows.apply(RowsUpdate::Rows(vec![Word("a")]));
    rows.apply(RowsUpdate::Complete);
    rows.settle();
    assert_eq!(rows.selected(), Some(&"a"), "what comes with the end of the list comes before it is whole");
    come(&mut rows, "0");
    assert_eq!((rows.selected(), rows.selected_index()), (Some(&"a"), 1));
}

#[test]
fn a_removed_row_hands_the_selection_to_its_neighbour() {
    let mut rows = list(&["a", "b", "c"]);
    rows.move_to(1);
    rows.apply(RowsUpdate::Removed("b"));
    rows.settle();
    assert_eq!(rows.selected(), Some(&"c"));
}

#[test]
fn old_rows_stay_until_the_fresh_list_is_complete() {
    let mut rows = list(&["a", "b"]);
    rows.apply(RowsUpdate::Begin);
    rows.apply(RowsUpdate::Rows(vec![Word("b"), Word("c")]));
    rows.settle();
    assert_eq!(shown(&rows), ["a", "b", "c"]);
    rows.apply(RowsUpdate::Complete);
    rows.settle();
    assert_eq!(shown(&rows), ["b", "c"]);
}

#[test]
fn what_is_typed_selects_its_best_match() {
    let mut rows = list(&["a-s-h-o-p", "crash", "shop-1", "shop-2"]);
    rows.set_filter("shop");
    rows.settle();
    assert_eq!(rows.selected(), Some(&"shop-1"));
    rows.move_by(1);
    rows.apply(RowsUpdate::Rows(vec![Word("shop-0")]));
    rows.settle();
    assert_eq!(rows.selected(), Some(&"shop-2"), "what was chosen since stays");
}

#[test]
fn a_filter_is_fuzzy_and_the_selection_survives_an_empty_result() {
    let mut rows = list(&["nodejsapps-66cd", "nonroot", "crash"]);
    rows.select("nonroot");
    rows.set_filter("zzz");
    rows.settle();
    assert_eq!(rows.selected(), None);
    rows.set_filter("nrt !crash");
    rows.settle();
    assert_eq!(shown(&rows), ["nonroot"]);
    rows.set_filter("");
    rows.settle();
    assert_eq!(rows.selected(), Some(&"nonroot"));
}

/// A row that can change: its name, and the number it is sorted by.
#[derive(Debug, Clone, PartialEq)]
struct Counted(String, usize);

impl Row for Counted {
    type Key = String;
    type Sort = bool;
    fn key(&self) -> &String {
        &self.0
    }
    fn fields(&self) -> [&str; 4] {
        [&self.0, "", "", ""]
    }
    fn compare(&self, other: &Self, by_number: bool) -> Ordering {
        if by_number { self.1.cmp(&other.1) } else { Ordering::Equal }
    }
}

#[test]
fn mending_comes_to_the_same_as_making_anew() {
    let mut rows = Rows::new(true);
    let mut known = std::collections::BTreeMap::new();
    let (mut state, mut filter, mut by_number, mut reversed) = (7_u64, String::new(), true, false);
    let mut chance = |of: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % of
    };
    for round in 0..2_000 {
        let name = |number: usize| format!("{}-{number}", ["api", "shop", "web"][number % 3]);
        match chance(12) {
            0 => {
                let gone = name(chance(60));
                known.remove(&gone);
                rows.apply(RowsUpdate::Removed(gone));
            }
            1 => (by_number, reversed) = (chance(2) == 0, chance(2) == 0),
            2 => filter = ["", "s", "sh", "shop", "!web", "a 1"][chance(6)].to_owned(),
            3 => {
                rows.apply(RowsUpdate::Begin);
                known.clear();
            }
            _ => {}
        }
        let new: Vec<Counted> = (0..chance(9)).map(|_| Counted(name(chance(60)), chance(5))).collect();
        known.extend(new.iter().map(|row| (row.0.clone(), row.1)));
        rows.apply(RowsUpdate::Rows(new));
        rows.apply(RowsUpdate::Complete);
        if rows.sort() != (by_number, reversed) {
            rows.set_sort(by_number, reversed);
        }
        if rows.filter() != filter {
            rows.set_filter(filter.clone());
        }
        if chance(3) > 0 {
            continue;
        }
        rows.settle();
        let mut words = Filter::new(&filter);
        let mut expected: Vec<_> = known.iter().filter(|(name, _)| words.matches([name, "", "", ""])).collect();
        expected.sort_by(|a, b| {
            let order = if by_number { a.1.cmp(b.1) } else { Ordering::Equal };
            (if reversed { order.reverse() } else { order }).then(a.0.cmp(b.0))
        });
        let shown: Vec<_> = rows.visible().map(|row| (&row.0, &row.1)).collect();
        assert_eq!(shown, expected, "round {round}, filter {filter:?}");
        assert_eq!(rows.len(), known.len());
    }
}

#[test]
fn the_best_match_is_found_among_more_rows_than_are_scored() {
    let mut rows = Rows::new(false);
    let many = (0..20_000).map(|number| Counted(format!("s-h-o-p-{number:05}"), 0));
    rows.apply(RowsUpdate::Rows(many.chain([Counted("zz-shop".to_owned(), 0)]).collect()));
    rows.set_filter("shop");
    rows.settle();
    assert_eq!(rows.selected().map(String::as_str), Some("zz-shop"));
    assert_eq!(rows.visible().len(), 20_001);
}
