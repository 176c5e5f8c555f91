//! A reader in lines that stay, grow, go and are searched.

use super::*;

fn lines(count: usize) -> Vec<Line> {
    (0..count).map(|number| Line::of(Tone::Plain, format!("line {number}"))).collect()
}

fn size(columns: u16, rows: u16) -> Size {
    Size { columns, rows }
}

fn shown(reader: &Reader, lines: &dyn Lines) -> Vec<String> {
    reader.visible(lines).into_iter().map(|row| lines.text(row.line)[row.part].to_owned()).collect()
}

#[test]
fn it_stays_at_the_end_until_it_is_scrolled_back() {
    let mut text = lines(10);
    let mut reader = Reader::new(true, true);
    reader.settle(&text, size(20, 3));
    assert_eq!(shown(&reader, &text), ["line 7", "line 8", "line 9"]);
    text.extend(lines(1));
    reader.settle(&text, size(20, 3));
    assert_eq!(shown(&reader, &text), ["line 8", "line 9", "line 0"]);
    reader.go(-2, &text);
    text.extend(lines(5));
    reader.settle(&text, size(20, 3));
    assert_eq!(shown(&reader, &text), ["line 6", "line 7", "line 8"]);
    reader.to_end(&text);
    assert!(reader.follows());
}

#[test]
fn a_wrapped_line_is_scrolled_by_its_rows() {
    let text = vec![Line::of(Tone::Plain, "abcdefghij"), Line::of(Tone::Plain, "k")];
    let mut reader = Reader::new(false, true);
    reader.settle(&text, size(4, 2));
    assert_eq!(shown(&reader, &text), ["abcd", "efgh"]);
    reader.go(1, &text);
    assert_eq!(shown(&reader, &text), ["efgh", "ij"]);
    reader.go(5, &text);
    assert_eq!(shown(&reader, &text), ["ij", "k"], "the last row is at the bottom");
    reader.go(-1, &text);
    assert_eq!(shown(&reader, &text), ["efgh", "ij"]);
    reader.toggle_wrap();
    reader.to_start(&text);
    reader.sideways(3);
    assert_eq!(shown(&reader, &text), ["defg", ""]);
}

#[test]
fn what_is_read_stays_in_view_when_the_first_lines_go() {
    let mut text = lines(10);
    let mut reader = Reader::new(false, true);
    reader.settle(&text, size(20, 2));
    reader.go(4, &text);
    text.drain(..3);
    reader.dropped(3);
    reader.settle(&text, size(20, 2));
    assert_eq!(shown(&reader, &text), ["line 4", "line 5"]);
}

#[test]
fn a_search_goes_from_match_to_match_round_and_round() {
    let text = lines(30);
    let mut reader = Reader::new(false, true);
    reader.settle(&text, size(20, 5));
    reader.search("line 2", false, &text);
    assert_eq!(reader.cursor(), Some(2));
    reader.next_match(true, &text);
    assert_eq!(reader.cursor(), Some(20));
    reader.next_match(false, &text);
    reader.next_match(false, &text);
    assert_eq!(reader.cursor(), Some(29), "round to the last");
    let told = reader.told(&text).expect("it searches");
    assert_eq!((told.at, told.found, told.expression), (Some(11), 11, false));
    assert!(reader.visible(&text).iter().any(|row| row.line == 29));
}

#[test]
fn a_search_at_the_end_finds_the_latest_and_holds_it_in_view() {
    let mut text = lines(30);
    let mut reader = Reader::new(true, true);
    reader.settle(&text, size(20, 5));
    reader.search("line 1", false, &text);
    assert_eq!(reader.cursor(), Some(19), "nothing further down: the nearest above");
    reader.next_match(true, &text);
    assert_eq!(reader.cursor(), Some(1), "round to the first");
    reader.to_end(&text);
    reader.let_go();
    reader.search("line 28", false, &text);
    text.extend(lines(20));
    reader.settle(&text, size(20, 5));
    assert!(reader.visible(&text).iter().any(|row| row.line == 28), "{:?}", shown(&reader, &text));
}

#[test]
fn what_stands_nowhere_is_taken_as_an_expression() {
    let text = lines(12);
    let mut reader = Reader::new(false, true);
    reader.settle(&text, size(20, 5));
    reader.search("line 1[01]$", false, &text);
    assert_eq!(reader.cursor(), Some(10));
    assert!(reader.told(&text).is_some_and(|told| told.expression));
    assert!(reader.matches("line 11").into_iter().eq(std::iter::once(0..7)));
    reader.search("line (", true, &text);
    assert_eq!(reader.told(&text).map(|told| told.found), Some(0), "no expression, and not there");
}

#[test]
fn a_search_goes_on_in_lines_that_come_later_and_survives_those_that_go() {
    let mut text = lines(3);
    let mut reader = Reader::new(true, true);
    reader.settle(&text, size(20, 5));
    reader.search("line 2", false, &text);
    text.extend(lines(3));
    reader.settle(&text, size(20, 5));
    assert_eq!(reader.told(&text).map(|told| (told.at, told.found)), Some((Some(1), 2)));
    text.drain(..2);
    reader.dropped(2);
    assert_eq!(reader.told(&text).map(|told| (told.at, told.found)), Some((Some(1), 2)));
    reader.next_match(true, &text);
    assert_eq!(reader.cursor(), Some(3));
}

#[test]
fn chosen_lines_are_copied_else_the_whole() {
    let text = lines(5);
    let mut reader = Reader::new(false, true);
    reader.settle(&text, size(20, 5));
    assert_eq!(reader.text(&text).lines().count(), 5);
    reader.choose(&text);
    reader.go(1, &text);
    assert_eq!(reader.text(&text), "line 0\nline 1\n");
    reader.choose(&text);
    assert_eq!(reader.text(&text), "line 1\n", "the line that is pointed at");
    assert!(reader.let_go());
    assert!(!reader.let_go());
}

proptest::proptest! {
    #[test]
    fn no_way_through_lines_leaves_them(
        lengths in proptest::collection::vec(0_usize..40, 0..30),
        steps in proptest::collection::vec((-9_isize..9, 1_u16..20, 1_u16..9, proptest::bool::ANY), 0..20),
    ) {
        let text: Vec<Line> = lengths.iter().map(|length| Line::of(Tone::Plain, "x".repeat(*length))).collect();
        let mut reader = Reader::new(false, true);
        for (by, columns, rows, wrap) in steps {
            reader.settle(&text, size(columns, rows));
            if wrap {
                reader.toggle_wrap();
            }
            reader.go(by, &text);
            reader.settle(&text, size(columns, rows));
            let visible = reader.visible(&text);
            proptest::prop_assert!(visible.len() <= usize::from(rows));
            proptest::prop_assert!(text.is_empty() || !visible.is_empty());
            proptest::prop_assert!(visible.iter().all(|row| row.line < text.len()));
        }
    }
}
