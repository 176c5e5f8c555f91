//! Which chord runs which action: default keys from the table, overridden by the configuration; it never runs anything.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Action, Scope};

/// One key press with its modifiers, in a form that compares equal for every way a terminal may report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// The chord of a key event.
    ///
    /// Without keyboard enhancement a terminal sends Ctrl-\ ] ^ _ as the control bytes that crossterm reports as
    /// Ctrl-4 5 6 7; with it, as themselves. Shift is part of the character and dropped.
    pub fn of(event: &KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => KeyCode::Char(match c {
                '4' => '\\',
                '5' => ']',
                '6' => '^',
                '7' => '_',
                other => other.to_ascii_lowercase(),
            }),
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            other => other,
        };
        if matches!(code, KeyCode::Char(_)) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// The digit this chord types, if it is a bare digit.
    pub fn digit(self) -> Option<usize> {
        match (self.code, self.modifiers.is_empty()) {
            (KeyCode::Char(c), true) => c.to_digit(10).map(|d| d as usize),
            _ => None,
        }
    }
}

const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

impl FromStr for Chord {
    type Err = String;

    /// Reads `e`, `E`, `ctrl-d`, `shift-tab`, `alt-x`, `enter`, `f5`, `ctrl-]`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once('-') {
            let modifier = match head.to_ascii_lowercase().as_str() {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            if tail.is_empty() {
                break;
            }
            modifiers |= modifier;
            rest = tail;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| {
                format!("{text:?} is not a key: write one character, or a name such as enter, esc, tab, f5, ctrl-d")
            })?,
        };
        Ok(Self::new(code, modifiers))
    }
}

fn named(name: &str) -> Option<KeyCode> {
    let name = name.to_ascii_lowercase();
    if let Some(number) = name.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=24).contains(&number).then_some(KeyCode::F(number));
    }
    NAMED.iter().find(|(n, _)| *n == name).map(|(_, code)| *code)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, text) in
            [(KeyModifiers::CONTROL, "Ctrl-"), (KeyModifiers::ALT, "Alt-"), (KeyModifiers::SHIFT, "Shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(text)?;
            }
        }
        match self.code {
            KeyCode::Enter => f.write_str("⏎"),
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            code => match NAMED.iter().find(|(_, c)| *c == code) {
                Some(("pgup", _)) => f.write_str("PgUp"),
                Some(("pgdn", _)) => f.write_str("PgDn"),
                Some((name, _)) => {
                    let mut letters = name.chars();
                    let first = letters.next().map(|c| c.to_ascii_uppercase());
                    write!(f, "{}{}", first.unwrap_or_default(), letters.as_str())
                }
                None => f.write_str("?"),
            },
        }
    }
}

/// The chords of every action, and the leader.
#[derive(Debug, Clone)]
pub struct Keymap {
    leader: Chord,
    actions: &'static [Action],
    chords: HashMap<(Scope, Chord), usize>,
    keys: Vec<Vec<Chord>>,
}

impl Keymap {
    /// Lays `overrides` (action name to keys) over the table's defaults.
    ///
    /// # Errors
    /// Every mistake at once: unknown actions, unreadable keys, two actions on one key of a scope.
    pub fn new(
        actions: &'static [Action],
        leader: &str,
        overrides: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        for name in overrides.keys() {
            if !actions.iter().any(|action| action.name == name) {
                mistakes.push(format!("[keys] names {name:?}, which is not an action; `?` lists them"));
            }
        }
        let leader = leader.parse().unwrap_or_else(|mistake| {
            mistakes.push(format!("leader: {mistake}"));
            Chord::new(KeyCode::Char(']'), KeyModifiers::CONTROL)
        });
        let mut chords: HashMap<(Scope, Chord), usize> = HashMap::new();
        let mut keys = Vec::with_capacity(actions.len());
        for (index, action) in actions.iter().enumerate() {
            let texts = overrides
                .get(action.name)
                .map_or_else(|| action.keys.iter().map(ToString::to_string).collect(), Clone::clone);
            let mut own = Vec::with_capacity(texts.len());
            for text in texts {
                match text.parse::<Chord>() {
                    Err(mistake) => mistakes.push(format!("{}: {mistake}", action.name)),
                    Ok(chord) => match chords.insert((action.scope, chord), index) {
                        Some(other) if other != index => mistakes.push(format!(
                            "{chord} is on both {} and {}; give one of them another key under [keys]",
                            actions[other].name, action.name
                        )),
                        _ => own.push(chord),
                    },
                }
            }
            keys.push(own);
        }
        if mistakes.is_empty() { Ok(Self { leader, actions, chords, keys }) } else { Err(mistakes) }
    }

    /// The leader chord.
    pub fn leader(&self) -> Chord {
        self.leader
    }

    /// The whole table.
    pub fn actions(&self) -> &'static [Action] {
        self.actions
    }

    /// The action on this chord in this scope.
    pub fn action(&self, scope: Scope, chord: Chord) -> Option<&'static Action> {
        self.chords.get(&(scope, chord)).map(|index| &self.actions[*index])
    }

    /// The action of this name.
    pub fn named(&self, name: &str) -> Option<&'static Action> {
        self.actions.iter().find(|action| action.name == name)
    }

    /// An action's chords as text: `e`, `⏎ or l`; with the leader before them where they need it.
    pub fn keys_of(&self, action: &Action) -> String {
        let Some(index) = self.actions.iter().position(|other| other == action) else {
            return String::new();
        };
        let prefix = if action.scope == Scope::Leader { format!("{} ", self.leader) } else { String::new() };
        self.keys[index].iter().map(|chord| format!("{prefix}{chord}")).collect::<Vec<_>>().join(" or ")
    }

    /// An action's first chord, with the leader before it where it needs it.
    pub fn first_key_of(&self, action: &Action) -> String {
        let key = self.key_of(action).map(|key| key.to_string()).unwrap_or_default();
        if action.scope == Scope::Leader { format!("{} {key}", self.leader) } else { key }
    }

    /// An action's first chord alone, for hints.
    pub fn key_of(&self, action: &Action) -> Option<Chord> {
        let index = self.actions.iter().position(|other| other == action)?;
        self.keys[index].first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        text.parse().expect(text)
    }

    #[test]
    fn the_leader_is_the_same_in_both_forms_terminals_send() {
        let legacy = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL);
        let enhanced = KeyEvent::new(KeyCode::Char(']'), KeyModifiers::CONTROL);
        assert_eq!(Chord::of(&legacy), chord("ctrl-]"));
        assert_eq!(Chord::of(&enhanced), chord("ctrl-]"));
    }

    #[test]
    fn shift_belongs_to_the_character() {
        assert_eq!(Chord::of(&KeyEvent::new(KeyCode::Char('E'), KeyModifiers::SHIFT)), chord("E"));
        assert_eq!(Chord::of(&KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)), chord("shift-tab"));
    }

    #[test]
    fn what_is_shown_names_the_key() {
        for (text, shown) in
            [("ctrl-d", "Ctrl-d"), ("enter", "⏎"), ("f5", "F5"), ("pgup", "PgUp"), ("-", "-"), ("ctrl--", "Ctrl--")]
        {
            assert_eq!(chord(text).to_string(), shown);
        }
        assert!("hyper-x".parse::<Chord>().is_err());
        assert!("f99".parse::<Chord>().is_err());
    }
}
