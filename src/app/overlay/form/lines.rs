//! The plan of a form in words: verdicts first, then what to know, then what is sent; laid out, not painted.

use super::Form;
use super::preview::{Planned, Preview};
use super::verdicts::Verdicts;
use crate::app::text::{fold, wrap};
use crate::app::toolkit::Mount;
use crate::cluster::{Admission, Problem, Refused, cleaned};
use crate::plan::Right;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Of use to who looks for it.
    Faint,
    /// A part begins.
    Heading,
    /// Well.
    Good,
    /// To be known before.
    Warning,
    /// In the way.
    Bad,
    /// Something that a key does.
    Offer,
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// How it is meant.
    pub tone: Tone,
    /// What it says.
    pub text: String,
}

/// Lines of one width.
struct Lines {
    width: usize,
    lines: Vec<PlanLine>,
}

impl Lines {
    fn push(&mut self, tone: Tone, text: String) {
        self.lines.push(PlanLine { tone, text });
    }

    /// A sentence behind a mark, its further lines indented.
    fn say(&mut self, tone: Tone, mark: &str, text: &str) {
        for (index, line) in wrap(&cleaned(text), self.width.saturating_sub(2)).into_iter().enumerate() {
            let mark = if index == 0 { mark } else { " " };
            self.push(tone, format!("{mark} {line}"));
        }
    }

    /// Text of which every character counts.
    fn whole(&mut self, tone: Tone, text: &str) {
        for line in fold(&cleaned(text), self.width) {
            self.push(tone, line);
        }
    }

    fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.push(Tone::Plain, String::new());
        }
        self.whole(Tone::Heading, text);
    }

    fn problem(&mut self, problem: &Problem) {
        self.say(Tone::Bad, "✗", &problem.headline());
        if !problem.hint.is_empty() {
            self.say(Tone::Plain, "→", &problem.hint);
        }
    }
}

impl Form {
    /// The plan in lines of at most this many columns.
    pub fn plan_lines(&self, width: usize) -> Vec<PlanLine> {
        let mut lines = Lines { width, lines: Vec::new() };
        match &self.preview {
            Preview::Waiting => lines.say(Tone::Faint, "⋯", &format!("reading {}", self.subject)),
            Preview::Unknown(problem) => {
                lines.problem(problem);
                lines.say(Tone::Faint, " ", "what would be sent is not known before it is sent");
            }
            Preview::Mistake(text) | Preview::Refused(text) => lines.say(Tone::Bad, "✗", text),
            Preview::Planned(planned) => self.planned(planned, &mut lines),
        }
        lines.lines
    }

    fn planned(&self, planned: &Planned, lines: &mut Lines) {
        admission(&self.verdicts, lines);
        for (index, alternative) in self.verdicts.alternatives.iter().enumerate() {
            // One key takes the strongest; if that is refused too, the next one is offered.
            let (mark, tone) = if index == 0 { ("^T takes", Tone::Offer) } else { ("then:", Tone::Faint) };
            lines.say(tone, "→", &format!("{mark} profile {}: {}", alternative.profile, alternative.reason));
        }
        for warning in &self.verdicts.warnings {
            lines.say(Tone::Warning, "!", &format!("the server warns: {warning}"));
        }
        match &self.verdicts.rights {
            None => lines.say(Tone::Faint, "⋯", "asking for your rights"),
            Some(told) => rights(told, lines),
        }
        for Mount { volume, path, .. } in &self.absent_mounts() {
            let text = format!("the mount of {volume} on {path} is left out: there is no such volume here");
            lines.say(Tone::Warning, "!", &text);
        }
        for warning in &planned.plan.warnings {
            lines.say(Tone::Warning, "!", warning);
        }
        for reason in &planned.plan.reasons {
            lines.say(Tone::Plain, "·", reason);
        }
        lines.heading("with kubectl");
        lines.whole(Tone::Plain, &planned.command);
        for (what, body) in &planned.requests {
            lines.heading(what);
            for line in body {
                lines.whole(Tone::Plain, line);
            }
        }
    }

    /// In two or three words how the plan stands.
    pub fn standing(&self) -> (Tone, &'static str) {
        match &self.preview {
            Preview::Waiting => (Tone::Faint, "reading …"),
            Preview::Unknown(_) => (Tone::Warning, "not known"),
            Preview::Mistake(_) => (Tone::Bad, "a field is wrong"),
            Preview::Refused(_) => (Tone::Bad, "cannot be sent"),
            Preview::Planned(_) => match &self.verdicts.admission {
                _ if self.verdicts.lacks_right() => (Tone::Bad, "a right is missing"),
                Some(Admission::Refused(..)) => (Tone::Bad, "refused"),
                Some(Admission::Unknown(_)) => (Tone::Warning, "no verdict"),
                Some(Admission::Admitted) => (Tone::Good, "admitted"),
                None => (Tone::Faint, "asking …"),
            },
        }
    }
}

fn admission(verdicts: &Verdicts, lines: &mut Lines) {
    match &verdicts.admission {
        None => lines.say(Tone::Faint, "⋯", "asking the server whether it would admit this (a dry run)"),
        Some(Admission::Admitted) => lines.say(Tone::Good, "✓", "the server admits it (dry run)"),
        Some(Admission::Refused(Refused::ByPolicy, problem)) => {
            lines.say(Tone::Bad, "✗", &format!("refused by policy (dry run): {}", problem.why));
        }
        // The rights themselves are named below.
        Some(Admission::Refused(Refused::ByRights, _)) if verdicts.lacks_right() => {
            lines.say(Tone::Bad, "✗", "the server refuses it to you (dry run)");
        }
        Some(Admission::Refused(_, problem)) => {
            lines.say(Tone::Bad, "✗", &format!("refused (dry run): {}", problem.why));
            if !problem.hint.is_empty() {
                lines.say(Tone::Plain, "→", &problem.hint);
            }
        }
        Some(Admission::Unknown(problem)) => {
            lines.say(Tone::Warning, "?", &format!("whether the server would admit it is not known: {}", problem.why));
        }
    }
}

fn rights(told: &[(Right, Option<bool>)], lines: &mut Lines) {
    for (right, _) in told.iter().filter(|(_, told)| *told == Some(false)) {
        let text = format!("you may not {right} in namespace {}: ask for this right", right.namespace);
        lines.say(Tone::Bad, "✗", &text);
    }
    let words = |which: Option<bool>| -> Vec<String> {
        told.iter().filter(|(_, told)| *told == which).map(|(right, _)| right.to_string()).collect()
    };
    let (granted, untold) = (words(Some(true)), words(None));
    if !granted.is_empty() {
        lines.say(Tone::Good, "✓", &format!("you may {}", granted.join(", ")));
    }
    if !untold.is_empty() {
        lines.say(Tone::Warning, "?", &format!("the server does not say whether you may {}", untold.join(", ")));
    }
}
