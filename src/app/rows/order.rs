//! Rows in slots, and orders over them as small numbers that are mended where rows changed; it knows no filter.

use std::cmp::Ordering;

use super::Row;

/// Where a row is kept.
pub(super) type Slot = u32;

/// The rows, each in a slot that stays its own for as long as it is there.
#[derive(Debug, Clone)]
pub(super) struct Slots<R> {
    rows: Vec<Option<R>>,
    free: Vec<Slot>,
    /// Rows that were taken out stay until the orders that name their slots are mended.
    leaving: Vec<Slot>,
    /// Every row, in the order of the keys.
    by_key: Vec<Slot>,
}

impl<R: Row> Slots<R> {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), leaving: Vec::new(), by_key: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// How many slots there are, empty ones included: slots are smaller than this.
    pub(super) fn end(&self) -> usize {
        self.rows.len()
    }

    /// Every row's slot, in the order of the keys.
    pub(super) fn all(&self) -> &[Slot] {
        &self.by_key
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&R> {
        self.rows.get(slot as usize)?.as_ref()
    }

    /// The row of a slot that an order names.
    pub(super) fn row(&self, slot: Slot) -> &R {
        self.get(slot).expect("a row stays in its slot until the orders that name it are mended")
    }

    fn place(&self, key: &R::Key) -> Result<usize, usize> {
        self.by_key.binary_search_by(|slot| self.row(*slot).key().cmp(key))
    }

    pub(super) fn find(&self, key: &R::Key) -> Option<Slot> {
        self.place(key).ok().map(|at| self.by_key[at])
    }

    /// Puts rows in, the last word on each; each row's slot is told, and whether it is new or another than before.
    pub(super) fn put(&mut self, rows: Vec<R>, mut told: impl FnMut(Slot, bool)) {
        let mut new: Vec<R> = Vec::new();
        for row in rows {
            match self.find(row.key()) {
                Some(slot) => {
                    let kept = &mut self.rows[slot as usize];
                    let changed = kept.as_ref() != Some(&row);
                    if changed {
                        *kept = Some(row);
                    }
                    told(slot, changed);
                }
                None => new.push(row),
            }
        }
        // The sort is stable, so of rows of the same key the last one comes last.
        new.sort_by(|a, b| a.key().cmp(b.key()));
        new.dedup_by(|later, earlier| {
            let same = later.key() == earlier.key();
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        let mut slots = Vec::with_capacity(new.len());
        for row in new {
            let slot = self.keep(row);
            slots.push(slot);
            told(slot, true);
        }
        let Self { rows, by_key, .. } = self;
        let key = |slot: Slot| rows[slot as usize].as_ref().map(Row::key);
        merge(by_key, &slots, |a, b| key(a).cmp(&key(b)));
    }

    fn keep(&mut self, row: R) -> Slot {
        if let Some(slot) = self.free.pop() {
            self.rows[slot as usize] = Some(row);
            return slot;
        }
        if self.rows.len() == self.rows.capacity() {
            // Rows are large and many: room for twice as many would be most of what a list costs.
            self.rows.reserve_exact((self.rows.len() / 8).max(64));
        }
        self.rows.push(Some(row));
        Slot::try_from(self.rows.len() - 1).expect("no list has four billion rows")
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, key: &R::Key) -> Option<Slot> {
        let at = self.place(key).ok()?;
        let slot = self.by_key.remove(at);
        self.leaving.push(slot);
        Some(slot)
    }

    /// Takes out every row whose slot is not wanted.
    pub(super) fn retain(&mut self, mut wanted: impl FnMut(Slot) -> bool) {
        let Self { leaving, by_key, .. } = self;
        by_key.retain(|slot| {
            let keep = wanted(*slot);
            if !keep {
                leaving.push(*slot);
            }
            keep
        });
    }

    /// Lets go of the rows that were taken out: their slots may be used again.
    pub(super) fn let_go(&mut self) {
        for slot in self.leaving.drain(..) {
            self.rows[slot as usize] = None;
            self.free.push(slot);
        }
    }
}

/// Brings sorted slots into a sorted list of others: few comparisons for few of them.
pub(super) fn merge(list: &mut Vec<Slot>, sorted: &[Slot], compare: impl Fn(Slot, Slot) -> Ordering) {
    let Some(first) = sorted.first() else { return };
    if list.last().is_none_or(|last| compare(*last, *first).is_lt()) {
        list.extend_from_slice(sorted);
        return;
    }
    // From the end, so that each piece moves once and nothing is copied beside the list.
    let mut end = list.len();
    list.resize(end + sorted.len(), 0);
    for (before, new) in sorted.iter().enumerate().rev() {
        let at = list[..end].partition_point(|other| compare(*other, *new).is_lt());
        list.copy_within(at..end, at + before + 1);
        list[at + before] = *new;
        end = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_order_wherever_the_new_ones_belong() {
        let merged = |list: &[Slot], new: &[Slot]| {
            let mut list = list.to_vec();
            merge(&mut list, new, |a, b| a.cmp(&b));
            list
        };
        assert_eq!(merged(&[], &[1, 2]), [1, 2]);
        assert_eq!(merged(&[1, 2], &[]), [1, 2]);
        assert_eq!(merged(&[1, 2], &[3, 4]), [1, 2, 3, 4]);
        assert_eq!(merged(&[3, 4], &[1, 2]), [1, 2, 3, 4]);
        assert_eq!(merged(&[2, 4, 6, 8], &[1, 3, 5, 9]), [1, 2, 3, 4, 5, 6, 8, 9]);
        assert_eq!(merged(&[1, 9], &[2, 3, 4]), [1, 2, 3, 4, 9]);
    }
}
