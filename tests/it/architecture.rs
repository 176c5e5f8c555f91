//! Keeps the edges between the rooms honest by reading the sources: who imports whom, what may not stand where.

use std::fs;
use std::path::{Path, PathBuf};

/// A room and the rooms it may use; `lib.rs` says the same in words.
const ROOMS: [(&str, &[&str]); 12] = [
    ("screen", &[]),
    ("session", &[]),
    ("spdy", &[]),
    ("plan", &[]),
    ("cluster", &["plan", "session", "spdy"]),
    ("app", &["screen", "session", "plan", "cluster"]),
    ("actions", &["app", "session", "plan", "cluster"]),
    ("ui", &["app", "actions", "screen", "cluster"]),
    ("runtime", &["app", "ui", "cluster", "session", "plan"]),
    ("demo", &["spdy"]),
    ("bench", &["screen"]),
    ("cli", &["actions", "app", "ui", "bench", "cluster", "runtime", "demo", "session", "plan"]),
];

/// Rooms without I/O, waiting or time of their own.
const PURE: [&str; 5] = ["screen", "plan", "app", "actions", "ui"];

/// What a pure room must not name.
const IMPURE: [&str; 11] = [
    "async fn",
    ".await",
    "tokio::",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
];

/// A line has to be about something if a file grows longer than this.
const LONGEST_FILE: usize = 400;
/// Files with one long table or one subject that does not come apart, each with its reason.
const LONG_BY_NATURE: [(&str, &str); 0] = [];

struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

impl Source {
    /// The lines of code: no comments, nothing of the tests at the end of the file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        lines.map(|(index, line)| (index + 1, line.trim())).filter(|(_, line)| !line.starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).expect("inside src");
                let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
                let name = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("a readable file");
                found.push(Source { path: inside.to_owned(), room: name, text });
            }
        }
    }
    assert!(found.len() > 40, "the sources were not found");
    found
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room) else {
            assert!(matches!(source.room.as_str(), "lib" | "main"), "{} is in no room", source.path.display());
            continue;
        };
        for (number, line) in source.code() {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let is_room = ROOMS.iter().any(|(room, _)| *room == used);
                if is_room && used != source.room && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{}:{number}: {} must not use {used}", source.path.display(), source.room));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_stay_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str())) {
        for (number, line) in source.code() {
            for impure in IMPURE.iter().filter(|impure| line.contains(**impure)) {
                wrong.push(format!("{}:{number}: {impure} in the pure room {}", source.path.display(), source.room));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn kubernetes_clients_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        let may = match source.room.as_str() {
            "cluster" | "demo" => &["kube::", "k8s_openapi::"][..],
            "plan" => &["k8s_openapi::"],
            _ => &[],
        };
        for (number, line) in source.code() {
            for client in ["kube::", "k8s_openapi::"] {
                let named = line.contains(&format!(" {client}")) || line.contains(&format!("({client}"));
                if named && !may.contains(&client) {
                    wrong.push(format!("{}:{number}: {client} in {}", source.path.display(), source.room));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let mute: Vec<_> = sources().into_iter().filter(|source| !source.text.starts_with("//! ")).collect();
    let names: Vec<_> = mute.iter().map(|source| source.path.display().to_string()).collect();
    assert!(names.is_empty(), "these files do not open with a //! sentence: {names:?}");
}

#[test]
fn no_file_grows_past_its_subject() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.text.lines().count() > LONGEST_FILE)
        .map(|source| source.path.display().to_string().replace('\\', "/"))
        .filter(|path| !LONG_BY_NATURE.iter().any(|(known, _)| known == path))
        .collect();
    assert!(long.is_empty(), "past {LONGEST_FILE} lines: {long:?}");
}
