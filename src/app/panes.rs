//! How the panes of one tab share its area: a tree of splits, where each pane stands, and who is beside whom; it draws nothing.

use std::cmp::Reverse;

use ratatui::layout::{Position, Rect};

use crate::session::SessionId;

/// The smallest pane of a split tab, its title row included; where the area has no room for all of them, only the focused
/// one is shown.
const SMALLEST: (u16, u16) = (12, 3);
/// The share of the first half that a split starts with, in thousandths.
const EVEN: u16 = 500;

/// How the two halves of a split stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Side by side, a rule between them.
    Columns,
    /// One below the other.
    Rows,
}

/// A way to look or to move from a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Upwards.
    Up,
    /// Downwards.
    Down,
}

impl Direction {
    fn axis(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis::Columns,
            Self::Up | Self::Down => Axis::Rows,
        }
    }
}

/// The panes of a tab, each showing one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Panes {
    /// One pane.
    One(SessionId),
    /// Two halves.
    Split(Box<Split>),
}

/// Two halves of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    axis: Axis,
    /// What the first half has of the area, in thousandths: it survives every resize.
    share: u16,
    first: Panes,
    second: Panes,
}

/// A pane's place: its title row, where there are several panes, and its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The session it shows.
    pub session: SessionId,
    /// The row over it; empty while it is the only pane.
    pub title: Rect,
    /// Its screen.
    pub screen: Rect,
}

impl Place {
    fn whole(&self) -> Rect {
        self.title.union(self.screen)
    }
}

impl Panes {
    /// The sessions shown, from the top left to the bottom right.
    pub fn sessions(&self) -> Vec<SessionId> {
        match self {
            Self::One(id) => vec![*id],
            Self::Split(split) => [split.first.sessions(), split.second.sessions()].concat(),
        }
    }

    /// Whether this session has a pane here.
    pub fn contains(&self, id: SessionId) -> bool {
        match self {
            Self::One(own) => *own == id,
            Self::Split(split) => split.first.contains(id) || split.second.contains(id),
        }
    }

    /// Splits the pane of `beside` and puts other panes into the second half.
    pub fn split(&mut self, beside: SessionId, axis: Axis, new: Panes) {
        match self {
            Self::One(own) if *own == beside => {
                let first = Self::One(beside);
                *self = Self::Split(Box::new(Split { axis, share: EVEN, first, second: new }));
            }
            Self::One(_) => {}
            Self::Split(split) if split.first.contains(beside) => split.first.split(beside, axis, new),
            Self::Split(split) => split.second.split(beside, axis, new),
        }
    }

    /// Shows `new` where `old` was.
    pub fn replace(&mut self, old: SessionId, new: SessionId) {
        match self {
            Self::One(own) if *own == old => *own = new,
            Self::One(_) => {}
            Self::Split(split) => {
                split.first.replace(old, new);
                split.second.replace(old, new);
            }
        }
    }

    /// Changes the places of two panes.
    pub fn swap(&mut self, one: SessionId, other: SessionId) {
        match self {
            Self::One(own) if *own == one => *own = other,
            Self::One(own) if *own == other => *own = one,
            Self::One(_) => {}
            Self::Split(split) => {
                split.first.swap(one, other);
                split.second.swap(one, other);
            }
        }
    }

    /// The panes without this one; its neighbour takes the room. `None` if it was the last.
    pub fn without(self, id: SessionId) -> Option<Self> {
        match self {
            Self::One(own) => (own != id).then_some(self),
            Self::Split(split) => {
                let Split { axis, share, first, second } = *split;
                match (first.without(id), second.without(id)) {
                    (Some(first), Some(second)) => Some(Self::Split(Box::new(Split { axis, share, first, second }))),
                    (one, other) => one.or(other),
                }
            }
        }
    }

    /// Moves the nearest border of this pane by so many cells in a direction: a border on the far side first, as tmux does.
    /// False if there is none on that axis.
    pub fn resize(&mut self, id: SessionId, direction: Direction, cells: u16, area: Rect) -> bool {
        let Self::Split(split) = self else { return false };
        let (first, second) = split.halves(area);
        let in_first = split.first.contains(id);
        let (half, half_area) = if in_first { (&mut split.first, first) } else { (&mut split.second, second) };
        if half.resize(id, direction, cells, half_area) {
            return true;
        }
        if split.axis != direction.axis() {
            return false;
        }
        let whole = match split.axis {
            Axis::Columns => area.width,
            Axis::Rows => area.height,
        };
        let step = (u32::from(cells) * 1_000 / u32::from(whole.max(1))).max(1);
        let step = u16::try_from(step).unwrap_or(u16::MAX);
        split.share = match direction {
            Direction::Right | Direction::Down => split.share.saturating_add(step),
            Direction::Left | Direction::Up => split.share.saturating_sub(step),
        }
        .clamp(50, 950);
        true
    }

    /// Where each pane stands in this area. Where they do not all fit, the focused one has it all.
    pub fn places(&self, area: Rect, focused: SessionId) -> Vec<Place> {
        let alone = |session| Place { session, title: Rect { height: 0, ..area }, screen: area };
        if let Self::One(id) = self {
            return vec![alone(*id)];
        }
        let mut places = Vec::new();
        self.place(area, &mut places);
        if places.iter().any(|place| place.whole().width < SMALLEST.0 || place.whole().height < SMALLEST.1) {
            return vec![alone(focused)];
        }
        places
    }

    fn place(&self, area: Rect, places: &mut Vec<Place>) {
        match self {
            Self::One(session) => {
                let title = Rect { height: area.height.min(1), ..area };
                let screen = Rect { y: area.y + title.height, height: area.height - title.height, ..area };
                places.push(Place { session: *session, title, screen });
            }
            Self::Split(split) => {
                let (first, second) = split.halves(area);
                split.first.place(first, places);
                split.second.place(second, places);
            }
        }
    }
}

impl Split {
    /// The areas of both halves; side by side they leave one column between them for the rule.
    fn halves(&self, area: Rect) -> (Rect, Rect) {
        let part = |whole: u16| {
            let part = u32::from(whole) * u32::from(self.share) / 1_000;
            u16::try_from(part).unwrap_or(whole)
        };
        match self.axis {
            Axis::Columns => {
                let room = area.width.saturating_sub(1);
                let width = part(room);
                let rest = room - width;
                (Rect { width, ..area }, Rect { x: area.x + area.width - rest, width: rest, ..area })
            }
            Axis::Rows => {
                let height = part(area.height);
                (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
            }
        }
    }
}

/// The pane that is next to `from` in a direction: of those that touch its side, the one that overlaps most.
pub fn neighbour(places: &[Place], from: SessionId, direction: Direction) -> Option<SessionId> {
    let own = places.iter().find(|place| place.session == from)?.whole();
    let span = |start: u16, end: u16, other_start: u16, other_end: u16| {
        end.min(other_end).saturating_sub(start.max(other_start))
    };
    let touching = places.iter().filter(|place| place.session != from).filter_map(|place| {
        let other = place.whole();
        // One column of rule lies between panes that stand side by side.
        let touches = match direction {
            Direction::Left => other.right() <= own.x && other.right() + 1 >= own.x,
            Direction::Right => other.x >= own.right() && other.x <= own.right() + 1,
            Direction::Up => other.bottom() == own.y,
            Direction::Down => other.y == own.bottom(),
        };
        let overlap = match direction.axis() {
            Axis::Columns => span(own.y, own.bottom(), other.y, other.bottom()),
            Axis::Rows => span(own.x, own.right(), other.x, other.right()),
        };
        (touches && overlap > 0).then_some((overlap, place.session))
    });
    // Of several that overlap alike, the first is meant.
    touching.min_by_key(|(overlap, _)| Reverse(*overlap)).map(|(_, session)| session)
}

/// The pane under a cell.
pub fn place_at(places: &[Place], at: Position) -> Option<Place> {
    places.iter().find(|place| place.whole().contains(at)).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);
    const C: SessionId = SessionId(3);

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
        assert_eq!(left.sessions(), [A, C]);
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
        assert_eq!((places[0].session, places[0].screen), (C, area));
    }

    proptest! {
        #[test]
        fn panes_never_overlap_and_never_leave_their_area(
            splits in prop::collection::vec((0_usize..8, any::<bool>(), 50_u16..950), 0..6),
            (width, height) in (1_u16..250, 1_u16..80),
        ) {
            let mut panes = Panes::One(SessionId(0));
            for (number, (at, columns, share)) in (1..).zip(splits) {
                let sessions = panes.sessions();
                let axis = if columns { Axis::Columns } else { Axis::Rows };
                panes.split(sessions[at % sessions.len()], axis, Panes::One(SessionId(number)));
                if let Panes::Split(split) = &mut panes {
                    split.share = share;
                }
            }
            let area = Rect::new(2, 3, width, height);
            let places = panes.places(area, SessionId(0));
            for (index, place) in places.iter().enumerate() {
                prop_assert_eq!(place.whole().intersection(area), place.whole());
                for other in &places[index + 1..] {
                    prop_assert!(!place.whole().intersects(other.whole()), "{:?} {:?}", place, other);
                }
            }
        }
    }
}
