//! The events of an object or of a namespace as lines, counted together, the newest last; it asks nothing of the cluster.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::app::age::age;
use crate::app::reader::{Line, Lines, Reader, Tone};
use crate::cluster::events::{Event, EventScope, Involved, series};

/// So many events are kept, the newest.
const MOST: usize = 5_000;
/// Columns of the reason; a longer one moves what is behind it.
const REASON: usize = 18;

/// The view of events.
#[derive(Debug)]
pub struct Events {
    scope: EventScope,
    /// By uid, as they were told.
    told: HashMap<String, Event>,
    /// Whether the first answer is there.
    listed: bool,
    shown: Shown,
    warnings_only: bool,
    /// How many series there are, shown or not, and how many of them are warnings.
    all: (usize, usize),
}

/// What stands on the lines.
#[derive(Debug)]
struct Shown {
    series: Vec<Event>,
    /// Whose events they all are, so that no line has to say it.
    object: Option<(String, String)>,
    /// Whether a line says the namespace.
    namespaces: bool,
    now: Timestamp,
    /// Stands for the lines while there are none.
    nothing: Option<Line>,
}

impl Events {
    pub(super) fn new(scope: EventScope) -> Self {
        let object = match &scope {
            EventScope::Of(key) => Some((key.kind.kind.to_owned(), key.name.to_string())),
            EventScope::In(_) | EventScope::Everywhere => None,
        };
        let namespaces = scope == EventScope::Everywhere;
        let shown = Shown { series: Vec::new(), object, namespaces, now: Timestamp::default(), nothing: None };
        Self { scope, told: HashMap::new(), listed: false, shown, warnings_only: false, all: (0, 0) }
    }

    pub(super) fn lines(&self) -> &dyn Lines {
        &self.shown
    }

    pub(super) fn title(&self) -> String {
        match &self.scope {
            EventScope::Of(key) => format!("{} events", key.name),
            EventScope::In(namespace) => format!("{namespace} events"),
            EventScope::Everywhere => "all events".to_owned(),
        }
    }

    pub(super) fn says(&self) -> Vec<String> {
        let (all, warnings) = self.all;
        let count = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        let hidden = all - warnings;
        let only = (self.warnings_only && hidden > 0).then(|| count(hidden, "other") + " hidden");
        let warnings = (warnings > 0).then(|| count(warnings, "warning"));
        only.into_iter().chain(warnings).chain([count(all, "event")]).collect()
    }

    /// Takes news in.
    pub(super) fn take(&mut self, told: Vec<Event>, gone: &[String], reader: &mut Reader) {
        for event in told {
            self.told.insert(event.uid.clone(), event);
        }
        for uid in gone {
            self.told.remove(uid);
        }
        if self.told.len() > MOST {
            let mut times: Vec<_> = self.told.values().map(|event| (event.last, event.uid.clone())).collect();
            times.sort_unstable();
            for (_, uid) in &times[..times.len() - MOST] {
                self.told.remove(uid);
            }
        }
        self.listed = true;
        self.arrange(reader);
    }

    /// Shows warnings alone, or everything.
    pub fn toggle_warnings(&mut self, reader: &mut Reader) {
        self.warnings_only = !self.warnings_only;
        self.arrange(reader);
    }

    /// What time it is: ages are told by it.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.shown.now = now;
    }

    fn arrange(&mut self, reader: &mut Reader) {
        let pointed = reader.cursor().and_then(|line| self.shown.series.get(line)).map(identity);
        let mut all = series(self.told.values());
        self.all = (all.len(), all.iter().filter(|event| event.warning).count());
        if self.warnings_only {
            all.retain(|event| event.warning);
        }
        self.shown.nothing = (all.is_empty() && self.listed).then(|| {
            let what = if self.warnings_only && self.all.0 > 0 { "no warnings" } else { "no events" };
            Line::of(Tone::Faint, format!("{what}: a cluster forgets them, after an hour if nobody says otherwise"))
        });
        // the line that is pointed at goes where its event goes
        let line = pointed.and_then(|pointed| all.iter().position(|event| identity(event) == pointed));
        self.shown.series = all;
        reader.replaced();
        if let Some(line) = line {
            reader.point_at(line, &self.shown);
        }
    }
}

/// What makes two events the same series.
fn identity(event: &Event) -> (Involved, String, String, String) {
    (event.involved.clone(), event.reason.clone(), event.message.clone(), event.source.clone())
}

impl Lines for Shown {
    fn count(&self) -> usize {
        if self.nothing.is_some() { 1 } else { self.series.len() }
    }

    fn line(&self, index: usize) -> Line {
        if let Some(nothing) = &self.nothing {
            return if index == 0 { nothing.clone() } else { Line::default() };
        }
        self.series.get(index).map(|event| self.worded(event)).unwrap_or_default()
    }
}

impl Shown {
    /// When and how often, what, to whom, and in which words.
    fn worded(&self, event: &Event) -> Line {
        let ago = |time: Option<Timestamp>| time.map_or_else(|| "?".to_owned(), |time| age(time, self.now));
        let (tone, mark) = if event.warning { (Tone::Bad, '!') } else { (Tone::Title, ' ') };
        let often = if event.count > 1 { format!("×{}", event.count) } else { String::new() };
        let mut line = Line::of(Tone::Plain, format!("{:>6} ", ago(event.last)))
            .with(Tone::Number, format!("{often:<5}"))
            .with(tone, format!("{mark} {:<REASON$} ", event.reason));
        let Involved { kind, namespace, name, container, .. } = &event.involved;
        let own = self.object.as_ref().is_some_and(|(own_kind, own)| own_kind == kind && own == name);
        if !own {
            let place = if self.namespaces && !namespace.is_empty() { format!("{namespace}/") } else { String::new() };
            line = line.with(Tone::Key, format!("{}/{place}{name} ", kind.to_lowercase()));
        }
        if !container.is_empty() {
            line = line.with(Tone::Faint, format!("{container}: "));
        }
        line = line.with(Tone::Plain, event.message.clone());
        let since = if event.count > 1 { format!("first {} ago, ", ago(event.first)) } else { String::new() };
        if event.source.is_empty() && since.is_empty() {
            return line;
        }
        line.with(Tone::Faint, format!("  ({since}{})", event.source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ObjectKey;
    use crate::cluster::PodKey;

    fn second(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(1_000_000 + second).ok()
    }

    fn event(uid: &str, reason: &str, last: i64) -> Event {
        let involved = Involved {
            kind: "Pod".to_owned(),
            namespace: "demo".to_owned(),
            name: "crash".to_owned(),
            uid: "p".to_owned(),
            container: "app".to_owned(),
        };
        Event {
            uid: uid.to_owned(),
            involved,
            reason: reason.to_owned(),
            message: format!("{reason} it was"),
            warning: reason == "BackOff",
            source: "kubelet, node1".to_owned(),
            count: 1,
            first: second(last),
            last: second(last),
        }
    }

    fn view() -> (Events, Reader) {
        let pod = PodKey { namespace: "demo".into(), name: "crash".into() };
        let mut events = Events::new(EventScope::Of(ObjectKey::from(pod)));
        events.at(second(100).unwrap());
        (events, Reader::new(true, true))
    }

    fn text(events: &Events) -> Vec<String> {
        (0..events.lines().count()).map(|line| events.lines().text(line)).collect()
    }

    #[test]
    fn the_newest_is_last_and_a_count_says_since_when() {
        let (mut events, mut reader) = view();
        let repeated = Event { count: 4, first: second(10), ..event("b", "BackOff", 97) };
        let owner = Involved { kind: "ReplicaSet".to_owned(), name: "web-1".to_owned(), ..Involved::default() };
        let of_owner = Event { involved: owner, source: String::new(), ..event("c", "SuccessfulCreate", 2) };
        events.take(vec![repeated, event("a", "Started", 40), of_owner], &[], &mut reader);
        assert_eq!(
            text(&events),
            [
                "   98s        SuccessfulCreate   replicaset/web-1 SuccessfulCreate it was",
                "   60s        Started            app: Started it was  (kubelet, node1)",
                "    3s ×4   ! BackOff            app: BackOff it was  (first 90s ago, kubelet, node1)",
            ]
        );
        assert_eq!(events.says(), ["1 warning", "3 events"]);
    }

    #[test]
    fn warnings_can_be_read_alone_and_what_is_gone_goes() {
        let (mut events, mut reader) = view();
        events.take(vec![event("a", "Started", 1), event("b", "BackOff", 2)], &[], &mut reader);
        events.toggle_warnings(&mut reader);
        assert_eq!(events.lines().count(), 1);
        assert_eq!(events.says()[0], "1 other hidden");
        events.take(Vec::new(), &["b".to_owned()], &mut reader);
        assert!(text(&events)[0].starts_with("no warnings: "), "{:?}", text(&events));
        events.take(Vec::new(), &["a".to_owned()], &mut reader);
        assert!(text(&events)[0].starts_with("no events: "), "{:?}", text(&events));
    }

    #[test]
    fn the_line_that_is_pointed_at_goes_with_its_event() {
        let (mut events, mut reader) = view();
        events.take(vec![event("a", "Started", 1), event("b", "BackOff", 2)], &[], &mut reader);
        reader.point_at(0, events.lines());
        events.take(vec![Event { count: 2, ..event("a", "Started", 3) }], &[], &mut reader);
        assert_eq!(reader.cursor(), Some(1));
    }

    #[test]
    fn a_storm_is_bounded() {
        let (mut events, mut reader) = view();
        let storm = (0..7_000).map(|number| event(&number.to_string(), &format!("Reason{number}"), number));
        events.take(storm.collect(), &[], &mut reader);
        assert_eq!(events.lines().count(), MOST);
        assert!(events.lines().text(MOST - 1).contains("Reason6999"));
    }
}
