//! An ephemeral container in a pod that is already there; it never changes what the pod has.

mod forbidden;

use serde_json::{Value, json};

use super::auto::Chosen;
use super::pod::{Kind, Object, Pod, name_of};
use super::profile::Mode;
use super::{Facts, Plan, Refusal, Request, debugger, name, warning};

/// The plan for an ephemeral debugger.
pub(super) fn plan(
    pod: Pod<'_>,
    facts: Facts,
    chosen: &Chosen,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<Plan, Refusal> {
    let options = &chosen.options;
    forbidden::pod(&pod)?;
    if let Some(target) = options.target() {
        forbidden::target(&pod, target)?;
    }
    let name = match options.container() {
        Some(name) => {
            forbidden::name(&pod, name)?;
            name.to_owned()
        }
        None => name::debugger(|name| pod.find(name).is_some(), suffixes)?,
    };

    let mut container = debugger::fresh(&name, options);
    if let Some(target) = options.target() {
        container.insert("targetContainerName".into(), target.into());
    }
    debugger::write_profile(&mut container, Mode::Ephemeral, options)?;
    forbidden::container(&pod, &container, options.profile)?;

    let mut warnings = warning::of_profile(options, facts, Mode::Ephemeral);
    warnings.extend(warning::of_container(&pod, &container));
    warnings.extend(options.target().and_then(|target| warning::of_sight(&pod, &container, target)));
    warnings.extend(warning::of_pod(&pod, options.target()));
    let body = patch(&pod, container);
    Ok(Plan {
        requests: vec![Request::PatchEphemeral { namespace: pod.namespace.into(), pod: pod.name.into(), body }],
        namespace: pod.namespace.into(),
        pod: pod.name.into(),
        container: Some(name),
        attach: options.attaches(),
        profile: options.profile,
        reasons: chosen.reasons.clone(),
        warnings,
    })
}

/// The strategic merge patch that adds this container. Without the order directive the server would put it first.
fn patch(pod: &Pod<'_>, container: Object) -> Value {
    let mut spec = Object::new();
    let mut order: Vec<Value> = pod.containers(Kind::Ephemeral).map(|known| json!({"name": name_of(known)})).collect();
    if !order.is_empty() {
        order.push(json!({"name": name_of(&container)}));
        spec.insert("$setElementOrder/ephemeralContainers".into(), order.into());
    }
    spec.insert("ephemeralContainers".into(), vec![container].into());
    json!({"spec": spec})
}
