//! What a hostile stream tries: known tricks one by one, then any bytes at any size. Nothing panics, grows without
//! bound, or answers with more than a few fixed words and numbers.

use std::time::{Duration, Instant};

use bathyscope::screen::{DefaultColors, Position, Screen, ScreenNotice, Size, encode_key, encode_paste};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

const COLORS: DefaultColors = DefaultColors { foreground: (1, 2, 3), background: (4, 5, 6) };

fn screen() -> Screen {
    let mut screen = Screen::new(Size { columns: 80, rows: 24 }, 1000);
    screen.set_default_colors(Some(COLORS));
    screen
}

/// What a stream is answered.
fn replies(bytes: &[u8]) -> String {
    let mut screen = screen();
    screen.feed(bytes);
    String::from_utf8(screen.take_replies()).expect("answers are ASCII")
}

/// What a stream leads to besides its screen.
fn notices(bytes: &[u8]) -> Vec<ScreenNotice> {
    let mut screen = screen();
    screen.feed(bytes);
    screen.take_notices()
}

#[test]
fn a_title_is_never_reported_back() {
    for ask in ["\x1b[21t", "\x1b[20t", "\x1b]l\x07", "\x1b]L\x07", "\x1b[>2t\x1b[21t"] {
        let stream = format!("\x1b]2;;rm -rf ~\n\x07\x1b]1;evil\x07{ask}");
        assert_eq!(replies(stream.as_bytes()), "", "{ask:?}");
    }
}

#[test]
fn a_title_is_printable_and_short_and_so_is_the_stack_of_titles() {
    let mut screen = screen();
    screen.feed("\x1b]0; a\u{9b}31m\u{202e}b\u{7f} \x07".as_bytes());
    assert_eq!(screen.title(), Some("a31mb"));
    let long = format!("\x1b]0;{}\x07\x1b[22t", "x".repeat(60_000));
    for _ in 0..100 {
        screen.feed(long.as_bytes());
    }
    assert_eq!(screen.title().map(str::len), Some(200));
    screen.feed(b"\x1b]0;now\x07\x1b[23t");
    assert_eq!(screen.title().map(str::len), Some(200));
    assert_eq!(screen.take_notices(), [ScreenNotice::TitleChanged], "told once");
    screen.feed(b"\x1b]0;\x07");
    assert_eq!(screen.title(), None);
}

#[test]
fn a_setting_asked_for_is_not_echoed() {
    assert_eq!(replies(b"\x1bP$q;rm -rf ~;\x1b\\"), "\x1bP0$r\x1b\\");
    assert_eq!(replies(b"\x1bP$q\"p\x1b\\"), "\x1bP0$r\x1b\\");
    assert_eq!(replies(b"\x1b[1;31m\x1bP$qm\x1b\\"), "\x1bP1$r0;1;31m\x1b\\");
    assert_eq!(replies(b"\x1b[3;9r\x1bP$qr\x1b\\"), "\x1bP1$r3;9r\x1b\\");
    assert_eq!(replies(b"\x1b[4 q\x1bP$q q\x1b\\"), "\x1bP1$r4 q\x1b\\");
}

#[test]
fn capabilities_asked_for_are_not_echoed() {
    assert_eq!(replies(b"\x1bP+q726d202d7266\x1b\\"), "");
    assert_eq!(replies(b"\x1bP1$tx\x1b\\\x1bP$p\x1b\\\x1b[?1;2;3u\x1b[=c"), "\x1b[?0u");
}

#[test]
fn the_clipboard_is_neither_written_nor_read_and_the_attempt_is_told() {
    let write = b"\x1b]52;c;cm0gLXJmIH4K\x07";
    assert_eq!(notices(write), [ScreenNotice::ClipboardWriteRefused]);
    let read = b"\x1b]52;c;?\x07\x1b]52;p;?\x1b\\";
    assert_eq!(notices(read), [ScreenNotice::ClipboardReadRefused], "once for both");
    assert_eq!(replies(write), "");
    assert_eq!(replies(read), "");
}

#[test]
fn there_is_no_answerback() {
    assert_eq!(replies(b"\x05\x1bP1;1|17/41\x1b\\\x05"), "");
}

#[test]
fn what_no_terminal_should_answer_is_not_answered() {
    for (what, ask) in [
        ("checksum of a rectangle (DECRQCRA)", "secret\x1b[1;1;1;1;1;6*y"),
        ("user-defined keys (DECUDK)", "\x1bP0;1|17/726d202d7266\x1b\\\x1b[?25n"),
        ("locator position (DECRQLP)", "\x1b['|\x1b[1;1'z"),
        ("printing (MC)", "\x1b[i\x1b[5i secret \x1b[4i\x1b[?5i"),
        ("fonts (OSC 50)", "\x1b]50;?\x07\x1b]50;$(rm)\x07\x1b]50;?\x07"),
        ("marks of a shell (OSC 133, 633)", "\x1b]133;A;cmdline=rm\x07\x1b]133;?\x07\x1b]633;E;rm;x\x07"),
        (
            "directory, notifications and links (OSC 7, 8, 9, 777)",
            "\x1b]7;file:///x\x07\x1b]9;x\x07\x1b]777;notify;x;y\x07",
        ),
        ("files and images (OSC 1337)", "\x1b]1337;File=name=eA==;inline=0:eA==\x07\x1b]1337;ReportVariable=eA==\x07"),
        ("kitty graphics (APC G)", "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"),
        ("sixel (DCS q)", "\x1bPq#0;2;0;0;0~~\x1b\\"),
        ("resources and capabilities (DCS +Q, +q)", "\x1bP+Q666f6f\x1b\\\x1bP+q544e;436f\x1b\\"),
        ("presentation state (DECRQPSR)", "\x1b[1$w\x1b[2$w"),
        ("terminal state (DECRQTSR)", "\x1b[1$u\x1b[2$u"),
        ("saved colours (XTREPORTCOLORS)", "\x1b[#R"),
        ("special colours (OSC 5, 6, 13 to 19)", "\x1b]5;0;?\x07\x1b]13;?\x07\x1b]17;?\x07\x1b]19;?\x07"),
        ("tertiary attributes (DA3)", "\x1b[=c"),
        ("controls of eight bits", "\u{9b}c\u{9d}0;x\u{9c}\u{90}$qm\u{9c}"),
    ] {
        assert_eq!(replies(ask.as_bytes()), "", "{what}");
    }
}

#[test]
fn strings_without_end_cost_no_memory_and_no_answer() {
    for begin in ["\x1b_G", "\x1b^", "\x1bX", "\x1bPq", "\x1bP$q", "\x1b]1337;File=:", "\x1b]52;c;", "\x1b]8;;"] {
        let mut screen = screen();
        screen.feed(begin.as_bytes());
        for _ in 0..100 {
            screen.feed(&b"A".repeat(65536));
        }
        screen.feed(b"\x1b\\shown");
        assert_eq!(screen.text().trim_end(), "shown", "{begin:?}");
        assert!(screen.take_replies().len() <= 8 && screen.stored_bytes() < 65536, "{begin:?}");
    }
}

#[test]
fn the_window_is_neither_moved_nor_told_about() {
    for number in (1..=24).filter(|number| *number != 18) {
        assert_eq!(replies(format!("\x1b[{number}t\x1b[{number};1;1t").as_bytes()), "", "{number}");
    }
    assert_eq!(replies(b"\x1b[18t"), "\x1b[8;24;80t");
}

#[test]
fn colours_asked_for_are_answered_with_numbers_only() {
    assert_eq!(replies(b"\x1b]4;196;?\x07"), "\x1b]4;196;rgb:ffff/0000/0000\x07");
    assert_eq!(replies(b"\x1b]11;?\x1b\\"), "\x1b]11;rgb:0404/0505/0606\x1b\\");
    assert_eq!(replies(b"\x1b]10;?;?;?\x07").matches("rgb:").count(), 3);
    assert_eq!(replies(b"\x1b]4;rm -rf;?\x07\x1b]10;rm;?x\x07\x1b]4;256;?\x07"), "");
    let many = b"\x1b]4;0;?;1;?;2;?;3;?;4;?;5;?;6;?\x07".repeat(10_000);
    assert!(replies(&many).len() <= 16 * 1024);
    let mut unknown = screen();
    unknown.set_default_colors(None);
    unknown.feed(b"\x1b]10;?\x07\x1b]11;?\x07\x1b]12;?\x07");
    assert_eq!(unknown.take_replies(), b"");
}

#[test]
fn a_flood_of_questions_is_answered_up_to_a_limit() {
    let mut screen = screen();
    screen.feed(&b"\x1b[c\x1b[6n\x1b[>q\x1b[?u\x1b[?2026$p".repeat(100_000));
    assert!(screen.take_replies().len() <= 16 * 1024);
    screen.feed(b"\x1b[5n");
    assert_eq!(screen.take_replies(), b"\x1b[0n", "and the next one again");
}

#[test]
fn what_reorders_or_hides_text_is_not_shown() {
    let mut screen = screen();
    let hidden = "a\u{202e}b\u{2066}c\u{e0041}\u{feff}d\u{200b}\u{85}\u{9b}31me";
    screen.feed(hidden.as_bytes());
    assert_eq!(screen.text().trim_end(), "abcd31me");
}

#[test]
fn marks_do_not_pile_up() {
    let mut screen = screen();
    screen.feed(format!("e{}\x1b[H\u{1f680}{}", "\u{301}".repeat(200_000), "\u{fe0f}".repeat(50)).as_bytes());
    screen.feed("\u{301}\u{301}".repeat(100).as_bytes());
    screen.for_each_cell(|_, _, cell| assert!(cell.symbol.chars().count() <= 9));
    assert!(screen.text().len() < 200);
}

#[test]
fn keyboard_modes_pushed_without_end_are_no_matter() {
    let mut screen = screen();
    screen.feed(&b"\x1b[>1u".repeat(5000));
    assert_eq!(screen.modes().kitty.0, 1);
    screen.feed(b"\x1b[<9999u");
    assert_eq!(screen.modes().kitty.0, 0);
    assert_eq!(screen.take_notices(), []);
}

#[test]
fn an_endless_command_does_not_swallow_memory_and_ends_with_its_end() {
    let mut screen = screen();
    screen.feed(b"\x1b]0;");
    for _ in 0..1000 {
        screen.feed(&b"x".repeat(65536));
    }
    screen.feed(b"\x1b\\shown");
    assert_eq!(screen.text().trim_end(), "shown");
}

#[test]
fn costly_sequences_cost_little() {
    let repeated: [(&str, usize); 8] = [
        ("a\x1b[65535b", 2000),
        ("e\u{301}\x1b[65535b", 2000),
        ("\x1b[3g\x1b[80G\x1b[65535Z", 2000),
        ("\x1b[65535I\x1b[65535L\x1b[65535M\x1b[65535@\x1b[65535P", 2000),
        ("\x1b[65535S\x1b[65535T", 2000),
        ("\x1b#8\x1b[2J", 500),
        ("\x1b[?1049h\x1b[?1049l\x1b[?47h\x1b[?47l", 500),
        ("\x1b]8;;http://example.org/{}\x07x", 5000),
    ];
    for (sequence, times) in repeated {
        let mut screen = screen();
        let started = Instant::now();
        screen.feed(sequence.repeat(times).as_bytes());
        // Without the guards the worst of these take from seconds to minutes even in an optimized build.
        assert!(started.elapsed() < Duration::from_secs(5), "{sequence:?} took {:?}", started.elapsed());
    }
}

#[test]
fn a_region_scrolled_while_looking_back_shows_the_history() {
    let mut screen = screen();
    screen.feed(&b"line\r\n".repeat(50));
    screen.scroll(1000);
    screen.feed(b"\x1b[1;10r\x1b[1;1H\x1b[99M\x1b[99S\x1b[3J");
    screen.scroll(1000);
    assert!(screen.scrolled() <= screen.history());
    let mut cells = 0;
    screen.for_each_cell(|_, _, cell| cells += usize::from(cell.width));
    assert_eq!(cells, 80 * 24);
}

/// Bytes that mean something more often than chance would have it.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![0..12_u32, Just(65535), Just(1_000_000), 1000..1050_u32, 2000..2030_u32, Just(47)];
    let csi = (
        prop::sample::select(vec!["", "?", ">", "=", "<", "!"]),
        prop::collection::vec(number, 0..4),
        prop::sample::select(vec!["", " ", "$", "\""]),
        prop::sample::select(b"@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu".to_vec()),
    )
        .prop_map(|(marker, numbers, between, last)| {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            format!("\x1b[{marker}{}{between}{}", numbers.join(";"), char::from(last)).into_bytes()
        });
    let escape = prop::sample::select(vec![
        "\x1b7",
        "\x1b8",
        "\x1bD",
        "\x1bE",
        "\x1bH",
        "\x1bM",
        "\x1bc",
        "\x1b#8",
        "\x1b(0",
        "\x1b)0",
        "\x0e",
        "\x0f",
        "\x1b]0;",
        "\x1b]4;1;?",
        "\x1b]52;c;?",
        "\x1b]8;;x",
        "\x1b]133;A\x07",
        "\x1b]133;A;k=i\x1b\\",
        "\x1b]133;",
        "\x1bP$qm",
        "\x1bPq",
        "\x1b\\",
        "\x07",
        "\x18",
        "\x1b",
        "\r\n",
        "\n",
        "\t",
        "\x08",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    let text = prop::sample::select(vec![
        "a",
        "word ",
        "\u{4f60}\u{597d}",
        "\u{1f680}",
        "e\u{301}",
        "\u{301}",
        "\u{2764}\u{fe0f}",
        "1\u{20e3}",
        "\u{202e}",
        "\u{ad}",
        "\u{1f468}\u{200d}\u{1f469}",
        "\u{c1}\u{ac00}\u{1160}",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    let flood = prop::sample::select(vec!["\n", "word ", "\u{4f60}", "\x1b[41mx\x1b[m \r\n"])
        .prop_map(|text| text.repeat(500).into_bytes());
    prop_oneof![1 => flood, 4 => csi, 3 => escape, 4 => text, 1 => prop::collection::vec(any::<u8>(), 0..40)]
}

#[derive(Debug, Clone)]
enum Step {
    Feed(Vec<u8>),
    Resize(u16, u16),
    Scroll(i32),
    Select(u16, u16, u16, u16),
    Seam,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop::collection::vec(piece(), 1..30).prop_map(|pieces| Step::Feed(pieces.concat())),
        1 => (0..40_u16, 0..20_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => (-50..50_i32).prop_map(Step::Scroll),
        1 => Just(Step::Seam),
        1 => (0..40_u16, 0..20_u16, 0..40_u16, 0..20_u16).prop_map(|(a, b, c, d)| Step::Select(a, b, c, d)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_any_size_leave_a_working_screen(
        steps in prop::collection::vec(step(), 1..25),
        scrollback in prop_oneof![Just(0_usize), Just(3), Just(700)],
    ) {
        let mut screen = Screen::new(Size { columns: 12, rows: 5 }, scrollback);
        screen.set_default_colors(Some(COLORS));
        for step in steps {
            match step {
                Step::Feed(bytes) => screen.feed(&bytes),
                Step::Resize(columns, rows) => screen.resize(Size { columns, rows }),
                Step::Scroll(lines) => screen.scroll(lines),
                Step::Seam => screen.mark_seam("cut for 4s, attached again"),
                Step::Select(column, row, to_column, to_row) => {
                    let kind = [
                        bathyscope::screen::SelectionKind::Simple,
                        bathyscope::screen::SelectionKind::Word,
                        bathyscope::screen::SelectionKind::Line,
                    ][usize::from(column % 3)];
                    screen.select(kind, column, row);
                    screen.extend_selection(to_column, to_row);
                }
            }
            check(&mut screen)?;
            prop_assert!(screen.history() <= scrollback && screen.stored_bytes() <= 4 * 1024 * 1024);
            prop_assert!(!screen.take_notices().contains(&ScreenNotice::Broken));
            check_replies(&screen.take_replies())?;
        }
    }

    #[test]
    fn pieces_do_not_matter(pieces in prop::collection::vec(piece(), 1..60), chunk in 1..9_usize) {
        let bytes = pieces.concat();
        let (mut whole, mut cut) = (screen(), screen());
        whole.feed(&bytes);
        for chunk in bytes.chunks(chunk) {
            cut.feed(chunk);
        }
        prop_assert_eq!(whole.text(), cut.text());
        prop_assert_eq!(whole.take_replies(), cut.take_replies());
        prop_assert_eq!(whole.modes(), cut.modes());
        prop_assert_eq!(whole.cursor(), cut.cursor());
    }

    #[test]
    fn a_paste_is_one_paste(text in any::<String>(), stream in prop::collection::vec(piece(), 0..10)) {
        let mut screen = screen();
        screen.feed(&stream.concat());
        let modes = screen.modes();
        let bytes = encode_paste(&text, &modes);
        let marks = bytes.split(|byte| *byte == 0x1b).count() - 1;
        prop_assert!(marks == 0 || marks == 2 && modes.bracketed_paste);
        let _ = encode_key(&KeyEvent::new(KeyCode::Up, KeyModifiers::ALT), &modes);
    }
}

/// Every column of every row is covered once, by symbols as wide as they say and without control characters.
fn check(screen: &mut Screen) -> Result<(), TestCaseError> {
    let Size { columns, rows } = screen.size();
    let mut next = (0, 0);
    let mut problem = None;
    screen.for_each_cell(|column, row, cell| {
        let width = unicode_width::UnicodeWidthStr::width(cell.symbol);
        if (column, row) != next || width != usize::from(cell.width) || cell.symbol.chars().any(char::is_control) {
            problem.get_or_insert(format!("{next:?}, {column} {row} {:?} {width} {}", cell.symbol, cell.width));
        }
        next = (column + u16::from(cell.width), row);
        if next.0 == columns {
            next = (0, row + 1);
        }
    });
    prop_assert_eq!(problem, None);
    prop_assert_eq!(next, (0, rows));
    prop_assert!(screen.scrolled() <= screen.history());
    if let Some(cursor) = screen.cursor() {
        prop_assert!(cursor.column < columns && cursor.row < rows);
    }
    let _ = (screen.selected_text(), screen.find("a"), screen.transcript());
    check_reading(screen)
}

/// Wherever a reader goes there is a row, and a column of it.
fn check_reading(screen: &Screen) -> Result<(), TestCaseError> {
    let Size { columns, rows } = screen.size();
    let (oldest, newest) = (screen.oldest_row(), screen.newest_row());
    prop_assert_eq!(newest - oldest + 1, screen.history() as u64 + u64::from(rows));
    let is_there = |at: Position| (oldest..=newest).contains(&at.row) && at.column < columns;
    let middle = Position { row: oldest + (newest - oldest) / 2, column: columns / 2 };
    for to in [screen.word_from(middle, true), screen.word_from(middle, false), screen.word_end_from(middle)] {
        prop_assert!(is_there(to), "{:?} to {:?}", middle, to);
    }
    for row in [oldest, middle.row, newest] {
        for column in [0, columns / 2, columns - 1] {
            let at = Position { row, column };
            for to in
                [screen.character_at(at), screen.character_after(at), Position { column: screen.line_end(row), ..at }]
            {
                prop_assert!(is_there(to), "{:?} to {:?}", at, to);
            }
        }
    }
    let mut prompt = oldest;
    while let Some(next) = screen.prompt_from(prompt, true) {
        prop_assert!((prompt + 1..=newest).contains(&next), "{} to {}", prompt, next);
        let before = screen.prompt_from(next, false);
        prop_assert!(before.is_none_or(|before| before <= prompt), "{:?} before {}", before, next);
        prompt = next;
    }
    for found in screen.find("a") {
        prop_assert!(is_there(found.start) && is_there(found.end) && found.start <= found.end, "{:?}", found);
    }
    Ok(())
}

/// Replies are short and made of what the forms of answers are made of.
fn check_replies(replies: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(replies.len() <= 16 * 1024);
    let name = concat!("bathyscope ", env!("CARGO_PKG_VERSION"));
    let text = String::from_utf8_lossy(replies).replace(name, "");
    let foreign = text.chars().find(|c| !"\x1b\x07\\[]P>|?;:$/rgbcRnuytmq abcdef0123456789".contains(*c));
    prop_assert_eq!(foreign, None);
    Ok(())
}
