//! What containers use of the machine: the CPU's time and the memory of their processes, read from `/proc` now and then.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;

use super::{Shared, lock};
use crate::demo::node::{PodRef, Usage, Used};

/// How often is measured.
const EVERY: Duration = Duration::from_secs(5);

/// When containers are measured for the first time.
const FIRST: Duration = Duration::from_secs(1);

/// A container by its pod and name.
type Key = (PodRef, String);

/// The processes of the machine, at one moment.
#[derive(Debug, Default)]
struct Processes {
    /// By PID.
    all: HashMap<i32, Process>,
    children: HashMap<i32, Vec<i32>>,
}

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    parent: i32,
    /// Nanoseconds of CPU, of those it has waited for too.
    cpu: u64,
    memory: u64,
}

/// The CPU time of a container that was seen: whose, and when.
#[derive(Debug, Clone, Copy)]
struct Seen {
    pid: i32,
    cpu: u64,
    at: Timestamp,
}

/// Measures for as long as the kubelet is there. Does nothing where there is no `/proc`.
pub(super) async fn measure(shared: Weak<Shared>) {
    let mut seen: HashMap<Key, Seen> = HashMap::new();
    tokio::time::sleep(FIRST).await;
    loop {
        let Some(shared) = shared.upgrade().filter(|shared| shared.options.metrics) else {
            return;
        };
        let roots = roots(&shared);
        let Ok(Some(processes)) = tokio::task::spawn_blocking(Processes::read).await else {
            return;
        };
        let now = Timestamp::now();
        let usage = usage(&processes, &roots, &mut seen, now);
        *lock(&shared.usage) = Some(Arc::new(usage));
        drop(shared);
        tokio::time::sleep(EVERY).await;
    }
}

/// The process that each running container began as, and when.
fn roots(shared: &Shared) -> Vec<(Key, i32, Timestamp)> {
    let pods: Vec<_> = lock(&shared.pods).iter().map(|(name, running)| (name.clone(), Arc::clone(running))).collect();
    let of_pod = |(pod, running): (PodRef, Arc<super::running::Running>)| {
        let lives = running.alive();
        lives.into_iter().map(move |(container, life)| ((pod.clone(), container), life.pid, life.began))
    };
    pods.into_iter().flat_map(of_pod).collect()
}

fn usage(
    processes: &Processes,
    roots: &[(Key, i32, Timestamp)],
    seen: &mut HashMap<Key, Seen>,
    now: Timestamp,
) -> Usage {
    let mut containers: BTreeMap<PodRef, BTreeMap<String, Used>> = BTreeMap::new();
    let mut current = HashMap::new();
    for (key, pid, began) in roots {
        let Some(total) = processes.under(*pid) else { continue };
        let before = seen.get(key).filter(|before| before.pid == *pid).copied();
        // a new one is measured since it began
        let before = before.unwrap_or(Seen { pid: *pid, cpu: 0, at: *began });
        let span = u64::try_from(now.duration_since(before.at).as_nanos()).unwrap_or(0).max(1);
        let used = u128::from(total.cpu.saturating_sub(before.cpu)) * 1_000_000_000 / u128::from(span);
        let used = Used { cpu: u64::try_from(used).unwrap_or(u64::MAX), memory: total.memory };
        containers.entry(key.0.clone()).or_default().insert(key.1.clone(), used);
        current.insert(key.clone(), Seen { pid: *pid, cpu: total.cpu, at: now });
    }
    *seen = current;
    Usage { time: now, window: EVERY, containers }
}

impl Processes {
    fn new(all: HashMap<i32, Process>) -> Self {
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for (pid, process) in &all {
            children.entry(process.parent).or_default().push(*pid);
        }
        Self { all, children }
    }

    /// `None` where there is no `/proc`.
    fn read() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
        let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
        let pids = std::fs::read_dir("/proc").ok()?.flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        // one that ends meanwhile is not there
        let all = pids.filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, Process::parse(&stat, tick, page)?))
        });
        Some(Self::new(all.collect()))
    }

    /// A process and all that descend from it, together; `None` if it has ended.
    fn under(&self, pid: i32) -> Option<Process> {
        let mut total = *self.all.get(&pid)?;
        let mut left = self.children.get(&pid).cloned().unwrap_or_default();
        while let Some(pid) = left.pop() {
            if let Some(process) = self.all.get(&pid) {
                total.cpu = total.cpu.saturating_add(process.cpu);
                total.memory = total.memory.saturating_add(process.memory);
            }
            left.extend(self.children.get(&pid).into_iter().flatten());
        }
        Some(total)
    }
}

impl Process {
    /// Reads a line of `/proc/PID/stat` (`proc_pid_stat(5)`); the program's name in it may hold anything.
    fn parse(stat: &str, tick: u64, page: u64) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        // utime, stime, cutime, cstime; rss in pages
        let ticks = (11..15).map(number).sum::<Option<u64>>()?;
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            cpu: ticks.saturating_mul(tick),
            memory: number(21)?.saturating_mul(page),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_program_is_called() {
        let stat = "42 (a) b) S 7 42 42 0 -1 4194304 100 0 0 0 5 6 7 8 20 0 1 0 100 1000 25 18446744073709551615 0";
        let process = Process::parse(stat, 10_000_000, 4096).unwrap();
        assert_eq!(process, Process { parent: 7, cpu: 260_000_000, memory: 25 * 4096 });
        assert_eq!(Process::parse("42 (x) S 7", 1, 1), None);
    }

    #[test]
    fn a_container_is_all_its_processes_and_its_rate_is_since_the_last_look() {
        let process = |parent, cpu| Process { parent, cpu, memory: 1024 };
        let look = |cpu| {
            Processes::new(HashMap::from([
                (10, process(1, cpu)),
                (11, process(10, cpu)),
                (12, process(11, 0)),
                (20, process(1, 9)),
            ]))
        };
        let key = (PodRef { namespace: "demo".to_owned(), name: "p".to_owned() }, "app".to_owned());
        let began = Timestamp::from_second(1000).unwrap();
        let roots = [(key.clone(), 10, began), ((key.0.clone(), "gone".to_owned()), 99, began)];
        let mut seen = HashMap::new();
        let at = |second| Timestamp::from_second(second).unwrap();
        let first = usage(&look(500_000_000), &roots, &mut seen, at(1010));
        assert_eq!(first.containers[&key.0]["app"], Used { cpu: 100_000_000, memory: 3072 });
        assert_eq!(first.containers[&key.0].len(), 1, "what has ended uses nothing");
        let second = usage(&look(1_500_000_000), &roots, &mut seen, at(1020));
        assert_eq!(second.containers[&key.0]["app"].cpu, 200_000_000);
    }
}
