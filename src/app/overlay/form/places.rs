//! Where the parts of a form stand, for what scrolls them and for what draws them; it paints nothing.

use ratatui::layout::Rect;

use crate::app::layout::centred;

/// From this width on, fields and plan stand side by side.
const SIDE_BY_SIDE: u16 = 110;
/// Wider than this is harder to read, not easier.
const WIDEST: u16 = 180;

/// The rectangles of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FormPlaces {
    /// The box, its border included.
    pub outline: Rect,
    /// The fields.
    pub fields: Rect,
    /// One line about the field under edit.
    pub hint: Rect,
    /// The rule between fields and plan: one line, or one column.
    pub rule: Rect,
    /// The plan.
    pub plan: Rect,
}

/// The rectangles of a form with so many fields.
pub fn form_places(body: Rect, fields: usize) -> FormPlaces {
    let outline = centred(body, body.width.min(WIDEST), body.height);
    // A border, and a blank beside it.
    let inside = Rect {
        x: outline.x + 2.min(outline.width),
        y: outline.y + 1.min(outline.height),
        width: outline.width.saturating_sub(4),
        height: outline.height.saturating_sub(2),
    };
    let fields = u16::try_from(fields).unwrap_or(u16::MAX);
    if body.width >= SIDE_BY_SIDE {
        let width = (inside.width * 2 / 5).min(64);
        let height = fields.min(inside.height.saturating_sub(2));
        let left = Rect { width, height, ..inside };
        return FormPlaces {
            outline,
            fields: left,
            hint: Rect { y: left.bottom() + 1, height: inside.bottom().saturating_sub(left.bottom() + 1), ..left },
            rule: Rect { x: inside.x + width + 1, width: 1, ..inside },
            plan: Rect { x: inside.x + width + 3, width: inside.width.saturating_sub(width + 3), ..inside },
        };
    }
    let height = fields.min((inside.height * 2 / 5).max(3)).min(inside.height);
    let below = |used: u16, height: u16| Rect {
        y: inside.y + used.min(inside.height),
        height: height.min(inside.height.saturating_sub(used)),
        ..inside
    };
    FormPlaces {
        outline,
        fields: Rect { height, ..inside },
        hint: below(height, 1),
        rule: below(height + 1, 1),
        plan: below(height + 2, inside.height.saturating_sub(height + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_stays_inside_and_none_lies_on_another() {
        for (width, height) in [(0, 0), (1, 1), (40, 8), (80, 22), (109, 30), (110, 8), (160, 46), (300, 100)] {
            let body = Rect::new(0, 1, width, height);
            for fields in [1, 9, 30] {
                let places = form_places(body, fields);
                let parts = [places.fields, places.hint, places.rule, places.plan];
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                    assert_eq!(part.intersection(body), *part, "{width}x{height}: part {index} leaves the body");
                    assert!(
                        parts[index + 1..].iter().all(|other| !part.intersects(*other)),
                        "{width}x{height} {index}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_usual_terminal_shows_fields_and_plan() {
        let places = form_places(Rect::new(0, 1, 80, 22), 10);
        assert!(places.fields.height >= 8 && places.plan.height >= 10, "{places:?}");
    }
}
