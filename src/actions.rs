//! The table of everything a key or the palette can do; keys, hints, help, palette and the README's table come from it.

mod copy;
mod debug;
mod describe;
mod events;
mod general;
mod launch;
mod lists;
mod logs;
mod nodes;
mod pane;
mod panes;
mod ports;
mod recording;
mod view;
mod yaml;

use std::sync::LazyLock;

use crate::app::Action;

static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(|| {
    [
        debug::ACTIONS,
        lists::ACTIONS,
        nodes::ACTIONS,
        ports::ACTIONS,
        general::ACTIONS,
        pane::ACTIONS,
        panes::ACTIONS,
        view::ACTIONS,
        yaml::ACTIONS,
        describe::ACTIONS,
        events::ACTIONS,
        logs::ACTIONS,
        recording::ACTIONS,
        copy::ACTIONS,
        launch::ACTIONS,
    ]
    .concat()
});

/// Every action, in the order help lists them.
pub fn actions() -> &'static [Action] {
    &ACTIONS
}

/// The table of keys as the README shows it, in Markdown.
pub fn markdown_table() -> String {
    use std::fmt::Write as _;

    let mut table = String::new();
    for scope in crate::app::Scope::ALL {
        let _ = writeln!(table, "**{}**\n\n| key | action | what it does |\n| --- | --- | --- |", scope.title());
        for action in actions().iter().filter(|action| action.scope == scope) {
            let keys: Vec<String> = action.keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            let _ = writeln!(table, "| {} | `{}` | {} |", keys.join(" "), action.name, action.help);
        }
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::app::layout::Size;
    use crate::app::{Keymap, Opening, Settings, State};
    use crate::cluster::ContextInfo;

    fn keymap() -> Keymap {
        Keymap::new(actions(), "ctrl-]", &BTreeMap::new()).expect("the table's own keys fit together")
    }

    fn empty_state() -> State {
        State::new(Opening {
            settings: Settings::default(),
            keymap: keymap(),
            contexts: vec![],
            context: ContextInfo::default(),
            scope: None,
            named: vec![],
            now: jiff::Timestamp::UNIX_EPOCH,
            size: Size { columns: 80, rows: 24 },
        })
    }

    #[test]
    fn names_are_unique_and_every_row_is_explained() {
        let mut names = BTreeSet::new();
        for action in actions() {
            assert!(names.insert(action.name), "{} twice", action.name);
            assert!(action.help.ends_with('.') && action.help.len() > 10, "{}", action.name);
            assert!(!action.title.is_empty() && !action.keys.is_empty(), "{}", action.name);
        }
    }

    #[test]
    fn no_key_stands_twice_in_a_scope() {
        keymap();
    }

    #[test]
    fn an_override_onto_a_taken_key_is_refused_by_name() {
        let overrides = BTreeMap::from([("debug.copy".to_owned(), vec!["e".to_owned()])]);
        let mistakes = Keymap::new(actions(), "ctrl-]", &overrides).expect_err("e is taken");
        assert!(mistakes[0].contains("debug.copy") && mistakes[0].contains("debug.ephemeral"), "{mistakes:?}");
    }

    #[test]
    fn every_action_may_be_run_on_an_empty_console() {
        for action in actions() {
            let mut state = empty_state();
            let _ = crate::app::run(&mut state, action);
        }
    }

    #[test]
    fn the_readme_shows_this_table() {
        let readme = include_str!("../README.md");
        assert!(readme.contains(&markdown_table()), "README's key table is not this:\n{}", markdown_table());
    }
}
