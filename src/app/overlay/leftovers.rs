//! The view of what debugging left: which rows are shown, selected and marked; it removes nothing by itself.

use jiff::Timestamp;

use crate::cluster::{ContainerKey, Found, Leftover, LeftoverKind, Problem};

/// The shortest time between two looks, in seconds.
const SHORTEST: i64 = 2;
/// How many times longer than the last look took the pause before the next one is.
const REST: i64 = 10;

/// The view of leftovers.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// What was found; `None` while it is looked for.
    pub found: Option<Result<Found, Problem>>,
    /// The selected row among those that are shown.
    pub selected: usize,
    /// The rows that are marked, whether or not they are shown.
    pub marked: Vec<Leftover>,
    /// Whose alone are shown; everybody's if `None`.
    pub only: Option<String>,
    /// Whether only the namespace in view is looked through.
    pub here: bool,
    /// When they were looked for last.
    pub asked: Option<Timestamp>,
    /// Whether an answer is awaited.
    pub waiting: bool,
    /// How long the last answer took, in seconds.
    pub took: i64,
}

/// What is to be removed: an answer to "which".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removable {
    /// Pods to delete, with their uid.
    pub pods: Vec<Leftover>,
    /// Debuggers to end.
    pub debuggers: Vec<ContainerKey>,
    /// How many stay whatever is done, until their pods go.
    pub staying: usize,
}

impl Leftovers {
    /// Takes in what was found; what was selected or marked stays so, wherever it stands now.
    pub fn answer(&mut self, found: Result<Found, Problem>, now: Timestamp) {
        let before = self.selected().cloned();
        self.waiting = false;
        self.took = self.asked.map_or(0, |asked| now.as_second() - asked.as_second());
        self.found = Some(found);
        let rows = self.rows();
        let place = before.and_then(|before| rows.iter().position(|row| row.is_same(&before)));
        let marked = self.marked.iter().filter_map(|marked| row_of(self.found.as_ref(), marked)).cloned().collect();
        self.selected = place.unwrap_or(self.selected).min(rows.len().saturating_sub(1));
        self.marked = marked;
    }

    /// Whether it is time to look again: a large cluster is not read without a pause.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let pause = (self.took * REST).max(SHORTEST);
        self.asked.is_none_or(|asked| now.as_second() - asked.as_second() >= pause)
    }

    /// The rows that are shown.
    pub fn rows(&self) -> Vec<&Leftover> {
        let all = self.found.as_ref().and_then(|found| found.as_ref().ok());
        let shown = |row: &&Leftover| self.only.is_none() || row.owner == self.only;
        all.into_iter().flat_map(|found| &found.leftovers).filter(shown).collect()
    }

    /// The selected leftover.
    pub fn selected(&self) -> Option<&Leftover> {
        self.rows().get(self.selected).copied()
    }

    /// Moves the selection among the rows.
    pub fn move_by(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(self.rows().len().saturating_sub(1));
    }

    /// Whether this row is marked.
    pub fn is_marked(&self, row: &Leftover) -> bool {
        self.marked.iter().any(|marked| marked.is_same(row))
    }

    /// Marks the selected row, or takes its mark away, and goes to the next.
    pub fn toggle(&mut self) {
        let Some(row) = self.selected().cloned() else { return };
        match self.marked.iter().position(|marked| marked.is_same(&row)) {
            Some(at) => drop(self.marked.remove(at)),
            None => self.marked.push(row),
        }
        self.move_by(1);
    }

    /// Marks every row that is shown and can be removed or ended; takes all marks away if they are marked already.
    pub fn toggle_all(&mut self) {
        let rows = self.rows().into_iter().filter(|row| row.kind.is_pod() || row.kind.is_running_debugger());
        let rows: Vec<Leftover> = rows.cloned().collect();
        self.marked = if rows.iter().all(|row| self.is_marked(row)) { Vec::new() } else { rows };
    }

    /// Shows what this person made alone, or everything again.
    pub fn toggle_only(&mut self, creator: &str) {
        let before = self.selected().cloned();
        self.only = if self.only.is_some() { None } else { Some(creator.to_owned()) };
        // What is not shown is not acted upon.
        let only = self.only.clone();
        self.marked.retain(|row| only.is_none() || row.owner == only);
        let place = before.and_then(|before| self.rows().iter().position(|row| row.is_same(&before)));
        self.selected = place.unwrap_or(0);
    }

    /// What can be removed of the marked rows, or of the selected one where none is marked.
    pub fn removable(&self) -> Removable {
        let chosen: Vec<&Leftover> =
            if self.marked.is_empty() { self.selected().into_iter().collect() } else { self.marked.iter().collect() };
        Removable::of(chosen)
    }
}

impl Removable {
    /// What can be removed of these.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Leftover>) -> Self {
        let mut removable = Self::default();
        for row in rows {
            match &row.kind {
                LeftoverKind::Copy { .. } | LeftoverKind::NodeDebugger => removable.pods.push(row.clone()),
                LeftoverKind::Ephemeral { container, running: true } => {
                    removable.debuggers.push(ContainerKey { pod: row.pod.clone(), container: container.clone() });
                }
                LeftoverKind::Ephemeral { running: false, .. } => removable.staying += 1,
            }
        }
        // A debugger in a pod that goes needs no ending.
        let Self { pods, debuggers, .. } = &mut removable;
        debuggers.retain(|debugger| !pods.iter().any(|pod| pod.pod == debugger.pod));
        removable
    }
}

fn row_of<'a>(found: Option<&'a Result<Found, Problem>>, wanted: &Leftover) -> Option<&'a Leftover> {
    let rows = found?.as_ref().ok()?;
    rows.leftovers.iter().find(|row| row.is_same(wanted))
}
