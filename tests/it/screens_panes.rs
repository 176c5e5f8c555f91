//! Golden screens of split tabs.

use bathyscope::app::Message;
use bathyscope::app::layout::Size;
use bathyscope::cluster::{Problem, Sight};
use bathyscope::session::End;
use insta::assert_snapshot;

use crate::panes::{print, split};

#[test]
fn three_panes_below_the_lists() {
    let (mut console, sessions) = split((80, 24), "|-");
    for (index, id) in sessions.iter().enumerate() {
        print(&mut console, *id, &format!("/ # echo {index}\r\n{index}\r\n/ # "));
    }
    assert_snapshot!(console.screen());
}

#[test]
fn four_panes_on_the_whole_screen_with_keys_to_all() {
    let (mut console, sessions) = split((80, 24), "|-");
    console.press("<c-]><left><c-]>-");
    console.press("<c-]>Z<c-]>s");
    let problem = Problem {
        what: "it does not see the target".to_owned(),
        why: "the runtime does not share processes".to_owned(),
        hint: "use a copy".to_owned(),
        fixes: Vec::new(),
    };
    let sight = Sight { text: "does NOT see app".to_owned(), problem: Some(problem) };
    console.told(Message::Sight(sessions[0], sight));
    console.told(Message::Ended(sessions[1], End::Exited { code: 2 }));
    assert_snapshot!(console.screen());
}

#[test]
fn one_pane_zoomed_out_of_three() {
    let (mut console, sessions) = split((80, 12), "|");
    print(&mut console, sessions[0], "hidden");
    print(&mut console, sessions[1], "seen");
    console.press("<c-]>z");
    assert_snapshot!(console.screen());
}

#[test]
fn a_name_is_asked_for() {
    let (mut console, _) = split((80, 12), "");
    console.press("<c-]>,the slow one");
    assert_snapshot!(console.screen());
}

#[test]
fn no_size_makes_split_panes_fail() {
    let (mut console, sessions) = split((80, 24), "|-");
    for (columns, rows) in [(1, 1), (2, 50), (40, 10), (41, 11), (300, 100), (500, 2)] {
        for keys in ["", "<c-]>z", "<c-]>Z", "<c-]>s", "<c-]>H<c-]>J<c-]>K<c-]>L"] {
            console.told(Message::Resized(Size { columns, rows }));
            console.press(keys);
            console.screen();
        }
    }
    for id in sessions {
        console.told(Message::Ended(id, End::Finished));
        console.screen();
    }
}
