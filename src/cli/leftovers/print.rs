//! What debugging left, on standard output: a table aligned as kubectl aligns its own, or JSON and YAML for programs.

use std::io::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::app::age::age;
use crate::cli::arguments::LeftoverOutput;
use crate::cluster::{Found, Leftover, LeftoverKind};

/// Between two columns, as in kubectl's tables.
const GAP: usize = 3;

/// One leftover for programs; the names stay as they are from version to version.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    /// `copy`, `node-debugger` or `ephemeral`.
    kind: &'static str,
    namespace: &'a str,
    pod: &'a str,
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copied_from: Option<&'a str>,
    state: &'a str,
    /// Whether it can still be ended or deleted; an ephemeral container that has ended cannot.
    removable: bool,
    /// Whether it bears a debugging tool's mark or name.
    certain: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    node: &'a str,
    image: &'a str,
}

#[derive(Serialize)]
struct Items<'a> {
    context: &'a str,
    items: Vec<Item<'a>>,
}

impl<'a> Item<'a> {
    fn of(row: &'a Leftover) -> Self {
        let (kind, container, copied_from) = match &row.kind {
            LeftoverKind::Copy { of } => ("copy", None, of.as_deref()),
            LeftoverKind::NodeDebugger => ("node-debugger", None, None),
            LeftoverKind::Ephemeral { container, .. } => ("ephemeral", Some(&**container), None),
        };
        Self {
            kind,
            namespace: &row.pod.namespace,
            pod: &row.pod.name,
            uid: &row.uid,
            container,
            copied_from,
            state: &row.state,
            removable: row.kind.is_pod() || row.kind.is_running_debugger(),
            certain: row.certain,
            created: row.created,
            owner: row.owner.as_deref(),
            node: &row.node,
            image: &row.image,
        }
    }
}

/// Prints what was found.
pub(super) fn print(
    found: &Found,
    output: Option<LeftoverOutput>,
    context: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let items = || Items { context, items: found.leftovers.iter().map(Item::of).collect() };
    let text = match output {
        Some(LeftoverOutput::Json) => serde_json::to_string_pretty(&items())? + "\n",
        Some(LeftoverOutput::Yaml) => serde_saphyr::to_string(&items())?,
        None | Some(LeftoverOutput::Wide) if found.leftovers.is_empty() => {
            crate::cli::say("Debugging has left nothing there.");
            String::new()
        }
        None => table(&found.leftovers, false, now),
        Some(LeftoverOutput::Wide) => table(&found.leftovers, true, now),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// The table; node, image and origin too where there is room for them.
pub(super) fn table(rows: &[Leftover], wide: bool, now: Timestamp) -> String {
    let mut headings = vec!["KIND", "NAMESPACE", "POD", "CONTAINER", "STATE", "AGE", "OWNER"];
    if wide {
        headings.extend(["NODE", "IMAGE", "FROM"]);
    }
    let mut lines: Vec<Vec<String>> = vec![headings.into_iter().map(ToOwned::to_owned).collect()];
    lines.extend(rows.iter().map(|row| cells(row, wide, now)));
    let columns = lines[0].len();
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut laid = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            laid.push_str(cell);
            laid.extend(std::iter::repeat_n(' ', width + GAP - cell.width()));
        }
        text.push_str(laid.trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Leftover, wide: bool, now: Timestamp) -> Vec<String> {
    let item = Item::of(row);
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("<none>").to_owned();
    let doubt = if row.certain { "" } else { "?" };
    let mut cells = vec![
        format!("{}{doubt}", item.kind),
        item.namespace.to_owned(),
        item.pod.to_owned(),
        or_none(item.container),
        item.state.to_owned(),
        row.created.map_or_else(|| "<unknown>".to_owned(), |created| age(created, now)),
        or_none(item.owner),
    ];
    if wide {
        cells.extend([or_none(Some(item.node)), or_none(Some(item.image)), or_none(item.copied_from)]);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PodKey;

    fn row(pod: &str, kind: LeftoverKind, state: &str) -> Leftover {
        Leftover {
            pod: PodKey { namespace: "shop".into(), name: pod.into() },
            uid: "u-1".into(),
            kind,
            node: "n1".into(),
            image: "busybox".into(),
            created: Some(Timestamp::UNIX_EPOCH),
            owner: None,
            certain: true,
            state: state.into(),
        }
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [
            row("api-debug-x7k2p", LeftoverKind::Copy { of: Some("api".into()) }, "running"),
            row("api", LeftoverKind::Ephemeral { container: "debugger-x7k2p".into(), running: false }, "ended (0)"),
        ];
        let now = Timestamp::from_second(7_200).unwrap();
        assert_eq!(
            table(&rows, false, now),
            "KIND        NAMESPACE   POD               CONTAINER        STATE       AGE    OWNER\n\
             copy        shop        api-debug-x7k2p   <none>           running     120m   <none>\n\
             ephemeral   shop        api               debugger-x7k2p   ended (0)   120m   <none>\n"
        );
        assert!(table(&rows, true, now).lines().next().unwrap().ends_with("FROM"));
    }

    #[test]
    fn programs_read_what_can_be_removed() {
        let kind = LeftoverKind::Ephemeral { container: "debugger-x7k2p".into(), running: false };
        let ended = row("api", kind, "ended (0)");
        let json = serde_json::to_value(Item::of(&ended)).unwrap();
        assert_eq!((&json["removable"], &json["container"]), (&false.into(), &"debugger-x7k2p".into()));
        assert_eq!(json["created"], "1970-01-01T00:00:00Z");
    }
}
