//! What the sources of a log view are called: as short as tells them apart; pure.

use crate::cluster::ContainerKey;

/// The longest name, in characters.
const LONGEST: usize = 24;

/// A container whose lines are shown.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) key: ContainerKey,
    /// What stands before its lines; empty while there is only one.
    pub(super) label: String,
}

impl Source {
    pub(super) fn new(key: ContainerKey) -> Self {
        Self { key, label: String::new() }
    }
}

/// Names every source: by its container where all are of one pod, by what its pod's name does not share with the others
/// where all containers have one name, else by both.
pub(super) fn label(sources: &mut [Source]) {
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
        let mut sources: Vec<Source> = names.iter().map(|(pod, container)| Source::new(key(pod, container))).collect();
        label(&mut sources);
        sources.into_iter().map(|source| source.label).collect()
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
