//! What the server says to the plan of a form, and whether that still is about the plan that is shown; it asks nothing.

use jiff::Timestamp;

use crate::cluster::{Admission, Refused};
use crate::plan::{Alternative, Right};

/// A plan that stands for less than this many milliseconds asks the cluster nothing.
pub(super) const SETTLED_AFTER: i128 = 300;

/// One verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Which rights the user has; `None` where the server does not tell.
    Rights(Vec<(Right, Option<bool>)>),
    /// What a dry run of the plan's first request came to.
    Admission(Admission),
    /// What the server remarks about it.
    Warnings(Vec<String>),
}

/// The verdicts on the newest plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdicts {
    revision: u64,
    changed: Timestamp,
    asked: bool,
    pub(super) rights: Option<Vec<(Right, Option<bool>)>>,
    pub(super) admission: Option<Admission>,
    pub(super) warnings: Vec<String>,
    /// What is left, once the plan was refused by policy.
    pub(super) alternatives: Vec<Alternative>,
}

impl Verdicts {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            revision: 0,
            changed: now,
            asked: false,
            rights: None,
            admission: None,
            warnings: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    /// The plan is another one: nothing is known of it.
    pub(super) fn forget(&mut self, now: Timestamp) {
        *self = Self { revision: self.revision + 1, ..Self::new(now) };
    }

    /// The revision to ask about, once it has settled and was not asked about.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<u64> {
        let settled = now.duration_since(self.changed).as_millis() >= SETTLED_AFTER;
        let due = settled && !self.asked;
        self.asked |= due;
        due.then_some(self.revision)
    }

    /// Takes in a verdict; false if it is about an older plan.
    pub(super) fn told(&mut self, revision: u64, verdict: Verdict) -> bool {
        if revision != self.revision {
            return false;
        }
        match verdict {
            Verdict::Rights(rights) => self.rights = Some(rights),
            Verdict::Admission(admission) => self.admission = Some(admission),
            Verdict::Warnings(warnings) => self.warnings = warnings,
        }
        true
    }

    /// Whether the server refuses the plan by a policy.
    pub(super) fn refused_by_policy(&self) -> bool {
        matches!(self.admission, Some(Admission::Refused(Refused::ByPolicy, _)))
    }

    /// Whether a right is known to be missing.
    pub(super) fn lacks_right(&self) -> bool {
        self.rights.iter().flatten().any(|(_, told)| *told == Some(false))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_plan_is_asked_about_once_and_only_after_it_has_settled() {
        let start = Timestamp::UNIX_EPOCH;
        let at = |milliseconds| start + SignedDuration::from_millis(milliseconds);
        let mut verdicts = Verdicts::new(start);
        assert_eq!(verdicts.due(at(100)), None);
        verdicts.forget(at(200));
        assert_eq!(verdicts.due(at(400)), None);
        let revision = verdicts.due(at(500)).expect("settled");
        assert_eq!(verdicts.due(at(900)), None);
        assert!(verdicts.told(revision, Verdict::Admission(Admission::Admitted)));
        verdicts.forget(at(1_000));
        assert_eq!(verdicts.admission, None);
        assert!(!verdicts.told(revision, Verdict::Admission(Admission::Admitted)), "an older plan's verdict");
        assert_eq!(verdicts.admission, None);
    }
}
