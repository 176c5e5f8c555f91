//! Tests of where panes stand; they draw nothing.

use proptest::prelude::*;

use super::*;

const A: PaneId = PaneId::Session(SessionId(1));
const B: PaneId = PaneId::Session(SessionId(2));
const C: PaneId = PaneId::Session(SessionId(3));

/// A | B, and C below B.
fn three() -> Panes {
    let mut panes = Panes::One(A);
    panes.split(A, Axis::Columns, Panes::One(B));
    panes.split(B, Axis::Rows, Panes::One(C));
    panes
}

#[test]
fn one_pane_has_the_whole_area_and_no_title() {
    let area = Rect::new(0, 5, 80, 20);
    let places = Panes::One(A).places(area, A);
    assert_eq!((places[0].screen, places[0].title.height), (area, 0));
}

#[test]
fn neighbours_are_found_by_where_they_stand() {
    let places = three().places(Rect::new(0, 0, 81, 20), A);
    assert_eq!(neighbour(&places, A, Direction::Right), Some(B));
    assert_eq!(neighbour(&places, B, Direction::Down), Some(C));
    assert_eq!(neighbour(&places, C, Direction::Left), Some(A));
    assert_eq!(neighbour(&places, C, Direction::Up), Some(B));
    assert_eq!(neighbour(&places, A, Direction::Left), None);
    assert_eq!(neighbour(&places, A, Direction::Down), None);
}

#[test]
fn a_pane_that_goes_leaves_its_room_to_its_neighbour() {
    let left = three().without(B).unwrap();
    assert_eq!(left.ids(), [A, C]);
    assert_eq!(left.without(A).unwrap().without(C), None);
}

#[test]
fn a_border_moves_the_way_it_is_told() {
    let (area, mut panes) = (Rect::new(0, 0, 101, 40), three());
    let width = |panes: &Panes| panes.places(area, A)[0].screen.width;
    let before = width(&panes);
    assert!(panes.resize(C, Direction::Right, 5, area));
    assert!((before + 4..=before + 6).contains(&width(&panes)), "{}", width(&panes));
    assert!(!Panes::One(A).resize(A, Direction::Right, 5, area));
    let height = |panes: &Panes| panes.places(area, A)[1].screen.height;
    let before = height(&panes);
    assert!(panes.resize(B, Direction::Up, 4, area));
    assert!(height(&panes) < before);
    assert!(!panes.resize(A, Direction::Up, 4, area), "A has no border above or below");
}

#[test]
fn where_there_is_no_room_the_focused_pane_has_it_all() {
    let area = Rect::new(0, 0, 20, 5);
    let places = three().places(area, C);
    assert_eq!(places.len(), 1);
    assert_eq!((places[0].pane, places[0].screen), (C, area));
}

#[test]
fn a_border_that_is_dragged_lies_under_the_pointer() {
    let (area, mut panes) = (Rect::new(0, 2, 101, 41), three());
    let rule = panes.places(area, A)[0].screen.right();
    let border = panes.border_at(area, Position::new(rule, 20)).unwrap();
    for column in [30, 31, 70, 12, 88] {
        panes.drag(&border, area, Position::new(column, 9));
        assert_eq!(panes.places(area, A)[0].screen.right(), column);
    }
    panes.drag(&border, area, Position::new(0, 9));
    assert_eq!(panes.places(area, A)[0].screen.width, SMALLEST.0, "no pane is pushed away");
    let title = panes.places(area, A)[2].title;
    let border = panes.border_at(area, Position::new(title.x + 3, title.y)).unwrap();
    panes.drag(&border, area, Position::new(0, 10));
    assert_eq!(panes.places(area, A)[2].title.y, 10);
    assert_eq!(panes.border_at(area, Position::new(0, 2)), None, "the first title row is no border");
}

#[test]
fn shares_outlive_a_terminal_that_was_small_for_a_while() {
    let (large, mut panes) = (Rect::new(0, 0, 201, 60), three());
    assert!(panes.resize(A, Direction::Right, 40, large));
    let before = panes.places(large, A);
    let small = panes.places(Rect::new(0, 0, 40, 10), A);
    assert!(small.len() == 3 && small.iter().all(|place| place.whole().width >= SMALLEST.0), "{small:?}");
    panes.places(Rect::new(0, 0, 10, 4), A);
    assert_eq!(panes.places(large, A), before);
}

#[test]
fn a_border_that_cannot_move_says_so() {
    let (least, mut panes) = (three().least(), three());
    let area = Rect::new(0, 0, least.0, least.1);
    assert!(panes.fit(area) && !panes.fit(Rect { width: least.0 - 1, ..area }));
    assert!(!panes.resize(A, Direction::Right, 4, area));
}

proptest! {
    #[test]
    fn panes_never_overlap_and_never_leave_their_area(
        splits in prop::collection::vec((0_usize..8, any::<bool>(), 0_u16..10_000), 0..6),
        (width, height) in (1_u16..250, 1_u16..80),
    ) {
        let mut panes = Panes::One(PaneId::Session(SessionId(0)));
        for (number, (at, columns, share)) in (1..).zip(splits) {
            let sessions = panes.ids();
            let axis = if columns { Axis::Columns } else { Axis::Rows };
            panes.split(sessions[at % sessions.len()], axis, Panes::One(PaneId::Session(SessionId(number))));
            if let Panes::Split(split) = &mut panes {
                split.share = share;
            }
        }
        let area = Rect::new(2, 3, width, height);
        let places = panes.places(area, PaneId::Session(SessionId(0)));
        for (index, place) in places.iter().enumerate() {
            prop_assert_eq!(place.whole().intersection(area), place.whole());
            for other in &places[index + 1..] {
                prop_assert!(!place.whole().intersects(other.whole()), "{:?} {:?}", place, other);
            }
        }
        if panes.fit(area) {
            prop_assert_eq!(places.len(), panes.ids().len());
            let small = places.iter().map(Place::whole).any(|place| place.width < SMALLEST.0 || place.height < SMALLEST.1);
            prop_assert!(places.len() == 1 || !small, "{:?}", places);
        } else {
            prop_assert_eq!(places.len(), 1);
        }
    }

    #[test]
    fn a_border_goes_where_it_is_dragged_or_as_near_as_can_be(
        (width, height) in (60_u16..250, 15_u16..80),
        steps in prop::collection::vec((0_u16..250, 0_u16..80, 0_u16..250, 0_u16..80), 1..6),
    ) {
        let (area, mut panes) = (Rect::new(2, 3, width, height), three());
        panes.split(A, Axis::Rows, Panes::One(PaneId::Session(SessionId(4))));
        for (from_x, from_y, to_x, to_y) in steps {
            let Some(border) = panes.border_at(area, Position::new(from_x, from_y)) else { continue };
            panes.drag(&border, area, Position::new(to_x, to_y));
            let dragged = panes.clone();
            panes.drag(&border, area, Position::new(to_x, to_y));
            prop_assert_eq!(&dragged, &panes);
            prop_assert_eq!(panes.places(area, A).len(), 4);
        }
    }
}
