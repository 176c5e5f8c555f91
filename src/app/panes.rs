//! How the panes of one tab share its area: a tree of splits, where each pane stands, and who is beside whom; it draws nothing.

use std::cmp::Reverse;

use ratatui::layout::{Position, Rect};

use super::view::ViewId;
use crate::session::SessionId;

/// The smallest pane of a split tab, its title row included; where the area has no room for all of them, only the focused
/// one is shown.
const SMALLEST: (u16, u16) = (12, 3);
/// What [`Split::share`] is counted in: fine enough for every cell of any terminal to have a share of its own.
const WHOLE: u32 = 10_000;
/// The share of the first half that a split starts with.
const EVEN: u16 = 5_000;

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

/// What a pane shows, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaneId {
    /// A session.
    Session(SessionId),
    /// A view.
    View(ViewId),
}

impl PaneId {
    /// The session that it shows, if it shows one.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(id) => Some(id),
            Self::View(_) => None,
        }
    }

    /// The view that it shows, if it shows one.
    pub fn view(self) -> Option<ViewId> {
        match self {
            Self::View(id) => Some(id),
            Self::Session(_) => None,
        }
    }
}

impl From<SessionId> for PaneId {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

impl From<ViewId> for PaneId {
    fn from(id: ViewId) -> Self {
        Self::View(id)
    }
}

/// The panes of a tab, each showing a session or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Panes {
    /// One pane.
    One(PaneId),
    /// Two halves.
    Split(Box<Split>),
}

/// Two halves of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    axis: Axis,
    /// What the first half has of the area, in [`WHOLE`]ths: it survives every resize, also where there was less room.
    share: u16,
    first: Panes,
    second: Panes,
}

/// A border between panes, by the way to it: at each split, whether it is in the second half.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Border(Vec<bool>);

/// A pane's place: its title row, where there are several panes, and its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What it shows.
    pub pane: PaneId,
    /// The row over it; empty while it is the only pane.
    pub title: Rect,
    /// Its screen.
    pub screen: Rect,
}

impl Place {
    /// Title row and screen together.
    pub fn whole(&self) -> Rect {
        self.title.union(self.screen)
    }
}

impl Panes {
    /// What they show, from the top left to the bottom right.
    pub fn ids(&self) -> Vec<PaneId> {
        match self {
            Self::One(id) => vec![*id],
            Self::Split(split) => [split.first.ids(), split.second.ids()].concat(),
        }
    }

    /// Whether this one is among them.
    pub fn contains(&self, id: PaneId) -> bool {
        match self {
            Self::One(own) => *own == id,
            Self::Split(split) => split.first.contains(id) || split.second.contains(id),
        }
    }

    /// Splits the pane of `beside` and puts other panes into the second half.
    pub fn split(&mut self, beside: PaneId, axis: Axis, new: Panes) {
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
    pub fn replace(&mut self, old: PaneId, new: PaneId) {
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
    pub fn swap(&mut self, one: PaneId, other: PaneId) {
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
    pub fn without(self, id: PaneId) -> Option<Self> {
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

    /// Moves the nearest border of this pane by so many cells in a direction, as far as the panes beside it leave room: a
    /// border on the far side first, as tmux does. False if there is none on that axis, or it cannot move.
    pub fn resize(&mut self, id: PaneId, direction: Direction, cells: u16, area: Rect) -> bool {
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
        let size = match split.axis {
            Axis::Columns => first.width,
            Axis::Rows => first.height,
        };
        split.move_to(
            match direction {
                Direction::Right | Direction::Down => size.saturating_add(cells),
                Direction::Left | Direction::Up => size.saturating_sub(cells),
            },
            area,
        )
    }

    /// The smallest area, in columns and rows, in which every pane can be seen.
    pub fn least(&self) -> (u16, u16) {
        let Self::Split(split) = self else { return SMALLEST };
        let (one, other) = (split.first.least(), split.second.least());
        match split.axis {
            Axis::Columns => (one.0.saturating_add(other.0).saturating_add(1), one.1.max(other.1)),
            Axis::Rows => (one.0.max(other.0), one.1.saturating_add(other.1)),
        }
    }

    /// Whether every pane can be seen in this area.
    pub fn fit(&self, area: Rect) -> bool {
        let (width, height) = self.least();
        matches!(self, Self::One(_)) || (area.width >= width && area.height >= height)
    }

    /// The border at this cell: the rule between two columns, or the title row under a pane.
    pub fn border_at(&self, area: Rect, at: Position) -> Option<Border> {
        let Self::Split(split) = self else { return None };
        let (first, second) = split.halves(area);
        let on_border = match split.axis {
            Axis::Columns => at.x == first.right() && (area.top()..area.bottom()).contains(&at.y),
            Axis::Rows => at.y == second.y && (area.left()..area.right()).contains(&at.x),
        };
        // A rule that ends on a title row belongs to the panes under it.
        let inside = |half: &Self, area: Rect, second: bool| {
            let mut border = half.border_at(area, at)?;
            border.0.insert(0, second);
            Some(border)
        };
        inside(&split.first, first, false)
            .or_else(|| inside(&split.second, second, true))
            .or_else(|| on_border.then(Border::default))
    }

    /// Moves a border to this cell, as far as the panes beside it leave room.
    pub fn drag(&mut self, border: &Border, area: Rect, to: Position) {
        let Self::Split(split) = self else { return };
        let (first, second) = split.halves(area);
        match border.0.split_first() {
            None => {
                let size = match split.axis {
                    Axis::Columns => to.x.saturating_sub(area.x),
                    Axis::Rows => to.y.saturating_sub(area.y),
                };
                split.move_to(size, area);
            }
            Some((false, rest)) => split.first.drag(&Border(rest.to_vec()), first, to),
            Some((true, rest)) => split.second.drag(&Border(rest.to_vec()), second, to),
        }
    }

    /// Where each pane stands in this area. Where they do not all fit, the focused one has it all.
    pub fn places(&self, area: Rect, focused: PaneId) -> Vec<Place> {
        let alone = |pane| Place { pane, title: Rect { height: 0, ..area }, screen: area };
        if let Self::One(id) = self {
            return vec![alone(*id)];
        }
        if !self.fit(area) {
            return vec![alone(focused)];
        }
        let mut places = Vec::new();
        self.place(area, &mut places);
        places
    }

    fn place(&self, area: Rect, places: &mut Vec<Place>) {
        match self {
            Self::One(pane) => {
                let title = Rect { height: area.height.min(1), ..area };
                let screen = Rect { y: area.y + title.height, height: area.height - title.height, ..area };
                places.push(Place { pane: *pane, title, screen });
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
    /// The areas of both halves; side by side they leave one column between them for the rule. Each half has its share,
    /// and where there is room for both, at least what its panes need.
    fn halves(&self, area: Rect) -> (Rect, Rect) {
        let room = self.room(area);
        let share = u32::from(room) * u32::from(self.share) / WHOLE;
        let size = self.bounded(u16::try_from(share).unwrap_or(room), room);
        match self.axis {
            Axis::Columns => {
                let rest = room - size;
                (Rect { width: size, ..area }, Rect { x: area.x + area.width - rest, width: rest, ..area })
            }
            Axis::Rows => (Rect { height: size, ..area }, Rect { y: area.y + size, height: room - size, ..area }),
        }
    }

    /// What both halves have together along the axis.
    fn room(&self, area: Rect) -> u16 {
        match self.axis {
            Axis::Columns => area.width.saturating_sub(1),
            Axis::Rows => area.height,
        }
    }

    /// The size of the first half that leaves both halves what they need, where there is room for that.
    fn bounded(&self, size: u16, room: u16) -> u16 {
        let (one, other) = (self.first.least(), self.second.least());
        let (least, other) = match self.axis {
            Axis::Columns => (one.0, other.0),
            Axis::Rows => (one.1, other.1),
        };
        match room.checked_sub(other) {
            Some(most) if most >= least => size.clamp(least, most),
            _ => size.min(room),
        }
    }

    /// Gives the first half so many cells, or as near as can be; false if it has them already.
    fn move_to(&mut self, size: u16, area: Rect) -> bool {
        let room = self.room(area);
        let size = self.bounded(size, room);
        let before = self.halves(area).0;
        // Rounded up, so that rounding down gives these cells again.
        let share = (u32::from(size) * WHOLE).div_ceil(u32::from(room.max(1)));
        self.share = u16::try_from(share).unwrap_or(EVEN);
        self.halves(area).0 != before
    }
}

/// The pane that is next to `from` in a direction: of those that touch its side, the one that overlaps most.
pub fn neighbour(places: &[Place], from: PaneId, direction: Direction) -> Option<PaneId> {
    let own = places.iter().find(|place| place.pane == from)?.whole();
    let span = |start: u16, end: u16, other_start: u16, other_end: u16| {
        end.min(other_end).saturating_sub(start.max(other_start))
    };
    let touching = places.iter().filter(|place| place.pane != from).filter_map(|place| {
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
        (touches && overlap > 0).then_some((overlap, place.pane))
    });
    // Of several that overlap alike, the first is meant.
    touching.min_by_key(|(overlap, _)| Reverse(*overlap)).map(|(_, pane)| pane)
}

/// The pane under a cell.
pub fn place_at(places: &[Place], at: Position) -> Option<Place> {
    places.iter().find(|place| place.whole().contains(at)).copied()
}

#[cfg(test)]
mod tests;
