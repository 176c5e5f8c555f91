//! A container's environment in kubectl's words; values of Secrets and ConfigMaps are never read, only named.

use k8s_openapi::api::core::v1::{
    Container, EnvFromSource, EnvVarSource, ObjectFieldSelector, Pod, ResourceFieldSelector,
};

use super::description::{Cell, Page, said};
use super::quantity::Amount;

pub(super) fn from(page: &mut Page, sources: Option<&Vec<EnvFromSource>>) {
    let Some(sources) = sources.filter(|sources| !sources.is_empty()) else { return };
    page.group(2, "Environment Variables from");
    for source in sources {
        let (kind, name, optional) = if let Some(map) = &source.config_map_ref {
            ("ConfigMap", map.name.as_str(), map.optional)
        } else if let Some(secret) = &source.secret_ref {
            ("Secret", secret.name.as_str(), secret.optional)
        } else {
            ("", "", None)
        };
        let prefix = source.prefix.as_deref().filter(|prefix| !prefix.is_empty());
        let kind = prefix.map_or_else(|| kind.to_owned(), |prefix| format!("{kind} with prefix '{prefix}'"));
        page.row(3, vec![said(name), said(kind), said(format!("Optional: {}", optional == Some(true)))]);
    }
}

pub(super) fn variables(page: &mut Page, container: &Container, pod: Option<&Pod>) {
    let Some(variables) = container.env.as_ref().filter(|variables| !variables.is_empty()) else {
        page.field(2, "Environment", "<none>");
        return;
    };
    page.group(2, "Environment");
    for variable in variables {
        let Some(source) = &variable.value_from else {
            let value = variable.value.as_deref().unwrap_or_default();
            let mut lines = value.split('\n');
            page.field(3, &variable.name, lines.next().unwrap_or_default());
            for line in lines {
                page.row(3, vec![Cell::Name(String::new()), said(line)]);
            }
            continue;
        };
        sourced(page, &variable.name, source, container, pod);
    }
}

fn sourced(page: &mut Page, name: &str, source: &EnvVarSource, container: &Container, pod: Option<&Pod>) {
    let mut optional = |text: String, optional: Option<bool>| {
        let optional = format!("Optional: {}", optional == Some(true));
        page.row(3, vec![said_name(name), said(text), said(optional)]);
    };
    if let Some(field) = &source.field_ref {
        let value = pod.map(|pod| of_pod(pod, field)).unwrap_or_default();
        let version = field.api_version.as_deref().unwrap_or_default();
        page.field(3, name, format!("{value} ({version}:{})", field.field_path));
    } else if let Some(resource) = &source.resource_field_ref {
        let value = of_container(container, resource).unwrap_or_default();
        page.field(3, name, format!("{value} ({})", resource.resource));
    } else if let Some(secret) = &source.secret_key_ref {
        optional(format!("<set to the key '{}' in secret '{}'>", secret.key, secret.name), secret.optional);
    } else if let Some(map) = &source.config_map_key_ref {
        optional(format!("<set to the key '{}' of config map '{}'>", map.key, map.name), map.optional);
    }
}

fn said_name(name: &str) -> Cell {
    Cell::Name(crate::cluster::text::cleaned(&format!("{name}:")))
}

/// What a field of the pod holds, of those that kubectl knows by themselves: its metadata.
fn of_pod(pod: &Pod, field: &ObjectFieldSelector) -> String {
    let metadata = &pod.metadata;
    let path = field.field_path.as_str();
    let all = |map: Option<&std::collections::BTreeMap<String, String>>| {
        map.into_iter().flatten().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join("\n")
    };
    match path {
        "metadata.name" => metadata.name.clone().unwrap_or_default(),
        "metadata.namespace" => metadata.namespace.clone().unwrap_or_default(),
        "metadata.uid" => metadata.uid.clone().unwrap_or_default(),
        "metadata.labels" => all(metadata.labels.as_ref()),
        "metadata.annotations" => all(metadata.annotations.as_ref()),
        _ => String::new(),
    }
}

/// A resource of the container in units of the divisor, rounded up.
fn of_container(container: &Container, field: &ResourceFieldSelector) -> Option<String> {
    let (list, resource) = field.resource.split_once('.')?;
    let is_known = matches!(resource, "cpu" | "memory" | "ephemeral-storage") || resource.starts_with("hugepages-");
    let resources = container.resources.as_ref();
    let amounts = match list {
        "limits" => resources.and_then(|resources| resources.limits.as_ref()),
        "requests" => resources.and_then(|resources| resources.requests.as_ref()),
        _ => return None,
    };
    if !is_known {
        return None;
    }
    let amount = amounts.and_then(|amounts| amounts.get(resource)).and_then(Amount::read).unwrap_or_default();
    if amount.is_zero() && matches!(field.resource.as_str(), "limits.cpu" | "limits.memory") {
        return Some("node allocatable".to_owned());
    }
    let divisor = field.divisor.as_ref().and_then(Amount::read).filter(|divisor| !divisor.is_zero());
    let (amount, divisor) = if resource == "cpu" {
        (amount.milli(), divisor.map_or(1000, Amount::milli))
    } else {
        (amount.whole(), divisor.map_or(1, Amount::whole))
    };
    let quotient = amount.checked_div(divisor)? + i128::from(amount.checked_rem(divisor)? != 0);
    Some(quotient.to_string())
}
