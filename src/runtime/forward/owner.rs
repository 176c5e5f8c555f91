//! Which process has a TCP port of this machine; where the system does not say, nobody is named.

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// Its number.
    pub(super) pid: u32,
    /// Its name.
    pub(super) name: String,
}

/// The process that listens on this port, if the system lets us see it.
#[cfg(target_os = "linux")]
pub(super) fn owner(port: u16) -> Option<Owner> {
    use std::fs;

    let tables =
        ["/proc/self/net/tcp", "/proc/self/net/tcp6"].into_iter().filter_map(|table| fs::read_to_string(table).ok());
    let sockets: Vec<String> = tables.flat_map(|table| listening(&table, port)).collect();
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().filter_map(Result::ok);
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|at| sockets.iter().any(|socket| at.as_os_str() == socket.as_str()))
    };
    let pid = pids.into_iter().find(has)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(Owner { pid, name: name.trim().to_owned() })
}

/// Other systems take a program of theirs to tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn owner(_port: u16) -> Option<Owner> {
    None
}

/// The sockets in a table of the kernel's (`proc_net_tcp(5)`) that listen on this port, as `/proc/PID/fd` names them.
#[cfg(any(target_os = "linux", test))]
fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let wanted = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 9 && row[1].ends_with(&wanted) && row[3] == LISTEN)
        .map(|row| format!("socket:[{}]", row[9]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_names_the_sockets_that_listen() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1
   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0
";
        assert_eq!(listening(table, 8080), ["socket:[4711]"]);
        assert_eq!(listening("nonsense", 8080), Vec::<String>::new());
    }
}
