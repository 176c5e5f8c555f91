//! Golden screens of forwarded ports: what can be forwarded, and the list of what is.

use bathyscope::app::forwards::{Carried, ForwardId, ForwardUpdate};
use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ForwardTarget, PodKey, PortOffer, PortOffers, PortOwner, Problem, RemotePort};
use insta::assert_snapshot;

use crate::console_state::Console;

fn offers() -> PortOffers {
    let offer = |target: &str, number: u16, name: &str, of: PortOwner| PortOffer {
        target: ForwardTarget::parse(target, "payments").expect("a target"),
        remote: RemotePort::Number(number),
        number,
        name: name.to_owned(),
        of,
    };
    let container = |name: &str| PortOwner::Container(name.to_owned());
    PortOffers {
        ports: vec![
            offer("crash", 8080, "http", container("app")),
            offer("crash", 9090, "metrics", container("app")),
            offer("svc/payments", 80, "http", PortOwner::Service { selects: true }),
            offer("svc/ledger-database", 5432, "", PortOwner::Service { selects: false }),
        ],
        without_services: None,
    }
}

/// A console whose form of ports was opened and answered.
fn form(columns: u16, rows: u16) -> Console {
    let mut console = Console::with_pods(columns, rows);
    console.press("f");
    let id = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadPorts(id, ..) => Some(*id),
        _ => None,
    });
    console.told(Message::PortsRead(id.expect("ports are read"), Ok(offers())));
    console
}

fn told(console: &mut Console, id: u64, update: ForwardUpdate) {
    console.told(Message::Forward(ForwardId(id), update));
}

/// Three forwarded ports: one that works, one whose pod cannot be reached, one that could not be had.
fn list(columns: u16, rows: u16) -> Console {
    let mut console = form(columns, rows);
    console.press("<space><down><space><space><enter>");
    let pod = |name: &str| PodKey { namespace: "payments".into(), name: name.into() };
    told(&mut console, 1, ForwardUpdate::Listening(vec!["127.0.0.1:8080".to_owned()], 8080));
    told(&mut console, 1, ForwardUpdate::LeadsTo(pod("crash"), 8080));
    told(&mut console, 1, ForwardUpdate::Carried(Carried { open: 2, total: 214, sent: 48_213, received: 1_934_113 }));
    told(&mut console, 2, ForwardUpdate::Listening(vec!["127.0.0.1:8081".to_owned()], 8081));
    told(&mut console, 2, ForwardUpdate::LeadsTo(pod("payments-6d9f7c5b8-x2x7k"), 8080));
    let cut = Problem::new("cannot read payments/payments", "the connection was cut", "try again");
    told(&mut console, 2, ForwardUpdate::Waiting(cut));
    let why = "node (process 4711) listens there";
    let taken =
        Problem::new("cannot listen on 127.0.0.1:5432", why, "5433 is free; or leave it to the system, by port 0");
    told(&mut console, 3, ForwardUpdate::Ended(taken));
    console
}

#[test]
fn what_can_be_forwarded_80x24() {
    let mut console = form(80, 24);
    console.press("<space>");
    assert_snapshot!(console.screen());
}

#[test]
fn what_can_be_forwarded_160x48() {
    assert_snapshot!(form(160, 48).screen());
}

#[test]
fn the_list_of_forwarded_ports_80x24() {
    assert_snapshot!(list(80, 24).screen());
}

#[test]
fn the_list_of_forwarded_ports_160x48() {
    let mut console = list(160, 48);
    console.press("<down><down><enter>");
    assert_snapshot!(console.screen());
}

#[test]
fn a_single_port_is_one_key_and_enter_even_before_it_is_known() {
    let mut console = Console::with_pods(80, 24);
    console.press("f<enter>");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::StartForward(..))));
    let id = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadPorts(id, ..) => Some(*id),
        _ => None,
    });
    console.told(Message::PortsRead(id.expect("ports are read"), Ok(offers())));
    let started = console.asked.iter().filter(|effect| matches!(effect, Effect::StartForward(..))).count();
    assert_eq!(started, 1);
}

#[test]
fn the_list_stops_copies_and_begins_anew() {
    let mut console = list(120, 40);
    console.asked.clear();
    console.press("y");
    assert_eq!(console.asked, [Effect::Copy("http://127.0.0.1:8080".to_owned())]);
    console.press("x");
    assert!(console.asked.contains(&Effect::StopForward(ForwardId(1))));
    console.asked.clear();
    console.press("r");
    assert!(matches!(console.asked.as_slice(), [Effect::StartForward(ForwardId(4), _)]), "{:?}", console.asked);
    console.press("X");
    let stopped: Vec<_> = console.asked.iter().filter(|effect| matches!(effect, Effect::StopForward(_))).collect();
    assert_eq!(stopped.len(), 2, "{:?}", console.asked);
}
