//! The choice of what is forwarded: the ports there are, which of them are meant and where they are to listen here; it
//! forwards nothing by itself.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::{FormId, TextLine};
use crate::app::forwards::{ForwardRequest, LocalPort};
use crate::cluster::{ForwardKind, ForwardTarget, PodKey, PortOffer, PortOffers, PortOwner, Problem, RemotePort};

/// Ports below this take more rights.
const PRIVILEGED: u16 = 1024;

/// Whose ports are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortSubject {
    /// Of the pod and its Services.
    pub namespace: Arc<str>,
    /// The pod; without one the Services of the namespace alone.
    pub pod: Option<PodKey>,
    /// The container whose ports come first.
    pub container: Option<Arc<str>>,
}

/// A port that is offered, and what was chosen for it.
#[derive(Debug, Clone)]
pub struct PortRow {
    /// The port.
    pub offer: PortOffer,
    /// The port here, under edit; nothing is any that is free.
    pub local: TextLine,
    /// Whether the person has written the port here.
    pub written: bool,
    /// Whether it is one of several that are meant.
    pub marked: bool,
}

/// The choice of ports.
#[derive(Debug, Clone)]
pub struct PortForm {
    /// Which.
    pub id: FormId,
    /// The context.
    pub context: String,
    /// Whose ports.
    pub subject: PortSubject,
    /// What could not be found out.
    pub problem: Option<Problem>,
    /// Whether what there is is still being read.
    pub reading: bool,
    /// What there is.
    pub rows: Vec<PortRow>,
    /// A port that nothing declares, under edit: `PORT`, `LOCAL:PORT` or a name.
    pub other: TextLine,
    /// The selected row; the one behind the last is the other port.
    pub selected: usize,
    /// Whether the person wants the default as soon as it is known.
    pub eager: bool,
    /// Why what is written cannot be done.
    pub mistake: Option<String>,
}

impl PortForm {
    /// A form that waits for what there is.
    pub fn new(id: FormId, context: String, subject: PortSubject) -> Self {
        Self {
            id,
            context,
            subject,
            problem: None,
            reading: true,
            rows: Vec::new(),
            other: TextLine::default(),
            selected: 0,
            eager: false,
            mistake: None,
        }
    }

    /// What it is about: `pod shop/api-1`.
    pub fn title(&self) -> String {
        match &self.subject.pod {
            Some(pod) => format!("forward a port of {}/{}", pod.namespace, pod.name),
            None => format!("forward a port of a Service in {}", self.subject.namespace),
        }
    }

    /// Takes in what there is.
    pub fn answer(&mut self, found: Result<PortOffers, Problem>) {
        self.reading = false;
        match found {
            Ok(offers) => {
                self.problem = offers.without_services;
                self.rows = offers.ports.into_iter().map(PortRow::new).collect();
            }
            Err(problem) => self.problem = Some(problem),
        }
        // What is being typed already stays where it is, and a Service that leads elsewhere is nobody's default.
        let leads_here = self.rows.first().is_some_and(|row| row.offer.of != PortOwner::Service { selects: false });
        let is_default = !self.takes_other() || (leads_here && self.other.text().is_empty());
        self.selected = if is_default { 0 } else { self.rows.len() };
    }

    /// Whether a port that nothing declares can be named: a pod is there to have it.
    pub fn takes_other(&self) -> bool {
        self.subject.pod.is_some()
    }

    /// Moves the selection.
    pub fn move_by(&mut self, by: isize) {
        let last = (self.rows.len() + usize::from(self.takes_other())).saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Means the selected port besides others, or not any more.
    pub fn toggle(&mut self) {
        if let Some(row) = self.rows.get_mut(self.selected) {
            row.marked = !row.marked;
            self.move_by(1);
        }
    }

    /// Takes an editing key for the selected row.
    pub fn edit(&mut self, key: &KeyEvent) {
        self.mistake = None;
        let Some(row) = self.rows.get_mut(self.selected) else {
            self.other.edit(key);
            return;
        };
        if matches!(key.code, KeyCode::Char(c) if !c.is_ascii_digit() && key.modifiers.is_empty()) {
            return;
        }
        // The first digit begins a number, it is not added to the one that was proposed.
        if !row.written && matches!(key.code, KeyCode::Char(_)) {
            row.local = TextLine::default();
        }
        row.written |= row.local.edit(key);
    }

    /// Inserts what was pasted.
    pub fn insert(&mut self, text: &str) {
        if self.selected >= self.rows.len() {
            self.other.insert(text.trim());
        }
    }

    /// What is meant: the marked ports, else the selected one.
    ///
    /// # Errors
    /// What is written and is no port.
    pub fn requests(&self) -> Result<Vec<ForwardRequest>, String> {
        let is_other = self.selected >= self.rows.len();
        let marked: Vec<&PortRow> = self.rows.iter().filter(|row| row.marked).collect();
        let meant = if marked.is_empty() { self.rows.get(self.selected).into_iter().collect() } else { marked };
        let mut requests = meant.into_iter().map(|row| self.of_row(row)).collect::<Result<Vec<_>, _>>()?;
        if self.takes_other() && (!self.other.text().trim().is_empty() || (is_other && requests.is_empty())) {
            requests.push(self.of_other()?);
        }
        if requests.is_empty() {
            return Err("there is no port to forward".to_owned());
        }
        Ok(requests)
    }

    fn of_row(&self, row: &PortRow) -> Result<ForwardRequest, String> {
        let text = row.local.text().trim();
        let local = match (text, row.written) {
            ("" | "0", _) => LocalPort::Free,
            (text, true) => LocalPort::Exactly(local_port(text)?),
            (text, false) => LocalPort::Preferably(local_port(text)?),
        };
        let PortOffer { target, remote, .. } = row.offer.clone();
        Ok(ForwardRequest { context: self.context.clone(), target, remote, local })
    }

    fn of_other(&self) -> Result<ForwardRequest, String> {
        let Some(pod) = &self.subject.pod else { return Err("select one of the ports".to_owned()) };
        let text = self.other.text().trim();
        let (local, remote) = text.split_once(':').map_or((None, text), |(local, remote)| (Some(local), remote));
        let remote = RemotePort::parse(remote)
            .ok_or_else(|| format!("{text:?} is no port: write it as 8080, 9000:8080, :8080 or by its name"))?;
        let local = match (local, &remote) {
            (Some("" | "0"), _) | (None, RemotePort::Name(_)) => LocalPort::Free,
            (Some(local), _) => LocalPort::Exactly(local_port(local)?),
            (None, RemotePort::Number(number)) => LocalPort::Preferably(proposed(*number)),
        };
        let target =
            ForwardTarget { kind: ForwardKind::Pod, namespace: pod.namespace.to_string(), name: pod.name.to_string() };
        Ok(ForwardRequest { context: self.context.clone(), target, remote, local })
    }
}

impl PortRow {
    fn new(offer: PortOffer) -> Self {
        let local = TextLine::new(proposed(offer.number).to_string());
        Self { offer, local, written: false, marked: false }
    }
}

/// The port here that is likeliest meant: the same, where that takes no more rights, else what people take for it: 8080
/// for 80.
fn proposed(number: u16) -> u16 {
    if number >= PRIVILEGED { number } else { 8000 + number % 1000 }
}

fn local_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("{text:?} is no port: they go from 1 to 65535, and 0 is any that is free"))
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn form(numbers: &[u16]) -> PortForm {
        let pod = PodKey { namespace: "shop".into(), name: "api-1".into() };
        let target = ForwardTarget::parse("api-1", "shop").expect("a target");
        let offer = |number: &u16| PortOffer {
            target: target.clone(),
            remote: RemotePort::Number(*number),
            number: *number,
            name: String::new(),
            of: PortOwner::Container("api".to_owned()),
        };
        let subject = PortSubject { namespace: "shop".into(), pod: Some(pod), container: None };
        let mut form = PortForm::new(FormId(1), "prod".to_owned(), subject);
        form.answer(Ok(PortOffers { ports: numbers.iter().map(offer).collect(), without_services: None }));
        form
    }

    fn typed(form: &mut PortForm, text: &str) {
        for c in text.chars() {
            form.edit(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
    }

    fn meant(form: &PortForm) -> Vec<(String, LocalPort)> {
        let requests = form.requests().expect("ports");
        requests.into_iter().map(|request| (request.remote.to_string(), request.local)).collect()
    }

    #[test]
    fn the_first_port_is_meant_unless_others_are() {
        let mut form = form(&[8080, 443]);
        assert_eq!(meant(&form), [("8080".to_owned(), LocalPort::Preferably(8080))]);
        form.toggle();
        form.toggle();
        let both = [("8080".to_owned(), LocalPort::Preferably(8080)), ("443".to_owned(), LocalPort::Preferably(8443))];
        assert_eq!(meant(&form), both);
    }

    #[test]
    fn a_service_that_leads_elsewhere_is_never_the_default() {
        let mut form = form(&[8080]);
        let service = |selects| {
            let target = ForwardTarget::parse("service/web", "shop").expect("a target");
            let remote = RemotePort::Number(80);
            PortOffer { target, remote, number: 80, name: String::new(), of: PortOwner::Service { selects } }
        };
        form.answer(Ok(PortOffers { ports: vec![service(false)], without_services: None }));
        assert!(form.requests().is_err(), "a port has to be written or chosen");
        form.move_by(-1);
        assert_eq!(meant(&form), [("80".to_owned(), LocalPort::Preferably(8080))]);
        form.answer(Ok(PortOffers { ports: vec![service(true)], without_services: None }));
        assert_eq!(meant(&form), [("80".to_owned(), LocalPort::Preferably(8080))]);
    }

    #[test]
    fn a_port_here_that_is_written_is_that_one_and_no_other() {
        let mut form = form(&[8080]);
        typed(&mut form, "90x00");
        assert_eq!(meant(&form), [("8080".to_owned(), LocalPort::Exactly(9000))]);
        typed(&mut form, "00");
        assert!(form.requests().expect_err("there is no such port").contains("65535"));
        for _ in 0..6 {
            form.edit(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        }
        assert_eq!(meant(&form), [("8080".to_owned(), LocalPort::Free)]);
    }

    #[test]
    fn a_port_that_nothing_declares_is_written() {
        for (text, expected) in [
            ("9000", ("9000", LocalPort::Preferably(9000))),
            ("80", ("80", LocalPort::Preferably(8080))),
            ("81:http", ("http", LocalPort::Exactly(81))),
            (":5432", ("5432", LocalPort::Free)),
        ] {
            let mut form = form(&[]);
            typed(&mut form, text);
            assert_eq!(meant(&form), [(expected.0.to_owned(), expected.1)], "{text}");
        }
        assert!(form(&[]).requests().expect_err("nothing is written").contains("no port"));
    }
}
