//! What the pods of a node ask for and may use at most, each and together, as the scheduler adds it up; it words no node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Pod, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::quantity::Amount;

/// Amounts by resource.
pub(super) type Amounts = BTreeMap<String, Amount>;

/// What of a container is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// What it asks for.
    Requests,
    /// What it may use at most.
    Limits,
}

impl Of {
    fn read(self, resources: Option<&ResourceRequirements>) -> Amounts {
        let list = resources.and_then(|resources| match self {
            Self::Requests => resources.requests.as_ref(),
            Self::Limits => resources.limits.as_ref(),
        });
        amounts(list)
    }
}

pub(super) fn amounts(list: Option<&BTreeMap<String, Quantity>>) -> Amounts {
    list.into_iter().flatten().filter_map(|(name, quantity)| Some((name.clone(), Amount::read(quantity)?))).collect()
}

pub(super) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = to.entry(name.clone()).or_default();
        *sum = sum.plus(*amount);
    }
}

fn at_least(to: &mut Amounts, least: &Amounts) {
    for (name, amount) in least {
        let most = to.entry(name.clone()).or_default();
        *most = most.max(*amount);
    }
}

/// What a whole pod asks for, or may use: its containers and sidecars together, or as much as an init container needs
/// beside the sidecars before it, whichever is more; what the pod says of itself stands above that of its containers.
pub(super) fn of_pod(pod: &Pod, of: Of) -> Amounts {
    let Some(spec) = &pod.spec else { return Amounts::new() };
    let mut all = Amounts::new();
    for container in &spec.containers {
        add(&mut all, &of.read(container.resources.as_ref()));
    }
    let mut sidecars = Amounts::new();
    let mut most = Amounts::new();
    for container in spec.init_containers.iter().flatten() {
        let mut own = of.read(container.resources.as_ref());
        if is_sidecar(container) {
            add(&mut all, &own);
            add(&mut sidecars, &own);
            own = sidecars.clone();
        } else {
            add(&mut own, &sidecars);
        }
        at_least(&mut most, &own);
    }
    at_least(&mut all, &most);
    for (name, amount) in of.read(spec.resources.as_ref()) {
        all.insert(name, amount);
    }
    for (name, amount) in amounts(spec.overhead.as_ref()) {
        let sum = all.entry(name).or_default();
        if of == Of::Requests || !sum.is_zero() {
            *sum = sum.plus(amount);
        }
    }
    all
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_init_container_counts_while_it_needs_more_than_the_rest() {
        let cpu = |amount: &str| json!({"requests": {"cpu": amount}, "limits": {"cpu": amount}});
        let pod: Pod = serde_json::from_value(json!({"spec": {
            "initContainers": [
                {"name": "side", "restartPolicy": "Always", "resources": cpu("100m")},
                {"name": "setup", "resources": cpu("1")},
            ],
            "containers": [{"name": "a", "resources": cpu("200m")}, {"name": "b"}],
            "overhead": {"cpu": "50m", "memory": "1Mi"},
        }}))
        .unwrap();
        let of = |of| of_pod(&pod, of).into_iter().map(|(name, amount)| format!("{name} {amount}")).collect::<Vec<_>>();
        assert_eq!(of(Of::Requests), ["cpu 1150m", "memory 1Mi"]);
        assert_eq!(of(Of::Limits), ["cpu 1150m", "memory 0"], "no limit is none, whatever the overhead");
    }
}
