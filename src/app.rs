//! The console's state and how facts change it: pure, so it never waits, spawns, reads a clock or touches a client.

mod action;
pub mod age;
mod browse;
pub mod copy_mode;
mod forms;
mod keymap;
mod keys;
pub mod layout;
mod lives;
mod message;
mod mouse;
pub mod navigator;
pub mod nodes;
mod notices;
pub mod overlay;
mod overlay_keys;
pub mod panes;
mod recent_images;
mod rows;
pub mod session;
mod sessions;
mod settings;
mod state;
pub mod text;
mod toolkit;

pub use action::{Action, Availability, Scope};
pub use browse::{open, out, set_scope, switch_context};
pub use forms::{open_node_form, open_pod_form};
pub use keymap::{Chord, Keymap};
pub use lives::{
    again, attach_again, close, debug_instead, default_copy, default_node_debugger, default_options, quit, start,
};
pub use message::{Effect, Message, Start, Target};
pub use mouse::tab_labels;
pub use navigator::List;
pub use nodes::{leave_nodes, namespace_for_node_debugger, show_nodes, show_pods_of_node};
pub use notices::{Level, Notice, Notices};
pub use recent_images::RecentImages;
pub use rows::{Row, Rows};
pub use sessions::{Sessions, Tab};
pub use settings::{Settings, context_matches};
pub use state::{Connection, Focus, Opening, State};
pub use toolkit::{Mount, Toolkit};

use overlay::{Deed, Overlay};

/// Takes in one fact; what the outside must do about it comes back.
#[must_use = "what is asked of the outside has to be done"]
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => {
            let effects = settle(state);
            join(effects, keys::pressed(state, &key))
        }
        Message::Mouse(event) => {
            let effects = settle(state);
            join(effects, mouse::moved(state, event))
        }
        Message::Paste(text) => keys::pasted(state, &text),
        Message::Focus(gained) => keys::focus_changed(state, gained),
        Message::Resized(size) => {
            state.size = size;
            Vec::new()
        }
        Message::Tick(now) => {
            state.now = now;
            let effects = forms::ticked(state);
            join(effects, refresh_leftovers(state, false))
        }
        Message::Stop => vec![Effect::Quit],
        Message::Connected(context) => browse::connected(state, context),
        Message::ConnectFailed { context, problem } => browse::connect_failed(state, &context, problem),
        Message::Watch(id, update) => browse::watched(state, id, update),
        Message::Launch(id, step) => {
            let effects = recent_images::noted(state, id, &step);
            lives::launched(state, id, step);
            effects
        }
        Message::Planned(id, profile) => {
            if let Some(session) = state.sessions.get_mut(id) {
                session.profile = Some(profile);
            }
            Vec::new()
        }
        Message::Attached(id) => {
            lives::attached(state, id);
            Vec::new()
        }
        Message::StartFailed(id, problem) => {
            lives::start_failed(state, id, problem);
            Vec::new()
        }
        Message::Output(id, bytes) => lives::printed(state, id, &bytes),
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
        Message::Leftovers(context, found) => {
            if let Some(Overlay::Leftovers(view)) = &mut state.overlay
                && context == state.context.name
            {
                view.answer(found);
            }
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

/// Brings everything derived up to date: row order, the inspected pod or node, screen sizes. Cheap when nothing changed;
/// needed before a frame is drawn.
#[must_use = "what is asked of the outside has to be done"]
pub fn settle(state: &mut State) -> Vec<Effect> {
    state.navigator.pods.settle();
    state.navigator.namespaces.settle();
    state.navigator.nodes.settle();
    let effects = browse::follow_selection(state);
    join(effects, lives::sync_sizes(state))
}

/// How many seconds the view of leftovers may be old.
const LEFTOVERS_AGE: i64 = 2;

/// Looks again for leftovers while they are in view: at once, or when what is shown is some seconds old.
pub fn refresh_leftovers(state: &mut State, at_once: bool) -> Vec<Effect> {
    let (now, namespaces) = (state.now, leftover_namespaces(state));
    let Some(Overlay::Leftovers(view)) = &mut state.overlay else { return Vec::new() };
    let old = view.asked.is_none_or(|asked| now.as_second() - asked.as_second() >= LEFTOVERS_AGE);
    // An answer is awaited before the next question, however slow the server is.
    if view.waiting || (!at_once && !old) {
        return Vec::new();
    }
    (view.asked, view.waiting) = (Some(now), true);
    vec![Effect::FindLeftovers(state.context.name.clone(), namespaces)]
}

fn leftover_namespaces(state: &State) -> Option<Vec<String>> {
    match &state.navigator.scope {
        // A node holds pods of every namespace.
        navigator::PodScope::All | navigator::PodScope::Node(_) if state.navigator.namespaces_refused.is_none() => None,
        navigator::PodScope::All | navigator::PodScope::Node(_) => {
            Some(state.navigator.named.iter().map(ToString::to_string).collect())
        }
        navigator::PodScope::Namespace(name) => Some(vec![name.to_string()]),
    }
}

/// Runs an action, or tells why it cannot run.
#[must_use = "what is asked of the outside has to be done"]
pub fn run(state: &mut State, action: &Action) -> Vec<Effect> {
    match (action.available)(state) {
        Availability::Yes => (action.run)(state),
        Availability::No(reason) => {
            state.notices.push(state.now, Level::Warning, format!("{}: {reason}", action.title), Vec::new());
            Vec::new()
        }
    }
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
