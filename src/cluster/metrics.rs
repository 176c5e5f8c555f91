//! What pods use of CPU and memory, where the cluster has the metrics API; it asks once and keeps nothing.

use std::sync::Arc;

use serde::Deserialize;

use super::problem::Fault;
use super::request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode};
use super::text::clean;
use super::{Cluster, PodKey};

/// How many pods a page has, where the server gives pages; most give everything at once.
const PAGE: &str = "500";
/// No cluster has more pods than these pages hold.
const MOST_PAGES: usize = 400;

/// Of which pods.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MetricsScope {
    /// Those of a namespace.
    Namespace(Arc<str>),
    /// Those of all namespaces.
    Everywhere,
}

/// What something uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Thousandths of a CPU, rounded up.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
}

/// What a pod's containers use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodUse {
    /// The pod.
    pub key: PodKey,
    /// Each container that was measured.
    pub containers: Vec<(Arc<str>, Used)>,
}

impl PodUse {
    /// All of them together.
    pub fn total(&self) -> Used {
        let plus = |total: Used, (_, used): &(Arc<str>, Used)| Used {
            cpu: total.cpu.saturating_add(used.cpu),
            memory: total.memory.saturating_add(used.memory),
        };
        self.containers.iter().fold(Used::default(), plus)
    }

    /// What this container uses.
    pub fn of(&self, container: &str) -> Option<Used> {
        self.containers.iter().find(|(name, _)| &**name == container).map(|(_, used)| *used)
    }
}

/// What a container asks for and is held to, as far as its spec says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Thousandths of a CPU that it asks for.
    pub cpu_request: Option<u64>,
    /// Thousandths of a CPU that it is held to.
    pub cpu_limit: Option<u64>,
    /// Bytes that it asks for.
    pub memory_request: Option<u64>,
    /// Bytes beyond which it is killed.
    pub memory_limit: Option<u64>,
}

impl Resources {
    /// Those of a container's `resources`.
    pub(super) fn read(resources: &serde_json::Value) -> Self {
        let quantity = |list: &str, what: &str| resources[list][what].as_str().and_then(quantity);
        Self {
            cpu_request: quantity("requests", "cpu").map(thousandths),
            cpu_limit: quantity("limits", "cpu").map(thousandths),
            memory_request: quantity("requests", "memory").map(whole),
            memory_limit: quantity("limits", "memory").map(whole),
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow)]
    items: Option<Vec<Item<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, borrow)]
    containers: Option<Vec<Container<'a>>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    namespace: std::borrow::Cow<'a, str>,
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    usage: Usage<'a>,
}

#[derive(Deserialize)]
struct Usage<'a> {
    #[serde(borrow, default)]
    cpu: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    memory: std::borrow::Cow<'a, str>,
}

impl Item<'_> {
    fn read(self) -> PodUse {
        let used = |container: Container<'_>| {
            let cpu = quantity(&container.usage.cpu).map(thousandths).unwrap_or_default();
            let memory = quantity(&container.usage.memory).map(whole).unwrap_or_default();
            (Arc::from(&*clean(&container.name)), Used { cpu, memory })
        };
        PodUse {
            key: PodKey {
                namespace: (&*clean(&self.metadata.namespace)).into(),
                name: (&*clean(&self.metadata.name)).into(),
            },
            containers: self.containers.unwrap_or_default().into_iter().map(used).collect(),
        }
    }
}

impl Cluster {
    /// What pods use; `None` where there are no metrics, they may not be read, or nobody answers: metrics are a nicety,
    /// and their absence is no problem of anybody's.
    pub async fn metrics(&self, scope: &MetricsScope) -> Option<Vec<PodUse>> {
        match self.read_metrics(scope).await {
            Ok(used) => Some(used),
            Err(fault) => {
                tracing::debug!(why = fault.why(), "there are no metrics");
                None
            }
        }
    }

    async fn read_metrics(&self, scope: &MetricsScope) -> Result<Vec<PodUse>, Fault> {
        let (mut all, mut token) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let prefix = "/apis/metrics.k8s.io/v1beta1";
            let target = match scope {
                MetricsScope::Namespace(namespace) => Target::new(prefix, &["namespaces", namespace, "pods"])?,
                MetricsScope::Everywhere => Target::new(prefix, &["pods"])?,
            };
            let target = target.with("limit", PAGE);
            let target = if token.is_empty() { target } else { target.with("continue", &token) };
            let body = self.read(target.get(JSON)?, ANSWER_TIME, LIST_LIMIT).await?;
            let page: Page<'_> = decode(&body)?;
            all.extend(page.items.unwrap_or_default().into_iter().map(Item::read));
            token = page.metadata.next;
            if token.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

/// A quantity as the API writes it: `250m`, `1.5`, `64Mi`, `12345n`, `1e3`.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    let digits = text.find(|c: char| !is_number(c)).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let scale = match unit {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "Pi" => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
        exponent => 10_f64.powi(exponent.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?.clamp(-30, 30)),
    };
    Some(number * scale).filter(|value| value.is_finite() && *value >= 0.0)
}

fn thousandths(quantity: f64) -> u64 {
    whole((quantity * 1000.0 - 1e-9).ceil())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative, and a cast saturates")]
fn whole(quantity: f64) -> u64 {
    quantity.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_every_form() {
        for (text, milli) in [("12345n", 1), ("250m", 250), ("1.5", 1500), ("2", 2000), ("0", 0), ("1e3", 1_000_000)] {
            assert_eq!(quantity(text).map(thousandths), Some(milli), "{text}");
        }
        for (text, bytes) in
            [("64Mi", 64 << 20), ("15360Ki", 15 << 20), ("1G", 1_000_000_000), ("128974848", 128_974_848)]
        {
            assert_eq!(quantity(text).map(whole), Some(bytes), "{text}");
        }
        for nonsense in ["", "x", "1x", "-5", "Mi", "1e", "é", "1e999999999999"] {
            assert_eq!(quantity(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_is_read_and_a_pod_added_up() {
        let body =
            br#"{"kind":"PodMetricsList","metadata":{},"items":[{"metadata":{"name":"a\u001b","namespace":"demo"},
            "timestamp":"x","containers":[{"name":"app","usage":{"cpu":"1500000n","memory":"1024Ki"}},
            {"name":"side","usage":{"cpu":"3m","memory":"2Mi"}}]}]}"#;
        let page: Page<'_> = decode(body).unwrap();
        let pod = page.items.unwrap().remove(0).read();
        assert_eq!(&*pod.key.name, "a");
        assert_eq!(pod.total(), Used { cpu: 5, memory: 3 << 20 });
        assert_eq!(pod.of("side"), Some(Used { cpu: 3, memory: 2 << 20 }));
        assert_eq!(pod.of("none"), None);
    }
}
