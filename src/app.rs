//! The console's state and how facts change it: pure, so it never waits, spawns, reads a clock or touches a client.

mod abandoned;
mod action;
pub mod age;
mod asked_logs;
mod browse;
pub mod copy_mode;
pub mod copying;
mod cut;
pub mod fixes;
mod focus;
mod forms;
mod forwarding;
pub mod forwards;
mod keymap;
mod keys;
pub mod layout;
mod leaving;
mod leftovers;
mod lives;
mod made;
mod message;
mod metrics;
mod mouse;
pub mod navigator;
pub mod nodes;
mod notices;
pub mod overlay;
mod overlay_keys;
mod owners;
pub mod panes;
mod pointing;
pub mod reader;
mod recent_images;
pub mod recording;
pub mod replay;
pub mod reuse;
pub mod rights;
mod rows;
mod safety;
pub mod session;
mod sessions;
mod settings;
mod state;
pub mod tabs;
mod terminal;
pub mod text;
pub mod timeline;
pub mod timing;
mod toolkit;
pub mod transcript;
mod typing;
pub mod view;

pub use action::{Action, Availability, Scope};
pub use browse::{open, out, set_scope, switch_context};
pub use cut::Cut;
pub use forms::{open_node_form, open_pod_form};
pub use forwarding::open_port_form;
pub use forwards::{forward_again, start_forwards, stop_all_forwards, stop_forward};
pub use keymap::{Chord, Keymap};
pub use leaving::quit;
pub use leftovers::refresh_leftovers;
pub use lives::{
    again, attach_again, close, debug_instead, default_copy, default_node_debugger, default_options, fresh, refused,
    start, start_beside, start_reused, take_fix, way_is_closed,
};
pub use made::Made;
pub use message::{Effect, Message, Start, Target};
pub use navigator::List;
pub use nodes::{leave_nodes, namespace_for_node_debugger, show_nodes, show_pods_of_node};
pub use notices::{Level, Notice, Notices};
pub use owners::{leave_owner, toggle_owners_pods};
pub use panes::Axis;
pub use recent_images::RecentImages;
pub use rows::{Row, Rows};
pub use safety::is_held;
pub use sessions::{Sessions, Tab};
pub use settings::{ContextSettings, Leave, LeaveKind, OnLeave, Settings, context_matches};
pub use state::{Connection, Focus, Opening, State};
pub use terminal::{DefaultColors, TerminalSettings, holds_frame};
pub use toolkit::{Mount, Toolkit};
pub use typing::type_into_all;
pub use view::{open_view, open_view_beside, show_forwards};

use overlay::Deed;

/// Takes in one fact; what the outside must do about it comes back.
#[must_use = "what is asked of the outside has to be done"]
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let by_hand = matches!(message, Message::Key(_) | Message::Mouse(_) | Message::Paste(_));
    let mut effects = take_in(state, message);
    effects.extend(focus::follow(state));
    let effects = safety::pass(state, effects, by_hand);
    recording::overhear(state, effects)
}

fn take_in(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => {
            let effects = bring_up_to_date(state);
            join(effects, keys::pressed(state, &key))
        }
        Message::Mouse(event) => {
            let effects = bring_up_to_date(state);
            join(effects, mouse::moved(state, event))
        }
        Message::Paste(text) => keys::pasted(state, &text),
        Message::Focus(gained) => focus::terminal(state, gained),
        Message::Resized(size) => {
            state.size = size;
            Vec::new()
        }
        Message::Tick(now) => ticked(state, now),
        Message::Sight(id, sight) => {
            lives::sighted(state, id, sight);
            Vec::new()
        }
        Message::Rights(context, namespace, granted) => {
            state.rights.answer(context, namespace, granted);
            Vec::new()
        }
        Message::Metrics(context, scope, used) => {
            metrics::told(state, &context, &scope, used);
            Vec::new()
        }
        Message::Stop => vec![Effect::Quit],
        Message::Connected(context) => browse::connected(state, context),
        Message::ConnectFailed { context, problem } => browse::connect_failed(state, &context, problem),
        Message::Watch(id, update) => browse::watched(state, id, update),
        Message::Launch(id, step) => {
            let effects = recent_images::noted(state, id, &step);
            join(effects, lives::launched(state, id, step))
        }
        Message::Planned(id, profile) => {
            if let Some(session) = state.sessions.get_mut(id) {
                session.profile = Some(profile);
            }
            Vec::new()
        }
        Message::Attached(id) => {
            lives::attached(state, id);
            recording::begin(state, id)
        }
        Message::StartFailed(id, problem) => {
            lives::start_failed(state, id, problem);
            Vec::new()
        }
        Message::Output(id, bytes) => lives::printed(state, id, &bytes),
        Message::Recording(id, report) => recording::reported(state, id, report),
        Message::Past(id, bytes) => {
            // Whoever asked has long stopped waiting: an answer would be typed into whatever reads now, and what was
            // put on a clipboard was meant for somebody else's.
            let effects = lives::printed(state, id, &bytes);
            effects.into_iter().filter(|effect| !matches!(effect, Effect::Input(..) | Effect::Copy(_))).collect()
        }
        Message::Link(id, link) => cut::linked(state, id, link),
        Message::Ended(id, end) => lives::ended(state, id, end),
        Message::ExitCode(id, code) => {
            lives::exit_code(state, id, code);
            Vec::new()
        }
        Message::InputLost(_) => {
            let text = "the far end does not read its input; what you typed was not sent";
            state.notices.push(state.now, Level::Warning, text, Vec::new());
            Vec::new()
        }
        Message::Leftovers(context, scope, found) => {
            leftovers::found(state, &context, &scope, found);
            Vec::new()
        }
        Message::SubjectRead(form, found) => {
            forms::subject_read(state, form, found);
            Vec::new()
        }
        Message::Checked(form, revision, verdict) => {
            forms::checked(state, form, revision, verdict);
            Vec::new()
        }
        Message::Owners(context, pod, owners) => owners::found(state, &context, &pod, owners),
        Message::PortsRead(form, found) => forwarding::ports_read(state, form, found),
        Message::Forward(id, update) => {
            forwards::told(state, id, update);
            Vec::new()
        }
        Message::View(id, told) => {
            view::told(state, id, told);
            Vec::new()
        }
        Message::Done(text) => {
            state.notices.push(state.now, Level::Info, text, Vec::new());
            refresh_leftovers(state, true)
        }
        Message::Failed(problem) => {
            state.notices.problem(state.now, &problem);
            Vec::new()
        }
    }
}

fn ticked(state: &mut State, now: jiff::Timestamp) -> Vec<Effect> {
    state.now = now;
    terminal::ticked(state);
    pointing::ticked(state);
    let effects = forms::ticked(state);
    let effects = join(effects, metrics::ticked(state));
    join(effects, refresh_leftovers(state, false))
}

/// Brings everything derived up to date: row order, the inspected pod or node, screen sizes. Cheap when nothing changed;
/// needed before a frame is drawn.
#[must_use = "what is asked of the outside has to be done"]
pub fn settle(state: &mut State) -> Vec<Effect> {
    let effects = bring_up_to_date(state);
    // What waited for a pod's details may be about to change something.
    let effects = safety::pass(state, effects, false);
    recording::overhear(state, effects)
}

fn bring_up_to_date(state: &mut State) -> Vec<Effect> {
    timing::settle_pods(state);
    state.navigator.namespaces.settle();
    state.navigator.nodes.settle();
    let effects = browse::follow_selection(state);
    let effects = join(effects, rights::keep_fresh(state));
    let effects = join(effects, timing::resume(state));
    let effects = join(effects, lives::sync_sizes(state));
    copying::settle(state);
    view::settle(state);
    effects
}

/// Runs an action, or tells why it cannot run.
#[must_use = "what is asked of the outside has to be done"]
pub fn run(state: &mut State, action: &Action) -> Vec<Effect> {
    if let Some(reason) = timing::too_soon(state, action) {
        state.notices.push(state.now, Level::Warning, format!("{}: {reason}", action.title), Vec::new());
        return Vec::new();
    }
    match action.availability(state) {
        Availability::Yes => (action.run)(state),
        Availability::Later(reason) => {
            timing::wait(state, action, reason);
            Vec::new()
        }
        Availability::No(reason) => {
            refuse(state, action, &reason);
            Vec::new()
        }
    }
}

/// Tells why an action cannot run.
fn refuse(state: &mut State, action: &Action, reason: &str) {
    if let Some(pod) = state.selected_pod().filter(|_| action.scope == Scope::Pods).cloned() {
        // Rights may have been given since they were asked about.
        state.rights.doubt(&state.context.name, &pod.namespace, state.now);
    }
    state.notices.push(state.now, Level::Warning, format!("{}: {reason}", action.title), Vec::new());
}

/// Answers a question.
pub fn answer(state: &mut State, deed: Deed) -> Vec<Effect> {
    state.overlay = None;
    lives::carry_out(state, deed)
}

fn join(mut first: Vec<Effect>, second: Vec<Effect>) -> Vec<Effect> {
    first.extend(second);
    first
}
