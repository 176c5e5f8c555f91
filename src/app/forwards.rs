//! The forwarded ports of this run: what was asked for, how each stands, what its keys do; the connections are the
//! runtime's. They belong to no pane: closing their list stops none.

use jiff::Timestamp;

use super::message::Effect;
use super::notices::Level;
use super::state::State;
use super::view::show_forwards;
use crate::cluster::{ForwardTarget, PodKey, Problem, RemotePort, cleaned};

/// How many that have ended are kept in the list.
const MOST_ENDED: usize = 50;

/// Names a forwarded port of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForwardId(pub u64);

/// Which port of this machine's loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalPort {
    /// Any that is free.
    Free,
    /// This one, or any that is free.
    Preferably(u16),
    /// This one and no other.
    Exactly(u16),
}

/// What is to be forwarded.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardRequest {
    /// The context.
    pub context: String,
    /// Of what.
    pub target: ForwardTarget,
    /// Which of its ports.
    pub remote: RemotePort,
    /// To where.
    pub local: LocalPort,
}

/// What a forwarded port has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Connections that are open.
    pub open: u64,
    /// Connections there have been.
    pub total: u64,
    /// Bytes to the pod.
    pub sent: u64,
    /// Bytes from the pod.
    pub received: u64,
}

/// Something that happened to a forwarded port.
#[derive(Debug, Clone, PartialEq)]
pub enum ForwardUpdate {
    /// It listens on these addresses, all at this port.
    Listening(Vec<String>, u16),
    /// Connections lead to this pod and port from now on.
    LeadsTo(PodKey, u16),
    /// The pod cannot be reached, and is tried again.
    Waiting(Problem),
    /// A connection failed.
    Failed(Problem),
    /// It has carried this.
    Carried(Carried),
    /// It could not be begun, or what it leads to has ended.
    Ended(Problem),
}

/// How a forwarded port stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is not known yet whether it can be had.
    Starting,
    /// It listens.
    Listening,
    /// It listens, and the pod cannot be reached for now.
    Waiting,
    /// It is over; the problem says why.
    Ended,
    /// The person has stopped it.
    Stopped,
}

/// A forwarded port.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// Its name.
    pub id: ForwardId,
    /// What was asked for.
    pub request: ForwardRequest,
    /// How it stands.
    pub stage: Stage,
    /// Where it listens, or has: addresses with the port.
    pub local: Vec<String>,
    /// The port here, once it is known.
    pub port: Option<u16>,
    /// Where connections lead to, or have.
    pub leads_to: Option<(PodKey, u16)>,
    /// What it has carried.
    pub carried: Carried,
    /// What went wrong last, and when.
    pub problem: Option<(Timestamp, Problem)>,
    /// When it was begun.
    pub since: Timestamp,
}

impl Forward {
    /// Whether it takes connections, or may in a moment.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Listening | Stage::Waiting)
    }

    /// `127.0.0.1:8080`, where it listens or is to.
    pub fn address(&self) -> String {
        match (self.local.first(), self.request.local) {
            (Some(local), _) => local.clone(),
            (None, LocalPort::Exactly(port) | LocalPort::Preferably(port)) => format!("127.0.0.1:{port}"),
            (None, LocalPort::Free) => "127.0.0.1:…".to_owned(),
        }
    }

    /// `shop/service/api:http`.
    pub fn target(&self) -> String {
        let ForwardRequest { target, remote, .. } = &self.request;
        cleaned(&format!("{}/{}:{remote}", target.namespace, target.words()))
    }

    fn is_of(&self, request: &ForwardRequest) -> bool {
        let own = &self.request;
        (&own.context, &own.target, &own.remote) == (&request.context, &request.target, &request.remote)
    }
}

/// All forwarded ports of this run, oldest first.
#[derive(Debug, Default)]
pub struct Forwards {
    list: Vec<Forward>,
    last: u64,
}

impl Forwards {
    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Forward> {
        self.list.iter()
    }

    /// One of them.
    pub fn get(&self, id: ForwardId) -> Option<&Forward> {
        self.list.iter().find(|forward| forward.id == id)
    }

    fn get_mut(&mut self, id: ForwardId) -> Option<&mut Forward> {
        self.list.iter_mut().find(|forward| forward.id == id)
    }

    /// Those that take connections.
    pub fn running(&self) -> impl Iterator<Item = &Forward> {
        self.list.iter().filter(|forward| forward.is_running())
    }

    /// Those whose connections lead to this pod now.
    pub fn to_pod<'a>(&'a self, context: &'a str, pod: &'a PodKey) -> impl Iterator<Item = &'a Forward> {
        let leads = move |forward: &&Forward| forward.leads_to.as_ref().is_some_and(|(to, _)| to == pod);
        self.running().filter(move |forward| forward.request.context == context).filter(leads)
    }

    fn enter(&mut self, request: ForwardRequest, now: Timestamp) -> Forward {
        self.last += 1;
        Forward {
            id: ForwardId(self.last),
            request,
            stage: Stage::Starting,
            local: Vec::new(),
            port: None,
            leads_to: None,
            carried: Carried::default(),
            problem: None,
            since: now,
        }
    }

    /// The oldest that have ended go, where there are many.
    fn trim(&mut self) {
        let mut surplus = self.list.iter().filter(|one| !one.is_running()).count().saturating_sub(MOST_ENDED);
        self.list.retain(|one| {
            let goes = surplus > 0 && !one.is_running();
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// Forwards these ports. What is forwarded already is not forwarded twice, unless another port here is wanted.
pub fn start_forwards(state: &mut State, requests: Vec<ForwardRequest>) -> Vec<Effect> {
    let now = state.now;
    let mut effects = Vec::new();
    for request in requests {
        let same = state.forwards.running().find(|forward| forward.is_of(&request));
        if let Some(forward) = same.filter(|_| !matches!(request.local, LocalPort::Exactly(_))) {
            let text = format!("{} is forwarded to {} already", forward.target(), forward.address());
            state.notices.push(now, Level::Info, text, Vec::new());
            continue;
        }
        let forward = state.forwards.enter(request.clone(), now);
        effects.push(Effect::StartForward(forward.id, request));
        state.forwards.list.push(forward);
    }
    state.forwards.trim();
    effects.extend(show_forwards(state));
    effects
}

/// Stops a forwarded port; one that has ended is taken off the list.
pub fn stop_forward(state: &mut State, id: ForwardId) -> Vec<Effect> {
    let Some(forward) = state.forwards.get_mut(id) else { return Vec::new() };
    if !forward.is_running() {
        drop_forward(state, id);
        return Vec::new();
    }
    forward.stage = Stage::Stopped;
    forward.carried.open = 0;
    vec![Effect::StopForward(id)]
}

/// Stops all of them.
pub fn stop_all_forwards(state: &mut State) -> Vec<Effect> {
    let running: Vec<ForwardId> = state.forwards.running().map(|forward| forward.id).collect();
    running.into_iter().flat_map(|id| stop_forward(state, id)).collect()
}

/// Begins one anew, at the port it had.
pub fn forward_again(state: &mut State, id: ForwardId) -> Vec<Effect> {
    let now = state.now;
    let Some(at) = state.forwards.list.iter().position(|forward| forward.id == id) else { return Vec::new() };
    let old = &state.forwards.list[at];
    let stop = old.is_running().then_some(Effect::StopForward(id));
    let mut request = old.request.clone();
    if let (Some(port), LocalPort::Free | LocalPort::Preferably(_)) = (old.port, request.local) {
        request.local = LocalPort::Preferably(port);
    }
    let forward = state.forwards.enter(request.clone(), now);
    let start = Effect::StartForward(forward.id, request);
    state.forwards.list[at] = forward;
    stop.into_iter().chain([start]).collect()
}

/// Takes one off the list that was never begun, or is over.
pub(super) fn drop_forward(state: &mut State, id: ForwardId) {
    state.forwards.list.retain(|forward| forward.id != id);
}

/// Something happened to a forwarded port.
pub(super) fn told(state: &mut State, id: ForwardId, update: ForwardUpdate) {
    let now = state.now;
    // One that was stopped has nothing to say any more.
    let Some(forward) = state.forwards.get_mut(id).filter(|forward| forward.is_running()) else { return };
    match update {
        ForwardUpdate::Listening(local, port) => {
            forward.stage = Stage::Listening;
            (forward.local, forward.port) = (local, Some(port));
            let text = format!("{} leads to {}", forward.address(), forward.target());
            state.notices.push(now, Level::Info, text, Vec::new());
        }
        ForwardUpdate::LeadsTo(pod, port) => {
            if forward.stage == Stage::Waiting {
                forward.stage = Stage::Listening;
            }
            forward.leads_to = Some((pod, port));
        }
        ForwardUpdate::Waiting(problem) => {
            forward.stage = Stage::Waiting;
            forward.problem = Some((now, problem));
        }
        ForwardUpdate::Failed(problem) => forward.problem = Some((now, problem)),
        ForwardUpdate::Carried(carried) => forward.carried = carried,
        ForwardUpdate::Ended(problem) => {
            forward.stage = Stage::Ended;
            forward.carried.open = 0;
            forward.problem = Some((now, problem.clone()));
            state.notices.problem(now, &problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Keymap, Opening, Settings};
    use crate::cluster::ContextInfo;

    fn state() -> State {
        State::new(Opening {
            settings: Settings::default(),
            keymap: Keymap::new(&[], "ctrl-]", &std::collections::BTreeMap::new()).expect("no keys"),
            contexts: vec![],
            context: ContextInfo::default(),
            scope: None,
            named: vec![],
            now: Timestamp::UNIX_EPOCH,
            size: crate::app::layout::Size { columns: 80, rows: 24 },
        })
    }

    fn request(name: &str, local: LocalPort) -> ForwardRequest {
        let target = ForwardTarget::parse(name, "shop").expect("a target");
        ForwardRequest { context: "prod".to_owned(), target, remote: RemotePort::Number(80), local }
    }

    fn started(effects: &[Effect]) -> Vec<ForwardId> {
        let id = |effect: &Effect| match effect {
            Effect::StartForward(id, _) => Some(*id),
            _ => None,
        };
        effects.iter().filter_map(id).collect()
    }

    #[test]
    fn the_same_port_is_forwarded_twice_only_to_another_port_here() {
        let mut state = state();
        let wanted = [LocalPort::Preferably(8080), LocalPort::Free, LocalPort::Exactly(9000)];
        let effects = start_forwards(&mut state, wanted.map(|local| request("svc/api", local)).to_vec());
        assert_eq!(started(&effects), [ForwardId(1), ForwardId(2)]);
    }

    #[test]
    fn one_that_is_stopped_says_no_more_and_begins_again_where_it_was() {
        let mut state = state();
        let id = started(&start_forwards(&mut state, vec![request("api", LocalPort::Free)]))[0];
        told(&mut state, id, ForwardUpdate::Listening(vec!["127.0.0.1:41234".to_owned()], 41_234));
        assert_eq!(
            state.forwards.get(id).map(|one| (one.stage, one.address())),
            Some((Stage::Listening, "127.0.0.1:41234".to_owned()))
        );
        assert_eq!(stop_forward(&mut state, id), [Effect::StopForward(id)]);
        told(&mut state, id, ForwardUpdate::Waiting(Problem::new("late", "", "")));
        assert_eq!(state.forwards.get(id).map(|one| one.stage), Some(Stage::Stopped));
        let effects = forward_again(&mut state, id);
        assert!(
            matches!(&effects[..], [Effect::StartForward(_, request)] if request.local == LocalPort::Preferably(41234)),
            "{effects:?}"
        );
        let id = started(&effects)[0];
        told(&mut state, id, ForwardUpdate::Ended(Problem::new("over", "", "")));
        assert_eq!(stop_forward(&mut state, id), []);
        assert_eq!(state.forwards.iter().len(), 0, "what has ended leaves the list");
    }

    #[test]
    fn what_has_ended_does_not_pile_up() {
        let mut state = state();
        for _ in 0..3 * MOST_ENDED {
            let id = started(&start_forwards(&mut state, vec![request("api", LocalPort::Free)]))[0];
            told(&mut state, id, ForwardUpdate::Ended(Problem::new("over", "", "")));
        }
        assert!(state.forwards.iter().len() <= MOST_ENDED + 1);
    }
}
