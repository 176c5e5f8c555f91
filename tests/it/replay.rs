//! A recording being played: where keys take it, what it finds, and that hostile files cost nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bathyscope::app::replay::{Need, Player};
use bathyscope::session::recording::{Reader, survey};
use bathyscope::ui::{Theme, draw_replay};
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::console_state::parse_keys;

const HEADER: &str = r#"{"version":2,"width":40,"height":6,"timestamp":1800000000,"title":"crash/debugger-b7k2p"}"#;

/// A player and the file it plays.
struct Play {
    file: PathBuf,
    reader: Reader,
    player: Player,
}

impl Play {
    fn of(name: &str, content: &str) -> Self {
        let file = std::env::temp_dir().join(format!("bathy-test-play-{name}-{}.cast", std::process::id()));
        std::fs::write(&file, content).expect("written");
        Self::file(file)
    }

    fn file(file: PathBuf) -> Self {
        let reader = Reader::open(&file, None).expect("a recording");
        let mut player = Player::new(reader.header().clone(), reader.first(), 1.0);
        let mut whole = Reader::open(&file, None).expect("a recording");
        player.surveyed(survey(&mut whole, || true).expect("looked over"));
        Self { file, reader, player }
    }

    /// Gives it what it needs until it waits for keys or time.
    fn settle(&mut self) {
        for _ in 0..1_000_000 {
            match self.player.needs() {
                Need::Events(place) => {
                    if let Some(place) = place {
                        self.reader.go_to(place).expect("the file is there");
                    }
                    // Small pieces, so that every boundary is met.
                    self.player.take(self.reader.read(200));
                }
                Need::Work => self.player.work(),
                Need::Nothing | Need::Time | Need::Quit => return,
            }
        }
        panic!("it never comes to rest");
    }

    fn press(&mut self, keys: &str) {
        for key in parse_keys(keys) {
            self.player.pressed(&key);
            self.settle();
        }
    }

    fn wait(&mut self, seconds: f64) {
        self.player.passed(Duration::from_secs_f64(seconds));
        self.settle();
    }

    fn text(&self) -> String {
        self.player.screen().text().trim_end().to_owned()
    }

    fn last_line(&self) -> String {
        self.text().lines().last().unwrap_or_default().to_owned()
    }

    /// The time played so far, in milliseconds.
    fn at(&self) -> u128 {
        self.player.clock().as_millis()
    }

    fn drawn(&self, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend");
        terminal.draw(|frame| draw_replay(&self.player, &Theme::palette(), frame)).expect("a frame");
        let buffer = terminal.backend().buffer();
        let line = |y| (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..rows).map(|y| line(y) + "\n").collect()
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A line each second, a marker at 5 s, a resize at 7 s.
fn lines() -> String {
    let mut text = format!("{HEADER}\n");
    for second in 1..=20 {
        let _ = writeln!(text, "[{second}.0, \"o\", \"line {second}\\r\\n\"]");
        match second {
            5 => text += "[5.0, \"m\", \"attached again after a cut\"]\n",
            7 => text += "[7.0, \"r\", \"30x8\"]\n",
            _ => {}
        }
    }
    text
}

#[test]
fn time_plays_it_at_its_speed() {
    let mut play = Play::of("time", &lines());
    play.wait(2.5);
    assert_eq!((play.last_line().as_str(), play.at()), ("line 2", 2500));
    play.press("++");
    play.wait(1.0);
    assert_eq!((play.last_line().as_str(), play.at()), ("line 6", 6500));
    play.press("<space>");
    play.wait(5.0);
    assert_eq!(play.at(), 6500);
    play.press("<space>");
    play.wait(100.0);
    assert_eq!((play.last_line().as_str(), play.at()), ("line 20", 20000));
    assert!(!play.player.is_playing());
    assert_eq!(play.player.told().as_deref(), Some("the end"));
    play.press("<space>");
    assert_eq!((play.text().as_str(), play.at(), play.player.is_playing()), ("", 0, true));
}

#[test]
fn keys_go_on_and_back() {
    let mut play = Play::of("keys", &lines());
    play.press("<space><right>");
    assert_eq!((play.last_line().as_str(), play.at()), ("line 5", 5000));
    play.press("<right><right>");
    assert_eq!(play.at(), 15000);
    assert_eq!(play.player.screen().size().rows, 8, "a resize is honoured");
    play.press("g");
    assert_eq!((play.text().as_str(), play.at(), play.player.screen().size().rows), ("", 0, 6));
    play.press("...");
    assert_eq!((play.last_line().as_str(), play.at()), ("line 3", 3000));
    play.press(",");
    assert_eq!((play.last_line().as_str(), play.at()), ("line 2", 2000));
    play.press("m");
    assert_eq!((play.at(), play.player.told().as_deref()), (5000, Some("attached again after a cut")));
    play.press("m");
    assert!(play.player.told().expect("told").contains("no marker"));
    play.press("GM");
    assert_eq!((play.last_line().as_str(), play.at()), ("line 5", 5000));
    play.press("q");
    assert_eq!(play.player.needs(), Need::Quit);
}

#[test]
fn text_is_found_when_it_appears() {
    let mut play = Play::of("search", &lines());
    play.press("<space>/line 1<enter>");
    assert_eq!(play.at(), 1000);
    play.press("n");
    assert_eq!(play.at(), 10000);
    play.press("nn");
    assert_eq!(play.at(), 12000);
    play.press("N");
    assert_eq!(play.at(), 11000);
    play.press("G?line 3<enter>");
    assert_eq!((play.at(), play.last_line().as_str()), (3000, "line 3"));
    let mut selected = 0;
    play.player.screen().for_each_cell(|_, _, cell| selected += usize::from(cell.selected));
    assert_eq!(selected, "line 3".len());
    play.press("/nowhere<enter>");
    assert_eq!((play.at(), play.player.told().as_deref()), (3000, Some("“nowhere” does not appear after this moment")));
    play.press("?nowhere<enter>");
    assert_eq!(play.at(), 3000);
    play.press("/<esc>");
    assert!(play.player.prompt().is_none());
}

#[test]
fn going_back_in_a_long_recording_shows_the_same_as_going_on() {
    let mut content = format!("{HEADER}\n");
    for event in 1..=6_000 {
        let colour = event % 8;
        let text = format!("\\u001b[3{colour}m{event} {}\\r\\n", "x".repeat(990));
        let _ = writeln!(content, "[{}.{:03}, \"o\", \"{text}\"]", event / 1000, event % 1000);
    }
    let mut play = Play::of("long", &content);
    play.press("<space>");
    let mut seen = Vec::new();
    for _ in 0..6 {
        play.wait(0.0);
        play.press("...");
        seen.push((play.at(), play.text()));
        play.press("/499 <enter>");
    }
    play.press("G");
    let end = play.text();
    play.press("?2999 <enter>");
    assert_eq!(play.at(), 2999);
    play.press("G");
    assert_eq!(play.text(), end);
    play.press("?17 x<enter>");
    assert_eq!(play.at(), 5917);
    play.press("g...");
    assert_eq!((play.at(), play.text()), seen[0]);
}

#[test]
fn broken_files_play_up_to_where_they_break() {
    let mut play = Play::of("torn", &format!("{}[21.0, \"o\", \"to", lines()));
    play.press("G");
    assert_eq!(play.last_line(), "line 20");
    assert_eq!(play.player.told().as_deref(), Some("the recording is torn off in line 24: this is its end"));
    let mut play = Play::of("broken", &format!("{HEADER}\n[1, \"o\", \"a\"]\nnonsense\n[2, \"o\", \"b\"]\n"));
    play.press("G");
    assert_eq!(play.last_line(), "a");
    assert!(play.player.told().expect("told").starts_with("line 3 cannot be played"));
}

#[test]
fn hostile_files_do_no_harm() {
    let huge = r#"{"version":2,"width":4000000000,"height":0}"#;
    let mut play = Play::of(
        "hostile",
        &format!(
            "{huge}\n[0, \"r\", \"0x0\"]\n[0, \"o\", \"\\u001b]0;t\\u001b[999999999b\\ud83d\\ude80\\u0000\"]\n[0,\"r\",\"65535x65535\"]\n[1,\"m\",\"\\u001b[31m\\u202e\"]\n"
        ),
    );
    play.press("<space>m");
    assert_eq!(play.player.told().as_deref(), Some("[31m"));
    for (columns, rows) in [(80, 24), (20, 3), (5, 2), (1, 1), (300, 100)] {
        play.drawn(columns, rows);
    }
    play.press("GgG,.?x<enter>");
}

#[test]
fn a_replay_in_the_middle_of_a_larger_terminal() {
    let mut play = Play::of("golden", &lines());
    play.press("<space><right>.");
    assert_snapshot!(play.drawn(80, 14));
}

#[test]
fn a_replay_with_less_room_than_it_had() {
    let mut play = Play::of("small", &lines());
    play.press("<space>G/li");
    assert_snapshot!(play.drawn(24, 6));
}

/// That the file is one that any player plays: the spec's own shape, line by line.
#[test]
fn a_recording_killed_in_a_flood_plays_up_to_its_last_whole_line() {
    let directory = std::env::temp_dir().join(format!("bathy-test-killed-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    for _ in 0..5 {
        flood_and_kill(&directory);
    }
    let files: Vec<PathBuf> =
        std::fs::read_dir(&directory).expect("the directory").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let mut reader = Reader::open(&file, None).expect("a recording");
        let found = survey(&mut reader, || true).expect("looked over");
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(text.len() > 100_000 && !matches!(found.ending, bathyscope::session::recording::Ending::Broken { .. }));
    }
    std::fs::remove_dir_all(directory).expect("removed");
}

/// This test's binary, run again as a program that records a flood until it is killed.
fn flood_and_kill(directory: &Path) {
    let program = std::env::current_exe().expect("this test's binary");
    let before = files_in(directory);
    let mut child = std::process::Command::new(program)
        .args(["replay::flooding_program", "--exact", "--ignored", "--quiet"])
        .env("BATHY_TEST_FLOOD_INTO", directory)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let grown = |file: &PathBuf| std::fs::metadata(file).is_ok_and(|data| data.len() > 200_000);
    while !files_in(directory).iter().any(|file| !before.contains(file) && grown(file)) {
        assert!(std::time::Instant::now() < deadline, "nothing was recorded");
        std::thread::yield_now();
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[test]
#[ignore = "a program that another test runs and kills"]
fn flooding_program() {
    use bathyscope::session::recording::{About, Event, Options, Recorder, RecordingId};
    let Some(directory) = std::env::var_os("BATHY_TEST_FLOOD_INTO") else { return };
    let (reports, _reported) = tokio::sync::mpsc::unbounded_channel();
    let about = About { columns: 80, rows: 24, timestamp: 1_800_000_000, ..About::default() };
    let options = Options { directory: directory.into(), max_size: u64::MAX };
    let recorder = Recorder::start(RecordingId(1), about, options, &reports);
    let flood = bytes::Bytes::from("\u{1b}[31mflood \u{4f60}\u{597d}\r\n".repeat(1_000));
    loop {
        recorder.record(Event::Output(flood.clone()));
    }
}
