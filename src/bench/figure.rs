//! What was measured, set against its bound, as a table and as JSON; it never measures.

use std::fmt::Write as _;

use serde::Serialize;

/// A row that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// From the start of the process to the first rows on the screen.
    FirstRows,
    /// From the start of the process until every row is there.
    AllRows,
    /// The most memory that was resident, all rows loaded.
    Memory,
    /// CPU time from the start until all rows are there and nothing changes any more.
    Cpu,
    /// CPU afterwards, on a cluster where nothing happens.
    Idle,
    /// From a letter typed into the filter to the frame that shows what is left.
    Filter,
    /// From a key to its frame while nothing else happens.
    KeysIdle,
    /// CPU while pods change.
    ChurnCpu,
    /// Frames a second while pods change.
    ChurnFrames,
    /// How much the resident memory grows while pods change.
    ChurnMemory,
    /// From a key to its frame while pods change.
    KeysChurn,
    /// From the key `e` to the prompt of the debugger.
    Debugger,
    /// From a key to its echo in a pane, less the same over kubectl's own attach.
    Echo,
    /// A large output through a pane, beside kubectl in tmux.
    Throughput,
    /// From a key to its frame while a pane is flooded.
    KeysFlood,
    /// CPU of one frame on a screen full of panes.
    Frame,
    /// Two hundred requests at once over a forwarded port, each a connection of its own.
    Forward,
    /// Lines a second that come in a view of a container's log that writes without end.
    TorrentLines,
    /// Lines of them that are neither kept nor told as dropped.
    TorrentUntold,
    /// CPU meanwhile.
    TorrentCpu,
    /// How much the resident memory grows meanwhile.
    TorrentMemory,
    /// From a key in that view to its frame.
    KeysTorrent,
    /// From the start of the process to its first frame while no API server answers.
    Start,
    /// The size of the program's file.
    Size,
}

impl Row {
    /// Every row, in the order they are measured and shown.
    pub const ALL: [Row; 24] = [
        Row::Start,
        Row::Size,
        Row::FirstRows,
        Row::AllRows,
        Row::Memory,
        Row::Cpu,
        Row::Idle,
        Row::Filter,
        Row::KeysIdle,
        Row::ChurnCpu,
        Row::ChurnFrames,
        Row::ChurnMemory,
        Row::KeysChurn,
        Row::Debugger,
        Row::Echo,
        Row::Throughput,
        Row::KeysFlood,
        Row::Frame,
        Row::Forward,
        Row::TorrentLines,
        Row::TorrentUntold,
        Row::TorrentCpu,
        Row::TorrentMemory,
        Row::KeysTorrent,
    ];

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What it is, for people.
    pub fn title(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Row::Start => ("start", "start to first frame, no API server answers"),
            Row::Size => ("size", "size of the program's file"),
            Row::FirstRows => ("first-rows", "start to first rows, all namespaces"),
            Row::AllRows => ("all-rows", "start to all rows"),
            Row::Memory => ("memory", "resident memory at its peak"),
            Row::Cpu => ("cpu", "CPU until settled"),
            Row::Idle => ("idle", "CPU afterwards, quiet cluster"),
            Row::Filter => ("filter", "letter in the filter to frame, p99"),
            Row::KeysIdle => ("keys-idle", "key to frame, nothing else happens, p99"),
            Row::ChurnCpu => ("churn-cpu", "CPU while pods change"),
            Row::ChurnFrames => ("churn-frames", "frames while pods change"),
            Row::ChurnMemory => ("churn-memory", "growth of memory while pods change"),
            Row::KeysChurn => ("keys-churn", "key to frame while pods change, p99"),
            Row::Debugger => ("debugger", "key e to prompt"),
            Row::Echo => ("echo", "echo of a key, more than over kubectl attach"),
            Row::Throughput => ("throughput", "output through a pane"),
            Row::KeysFlood => ("keys-flood", "key to frame while a pane is flooded, p99"),
            Row::Frame => ("frame", "CPU of a frame full of panes"),
            Row::TorrentLines => ("torrent-lines", "lines of a log torrent that come"),
            Row::TorrentUntold => ("torrent-untold", "lines lost in a log torrent and not told"),
            Row::TorrentCpu => ("torrent-cpu", "CPU in a log torrent"),
            Row::TorrentMemory => ("torrent-memory", "growth of memory in a log torrent"),
            Row::KeysTorrent => ("keys-torrent", "key to frame in a log torrent, p99"),
            Row::Forward => ("forward", "200 requests at once over a forwarded port"),
        }
    }
}

impl std::str::FromStr for Row {
    type Err = String;

    fn from_str(name: &str) -> Result<Row, String> {
        Row::ALL.into_iter().find(|row| row.name() == name).ok_or_else(|| {
            let names: Vec<_> = Row::ALL.iter().map(|row| row.name()).collect();
            format!("there is no such row; there are {}", names.join(", "))
        })
    }
}

/// Units of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Mebibytes.
    #[serde(rename = "MiB")]
    Mebibytes,
    /// Megabytes a second.
    #[serde(rename = "MB/s")]
    MegabytesASecond,
    /// Percent of one core.
    #[serde(rename = "%")]
    Percent,
    /// Frames a second.
    #[serde(rename = "1/s")]
    ASecond,
    /// Lines.
    #[serde(rename = "lines")]
    Lines,
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Mebibytes => "MiB",
            Unit::MegabytesASecond => "MB/s",
            Unit::Percent => "%",
            Unit::ASecond => "/s",
            Unit::Lines => "lines",
        }
    }
}

/// What a figure has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtMost(most) => value <= most,
            Bound::AtLeast(least) => value >= least,
        }
    }
}

/// A row as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Which.
    pub row: Row,
    /// How much; `None` if it could not be measured, and `note` says why.
    pub value: Option<f64>,
    /// In what.
    pub unit: Unit,
    /// What it has to keep to, where that is known.
    pub bound: Option<Bound>,
    /// How it was taken, and what else was seen.
    pub note: String,
}

impl Figure {
    /// Whether the bound is met; `None` where there is nothing to compare.
    pub fn met(&self) -> Option<bool> {
        Some(self.bound?.holds(self.value?))
    }
}

/// All figures as lines of a Markdown table, which is also how they are read on a terminal.
pub fn table(figures: &[Figure]) -> String {
    let mut cells = vec![["what", "measured", "bound", "met", "how"].map(str::to_owned)];
    cells.extend(figures.iter().map(|figure| {
        let unit = figure.unit.symbol();
        let value = figure.value.map_or_else(|| "not measured".to_owned(), |value| format!("{} {unit}", short(value)));
        let bound = match figure.bound {
            Some(Bound::AtMost(most)) => format!("≤ {} {unit}", short(most)),
            Some(Bound::AtLeast(least)) => format!("≥ {} {unit}", short(least)),
            None => "–".to_owned(),
        };
        let met = match figure.met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "–",
        };
        [figure.row.title().to_owned(), value, bound, met.to_owned(), figure.note.clone()]
    }));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    // The last one is as long as it is.
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut text = String::new();
    for (index, row) in cells.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        let _ = writeln!(text, "| {} |", row[4]);
        if index == 0 {
            let _ = writeln!(text, "|{} --- |", widths.iter().map(|_| " --- |").collect::<String>());
        }
    }
    text
}

/// As JSON, one object with the circumstances and the figures; each figure also says whether its bound is met.
///
/// # Errors
/// When a figure is no number.
pub fn json(circumstances: &super::Circumstances, figures: &[Figure]) -> serde_json::Result<String> {
    let rows = figures.iter().map(|figure| {
        let mut row = serde_json::to_value(figure)?;
        row["met"] = serde_json::to_value(figure.met())?;
        Ok(row)
    });
    let rows = rows.collect::<serde_json::Result<Vec<_>>>()?;
    serde_json::to_string_pretty(&serde_json::json!({ "circumstances": circumstances, "figures": rows }))
}

/// Three digits that count, without a fraction of nothing.
fn short(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { usize::from(value.abs() < 10.0) + 1 };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(row: Row, value: Option<f64>, unit: Unit, bound: Option<Bound>) -> Figure {
        Figure { row, value, unit, bound, note: "how".to_owned() }
    }

    #[test]
    fn names_are_read_back_and_told_where_they_are_wrong() {
        for row in Row::ALL {
            assert_eq!(row.name().parse(), Ok(row));
            assert_eq!(serde_json::to_value(row).unwrap(), row.name());
        }
        assert!("speed".parse::<Row>().unwrap_err().contains("first-rows"));
    }

    #[test]
    fn the_table_says_what_is_met_and_what_was_not_measured() {
        let figures = [
            figure(Row::AllRows, Some(412.34), Unit::Milliseconds, Some(Bound::AtMost(1000.0))),
            figure(Row::Throughput, Some(20.06), Unit::MegabytesASecond, Some(Bound::AtLeast(30.0))),
            figure(Row::Idle, None, Unit::Percent, Some(Bound::AtMost(0.5))),
            figure(Row::Debugger, Some(0.5), Unit::Milliseconds, None),
        ];
        let wanted = "\
| what                  | measured     | bound     | met | how |
| --- | --- | --- | --- | --- |
| start to all rows     | 412 ms       | ≤ 1000 ms | yes | how |
| output through a pane | 20.1 MB/s    | ≥ 30 MB/s | NO  | how |
| CPU afterwards, quiet cluster | not measured";
        let table = table(&figures);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&table).starts_with(&squeezed(wanted)), "{table}");
        assert!(squeezed(&table).ends_with("| key e to prompt | 0.5 ms | – | – | how |"), "{table}");
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.25, "0.25"),
            (5.0, "5"),
            (9.876, "9.88"),
            (12.34, "12.3"),
            (99.96, "100"),
            (1234.5, "1234"),
        ];
        for (value, wanted) in cases {
            assert_eq!(short(value), wanted);
        }
    }

    #[test]
    fn json_says_what_is_met() {
        let figures = [figure(Row::Start, Some(60.0), Unit::Milliseconds, Some(Bound::AtMost(50.0)))];
        let circumstances = super::super::Circumstances {
            version: "1".to_owned(),
            date: "2026-01-01".to_owned(),
            system: "linux".to_owned(),
            cores: 2,
            cluster: "the demo".to_owned(),
            churn: 0,
            optimised: false,
        };
        let read: serde_json::Value = serde_json::from_str(&json(&circumstances, &figures).unwrap()).unwrap();
        assert_eq!(read["figures"][0]["row"], "start");
        assert_eq!(read["figures"][0]["met"], false);
        assert_eq!(read["figures"][0]["bound"]["at-most"], 50.0);
        assert_eq!(read["circumstances"]["cores"], 2);
    }
}
