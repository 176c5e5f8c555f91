//! The sources of a log view and what they are called: as short as tells them apart; pure.

use std::collections::{BTreeMap, HashSet};

use crate::cluster::ContainerKey;

/// With more sources than this, those that are over and of whose lines none is kept are forgotten.
const MANY: usize = 256;

/// The longest name, in characters.
const LONGEST: usize = 24;

/// A container whose lines are shown.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) key: ContainerKey,
    /// What stands before its lines; empty while there is only one.
    pub(super) label: String,
    /// It is gone with its pod.
    over: bool,
}

/// The containers whose lines are shown, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<u32, Source>);

impl Sources {
    pub(super) fn get(&self, number: u32) -> Option<&Source> {
        self.0.get(&number)
    }

    /// The first that came, of those that are known.
    pub(super) fn first(&self) -> Option<&Source> {
        self.0.values().next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in those that came, and names all anew.
    pub(super) fn add(&mut self, new: Vec<(u32, ContainerKey)>) {
        let named = |(number, key)| (number, Source { key, label: String::new(), over: false });
        self.0.extend(new.into_iter().map(named));
        label(&mut self.0.values_mut().collect::<Vec<_>>());
    }

    /// These are gone with their pods.
    pub(super) fn are_over(&mut self, numbers: &[u32]) {
        for number in numbers {
            if let Some(source) = self.0.get_mut(number) {
                source.over = true;
            }
        }
    }

    /// Whether it is time to forget some.
    pub(super) fn are_many(&self) -> bool {
        self.0.len() > MANY
    }

    /// Forgets those that are over, unless lines of them are kept; which there are then.
    pub(super) fn retain(&mut self, with_lines: &HashSet<u32>) -> HashSet<u32> {
        self.0.retain(|number, source| !source.over || with_lines.contains(number));
        self.0.keys().copied().collect()
    }
}

/// Names every source: by its container where all are of one pod, by what its pod's name does not share with the others
/// where all containers have one name, else by both.
fn label(sources: &mut [&mut Source]) {
    let Some(first) = sources.first().filter(|_| sources.len() > 1).map(|source| source.key.clone()) else { return };
    let one_pod = sources.iter().all(|source| source.key.pod == first.pod);
    let one_container = sources.iter().all(|source| source.key.container == first.container);
    let shared = sources.iter().fold(first.pod.name.len(), |shared, source| {
        let same = source.key.pod.name.bytes().zip(first.pod.name.bytes()).take_while(|(one, other)| one == other);
        shared.min(same.count())
    });
    // Generated names end with parts between dashes.
    let shared = first.pod.name.get(..shared).and_then(|shared| shared.rfind('-')).map_or(0, |dash| dash + 1);
    let mut labels: Vec<String> = sources
        .iter()
        .map(|source| {
            let pod = source.key.pod.name.get(shared..).unwrap_or(&source.key.pod.name);
            let label = match (one_pod, one_container) {
                (true, _) => source.key.container.to_string(),
                (false, true) => pod.to_owned(),
                (false, false) => format!("{pod}/{}", source.key.container),
            };
            match label.char_indices().rev().nth(LONGEST - 1) {
                Some((at, _)) if at > 0 => format!("…{}", &label[at..]),
                _ => label,
            }
        })
        .collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    for (source, label) in sources.iter_mut().zip(labels.drain(..)) {
        source.label = format!("{label:width$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PodKey;

    fn labels(names: &[(&str, &str)]) -> Vec<String> {
        let key = |pod: &str, container: &str| ContainerKey {
            pod: PodKey { namespace: "shop".into(), name: pod.into() },
            container: container.into(),
        };
        let mut sources = Sources::default();
        sources.add((0..).zip(names).map(|(number, (pod, container))| (number, key(pod, container))).collect());
        sources.0.into_values().map(|source| source.label).collect()
    }

    #[test]
    fn those_that_are_over_are_forgotten_once_their_lines_are() {
        let key = |number: u32| ContainerKey {
            pod: PodKey { namespace: "shop".into(), name: format!("job-{number}").into() },
            container: "app".into(),
        };
        let mut sources = Sources::default();
        sources.add((0..4).map(|number| (number, key(number))).collect());
        assert!(!sources.are_many());
        sources.are_over(&[0, 1, 9]);
        let kept = sources.retain(&HashSet::from([1]));
        assert_eq!(kept, HashSet::from([1, 2, 3]), "one has lines, two still run");
        assert_eq!(sources.first().map(|source| &*source.key.pod.name), Some("job-1"));
        sources.add((4..300).map(|number| (number, key(number))).collect());
        assert!(sources.are_many() && sources.get(0).is_none() && sources.get(299).is_some());
    }

    #[test]
    fn names_are_as_short_as_tells_them_apart() {
        assert_eq!(labels(&[("api-1", "app")]), [""]);
        assert_eq!(labels(&[("api-1", "app"), ("api-1", "proxy")]), ["app  ", "proxy"]);
        assert_eq!(labels(&[("api-66cd-aaa", "app"), ("api-66cd-abb", "app")]), ["aaa", "abb"]);
        let both = [("api-0", "app"), ("api-10", "app"), ("api-0", "proxy")];
        assert_eq!(labels(&both), ["0/app  ", "10/app ", "0/proxy"]);
        assert_eq!(labels(&[("a", "x"), ("b", "x")]), ["a", "b"]);
        let long = labels(&[("a", &"x".repeat(40)), ("a", "y")]);
        assert_eq!((long[0].chars().count(), long[1].trim_end()), (LONGEST + 1, "y"));
    }
}
